import { CYCLE_OUTCOMES } from '../../domain/codes.ts';
import { count } from '../../lib/number.ts';
import type { WorkResult } from '../../app/commands/once.ts';
import type { Cli, ExitStatus } from '../cli.ts';
import { writeText } from '../io.ts';
import { printable } from '../render/text.ts';

/** 0 when there was nothing left to do that may be done; 1 when something failed or a gate forbade to act. */
const STATUS: Readonly<Record<WorkResult['outcome'], ExitStatus>> = {
  done: 0,
  balanced: 0,
  planned: 0,
  moved: 0,
  blocked: 0,
  partial: 1,
  gated: 1,
  failed: 1,
  stopped: 1,
  missed: 1,
};

const SENTENCES = { ...CYCLE_OUTCOMES, done: 'Nothing of this plan is left to move.' };

/** A daemon tells of failed moves in the detail alone. */
export type WorkReport = Pick<WorkResult, 'outcome' | 'moved' | 'detail'> &
  Partial<Pick<WorkResult, 'failed'>>;

/** Prints how the work went and gives the exit status. */
export async function reportWork(cli: Cli, result: WorkReport): Promise<ExitStatus> {
  const { outcome, moved, failed = 0, detail } = result;
  const { style } = cli.io.out.canvas;
  const status = STATUS[outcome];
  const failures = failed === 0 ? '' : `, ${count(failed, 'move')} did not succeed`;
  const word = style(status === 0 ? 'green' : 'red', outcome);
  const lines = [`${word}: ${SENTENCES[outcome]} ${count(moved, 'region')} moved${failures}.`];
  if (detail !== '') lines.push(printable(detail));
  await writeText(cli.io.out, lines);
  return status;
}

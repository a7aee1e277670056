import type { Command } from 'commander';
import type { z } from 'zod';
import { cordonAnswerSchema, undrainAnswerSchema } from '../../server/api/answers.ts';
import { daemonOf, withDaemon } from '../cli.ts';
import type { Cli, DaemonFlags } from '../cli.ts';
import { parseIds } from '../options.ts';
import { actor } from './daemon-actions.ts';

interface DatanodeCommand {
  readonly summary: string;
  readonly description: string;
  readonly schema: z.ZodType;
  /** What is so when it is done. */
  readonly done: string;
}

export function addUndrain(program: Command, cli: Cli): void {
  addRequest(program, cli, 'undrain', {
    summary: 'end a drain',
    description:
      'A running daemon no longer empties these datanodes: they receive regions again as the balance wants it. Refused as a whole when ' +
      'one of them does not drain, or drains because the configuration says so.',
    schema: undrainAnswerSchema,
    done: 'no longer drains',
  });
}

export function addCordon(program: Command, cli: Cli): void {
  addRequest(program, cli, 'cordon', {
    summary: 'keep datanodes as they are',
    description:
      'A running daemon moves nothing to these datanodes and nothing away from them, until uncordoned.',
    schema: cordonAnswerSchema,
    done: 'is cordoned: it keeps what it leads and receives nothing',
  });
}

export function addUncordon(program: Command, cli: Cli): void {
  addRequest(program, cli, 'uncordon', {
    summary: 'end a cordon',
    description:
      'These datanodes take part again. Refused as a whole when one of them is not cordoned, or is because the configuration says so.',
    schema: cordonAnswerSchema,
    done: 'is no longer cordoned',
  });
}

function addRequest(
  program: Command,
  cli: Cli,
  name: string,
  { summary, description, schema, done }: DatanodeCommand,
): void {
  withDaemon(program.command(`${name} <id...>`))
    .summary(summary)
    .description(description)
    .addHelpText('after', `\nExample:\n  $ greptime-rebalancer ${name} 3`)
    .action(async (words: string[], flags: DaemonFlags) => {
      const datanodes = parseIds(name, words.join(','));
      await daemonOf(cli, flags).post(`/api/v1/${name}`, schema, { datanodes, by: actor() });
      await cli.io.out.write(datanodes.map((id) => `Datanode ${id} ${done}.\n`).join(''));
    });
}

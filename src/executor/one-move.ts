import type { GateCode } from '../domain/codes.ts';
import type { MoveRecord } from '../domain/move.ts';
import type { ProcedureId } from '../domain/ids.ts';
import type { Move } from '../domain/plan.ts';
import type { RegionProcedure } from '../greptimedb/port.ts';
import { readCheck, type CheckSources } from './check-reader.ts';
import { judgeCheck, type CheckResult } from './check.ts';
import { attempt } from './evidence.ts';
import type { Journal } from './journal.ts';
import type { ExecutorOptions } from './options.ts';
import type { ExecutionContext } from './port.ts';
import { submit, type Submission } from './submit.ts';
import type { Watcher } from './watch.ts';

export interface OneMoveDependencies extends CheckSources {
  readonly journal: Journal;
  readonly watcher: Watcher;
}

export interface OneMoveListener extends OneMoveDependencies {
  /** Called as soon as the move has its id. */
  readonly onCreated: (move: MoveRecord) => void;
}

/** Why the rest of the list must not be begun. */
export interface Stop {
  readonly code: GateCode;
  readonly detail: string;
}

/** What came of one move of the list. */
export interface Attempted {
  readonly move: MoveRecord;
  /** Whether a migration was, or may have been, asked for. */
  readonly wasSubmitted: boolean;
  readonly stop?: Stop;
}

export const STOPPING: Stop = { code: 'stopping', detail: 'The process was told to stop.' };

/** Takes one move through its whole life. When the signal aborts, the move is left in the state it is in, for recovery. */
export async function carryOut(
  options: ExecutorOptions,
  dependencies: OneMoveListener,
  move: Move,
  context: ExecutionContext,
  signal: AbortSignal,
): Promise<Attempted> {
  const { journal } = dependencies;
  const planned = journal.create(move, context);
  dependencies.onCreated(planned);
  const checking = journal.advance(planned, 'checking');
  const { verdict, knownBefore } = await check(dependencies, { move, moveId: checking.id }, signal);
  if (verdict === 'stopping') {
    const end = { state: 'abandoned', cause: 'interrupted', detail: STOPPING.detail } as const;
    return { move: journal.finish(checking, end), wasSubmitted: false, stop: STOPPING };
  }
  if (verdict.kind !== 'go') return abandon(journal, checking, verdict);
  const preSubmitCheck = context.preSubmitCheck?.(move) ?? { kind: 'go' };
  if (preSubmitCheck.kind !== 'go') return abandon(journal, checking, preSubmitCheck);
  const submission = await submit(options, dependencies, { move: checking, knownBefore }, signal);
  if (submission.kind === 'ended') return refused(submission, () => context.preSubmitCheck?.(move));
  return follow(dependencies, submission, signal);
}

interface Check {
  readonly verdict: CheckResult | 'stopping';
  /** The region's procedures that the cluster listed. */
  readonly knownBefore: readonly ProcedureId[];
}

function idsOf(
  procedures: readonly RegionProcedure[] | 'unsupported',
  { regionId }: Move,
): readonly ProcedureId[] {
  if (procedures === 'unsupported') return [];
  return procedures
    .filter(({ regionIds }) => regionIds.includes(regionId))
    .map(({ procedureId }) => procedureId);
}

async function check(
  dependencies: OneMoveDependencies,
  { move, moveId }: { readonly move: Move; readonly moveId: number },
  signal: AbortSignal,
): Promise<Check> {
  const judged = (verdict: Check['verdict'], knownBefore: readonly ProcedureId[] = []): Check => ({
    verdict,
    knownBefore,
  });
  try {
    const reading = await attempt(signal, () => readCheck(dependencies, move, moveId, signal));
    if (signal.aborted) return judged('stopping');
    if (!reading.ok) return judged({ kind: 'gate', code: 'cluster-unhealthy', detail: reading.problem });
    return judged(judgeCheck(move, reading.value), idsOf(reading.value.procedures, move));
  } catch (error) {
    if (signal.aborted) return judged('stopping');
    throw error;
  }
}

function abandon(
  journal: Journal,
  move: MoveRecord,
  verdict: Exclude<CheckResult, { kind: 'go' }>,
): Attempted {
  const { detail } = verdict;
  if (verdict.kind === 'abandon') {
    const ended = journal.finish(move, { state: 'abandoned', cause: verdict.cause, detail });
    return { move: ended, wasSubmitted: false };
  }
  const cause = verdict.code === 'cluster-unhealthy' ? 'check-failed' : 'gate-closed';
  const ended = journal.finish(move, { state: 'abandoned', cause, detail });
  return { move: ended, wasSubmitted: false, stop: { code: verdict.code, detail } };
}

/** Some refusals would meet every other move too. What was held back at the first byte, operators may have held back. */
function refused(
  { move, code }: Extract<Submission, { kind: 'ended' }>,
  askAgain: () => CheckResult | undefined,
): Attempted {
  const detail = `Region ${move.regionId}: ${move.detail ?? 'the request could not be sent'}`;
  if (move.cause === 'interrupted') return { move, wasSubmitted: false, stop: STOPPING };
  if (move.cause === 'not-sent') {
    const word = askAgain();
    if (word?.kind === 'abandon') return { move, wasSubmitted: false };
    const stop: Stop = word?.kind === 'gate' ? word : { code: 'cluster-unhealthy', detail };
    return { move, wasSubmitted: false, stop: { code: stop.code, detail: stop.detail } };
  }
  const wasSubmitted = move.cause !== 'already-there';
  const meetsAll = code === 'access-denied' || code === 'not-leader';
  return { move, wasSubmitted, ...(meetsAll && { stop: { code: 'cluster-unhealthy', detail } as const }) };
}

async function follow(
  { watcher, store }: OneMoveDependencies,
  submission: Extract<Submission, { kind: 'look' }>,
  signal: AbortSignal,
): Promise<Attempted> {
  const { move } = submission;
  try {
    const result = await watcher.follow(move, signal, submission);
    if (result.kind === 'ended' || !result.mayStillRun) return { move: result.move, wasSubmitted: true };
    const detail = `The migration of region ${move.regionId} may still be under way: ${result.detail}`;
    return { move: result.move, wasSubmitted: true, stop: { code: 'migration-running', detail } };
  } catch (error) {
    if (!signal.aborted) throw error;
    return { move: store.move(move.id) ?? move, wasSubmitted: true, stop: STOPPING };
  }
}

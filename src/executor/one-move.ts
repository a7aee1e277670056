import type { MoveRecord } from '../domain/move.ts';
import { STOPPING } from './gates.ts';
import type { Journal } from './journal.ts';
import type { CheckedMove } from './move-check.ts';
import type { ExecutorOptions } from './options.ts';
import type { Attempted, ExecutionContext } from './port.ts';
import { submit, type SubmitDependencies } from './submit.ts';
import type { Watcher, WatchOptions } from './watch.ts';

export interface OneMoveDependencies extends SubmitDependencies {
  readonly journal: Journal;
  readonly watcher: Watcher;
  /** Called as soon as the move has its id. */
  readonly onCreated: (move: MoveRecord) => void;
}

/**
 * Takes one move that has been checked through the rest of its life. Nothing is waited for between the check and the intent. When the
 * signal aborts, the move is left in the state it is in, for recovery.
 */
export async function carryOut(
  options: ExecutorOptions,
  dependencies: OneMoveDependencies,
  checked: CheckedMove,
  context: ExecutionContext,
  signal: AbortSignal,
): Promise<Attempted> {
  const { journal } = dependencies;
  const planned = journal.create(checked.move, context);
  dependencies.onCreated(planned);
  const checking = journal.advance(planned, 'checking');
  if (checked.result.kind === 'abandon') {
    const { cause, detail } = checked.result;
    const move = journal.finish(checking, { state: 'abandoned', cause, detail });
    return { move, wasSubmitted: false, closed: [] };
  }
  const submission = await submit(options, dependencies, checking, checked, signal);
  if (submission.kind === 'ended') return submission;
  return follow(dependencies, submission.move, submission, signal);
}

async function follow(
  { watcher, store }: OneMoveDependencies,
  move: MoveRecord,
  options: WatchOptions,
  signal: AbortSignal,
): Promise<Attempted> {
  try {
    const result = await watcher.follow(move, signal, options);
    if (result.kind === 'ended' || !result.mayStillRun) {
      return { move: result.move, wasSubmitted: true, closed: [] };
    }
    const detail = `The migration of region ${move.regionId} may still be under way: ${result.detail}`;
    return { move: result.move, wasSubmitted: true, closed: [{ code: 'migration-running', detail }] };
  } catch (error) {
    if (!signal.aborted) throw error;
    return { move: store.move(move.id) ?? move, wasSubmitted: true, closed: [STOPPING] };
  }
}

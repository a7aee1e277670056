import type { MoveRecord } from '../domain/move.ts';
import type { EventSink } from '../observability/events.ts';
import type { Store } from '../store/port.ts';
import type { Journal } from './journal.ts';
import type { ExecutorOptions } from './options.ts';
import type { OpenMove, RecoveryReport } from './port.ts';
import type { Watcher, WatchResult } from './watch.ts';

export interface RecoveryDependencies {
  readonly store: Store;
  readonly events: EventSink;
  readonly journal: Journal;
  readonly watcher: Watcher;
}

/** Finds out what became of every move that has no known end, the oldest first. Sends nothing that changes anything. */
export async function recoverMoves(
  options: Pick<ExecutorOptions, 'recoverPatienceMs'>,
  dependencies: RecoveryDependencies,
  signal: AbortSignal,
): Promise<RecoveryReport> {
  const resolved: MoveRecord[] = [];
  const open: OpenMove[] = [];
  const unresolved = dependencies.store.unresolvedMoves();
  const followed = unresolved.filter(isFollowed);
  for (const move of unresolved) {
    if (isFollowed(move)) {
      const [position, total] = [followed.indexOf(move) + 1, followed.length];
      dependencies.events.emit({ type: 'move-started', move, position, total, isResumed: true });
    }
    try {
      signal.throwIfAborted();
      const result = await recoverOne(options, dependencies, move, signal);
      if (result.kind === 'open') open.push(result);
      else resolved.push(result.move);
      tell(dependencies.events, move, result);
    } catch (error) {
      if (!signal.aborted) throw error;
      return { resolved, open, stopped: true };
    }
  }
  return { resolved, open, stopped: false };
}

/** Whether a request may have left and its end is still waited for. */
function isFollowed({ state }: MoveRecord): boolean {
  return state !== 'planned' && state !== 'checking' && state !== 'timed_out';
}

async function recoverOne(
  options: Pick<ExecutorOptions, 'recoverPatienceMs'>,
  { journal, watcher }: RecoveryDependencies,
  move: MoveRecord,
  signal: AbortSignal,
): Promise<WatchResult> {
  if (move.state === 'planned' || move.state === 'checking') {
    const detail = 'The process ended before the request was sent.';
    const ended = journal.finish(move, { state: 'abandoned', cause: 'interrupted', detail });
    return { kind: 'ended', move: ended };
  }
  return watcher.follow(move, signal, { patienceMs: options.recoverPatienceMs });
}

/** A move that is still open was told of when it timed out. */
function tell(events: EventSink, before: MoveRecord, result: WatchResult): void {
  if (result.kind === 'open' && result.move.state === before.state) return;
  const { move } = result;
  const detail = move.late?.detail ?? move.detail ?? '';
  events.emit({ type: 'recovered', move, detail });
}

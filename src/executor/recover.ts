import { mayHaveBeenSent, type MoveRecord } from '../domain/move.ts';
import type { EventSink } from '../observability/events.ts';
import { finish } from './journal.ts';
import { SERVER_TIMES } from './options.ts';
import type { ExecutorParts, OpenMove, RecoveryReport } from './port.ts';
import { followMove, type WatchResult } from './watch.ts';

/** Finds out what became of every move that has no known end, the oldest first. Sends nothing that changes anything. */
export async function recoverMoves(parts: ExecutorParts, signal: AbortSignal): Promise<RecoveryReport> {
  const { store, events } = parts;
  const resolved: MoveRecord[] = [];
  const open: OpenMove[] = [];
  for (const move of store.unresolvedMoves()) {
    if (mayHaveBeenSent(move) && move.state !== 'timed_out')
      events.emit({ type: 'move-started', move, isResumed: true });
    try {
      signal.throwIfAborted();
      const result = await recoverOne(parts, move, signal);
      if (result.kind === 'open') open.push(result);
      else resolved.push(result.move);
      tell(events, move, result);
    } catch (error) {
      if (!signal.aborted) throw error;
      return { resolved, open, stopped: true };
    }
  }
  return { resolved, open, stopped: false };
}

async function recoverOne(parts: ExecutorParts, move: MoveRecord, signal: AbortSignal): Promise<WatchResult> {
  if (!mayHaveBeenSent(move)) {
    const detail = 'The process ended before the request was sent.';
    const ended = finish(parts, move, { state: 'abandoned', cause: 'interrupted', detail });
    return { kind: 'ended', move: ended };
  }
  return followMove(parts, move, signal, { patienceMs: SERVER_TIMES.recoverPatienceMs });
}

/** A move that is still open was told of when it timed out. */
function tell(events: EventSink, before: MoveRecord, result: WatchResult): void {
  if (result.kind === 'open' && result.move.state === before.state) return;
  const { move } = result;
  const detail = move.late?.detail ?? move.detail ?? '';
  events.emit({ type: 'recovered', move, detail });
}

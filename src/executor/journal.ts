import type { LateOutcome, MoveRecord, MoveState } from '../domain/move.ts';
import type { MoveEffects } from '../store/port.ts';
import { mayBeDatanode } from './blame.ts';
import { quarantineDelayMs } from './options.ts';
import type { ExecutorParts } from './port.ts';
import { pathTo, writeState, type MoveEnd, type MoveStep } from './states.ts';

/** Writes a move's life down and tells of it, in this order: what was told is always on disk. */
export function advance(
  { store, events, clock }: ExecutorParts,
  move: MoveRecord,
  to: MoveState,
  step: MoveStep = {},
): MoveRecord {
  const next = writeState(store, move, to, clock.now(), step);
  events.emit({ type: 'move-state', move: next, previous: move.state });
  return next;
}

/**
 * Ends a move, with what follows from it: cooldown, quarantine, the run of failures. Of one that has timed out it notes what became of
 * it in the end.
 */
export function finish(parts: ExecutorParts, move: MoveRecord, end: MoveEnd): MoveRecord {
  return move.state === 'timed_out' ? finishLate(parts, move, end) : finishInTime(parts, move, end);
}

function finishInTime(parts: ExecutorParts, move: MoveRecord, end: MoveEnd): MoveRecord {
  const { store, events, clock } = parts;
  const nowMs = clock.now();
  const isRedundant = end.state === 'succeeded' && goesBack(parts, move, nowMs);
  const effects = effectsOf(parts, move, end, nowMs);
  const path = pathTo(move.state, end.state);
  const before = path.slice(0, -1).reduce((current, state) => advance(parts, current, state), move);
  const { cause, detail } = end;
  const ended = advance(parts, before, end.state, { end: { cause, detail }, effects });
  events.emit({ type: 'move-finished', move: ended, durationMs: durationOf(ended) });
  if (isRedundant) events.emit({ type: 'redundant-move', move: ended });
  const quarantine = typeof effects.quarantine === 'object' && store.quarantineOf(move.regionId);
  if (quarantine) events.emit({ type: 'quarantined', ...quarantine });
  return ended;
}

function finishLate(parts: ExecutorParts, move: MoveRecord, end: MoveEnd): MoveRecord {
  const { store, events, clock, options } = parts;
  const atMs = clock.now();
  const hasMoved = end.state === 'succeeded';
  const isRedundant = hasMoved && goesBack(parts, move, atMs);
  const late = { outcome: lateOutcomeOf(end.state), cause: end.cause, detail: end.detail, atMs };
  const effects: MoveEffects = hasMoved
    ? { cooldownUntilMs: atMs + options.regionCooldownMs, quarantine: 'lift', datanodes: 'forget' }
    : {};
  const resolved = store.writeLateOutcome(move.id, late, effects);
  if (isRedundant) events.emit({ type: 'redundant-move', move: resolved });
  return resolved;
}

function effectsOf(
  { store, options }: ExecutorParts,
  move: MoveRecord,
  end: MoveEnd,
  nowMs: number,
): MoveEffects {
  // A region that is gone has failed at nothing.
  if (end.state === 'abandoned' || end.cause === 'region-dropped') return {};
  if (end.state === 'succeeded') {
    const cooldownUntilMs = nowMs + options.regionCooldownMs;
    return { cooldownUntilMs, quarantine: 'lift', datanodes: 'forget', failureRun: 'reset' };
  }
  const failures = (store.quarantineOf(move.regionId)?.failures ?? 0) + 1;
  const untilMs = nowMs + quarantineDelayMs(failures, options);
  const detail = `${end.cause}: ${end.detail}`;
  const datanodes = mayBeDatanode(end.cause) ? { atMs: nowMs, detail } : undefined;
  return { quarantine: { untilMs, detail }, ...(datanodes && { datanodes }), failureRun: 'add' };
}

/** Whether the region returns to a datanode that we took it from within the cooldown. */
function goesBack({ store, options }: ExecutorParts, move: MoveRecord, nowMs: number): boolean {
  const last = store.lastSuccess(move.regionId);
  const endedAtMs = last?.late?.atMs ?? last?.endedAtMs;
  if (!last || endedAtMs === undefined) return false;
  return last.from === move.to && nowMs - endedAtMs < options.regionCooldownMs;
}

function durationOf(move: MoveRecord): number {
  return Math.max(0, (move.endedAtMs ?? 0) - (move.submittedAtMs ?? move.createdAtMs));
}

function lateOutcomeOf(state: MoveEnd['state']): LateOutcome['outcome'] {
  if (state === 'timed_out' || state === 'abandoned') throw new Error(`${state} is no late outcome`);
  return state;
}

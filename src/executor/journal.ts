import type { LateOutcome, MoveRecord, MoveState } from '../domain/move.ts';
import type { Move } from '../domain/plan.ts';
import type { Clock } from '../lib/clock.ts';
import type { EventSink } from '../observability/events.ts';
import type { MoveEffects, Store } from '../store/port.ts';
import { mayBeDatanode } from './blame.ts';
import { quarantineDelayMs, type ExecutorOptions } from './options.ts';
import { pathTo, writeState, type MoveEnd, type MoveStep } from './states.ts';

export interface JournalDependencies {
  readonly store: Store;
  readonly events: EventSink;
  readonly clock: Clock;
}

/** Writes a move's life down and tells of it, in this order: what was told is always on disk. */
export interface Journal {
  create(move: Move, context: { readonly planId: string; readonly cycleId: number }): MoveRecord;
  advance(move: MoveRecord, to: MoveState, step?: MoveStep): MoveRecord;
  /**
   * Ends a move, with what follows from it: cooldown, quarantine, the run of failures. Of one that has timed out it notes what became of
   * it in the end.
   */
  finish(move: MoveRecord, end: MoveEnd): MoveRecord;
  downgraded(move: MoveRecord): MoveRecord;
}

type JournalOptions = Pick<ExecutorOptions, 'regionCooldownMs' | 'quarantineBaseMs' | 'quarantineMaxMs'>;

export function createJournal(options: JournalOptions, dependencies: JournalDependencies): Journal {
  const { store, events, clock } = dependencies;

  const advance = (move: MoveRecord, to: MoveState, step: MoveStep = {}): MoveRecord => {
    const next = writeState(store, move, to, clock.now(), step);
    events.emit({ type: 'move-state', move: next, previous: move.state });
    return next;
  };

  const finishInTime = (move: MoveRecord, end: MoveEnd): MoveRecord => {
    const nowMs = clock.now();
    const isRedundant = end.state === 'succeeded' && goesBack(store, move, nowMs, options);
    const effects = effectsOf(store, move, end, nowMs, options);
    const path = pathTo(move.state, end.state);
    const before = path.slice(0, -1).reduce((current, state) => advance(current, state), move);
    const ended = advance(before, end.state, { end: { cause: end.cause, detail: end.detail }, effects });
    events.emit({ type: 'move-finished', move: ended, durationMs: durationOf(ended) });
    if (isRedundant) events.emit({ type: 'redundant-move', move: ended });
    if (typeof effects.quarantine === 'object') tellQuarantine(move.regionId);
    return ended;
  };

  const finishLate = (move: MoveRecord, end: MoveEnd): MoveRecord => {
    const atMs = clock.now();
    const hasMoved = end.state === 'succeeded';
    const isRedundant = hasMoved && goesBack(store, move, atMs, options);
    const late = { outcome: lateOutcomeOf(end.state), cause: end.cause, detail: end.detail, atMs };
    const effects: MoveEffects = hasMoved
      ? { cooldownUntilMs: atMs + options.regionCooldownMs, quarantine: 'lift', datanodes: 'forget' }
      : {};
    const resolved = store.writeLateOutcome(move.id, late, effects);
    if (isRedundant) events.emit({ type: 'redundant-move', move: resolved });
    return resolved;
  };

  const tellQuarantine = (regionId: string): void => {
    const record = store.quarantineOf(regionId);
    if (record) events.emit({ type: 'quarantined', ...record });
  };

  return {
    create: (move, context) =>
      store.createMove({
        planId: context.planId,
        cycleId: context.cycleId,
        regionId: move.regionId,
        tableId: move.tableId,
        table: move.table,
        from: move.from,
        to: move.to,
        reason: move.reason,
        createdAtMs: clock.now(),
      }),
    advance,
    finish: (move, end) => (move.state === 'timed_out' ? finishLate(move, end) : finishInTime(move, end)),
    downgraded: (move) =>
      move.downgradedAtMs === undefined ? store.markDowngraded(move.id, clock.now()) : move,
  };
}

function effectsOf(
  store: Store,
  move: MoveRecord,
  end: MoveEnd,
  nowMs: number,
  options: JournalOptions,
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
function goesBack(store: Store, move: MoveRecord, nowMs: number, options: JournalOptions): boolean {
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

import type { BlockerCode, CycleOutcome, GateCode } from '../domain/codes.ts';
import type { DatanodeId } from '../domain/ids.ts';
import type { MoveRecord, MoveState } from '../domain/move.ts';
import type { Plan } from '../domain/plan.ts';
import type { Snapshot } from '../domain/snapshot.ts';
import type { CycleTrigger, EventSource, StampedEvent } from './events.ts';

/** What the events so far say about this moment. Times in ms since 1970. */
export interface LiveState {
  /** The running cycle, or null between two. */
  readonly cycle: {
    readonly id: number;
    readonly trigger: CycleTrigger;
    readonly startedAtMs: number;
  } | null;
  readonly lastCycle: FinishedCycle | null;
  readonly lastSuccessAtMs: number | null;
  readonly snapshot: Snapshot | null;
  readonly plan: Plan | null;
  readonly currentMove: CurrentMove | null;
  /** Regions of the latest plan whose move ended, with how it ended. */
  readonly ended: ReadonlyMap<string, MoveState>;
  readonly movesDone: number;
  readonly movesFailed: number;
  readonly movesRemaining: number;
  /** Regions in scope that each datanode leads: as the plan found them, with the moves that succeeded since. */
  readonly regionsNow: ReadonlyMap<DatanodeId, number>;
  /** Blockers of the latest plan by code, those with at least one. */
  readonly blocked: ReadonlyMap<BlockerCode, number>;
  /** What is closed now: kept from the last cycle until the running one ends or gets to move something. */
  readonly gates: Gates;
  /** What the running cycle found closed. */
  readonly cycleGates: Gates;
  /** Durations of the latest moves that succeeded, the newest last. At most {@link RECENT_MOVES}. */
  readonly recentDurationsMs: readonly number[];
}

/** Each closed gate with a sentence. */
export type Gates = ReadonlyMap<GateCode, string>;

export interface FinishedCycle {
  readonly id: number;
  readonly outcome: CycleOutcome;
  readonly endedAtMs: number;
  readonly durationMs: number;
  readonly moved: number;
  readonly detail: string;
}

export interface CurrentMove {
  readonly move: MoveRecord;
  /** When it entered the state that it is in. */
  readonly stateSinceMs: number;
  readonly startedAtMs: number;
  /** 1-based, among the moves of this cycle. */
  readonly position: number;
  readonly total: number;
}

/** How many moves the expected time is taken from. */
export const RECENT_MOVES = 20;

export const INITIAL_STATE: LiveState = {
  cycle: null,
  lastCycle: null,
  lastSuccessAtMs: null,
  snapshot: null,
  plan: null,
  currentMove: null,
  ended: new Map(),
  movesDone: 0,
  movesFailed: 0,
  movesRemaining: 0,
  regionsNow: new Map(),
  blocked: new Map(),
  gates: new Map(),
  cycleGates: new Map(),
  recentDurationsMs: [],
};

const UNSUCCESSFUL: readonly CycleOutcome[] = ['failed', 'stopped', 'missed'];

/** Whether a cycle read the cluster, made a plan and did not fail, be there something to move or not. */
export function isSuccess(outcome: CycleOutcome): boolean {
  return !UNSUCCESSFUL.includes(outcome);
}

/** The state after one more event. */
export function advance(state: LiveState, event: StampedEvent): LiveState {
  switch (event.type) {
    case 'cycle-started':
      return {
        ...state,
        cycle: { id: event.cycleId, trigger: event.trigger, startedAtMs: event.atMs },
        cycleGates: new Map(),
      };
    case 'snapshot-taken':
      return { ...state, snapshot: event.snapshot };
    case 'planned':
      return applyPlan(state, event.plan);
    case 'gate-closed':
      return closeGate(state, event.code, event.detail);
    case 'paused':
      return closeGate(state, 'paused', event.reason);
    case 'resumed':
      return openGate(state, 'paused');
    case 'move-started':
      if (event.isResumed) return { ...state, currentMove: begin(event) };
      // Nothing starts unless every gate is open.
      return { ...state, currentMove: begin(event), gates: new Map(), cycleGates: new Map() };
    case 'move-state':
      return { ...state, currentMove: enter(state.currentMove, event.move, event.atMs) };
    case 'move-finished':
      return finishMove(state, event.move, event.durationMs);
    case 'cycle-finished':
      return event.outcome === 'missed' ? state : finishCycle(state, event);
    case 'tick-missed':
    case 'redundant-move':
    case 'quarantined':
    case 'foreign-moves':
    case 'recovered':
    case 'drain-requested':
    case 'drain-ended':
    case 'quarantine-released':
    case 'config-reloaded':
    case 'config-refused':
      return state;
  }
}

function applyPlan(state: LiveState, plan: Plan): LiveState {
  return {
    ...state,
    plan,
    ended: new Map(),
    movesDone: 0,
    movesFailed: 0,
    movesRemaining: plan.moves.length,
    blocked: countBlocked(plan),
    regionsNow: new Map(plan.before.datanodes.map(({ id, regions }) => [id, regions])),
  };
}

function countBlocked(plan: Plan): ReadonlyMap<BlockerCode, number> {
  const counts = new Map<BlockerCode, number>();
  for (const { code } of plan.blocked) counts.set(code, (counts.get(code) ?? 0) + 1);
  return counts;
}

function closeGate(state: LiveState, code: GateCode, detail: string): LiveState {
  return {
    ...state,
    gates: new Map(state.gates).set(code, detail),
    cycleGates: new Map(state.cycleGates).set(code, detail),
  };
}

function openGate(state: LiveState, code: GateCode): LiveState {
  return { ...state, gates: without(state.gates, code), cycleGates: without(state.cycleGates, code) };
}

function begin(event: Extract<StampedEvent, { type: 'move-started' }>): CurrentMove {
  const { move, position, total, atMs } = event;
  return { move, stateSinceMs: atMs, startedAtMs: atMs, position, total };
}

function enter(current: CurrentMove | null, move: MoveRecord, atMs: number): CurrentMove | null {
  return current?.move.id === move.id ? { ...current, move, stateSinceMs: atMs } : current;
}

function finishMove(state: LiveState, move: MoveRecord, durationMs: number): LiveState {
  const currentMove = state.currentMove?.move.id === move.id ? null : state.currentMove;
  const succeeded = move.state === 'succeeded';
  const recentDurationsMs = succeeded
    ? [...state.recentDurationsMs, durationMs].slice(-RECENT_MOVES)
    : state.recentDurationsMs;
  // A move of an earlier plan, resolved after a restart, is not part of this one.
  if (move.planId !== state.plan?.planId || state.ended.has(move.regionId))
    return { ...state, currentMove, recentDurationsMs };
  return {
    ...state,
    currentMove,
    recentDurationsMs,
    ended: new Map(state.ended).set(move.regionId, move.state),
    movesDone: state.movesDone + (succeeded ? 1 : 0),
    movesFailed: state.movesFailed + (succeeded ? 0 : 1),
    movesRemaining: Math.max(0, state.movesRemaining - 1),
    regionsNow: succeeded ? shift(state.regionsNow, move) : state.regionsNow,
  };
}

function shift(regions: ReadonlyMap<DatanodeId, number>, move: MoveRecord): ReadonlyMap<DatanodeId, number> {
  const from = Math.max(0, (regions.get(move.from) ?? 0) - 1);
  const to = (regions.get(move.to) ?? 0) + 1;
  return new Map(regions).set(move.from, from).set(move.to, to);
}

function finishCycle(state: LiveState, event: Extract<StampedEvent, { type: 'cycle-finished' }>): LiveState {
  const { cycleId, outcome, durationMs, moved, detail, atMs } = event;
  return {
    ...state,
    cycle: null,
    currentMove: null,
    gates: state.cycleGates,
    lastCycle: { id: cycleId, outcome, endedAtMs: atMs, durationMs, moved, detail },
    lastSuccessAtMs: isSuccess(outcome) ? atMs : state.lastSuccessAtMs,
  };
}

function without<Key, Value>(map: ReadonlyMap<Key, Value>, key: Key): ReadonlyMap<Key, Value> {
  const copy = new Map(map);
  copy.delete(key);
  return copy;
}

/**
 * The expected time of the remaining moves: their number times the mean duration of the recent ones with the pause between.
 * Waiting for a next cycle is not part of it.
 *
 * @returns milliseconds; 0 when none remain, undefined while no move has been timed.
 */
export function estimateEtaMs(
  state: Pick<LiveState, 'movesRemaining' | 'recentDurationsMs'>,
  pauseBetweenMovesMs: number,
): number | undefined {
  const { movesRemaining, recentDurationsMs } = state;
  if (movesRemaining === 0) return 0;
  if (recentDurationsMs.length === 0) return undefined;
  const sumMs = recentDurationsMs.reduce((sum, durationMs) => sum + durationMs, 0);
  return movesRemaining * (sumMs / recentDurationsMs.length) + (movesRemaining - 1) * pauseBetweenMovesMs;
}

/** Keeps the {@link LiveState} of an event source. */
export interface LiveStateTracker {
  state(): LiveState;
  close(): void;
}

/** Follows `events` from now on. `initial` carries over what the store knows from before a restart. */
export function trackLiveState(
  events: EventSource,
  initial: Partial<Pick<LiveState, 'lastSuccessAtMs' | 'recentDurationsMs'>> = {},
): LiveStateTracker {
  let state: LiveState = { ...INITIAL_STATE, ...initial };
  const close = events.subscribe((event) => {
    state = advance(state, event);
  });
  return { state: () => state, close };
}

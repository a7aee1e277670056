import { measureBalance } from '../domain/balance.ts';
import type { BlockerCode, CycleOutcome, GateCode } from '../domain/codes.ts';
import type { DatanodeId } from '../domain/ids.ts';
import type { MoveRecord, MoveState } from '../domain/move.ts';
import type { Balance, Move, Plan } from '../domain/plan.ts';
import { withEndedMove, withRequest } from '../domain/region-counts.ts';
import type { DatanodeChange, RegionCounts, When } from '../domain/region-counts.ts';
import type { Snapshot } from '../domain/snapshot.ts';
import type { CycleTrigger, EventOf, EventSource, EventType, StampedEvent } from './events.ts';
import { rebalanceAfterMove, rebalanceAfterPlan } from './rebalance.ts';
import type { Rebalance } from './rebalance.ts';

/**
 * What the events so far say about this moment: folded once, read by metrics, notifications, status, page and progress on the terminal.
 * Times in ms since 1970.
 */
export interface LiveState {
  /** The running cycle, or null between two. */
  readonly cycle: {
    readonly id: number;
    readonly trigger: CycleTrigger;
    readonly startedAtMs: number;
    /** Moves that it has begun. */
    readonly begun: number;
  } | null;
  readonly lastCycle: FinishedCycle | null;
  readonly lastSuccessAtMs: number | null;
  readonly snapshot: Snapshot | null;
  readonly plan: Plan | null;
  /** Regions per table and datanode: as the plan found them, with its moves that ended since. */
  readonly counts: RegionCounts | null;
  /** How even that is. */
  readonly balance: Readonly<Record<When, Balance>> | null;
  readonly currentMove: CurrentMove | null;
  /** Regions of the latest plan whose move ended, with how it ended. */
  readonly ended: ReadonlyMap<string, MoveState>;
  /** The one that runs, or the latest. */
  readonly rebalance: Rebalance | null;
  /** Blockers of the latest plan by code, those with at least one. */
  readonly blocked: ReadonlyMap<BlockerCode, BlockedRegions>;
  /** What is closed now: kept from the last cycle until the running one ends or gets to move something. */
  readonly gates: Gates;
  /** What the running cycle found closed. */
  readonly cycleGates: Gates;
  /** Durations of the latest moves that succeeded, the newest last. At most {@link RECENT_MOVES}. */
  readonly recentDurationsMs: readonly number[];
}

interface BlockedRegions {
  readonly count: number;
  /** Those of them that cost no balance. */
  readonly harmless: number;
}

/** Each closed gate with a sentence. */
export type Gates = ReadonlyMap<GateCode, string>;

interface FinishedCycle {
  readonly id: number;
  readonly outcome: CycleOutcome;
  readonly endedAtMs: number;
  readonly durationMs: number;
  readonly moved: number;
  readonly detail: string;
}

interface CurrentMove {
  readonly move: MoveRecord;
  /** When it entered the state that it is in. */
  readonly stateSinceMs: number;
  readonly startedAtMs: number;
}

/** How many moves the time left is estimated from. */
export const RECENT_MOVES = 20;

/** What the store knows from before a restart. */
export type EarlierState = Partial<Pick<LiveState, 'lastSuccessAtMs' | 'recentDurationsMs' | 'rebalance'>>;

const INITIAL_STATE: LiveState = {
  cycle: null,
  lastCycle: null,
  lastSuccessAtMs: null,
  snapshot: null,
  plan: null,
  counts: null,
  balance: null,
  currentMove: null,
  ended: new Map(),
  rebalance: null,
  blocked: new Map(),
  gates: new Map(),
  cycleGates: new Map(),
  recentDurationsMs: [],
};

/** Moves of the latest plan that have not ended. */
export function movesLeft({ plan, ended }: Pick<LiveState, 'plan' | 'ended'>): number {
  return (plan?.moves.length ?? 0) - ended.size;
}

/** Those moves in their order, the one under way first; each numbered by its place in the rebalance, as the progress counts them. */
export function* movesAhead({
  plan,
  ended,
  rebalance,
}: Pick<LiveState, 'plan' | 'ended' | 'rebalance'>): Generator<Move, void, undefined> {
  let seq = rebalance?.isRunning ? rebalance.moved + rebalance.failed : ended.size;
  for (const move of plan?.moves ?? [])
    if (!ended.has(move.regionId)) {
      seq += 1;
      yield move.seq === seq ? move : { ...move, seq };
    }
}

/** The latest snapshot with the moves that succeeded since. Takes time in proportion to the number of regions. */
export function snapshotNow({ snapshot, plan, ended }: LiveState): Snapshot | null {
  if (!snapshot || !plan || ended.size === 0) return snapshot;
  const moved = plan.moves.filter(({ regionId }) => ended.get(regionId) === 'succeeded');
  const leaders = new Map(moved.map(({ regionId, to }) => [regionId, to]));
  return {
    ...snapshot,
    regions: snapshot.regions.map((region) => {
      const leader = leaders.get(region.id);
      return leader === undefined ? region : { ...region, leader };
    }),
  };
}

/** How far the running rebalance is. All zero when none runs. */
export interface Progress {
  /** Never falls while the rebalance runs. */
  readonly moved: number;
  /** Moves that ended otherwise. */
  readonly failed: number;
  /** Moves of the latest plan that have not ended. */
  readonly left: number;
  readonly total: number;
}

export function progressOf({
  rebalance,
  plan,
  ended,
}: Pick<LiveState, 'rebalance' | 'plan' | 'ended'>): Progress {
  if (!rebalance?.isRunning || plan === null) return NO_PROGRESS;
  const { moved, failed } = rebalance;
  const left = movesLeft({ plan, ended });
  return { moved, failed, left, total: moved + failed + left };
}

/** The place of the move under way among all of the rebalance, from 1. What an earlier process began is in no plan of this one. */
export function placeOf({ moved, failed, total }: Progress): { position: number; total: number } {
  const position = moved + failed + 1;
  return { position, total: Math.max(total, position) };
}

const NO_PROGRESS: Progress = { moved: 0, failed: 0, left: 0, total: 0 };

const UNSUCCESSFUL: readonly CycleOutcome[] = ['failed', 'stopped', 'missed'];

/** Whether a cycle read the cluster, made a plan and did not fail, be there something to move or not. */
export function isSuccess(outcome: CycleOutcome): boolean {
  return !UNSUCCESSFUL.includes(outcome);
}

/** The state after one more event. */
function advance<Type extends EventType>(state: LiveState, event: EventOf<Type>): LiveState {
  return CHANGES[event.type]?.(state, event) ?? state;
}

/** What the events of each type change; the others change nothing. */
const CHANGES: { readonly [Type in EventType]?: (state: LiveState, event: EventOf<Type>) => LiveState } = {
  'cycle-started': (state, { cycleId, trigger, atMs }) => ({
    ...state,
    cycle: { id: cycleId, trigger, startedAtMs: atMs, begun: 0 },
    cycleGates: new Map(),
    // What it saw while another one led is nothing that a leader has done.
    ...(trigger === 'takeover' && { lastCycle: null }),
  }),
  'snapshot-taken': (state, { snapshot }) => ({ ...state, snapshot }),
  planned: applyPlan,
  'gate-closed': (state, { code, detail }) => closeGate(state, code, detail),
  paused: (state, { reason }) => closeGate(state, 'paused', reason),
  resumed: (state) => openGate(state, 'paused'),
  'drain-requested': applyRequest,
  'drain-ended': applyRequest,
  'cordon-requested': applyRequest,
  'cordon-ended': applyRequest,
  'datanode-quarantined': (state, { type, datanode, role }) =>
    role === 'target' ? applyRequest(state, { type, datanodes: [datanode] }) : state,
  'move-started': beginMove,
  'move-state': (state, { move, atMs }) => ({ ...state, currentMove: enter(state.currentMove, move, atMs) }),
  'move-finished': finishMove,
  'cycle-finished': (state, event) => (event.outcome === 'missed' ? state : finishCycle(state, event)),
};

function applyPlan(state: LiveState, { plan, counts, atMs }: EventOf<'planned'>): LiveState {
  return {
    ...state,
    plan,
    counts,
    balance: { now: plan.before, after: plan.after },
    ended: new Map(),
    rebalance: rebalanceAfterPlan(state.rebalance, plan, atMs),
    blocked: countBlocked(plan),
  };
}

/** Shown at once: the migration under way may take minutes to make room for the next plan. */
function applyRequest(
  state: LiveState,
  { type, datanodes }: { readonly type: DatanodeChange; readonly datanodes: readonly DatanodeId[] },
): LiveState {
  if (!state.counts) return state;
  const counts = withRequest(state.counts, type, datanodes);
  const balance = { now: measureBalance(counts, 'now'), after: measureBalance(counts, 'after') };
  return { ...state, counts, balance };
}

function countBlocked(plan: Plan): LiveState['blocked'] {
  const counts = new Map<BlockerCode, BlockedRegions>();
  for (const blocker of plan.blocked) {
    const { count = 0, harmless = 0 } = counts.get(blocker.code) ?? {};
    counts.set(blocker.code, { count: count + 1, harmless: harmless + (blocker.harmless ? 1 : 0) });
  }
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

function beginMove(state: LiveState, { move, atMs, isResumed }: EventOf<'move-started'>): LiveState {
  const currentMove = { move, stateSinceMs: atMs, startedAtMs: atMs };
  if (isResumed) return { ...state, currentMove };
  const cycle = state.cycle && { ...state.cycle, begun: state.cycle.begun + 1 };
  // Nothing starts unless every gate is open.
  return { ...state, cycle, currentMove, gates: new Map(), cycleGates: new Map() };
}

function enter(current: CurrentMove | null, move: MoveRecord, atMs: number): CurrentMove | null {
  return current?.move.id === move.id ? { ...current, move, stateSinceMs: atMs } : current;
}

function finishMove(state: LiveState, { move, durationMs }: EventOf<'move-finished'>): LiveState {
  const succeeded = move.state === 'succeeded';
  const isOfPlan = move.planId === state.plan?.planId;
  if (isOfPlan && state.ended.has(move.regionId)) return state;
  const next: LiveState = {
    ...state,
    currentMove: state.currentMove?.move.id === move.id ? null : state.currentMove,
    rebalance: rebalanceAfterMove(state.rebalance, succeeded),
    recentDurationsMs: succeeded
      ? [...state.recentDurationsMs, durationMs].slice(-RECENT_MOVES)
      : state.recentDurationsMs,
  };
  // A move of an earlier plan, resolved after a restart, is not part of this one.
  if (!state.counts || !isOfPlan) return next;
  const position = state.plan.moves.findIndex(({ regionId }) => regionId === move.regionId);
  const counts = withEndedMove(state.counts, { ...move, position }, succeeded);
  const changed: When = succeeded ? 'now' : 'after';
  return {
    ...next,
    ended: new Map(state.ended).set(move.regionId, move.state),
    counts,
    balance: state.balance && { ...state.balance, [changed]: measureBalance(counts, changed) },
  };
}

function finishCycle(state: LiveState, event: EventOf<'cycle-finished'>): LiveState {
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

/** The {@link LiveState} of an event source. */
export interface LiveSource {
  state(): LiveState;
  /** Tells of each event with the state after it. The returned function unsubscribes. */
  subscribe(listener: (event: StampedEvent, state: LiveState) => void): () => void;
}

/** Follows `events` from now on. */
export function trackLiveState(
  events: EventSource,
  earlier: EarlierState = {},
): LiveSource & { close(): void } {
  let state: LiveState = { ...INITIAL_STATE, ...earlier };
  // Listeners are called in the order in which they subscribed: this one first.
  const close = events.subscribe((event) => {
    state = advance(state, event);
  });
  return {
    state: () => state,
    subscribe: (listener) => events.subscribe((event) => listener(event, state)),
    close,
  };
}

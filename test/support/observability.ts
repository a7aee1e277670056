import type { CycleOutcome, GateCode } from '../../src/domain/codes.ts';
import type { MoveRecord } from '../../src/domain/move.ts';
import type { Plan } from '../../src/domain/plan.ts';
import type { Snapshot } from '../../src/domain/snapshot.ts';
import { VirtualClock } from '../harness/virtual-clock.ts';
import { EventBus } from '../../src/observability/events.ts';
import type { RebalancerEvent } from '../../src/observability/events.ts';
import { trackLiveState } from '../../src/observability/live-state.ts';
import type { LiveState } from '../../src/observability/live-state.ts';
import { makeBalance, makeMove, makePlan, SMALL_SNAPSHOT, withCounts } from './plans.ts';

export const START_MS = Date.UTC(2026, 0, 1);

/** A bus on a virtual clock that passes a listener's error on to the test. */
export function eventBus(): { clock: VirtualClock; bus: EventBus } {
  const clock = new VirtualClock(START_MS);
  const onListenerError = (error: unknown): void => {
    throw error;
  };
  return { clock, bus: new EventBus({ now: () => clock.now(), onListenerError }) };
}

/** A crowded datanode 0, an empty 1, a draining 2. */
export function sampleSnapshot(): Snapshot {
  return {
    ...SMALL_SNAPSHOT,
    takenAt: '2026-01-01T00:00:00.000Z',
    datanodes: ['0', '1', '2'].map((id) => ({ id, addr: `10.0.0.1${id}:4001`, status: 'alive' as const })),
    regions: [
      ...SMALL_SNAPSHOT.regions,
      { id: '4398046511106', tableId: '1024', leader: '2', status: 'migrating' },
    ],
  };
}

export function samplePlan(overrides: Partial<Plan> = {}): Plan {
  const move = { to: '1', detail: 'Datanode 1 leads too few regions of the table.' };
  const draining = { state: 'draining', drains: true } as const;
  return makePlan({
    planId: `sha256:${'a'.repeat(64)}`,
    createdAt: '2026-01-01T00:00:01.000Z',
    snapshotTakenAt: '2026-01-01T00:00:00.000Z',
    moves: [
      makeMove(1, move),
      makeMove(2, { ...move, regionId: '4398046511106', from: '2', reason: 'drain' }),
    ],
    minimumMoves: 2,
    before: makeBalance([2, 0, { ...draining, regions: 1 }], {
      ...{ tableSkewMax: 2, nodeSkew: 2, tableSpreadViolation: 1, nodeSpreadViolation: 1 },
      regionsOnDraining: 1,
    }),
    after: makeBalance([1, 2, draining], { tableSkewMax: 1, nodeSkew: 1 }),
    blocked: [{ code: 'pinned', regionId: '4398046511105', detail: 'Pinned by the configuration.' }],
    ...overrides,
  });
}

export function sampleMove(overrides: Partial<MoveRecord> = {}): MoveRecord {
  return {
    id: 7,
    planId: samplePlan().planId,
    cycleId: 1,
    regionId: '4398046511104',
    tableId: '1024',
    table: 'greptime.public.cpu',
    from: '0',
    to: '1',
    reason: 'table-spread',
    state: 'planned',
    createdAtMs: START_MS,
    ...overrides,
  };
}

/** The events of a cycle that are alike in most tests. */
export const events = {
  cycle: { type: 'cycle-started', cycleId: 3, trigger: 'schedule' },
  taken: { type: 'snapshot-taken', cycleId: 3, snapshot: sampleSnapshot(), durationMs: 40 },
  planned: (plan = samplePlan()) => ({ type: 'planned', cycleId: 3, ...withCounts(plan), durationMs: 3 }),
  gate: (code: GateCode, detail = 'A gate.') => ({ type: 'gate-closed', code, detail }),
  started: { type: 'move-started', move: sampleMove() },
  ended: (overrides: Partial<MoveRecord> = {}, durationMs = 4_000) => ({
    type: 'move-finished',
    move: sampleMove({ state: 'succeeded', ...overrides }),
    durationMs,
  }),
  finished: (outcome: CycleOutcome, detail = '') => ({
    ...{ type: 'cycle-finished', cycleId: 3, durationMs: 9_000, moved: 1 },
    ...{ outcome, detail },
  }),
} satisfies Record<string, RebalancerEvent | ((...args: never[]) => RebalancerEvent)>;

/** The state after these events, with so much time after each. */
export async function liveAfter(emitted: readonly RebalancerEvent[], gapMs = 0): Promise<LiveState> {
  const { bus, clock } = eventBus();
  const live = trackLiveState(bus);
  for (const event of emitted) {
    bus.emit(event);
    await clock.advance(gapMs);
  }
  live.close();
  bus.emit(events.planned());
  return live.state();
}

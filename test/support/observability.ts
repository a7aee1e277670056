import type { CycleOutcome, GateCode } from '../../src/domain/codes.ts';
import type { MoveRecord } from '../../src/domain/move.ts';
import type { Plan } from '../../src/domain/plan.ts';
import type { Snapshot } from '../../src/domain/snapshot.ts';
import { VirtualClock } from '../harness/virtual-clock.ts';
import { EventBus } from '../../src/observability/events.ts';
import type { RebalancerEvent } from '../../src/observability/events.ts';
import { trackLiveState } from '../../src/observability/live-state.ts';
import type { LiveState } from '../../src/observability/live-state.ts';
import { withCounts } from './plans.ts';

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
    formatVersion: 1,
    takenAt: '2026-01-01T00:00:00.000Z',
    cluster: { name: 'prod', api: 'sql', version: '1.3.0' },
    datanodes: ['0', '1', '2'].map((id) => ({ id, addr: `10.0.0.1${id}:4001`, status: 'alive' as const })),
    tables: [{ id: '1024', catalog: 'greptime', schema: 'public', name: 'cpu', engine: 'mito' }],
    regions: [
      { id: '4398046511104', tableId: '1024', leader: '0', status: 'alive' },
      { id: '4398046511105', tableId: '1024', leader: '0', status: 'alive' },
      { id: '4398046511106', tableId: '1024', leader: '2', status: 'migrating' },
    ],
  };
}

export function samplePlan(overrides: Partial<Plan> = {}): Plan {
  return {
    formatVersion: 1,
    planId: `sha256:${'a'.repeat(64)}`,
    createdAt: '2026-01-01T00:00:01.000Z',
    snapshotTakenAt: '2026-01-01T00:00:00.000Z',
    cluster: { name: 'prod', api: 'sql', version: '1.3.0' },
    objective: 'count',
    moves: ['4398046511104', '4398046511106'].map((regionId, index) => ({
      seq: index + 1,
      regionId,
      tableId: '1024',
      table: 'greptime.public.cpu',
      from: index === 0 ? '0' : '2',
      to: '1',
      reason: index === 0 ? ('table-spread' as const) : ('drain' as const),
      detail: 'Datanode 1 leads too few regions of the table.',
    })),
    minimumMoves: 2,
    optimal: true,
    before: {
      tableSkewMax: 2,
      nodeSkew: 2,
      tableSpreadViolation: 1,
      nodeSpreadViolation: 1,
      regionsOnDraining: 1,
      regionsOnDead: 0,
      regionsWithoutLeader: 0,
      datanodes: [
        { id: '0', regions: 2, state: 'target', drains: false, weight: 1 },
        { id: '1', regions: 0, state: 'target', drains: false, weight: 1 },
        { id: '2', regions: 1, state: 'draining', drains: true, weight: 1 },
      ],
    },
    after: {
      tableSkewMax: 1,
      nodeSkew: 1,
      tableSpreadViolation: 0,
      nodeSpreadViolation: 0,
      regionsOnDraining: 0,
      regionsOnDead: 0,
      regionsWithoutLeader: 0,
      datanodes: [
        { id: '0', regions: 1, state: 'target', drains: false, weight: 1 },
        { id: '1', regions: 2, state: 'target', drains: false, weight: 1 },
        { id: '2', regions: 0, state: 'draining', drains: true, weight: 1 },
      ],
    },
    blocked: [{ code: 'pinned', regionId: '4398046511105', detail: 'Pinned by the configuration.' }],
    warnings: [],
    ...overrides,
  };
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
  started: { type: 'move-started', move: sampleMove(), position: 1, total: 2 },
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

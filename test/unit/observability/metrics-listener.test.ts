import { beforeEach, describe, expect, it } from 'vitest';
import type { VirtualClock } from '../../harness/virtual-clock.ts';
import type { EventBus, RebalancerEvent } from '../../../src/observability/events.ts';
import { trackLiveState } from '../../../src/observability/live-state.ts';
import { observeEvents } from '../../../src/observability/metrics-listener.ts';
import { createMetrics } from '../../../src/observability/metrics.ts';
import type { Metrics } from '../../../src/observability/metrics.ts';
import { eventBus, events, sampleMove, samplePlan, START_MS } from '../../support/observability.ts';

let metrics: Metrics;
let bus: EventBus;
let clock: VirtualClock;
let timeLeftMs: number | undefined;

beforeEach(() => {
  timeLeftMs = undefined;
  ({ bus, clock } = eventBus());
  metrics = createMetrics({ version: '1', processMetrics: false });
  observeEvents(metrics, { live: trackLiveState(bus), clock, timeLeftMs: () => timeLeftMs });
});

const { cycle: cycleStarted, taken, planned, started, ended, finished: cycle } = events;
const gate = events.gate('maintenance');

const { before } = samplePlan();
const byLoad = samplePlan({
  before: {
    ...before,
    load: { by: 'writes', mean: 4, low: 3.6, high: 4.4, outside: 2, state: 'uneven' },
    datanodes: before.datanodes.map((datanode, index) => ({ ...datanode, load: [6, 2, 4][index]! })),
  },
});

const table: [name: string, events: RebalancerEvent[], series: string][] = [
  [
    'a missed tick',
    [{ type: 'tick-missed', runningCycleId: 1 }],
    `ticks_missed_total 1
     cycles_total{outcome="missed"} 1`,
  ],
  [
    'a plan for load',
    [planned(byLoad)],
    `datanode_load{datanode="0"} 6
     datanode_load{datanode="1"} 2
     load_imbalance 1.5
     load_state{state="uneven"} 1
     load_state{state="even"} 0`,
  ],
  [
    'a move of an earlier process that is followed further',
    [gate, { ...started, isResumed: true }],
    `migrations_in_flight 1
     closed_gates{code="maintenance"} 1`,
  ],
  [
    'a snapshot',
    [taken],
    `regions{status="alive"} 2
     regions{status="migrating"} 1
     tables 1
     snapshot_duration_seconds_sum 0.04
     snapshot_age_seconds 0`,
  ],
  [
    'a plan',
    [planned()],
    `plan_moves 2
     plan_minimum_moves 2
     plan_optimal 1
     plan_blocked{code="pinned"} 1
     plan_blocked{code="cooldown"} 0
     plan_duration_seconds_sum 0.003
     table_skew_max 2
     node_skew 2
     regions_on_draining 1
     datanodes{state="target"} 2
     datanodes{state="draining"} 1
     datanodes{state="dead"} 0
     datanode_regions{datanode="0"} 2
     moves_remaining 2`,
  ],
  [
    'a move under way',
    [planned(), started],
    `migrations_in_flight 1
     moves_remaining 2`,
  ],
  [
    'a move that succeeded',
    [planned(), started, ended()],
    `migrations_in_flight 0
     moves_remaining 1
     migrations_total{outcome="succeeded",reason="table-spread"} 1
     migration_duration_seconds_sum{outcome="succeeded"} 4
     datanode_regions{datanode="0"} 1
     datanode_regions{datanode="1"} 1
     node_skew 0
     table_skew_max 0
     regions_on_draining 1`,
  ],
  [
    'the last move of a plan',
    [planned(), ended(), ended({ id: 8, regionId: '4398046511106', from: '2', reason: 'drain' })],
    `moves_remaining 0
     node_skew 1
     regions_on_draining 0
     datanode_regions{datanode="2"} 0`,
  ],
  [
    'a move that failed',
    [planned(), started, ended({ state: 'rolled_back' })],
    `migrations_total{outcome="rolled_back",reason="table-spread"} 1
     datanode_regions{datanode="0"} 2
     moves_remaining 1`,
  ],
  ['a redundant move', [{ type: 'redundant-move', move: sampleMove() }], 'redundant_moves_total 1'],
  [
    'moves of somebody else',
    [{ type: 'foreign-moves', count: 5, undone: 2, detail: '' }],
    `external_moves_total 5
     moves_undone_total 2`,
  ],
  [
    'a quarantine',
    [{ type: 'quarantined', regionId: '1', untilMs: START_MS, failures: 1, detail: '' }],
    'quarantines_total 1',
  ],
  ['a recovery', [{ type: 'recovered', move: sampleMove(), detail: '' }], 'recovered_moves_total 1'],
  [
    'a pause',
    [{ type: 'paused', untilMs: null, reason: 'deploy', by: 'me' }],
    'closed_gates{code="paused"} 1',
  ],
  [
    'a pause that ended',
    [
      { type: 'paused', untilMs: null, reason: 'deploy', by: 'me' },
      { type: 'resumed', by: 'me' },
    ],
    'closed_gates{code="paused"} 0',
  ],
  ['a reload', [{ type: 'config-reloaded', changes: [] }], 'config_reloads_total{outcome="applied"} 1'],
  ['a refused reload', [{ type: 'config-refused', detail: '' }], 'config_reloads_total{outcome="refused"} 1'],
  [
    'a closed gate',
    [cycleStarted, gate, cycle('gated')],
    `gate_closed_total{code="maintenance"} 1
     closed_gates{code="maintenance"} 1`,
  ],
  [
    'a gate while the next cycle has not asked it yet',
    [cycleStarted, gate, cycle('gated'), cycleStarted],
    'closed_gates{code="maintenance"} 1',
  ],
  [
    'a gate that opened again',
    [cycleStarted, gate, cycle('gated'), cycleStarted, cycle('balanced')],
    `gate_closed_total{code="maintenance"} 1
     closed_gates{code="maintenance"} 0`,
  ],
  [
    'a cycle that moved',
    [cycle('moved')],
    `cycles_total{outcome="moved"} 1
     cycle_duration_seconds_sum 9
     last_success_timestamp_seconds 1767225600`,
  ],
  [
    'a cycle that failed',
    [started, cycle('failed')],
    `cycles_total{outcome="failed"} 1
     last_success_timestamp_seconds 0
     migrations_in_flight 0`,
  ],
  [
    'a cycle that was skipped',
    [started, cycle('missed')],
    `cycles_total{outcome="missed"} 1
     cycle_duration_seconds_count 0
     migrations_in_flight 1`,
  ],
];

describe('observeEvents', () => {
  it.each(table)('records %s', async (_name, emitted, wanted) => {
    for (const event of emitted) bus.emit(event);
    const lines = (await metrics.render()).replaceAll('greptime_rebalancer_', '').split('\n');
    expect(lines).toEqual(expect.arrayContaining(wanted.split(/\n +/)));
  });

  it('goes on from what the store knows of the time before a restart', async () => {
    const live = trackLiveState(bus, { lastSuccessAtMs: 5_000 });
    observeEvents(metrics, { live, clock, timeLeftMs: () => undefined });
    const text = await metrics.render();
    expect(text).toContain('\ngreptime_rebalancer_last_success_timestamp_seconds 5\n');
  });

  it.each([
    ['is known', 4_500, '4.5'],
    ['is over', 0, '0'],
    ['is not known', undefined, 'Nan'],
  ])('tells the expected time when it %s', async (_, leftMs, shown) => {
    timeLeftMs = leftMs;
    expect(await metrics.render()).toContain(`\ngreptime_rebalancer_eta_seconds ${shown}\n`);
  });

  it('tells the age of the snapshot at each scrape, and none below zero when the clock was put back', async () => {
    const age = async (): Promise<string | undefined> =>
      /^greptime_rebalancer_snapshot_age_seconds (.*)$/m.exec(await metrics.render())?.[1];
    expect(await age()).toBe('Nan');
    bus.emit(taken);
    await clock.advance(90_000);
    expect(await age()).toBe('90');
    clock.jumpWall(-200_000);
    expect(await age()).toBe('0');
  });

  it('forgets the series of a datanode that left', async () => {
    bus.emit(planned());
    await metrics.render();
    bus.emit(planned(samplePlan({ before: { ...before, datanodes: before.datanodes.slice(1) } })));
    const text = await metrics.render();
    expect(text).not.toContain('datanode_regions{datanode="0"}');
    expect(text).toContain('datanode_regions{datanode="1"}');
  });

  it('stops when told to', async () => {
    const other = createMetrics({ version: '1', processMetrics: false });
    const stop = observeEvents(other, { live: trackLiveState(bus), clock, timeLeftMs: () => 0 });
    stop();
    bus.emit({ type: 'tick-missed', runningCycleId: 1 });
    expect(await other.render()).toContain('\ngreptime_rebalancer_ticks_missed_total 0\n');
  });
});

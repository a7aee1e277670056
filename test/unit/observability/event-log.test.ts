import { describe, expect, it } from 'vitest';
import type { EventType, RebalancerEvent } from '../../../src/observability/events.ts';
import { trackLiveState } from '../../../src/observability/live-state.ts';
import { createLogger, logEvents } from '../../../src/observability/logger.ts';
import { eventBus, sampleMove, samplePlan, sampleSnapshot, START_MS } from '../../support/observability.ts';
import { withCounts } from '../../support/plans.ts';

function linesOf(list: readonly RebalancerEvent[]): Record<string, unknown>[] {
  const lines: Record<string, unknown>[] = [];
  const { bus, clock } = eventBus();
  const destination = {
    write: (line: string): void => {
      const parsed: Record<string, unknown> = JSON.parse(line);
      lines.push(parsed);
    },
  };
  logEvents(createLogger({ level: 'debug', destination }, { clock }), trackLiveState(bus));
  for (const event of list) bus.emit(event);
  return lines;
}

function logged(event: RebalancerEvent): Record<string, unknown> {
  const lines = linesOf([event]);
  expect(lines).toHaveLength(1);
  return lines[0]!;
}

const move = sampleMove();
const cycle = { type: 'cycle-finished', cycleId: 1, durationMs: 1, moved: 0, detail: 'd' } as const;
const cases: [level: string, event: RebalancerEvent][] = [
  ['debug', { type: 'cycle-started', cycleId: 1, trigger: 'schedule' }],
  ['info', { type: 'tick-missed', runningCycleId: 1 }],
  ['debug', { type: 'snapshot-taken', cycleId: 1, snapshot: sampleSnapshot(), durationMs: 1 }],
  ['debug', { type: 'planned', cycleId: 1, ...withCounts(samplePlan()), durationMs: 1 }],
  ['debug', { type: 'gate-closed', code: 'outside-window', detail: 'd' }],
  ['warn', { type: 'gate-closed', code: 'thrash', detail: 'd' }],
  ['warn', { type: 'gate-closed', code: 'maintenance', detail: 'd' }],
  ['info', { type: 'move-started', move }],
  ['debug', { type: 'move-state', move, previous: 'planned' }],
  ['info', { type: 'move-finished', move: { ...move, state: 'succeeded' }, durationMs: 1 }],
  ['info', { type: 'move-finished', move: { ...move, state: 'abandoned' }, durationMs: 1 }],
  ['warn', { type: 'move-finished', move: { ...move, state: 'failed' }, durationMs: 1 }],
  ['warn', { type: 'move-finished', move: { ...move, state: 'timed_out' }, durationMs: 1 }],
  ['warn', { type: 'redundant-move', move }],
  ['warn', { type: 'quarantined', regionId: '4398046511104', untilMs: START_MS, failures: 2, detail: 'd' }],
  ['info', { type: 'foreign-moves', count: 1, undone: 0, detail: 'd' }],
  ['warn', { type: 'foreign-moves', count: 1, undone: 1, detail: 'd' }],
  ['info', { type: 'recovered', move, detail: 'd' }],
  ['warn', { type: 'paused', untilMs: START_MS, reason: 'r', by: 'me' }],
  ['info', { type: 'resumed', by: 'me' }],
  ['info', { type: 'drain-requested', datanodes: ['3'], by: 'me' }],
  ['info', { type: 'drain-ended', datanodes: ['3'], by: 'me' }],
  ['info', { type: 'cordon-requested', datanodes: ['3'], by: 'me' }],
  ['info', { type: 'cordon-ended', datanodes: ['3'], by: 'me' }],
  [
    'warn',
    {
      type: 'datanode-quarantined',
      datanode: '3',
      role: 'target',
      untilMs: START_MS,
      failures: 2,
      detail: 'd',
    },
  ],
  ['info', { type: 'quarantine-released', what: 'region 4398046511104', by: 'me' }],
  ['info', { type: 'config-reloaded', changes: ['schedule.cron'] }],
  ['warn', { type: 'config-refused', detail: 'd' }],
  ['info', { ...cycle, outcome: 'moved' }],
  ['info', { ...cycle, outcome: 'gated' }],
  ['warn', { ...cycle, outcome: 'partial' }],
  ['warn', { ...cycle, outcome: 'failed' }],
];

/** Counts and durations may be numbers; nothing that is an id. */
function idsOf(value: unknown): unknown[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]: [string, unknown]) =>
    /^id$|Id$|^from$|^to$|^datanodes$/.test(name) ? [inner].flat() : idsOf(inner),
  );
}

describe('logEvents', () => {
  it.each(cases)('writes at level %s the event %o', (level, event) => {
    const line = logged(event);
    expect(line['level']).toBe(level);
    expect(line['message']).toMatch(/^[a-z][a-z :,]+$/);
    if (event.type !== 'snapshot-taken')
      expect(idsOf(line).every((id) => typeof id === 'string' || id === null)).toBe(true);
  });

  it('warns of a gate when it closes, and not again while it stays closed', () => {
    const gate: RebalancerEvent = { type: 'gate-closed', code: 'maintenance', detail: 'd' };
    const lines = linesOf([
      gate,
      { ...cycle, outcome: 'gated' },
      gate,
      { ...cycle, outcome: 'failed' },
      gate,
      { ...cycle, outcome: 'gated' },
      { ...cycle, outcome: 'balanced' },
      gate,
      { type: 'move-started', move },
      gate,
    ]);
    const told = lines.filter(({ message }) => message === 'gate closed');
    expect(told.map(({ level }) => level)).toEqual(['warn', 'debug', 'debug', 'warn', 'warn']);
  });

  it('is tested with every type of event', () => {
    const all: Record<EventType, true> = {
      'cycle-started': true,
      'tick-missed': true,
      'snapshot-taken': true,
      planned: true,
      'gate-closed': true,
      'move-started': true,
      'move-state': true,
      'move-finished': true,
      'redundant-move': true,
      quarantined: true,
      'datanode-quarantined': true,
      'foreign-moves': true,
      recovered: true,
      paused: true,
      resumed: true,
      'drain-requested': true,
      'drain-ended': true,
      'cordon-requested': true,
      'cordon-ended': true,
      'quarantine-released': true,
      'config-reloaded': true,
      'config-refused': true,
      'cycle-finished': true,
    };
    expect(new Set(cases.map(([, event]) => event.type))).toEqual(new Set(Object.keys(all)));
  });

  it('counts moves over the whole rebalance, as status and page do', () => {
    const planned: RebalancerEvent = { ...cases[3]![1], ...withCounts(samplePlan()) };
    const { regionId } = samplePlan().moves[0]!;
    const started: RebalancerEvent = { type: 'move-started', move };
    const lines = linesOf([
      planned,
      started,
      {
        type: 'move-finished',
        move: { ...move, regionId, planId: samplePlan().planId, state: 'succeeded' },
        durationMs: 1,
      },
      {
        ...planned,
        ...withCounts(samplePlan({ planId: 'sha256:b', moves: samplePlan().moves.slice(0, 1) })),
      },
      started,
    ]);
    const places = lines.filter(({ message }) => message === 'move started');
    expect(places).toMatchObject([
      { position: 1, total: 2 },
      { position: 2, total: 2 },
    ]);
  });

  it('tells the size of a snapshot and of a plan, not their content', () => {
    expect(logged(cases[2]![1])).toMatchObject({ regions: 3, datanodes: 3, tables: 1 });
    expect(logged(cases[3]![1])).toMatchObject({ moves: 2, minimumMoves: 2, optimal: true, blocked: 1 });
  });
});

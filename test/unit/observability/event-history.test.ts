import { describe, expect, it } from 'vitest';
import { createEventHistory } from '../../../src/observability/event-history.ts';
import type { EventHistory } from '../../../src/observability/event-history.ts';
import type { EventBus } from '../../../src/observability/events.ts';
import { eventBus, samplePlan, sampleSnapshot } from '../../support/observability.ts';
import { withCounts } from '../../support/plans.ts';

function historyOf(events: number, capacity: number): { history: EventHistory; bus: EventBus } {
  const { bus } = eventBus();
  const history = createEventHistory({ capacity }, { events: bus });
  for (let count = 0; count < events; count += 1) bus.emit({ type: 'tick-missed', runningCycleId: count });
  return { history, bus };
}

describe('createEventHistory', () => {
  it.each([
    ['nothing happened', 0, 0, []],
    ['nothing was missed', 3, 3, []],
    ['some were missed', 3, 1, [2, 3]],
    ['all were missed and all are kept', 3, 0, [1, 2, 3]],
    ['exactly all kept ones were missed', 9, 4, [5, 6, 7, 8, 9]],
    ['one is no longer kept', 9, 3, undefined],
    ['the id was never given out', 3, 17, undefined],
    ['there are none, and the id is of an earlier life', 0, 17, undefined],
  ])('when %s', (_name, events, since, ids) => {
    const { history } = historyOf(events, 5);
    expect(history.since(since)?.map((event) => event.id)).toEqual(ids);
  });

  it('tells of each new event after keeping it, until unsubscribed or closed', () => {
    const { history, bus } = historyOf(1, 5);
    const told: number[] = [];
    const stop = history.subscribe((event) => told.push(event.id, history.latestId()));
    bus.emit({ type: 'resumed', by: 'me' });
    stop();
    bus.emit({ type: 'resumed', by: 'me' });
    expect(told).toEqual([2, 2]);
    history.close();
    bus.emit({ type: 'resumed', by: 'me' });
    expect(history.latestId()).toBe(3);
  });

  it('keeps events small: no snapshot and no plan in them', () => {
    const { history, bus } = historyOf(0, 5);
    bus.emit({ type: 'snapshot-taken', cycleId: 1, snapshot: sampleSnapshot(), durationMs: 4 });
    bus.emit({ type: 'planned', cycleId: 1, ...withCounts(samplePlan()), durationMs: 4 });
    expect(history.since(0)).toEqual([
      {
        id: 1,
        type: 'snapshot-taken',
        at: '2026-01-01T00:00:00.000Z',
        message: 'snapshot taken',
        data: {
          cycleId: '1',
          durationMs: 4,
          takenAt: '2026-01-01T00:00:00.000Z',
          datanodes: 3,
          tables: 1,
          regions: 3,
        },
      },
      expect.objectContaining({ data: expect.objectContaining({ moves: 2, optimal: true }) }),
    ]);
  });
});

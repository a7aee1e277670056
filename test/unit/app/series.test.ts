import { expect, it } from 'vitest';
import { readSeries } from '../../../src/app/api/series.ts';
import { recordSamples } from '../../../src/app/daemon/samples.ts';
import { OperatingError } from '../../../src/domain/errors.ts';
import type { MoveState } from '../../../src/domain/move.ts';
import type { RebalancerEvent } from '../../../src/observability/events.ts';
import { trackLiveState } from '../../../src/observability/live-state.ts';
import type { BalanceSample } from '../../../src/store/port.ts';
import { openStore } from '../../../src/store/sqlite.ts';
import { eventBus, sampleMove, samplePlan, START_MS } from '../../support/observability.ts';
import { makeMove, makePlan, withCounts } from '../../support/plans.ts';

const moves = Array.from({ length: 40 }, (_, index) => makeMove(index + 1, { to: '1' }));
const plan = makePlan({ moves });
const planned: RebalancerEvent = { type: 'planned', cycleId: 1, ...withCounts(plan), durationMs: 1 };
const ended = (seq: number, state: MoveState): RebalancerEvent => ({
  type: 'move-finished',
  move: sampleMove({ ...makeMove(seq, { to: '1' }), planId: plan.planId, state }),
  durationMs: 1,
});
const over: RebalancerEvent = {
  type: 'cycle-finished',
  cycleId: 1,
  ...{ outcome: 'moved', durationMs: 1, moved: 1, detail: '' },
};

it('the charts follow the moves of a long cycle, and end with this moment', async () => {
  const { bus, clock } = eventBus();
  const store = openStore({ path: ':memory:' }, { clock });
  const live = trackLiveState(bus);
  recordSamples(store, live);
  bus.emit({ type: 'planned', cycleId: 1, ...withCounts(samplePlan()), durationMs: 1 });
  await clock.advance(30_000);
  bus.emit({ type: 'move-finished', move: sampleMove({ state: 'succeeded' }), durationMs: 1 });
  await clock.advance(30_000);
  store.endCycle(store.beginCycle('schedule', START_MS), {
    ...{ endedAtMs: clock.now(), outcome: 'failed', moved: 1, detail: '' },
  });
  const query = { range: 60_000, points: 6 };
  const { points } = await readSeries(query, { store, live: live.state(), nowMs: clock.now() });
  const skew = { tableSkewMax: 0, nodeSkew: 0, least: 1, most: 1 };
  expect(points).toMatchObject([
    { at: '2026-01-01T00:00:30.000Z', moved: 1, cycles: 0, ...skew },
    { at: '2026-01-01T00:01:00.000Z', moved: 0, cycles: 1, failed: 1, ...skew },
  ]);
});

it('the last step has the extremes of what was seen in it, and of this moment', async () => {
  const { bus } = eventBus();
  const live = trackLiveState(bus);
  bus.emit({ type: 'planned', cycleId: 1, ...withCounts(samplePlan()), durationMs: 1 });
  const nothing = { tableSkewMax: null, nodeSkew: null, least: null, most: null };
  const stored = {
    atMs: START_MS,
    cycles: 2,
    failed: 1,
    moved: 3,
    failedMoves: 1,
    ...nothing,
    nodeSkew: 1,
    least: 2,
    most: 9,
  };
  const history = (): (typeof stored)[] => [stored];
  const query = { range: 10_000, points: 1 };
  const series = await readSeries(query, { store: { history }, live: live.state(), nowMs: START_MS + 9_000 });
  expect(series).toEqual({
    since: '2026-01-01T00:00:00.000Z',
    until: '2026-01-01T00:00:09.000Z',
    stepSeconds: 10,
    points: [
      {
        at: '2026-01-01T00:00:00.000Z',
        ...{
          cycles: 2,
          failed: 1,
          moved: 3,
          failedMoves: 1,
          tableSkewMax: 2,
          nodeSkew: 2,
          least: 0,
          most: 9,
        },
      },
    ],
  });
});

it('a sample is kept with each plan and each move that ends', async () => {
  const { bus, clock } = eventBus();
  const kept: [seconds: number, moved: number, most: number | null][] = [];
  const saveSample = ({ atMs, moved: amount, most }: BalanceSample): void =>
    void kept.push([(atMs - START_MS) / 1_000, amount, most]);
  recordSamples({ saveSample }, trackLiveState(bus));
  bus.emit(planned);
  for (const seq of [1, 2, 3]) {
    await clock.advance(2_000);
    bus.emit(ended(seq, 'succeeded'));
  }
  await clock.advance(2_000);
  bus.emit(ended(4, 'rolled_back'));
  bus.emit(over);
  expect(kept).toEqual([
    [0, 0, 2],
    [2, 1, 1],
    [4, 1, 2],
    [6, 1, 3],
    [8, 0, 3],
  ]);
});

it('a state folder in trouble leaves a hole in the chart and disturbs nobody; what moved is told with the next sample', () => {
  const { bus } = eventBus();
  const kept: number[] = [];
  let isFull = true;
  const saveSample = ({ moved: amount }: BalanceSample): void => {
    if (isFull) throw new OperatingError('state-full', 'The disk is full');
    kept.push(amount);
  };
  recordSamples({ saveSample }, trackLiveState(bus));
  bus.emit(planned);
  bus.emit(ended(1, 'succeeded'));
  bus.emit(over);
  isFull = false;
  bus.emit(planned);
  expect(kept).toEqual([1]);
});

it('a long time is read in parts, and what waits is served between two of them', async () => {
  const seen: string[] = [];
  const history = (): [] => {
    seen.push('part');
    setImmediate(() => seen.push('others'));
    return [];
  };
  const live = trackLiveState(eventBus().bus).state();
  await readSeries({ range: 86_400_000, points: 3 }, { store: { history }, live, nowMs: START_MS });
  expect(seen).toEqual(['part', 'others', 'part', 'others', 'part', 'others']);
});

import { describe, expect, it } from 'vitest';
import type { RebalancerEvent } from '../../../src/observability/events.ts';
import { estimateEtaMs, RECENT_MOVES, trackLiveState } from '../../../src/observability/live-state.ts';
import type { LiveState } from '../../../src/observability/live-state.ts';
import { eventBus, sampleMove, samplePlan, START_MS } from '../../support/observability.ts';
import { withCounts } from '../../support/plans.ts';

const planned: RebalancerEvent = { type: 'planned', cycleId: 1, ...withCounts(samplePlan()), durationMs: 3 };
const move = sampleMove();
const started: RebalancerEvent = { type: 'move-started', move, position: 1, total: 2 };
const end = (overrides: Parameters<typeof sampleMove>[0], durationMs = 1_000): RebalancerEvent => ({
  type: 'move-finished',
  move: sampleMove(overrides),
  durationMs,
});

async function after(events: readonly RebalancerEvent[], gapMs = 1_000): Promise<LiveState> {
  const { bus, clock } = eventBus();
  const live = trackLiveState(bus);
  for (const event of events) {
    bus.emit(event);
    await clock.advance(gapMs);
  }
  live.close();
  bus.emit(planned);
  return live.state();
}

describe('trackLiveState', () => {
  it('knows the running cycle', async () => {
    const state = await after([{ type: 'cycle-started', cycleId: 4, trigger: 'manual' }]);
    expect(state.cycle).toEqual({ id: 4, trigger: 'manual', startedAtMs: START_MS });
  });

  it('knows the move under way, its state and since when', async () => {
    const watching = { ...move, state: 'watching' as const };
    const state = await after([
      planned,
      started,
      { type: 'move-state', move: watching, previous: 'submitted' },
    ]);
    expect(state.currentMove).toEqual({
      move: watching,
      startedAtMs: START_MS + 1_000,
      stateSinceMs: START_MS + 2_000,
      position: 1,
      total: 2,
    });
  });

  it('does not take the state of another move for that of the one under way', async () => {
    const other = { ...move, id: 99, state: 'failed' as const };
    const state = await after([started, { type: 'move-state', move: other, previous: 'watching' }]);
    expect(state.currentMove?.move).toEqual(move);
  });

  it.each([
    ['succeeded', { movesDone: 1, movesFailed: 0, movesRemaining: 1 }],
    ['failed', { movesDone: 0, movesFailed: 1, movesRemaining: 1 }],
    ['abandoned', { movesDone: 0, movesFailed: 1, movesRemaining: 1 }],
  ] as const)('counts a move that %s', async (moveState, counts) => {
    const state = await after([planned, started, end({ state: moveState })]);
    expect(state).toMatchObject({ ...counts, currentMove: null });
  });

  it('does not count a move of an earlier plan, or a region twice', async () => {
    const stranger = end({ planId: 'sha256:other', state: 'succeeded' });
    const first = end({ state: 'succeeded' });
    expect(await after([planned, stranger, first, first])).toMatchObject({ movesDone: 1, movesRemaining: 1 });
  });

  it('lets the regions follow the moves that succeeded', async () => {
    const state = await after([planned, end({ state: 'succeeded' })]);
    expect(Object.fromEntries(state.regionsNow)).toEqual({ 0: 1, 1: 1, 2: 1 });
  });

  it('takes any move as proof that the gates are open', async () => {
    const state = await after([{ type: 'gate-closed', code: 'maintenance', detail: 'd' }, planned, started]);
    expect(state.gates.size).toBe(0);
  });

  it('knows how the last cycle ended and when one last succeeded', async () => {
    const cycle = { type: 'cycle-finished', durationMs: 5, moved: 0, detail: 'why' } as const;
    const state = await after([
      { ...cycle, cycleId: 1, outcome: 'balanced' },
      { ...cycle, cycleId: 2, outcome: 'failed' },
      { ...cycle, cycleId: 3, outcome: 'missed' },
    ]);
    expect(state.lastCycle).toMatchObject({ id: 2, outcome: 'failed', detail: 'why' });
    expect(state.lastSuccessAtMs).toBe(START_MS);
  });

  it('remembers a bounded number of durations, of moves that succeeded', async () => {
    const ends = Array.from({ length: RECENT_MOVES + 5 }, (_, index) =>
      end({ id: index, regionId: String(index), state: 'succeeded' }, index),
    );
    const state = await after([end({ state: 'failed' }, 99), ...ends], 0);
    expect(state.recentDurationsMs).toHaveLength(RECENT_MOVES);
    expect(state.recentDurationsMs[0]).toBe(5);
  });
});

describe('estimateEtaMs', () => {
  it.each([
    [0, [], 0],
    [0, [500], 0],
    [3, [], undefined],
    [1, [4_000], 4_000],
    [3, [3_000, 5_000], 16_000],
  ])('with %i moves left and durations %j expects %s', (movesRemaining, recentDurationsMs, etaMs) => {
    expect(estimateEtaMs({ movesRemaining, recentDurationsMs }, 2_000)).toBe(etaMs);
  });
});

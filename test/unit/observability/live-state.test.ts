import { describe, expect, it } from 'vitest';
import type { Balance, Plan } from '../../../src/domain/plan.ts';
import type { RebalancerEvent } from '../../../src/observability/events.ts';
import { progressOf, RECENT_MOVES, snapshotNow } from '../../../src/observability/live-state.ts';
import type { LiveState } from '../../../src/observability/live-state.ts';
import { events, liveAfter, samplePlan, sampleSnapshot, START_MS } from '../../support/observability.ts';

const planned = events.planned();
const LAST = '4398046511106';
const { started, ended: end } = events;
const { move } = started;
const after = (emitted: readonly RebalancerEvent[], gapMs = 1_000): Promise<LiveState> =>
  liveAfter(emitted, gapMs);

describe('trackLiveState', () => {
  it('knows the running cycle', async () => {
    const state = await after([{ type: 'cycle-started', cycleId: 4, trigger: 'manual' }]);
    expect(state.cycle).toEqual({ id: 4, trigger: 'manual', startedAtMs: START_MS, begun: 0 });
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
    });
  });

  it('does not take the state of another move for that of the one under way', async () => {
    const other = { ...move, id: 99, state: 'failed' as const };
    const state = await after([started, { type: 'move-state', move: other, previous: 'watching' }]);
    expect(state.currentMove?.move).toEqual(move);
  });

  it.each([
    ['succeeded', { moved: 1, failed: 0, left: 1, total: 2 }],
    ['failed', { moved: 0, failed: 1, left: 1, total: 2 }],
    ['abandoned', { moved: 0, failed: 1, left: 1, total: 2 }],
  ] as const)('counts a move that %s', async (moveState, progress) => {
    const state = await after([planned, started, end({ state: moveState })]);
    expect(progressOf(state)).toEqual(progress);
    expect(state.currentMove).toBeNull();
  });

  it('does not count a region twice', async () => {
    const first = end({ state: 'succeeded' });
    expect(progressOf(await after([planned, first, first]))).toMatchObject({ moved: 1, left: 1 });
  });

  it('lets the numbers of regions and how even they are follow the moves', async () => {
    const regions = async (...ends: RebalancerEvent[]): Promise<unknown> => {
      const { balance } = await after([planned, ...ends]);
      const of = ({ datanodes, nodeSkew }: Balance) => [...datanodes.map((each) => each.regions), nodeSkew];
      return balance && { now: of(balance.now), after: of(balance.after) };
    };
    const [first, second] = [
      end({ state: 'succeeded' }),
      end({ state: 'failed', regionId: LAST, from: '2' }),
    ];
    expect(await regions()).toEqual({ now: [2, 0, 1, 2], after: [1, 2, 0, 1] });
    expect(await regions(first)).toEqual({ now: [1, 1, 1, 0], after: [1, 2, 0, 1] });
    expect(await regions(first, second)).toEqual({ now: [1, 1, 1, 0], after: [1, 1, 1, 0] });
  });

  it.each([
    ['target', 'quarantined'],
    ['source', 'target'],
  ] as const)('shows a datanode that is put into quarantine as a %s as %s at once', async (role, shown) => {
    const rest = { untilMs: START_MS, failures: 2, detail: 'd' };
    const state = await after([planned, { type: 'datanode-quarantined', datanode: '1', role, ...rest }]);
    expect(state.balance?.now.datanodes.find(({ id }) => id === '1')?.state).toBe(shown);
  });

  it('knows where the regions are now', async () => {
    const taken = { type: 'snapshot-taken', cycleId: 1, snapshot: sampleSnapshot(), durationMs: 1 } as const;
    const [first, second] = [
      end({ state: 'succeeded' }),
      end({ state: 'failed', regionId: LAST, from: '2' }),
    ];
    expect(snapshotNow(await after([]))).toBeNull();
    expect(snapshotNow(await after([taken, planned]))).toEqual(sampleSnapshot());
    const now = snapshotNow(await after([taken, planned, first, second]));
    expect(now?.regions.map(({ leader }) => leader)).toEqual(['1', '0', '2']);
  });

  it('knows how many moves the running cycle has begun', async () => {
    const cycle: RebalancerEvent = { type: 'cycle-started', cycleId: 1, trigger: 'schedule' };
    const state = await after([cycle, planned, { ...started, isResumed: true }, started, started]);
    expect(state.cycle?.begun).toBe(2);
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

  it('forgets at a takeover how its cycles ended while another replica led', async () => {
    const gated = {
      cycleId: 1,
      outcome: 'gated',
      durationMs: 5,
      moved: 0,
      detail: 'This replica stands by.',
    } as const;
    const state = await after([
      { type: 'cycle-finished', ...gated },
      { type: 'cycle-started', cycleId: 2, trigger: 'takeover' },
    ]);
    expect(state.lastCycle).toBeNull();
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

/** A plan of so many moves. */
const plannedMoves = (count: number, change: Partial<Plan> = {}): RebalancerEvent => {
  const [move] = samplePlan().moves;
  const moves = Array.from({ length: count }, (_, index) => ({ ...move!, regionId: String(index + 1) }));
  return events.planned(samplePlan({ moves, ...change }));
};
const ends = (count: number, state: 'succeeded' | 'failed' = 'succeeded'): RebalancerEvent[] =>
  Array.from({ length: count }, (_, index) => end({ regionId: String(index + 1), state }));
const even = { before: samplePlan().after, blocked: [] };
const uneven = { after: samplePlan().before };
const blockedBy = (code: 'cooldown' | 'pinned'): RebalancerEvent =>
  plannedMoves(0, {
    ...uneven,
    blocked: [
      { code, detail: '' },
      { code: 'pinned', detail: '', harmless: true },
    ],
  });

describe('the progress of a rebalance', () => {
  it.each<[string, RebalancerEvent[], ReturnType<typeof progressOf>]>([
    ['is none before the first plan', [], { moved: 0, failed: 0, left: 0, total: 0 }],
    ['is none without moves', [plannedMoves(0, even)], { moved: 0, failed: 0, left: 0, total: 0 }],
    [
      'goes on over the plans of further cycles',
      [plannedMoves(594), ...ends(20), plannedMoves(574), ...ends(6)],
      { moved: 26, failed: 0, left: 568, total: 594 },
    ],
    [
      'keeps what failed, planned again or not',
      [plannedMoves(10), ...ends(4), ...ends(5, 'failed').slice(4), plannedMoves(5)],
      { moved: 4, failed: 1, left: 5, total: 10 },
    ],
    [
      'counts what an earlier process began',
      [plannedMoves(3), end({ planId: 'sha256:other', state: 'succeeded' }), plannedMoves(3)],
      { moved: 1, failed: 0, left: 3, total: 4 },
    ],
    [
      'is over once balanced',
      [plannedMoves(2), ...ends(2), plannedMoves(0, even)],
      { moved: 0, failed: 0, left: 0, total: 0 },
    ],
    [
      'starts anew after that',
      [plannedMoves(2), ...ends(2), plannedMoves(0, even), plannedMoves(7), ...ends(1)],
      { moved: 1, failed: 0, left: 6, total: 7 },
    ],
    [
      'is over when the rest is blocked',
      [plannedMoves(3), ...ends(2), blockedBy('pinned')],
      { moved: 0, failed: 0, left: 0, total: 0 },
    ],
    [
      'is over when the rest is blocked, whatever cooldowns there are that cost nothing',
      [
        plannedMoves(3),
        ...ends(2),
        plannedMoves(0, {
          ...uneven,
          blocked: [
            { code: 'pinned', detail: '' },
            { code: 'cooldown', detail: '', harmless: true },
          ],
        }),
      ],
      { moved: 0, failed: 0, left: 0, total: 0 },
    ],
    [
      'waits for cooldowns to end',
      [plannedMoves(3), ...ends(2), blockedBy('cooldown'), plannedMoves(1)],
      { moved: 2, failed: 0, left: 1, total: 3 },
    ],
  ])('%s', async (_, emitted, progress) => {
    expect(progressOf(await after(emitted, 0))).toEqual(progress);
  });
});

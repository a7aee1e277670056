import { expect, it } from 'vitest';
import { estimateTimeLeftMs } from '../../../src/observability/time-left.ts';
import type { Pace } from '../../../src/observability/time-left.ts';

const [SECOND, MINUTE, HOUR] = [1_000, 60_000, 3_600_000];

/** Moves of 8 s with 2 s between them, in one cycle without any limit. */
function pace(change: Partial<Pace>): Pace {
  return {
    left: 1,
    recentDurationsMs: [6 * SECOND, 10 * SECOND],
    underWayMs: 0,
    pauseBetweenMovesMs: 2 * SECOND,
    leftInCycle: Infinity,
    maxMovesPerCycle: Infinity,
    cycles: { nextInMs: MINUTE, everyMs: 5 * MINUTE },
    maxMovesPerHour: 0,
    submittedThisHour: 0,
    withWindows: (workMs) => workMs,
    ...change,
  };
}

it.each<[string, Partial<Pace>, number | undefined]>([
  ['nothing is left', { left: 0, recentDurationsMs: [] }, 0],
  ['no move has been timed', { recentDurationsMs: [] }, undefined],
  ['one move is left', {}, 8 * SECOND],
  ['three are left, with the pauses between them', { left: 3 }, 28 * SECOND],
  ['the move under way is half done', { left: 3, underWayMs: 4 * SECOND }, 24 * SECOND],
  ['the move under way takes longer than usual', { left: 3, underWayMs: HOUR }, 20 * SECOND],
  ['the next cycle has to begin first', { left: 3, leftInCycle: 0 }, MINUTE + 28 * SECOND],
  // 594 moves at 20 a cycle, every 5 minutes: the running cycle and 29 more.
  [
    'a cycle makes only so many',
    {
      left: 594,
      leftInCycle: 20,
      maxMovesPerCycle: 20,
      cycles: { nextInMs: 5 * MINUTE, everyMs: 5 * MINUTE },
    },
    29 * 5 * MINUTE + 138 * SECOND,
  ],
  // A cycle of 40 moves takes 398 s: every second tick falls into a running one.
  [
    'cycles take longer than the time between two ticks',
    { left: 90, leftInCycle: 0, maxMovesPerCycle: 40 },
    MINUTE + 4 * 5 * MINUTE + 98 * SECOND,
  ],
  [
    'the next ticks fall into the running cycle',
    { left: 70, leftInCycle: 60, maxMovesPerCycle: 60 },
    11 * MINUTE + 98 * SECOND,
  ],
  [
    'no cycle follows, and this one makes but some',
    { left: 100, leftInCycle: 3, cycles: undefined },
    28 * SECOND,
  ],
  ['no cycle follows, and none runs', { leftInCycle: 0, cycles: undefined }, 0],
  ['an hour sees only so many', { left: 25, maxMovesPerHour: 10 }, 2 * HOUR + 48 * SECOND],
  [
    'this hour has seen some of them',
    { left: 10, maxMovesPerHour: 10, submittedThisHour: 4 },
    HOUR + 38 * SECOND,
  ],
  ['the hourly limit is far', { left: 3, maxMovesPerHour: 10, submittedThisHour: 4 }, 28 * SECOND],
  ['windows are closed in between', { withWindows: (workMs) => workMs + HOUR }, HOUR + 8 * SECOND],
  ['it is too far ahead to say', { withWindows: () => undefined }, undefined],
])('the time left when %s', (_, change, leftMs) => {
  expect(estimateTimeLeftMs(pace(change))).toBe(leftMs);
});

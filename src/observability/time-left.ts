/** What the time left is estimated from. */
export interface Pace {
  /** Moves that have not ended, the one under way among them. */
  readonly left: number;
  /** What recent moves took, in ms. Without any the time is not known. */
  readonly recentDurationsMs: readonly number[];
  /** How long the move under way has taken so far, in ms; 0 between two. */
  readonly underWayMs: number;
  readonly pauseBetweenMovesMs: number;
  /** Moves that the running cycle may make yet, the one under way among them; 0 while none runs. */
  readonly leftInCycle: number;
  readonly maxMovesPerCycle: number;
  readonly cycles: Ticks | undefined;
  /** 0: no limit. */
  readonly maxMovesPerHour: number;
  readonly submittedThisHour: number;
  /** How long work of `workMs` takes from now on when it rests while no window is open; undefined: too long to say. */
  readonly withWindows: (workMs: number) => number | undefined;
}

/** When cycles begin. Undefined where none follows the running one. */
interface Ticks {
  /** ms until the next one. */
  readonly nextInMs: number;
  readonly everyMs: number;
}

const HOUR_MS = 3_600_000;

/**
 * ms until the moves that are left are made: what they take, by the mean of the recent ones, and all the waiting between them: pauses, the
 * schedule's ticks when a cycle may make only so many, the hourly limit, and closed windows. Without further cycles only what the
 * running one may still make counts.
 *
 * @returns 0 when none is left, undefined when it is not known.
 */
export function estimateTimeLeftMs(pace: Pace): number | undefined {
  const left = pace.cycles ? pace.left : Math.min(pace.left, pace.leftInCycle);
  if (left === 0) return 0;
  if (pace.recentDurationsMs.length === 0) return undefined;
  const sumMs = pace.recentDurationsMs.reduce((sum, durationMs) => sum + durationMs, 0);
  const moveMs = sumMs / pace.recentDurationsMs.length;
  const workMs = (moves: number): number =>
    moves === 0 ? 0 : moves * moveMs + (moves - 1) * pace.pauseBetweenMovesMs;
  const doneMs = Math.min(pace.underWayMs, moveMs);
  const wholeMs = Math.max(byCycles(pace, left, workMs), byHours(pace, left, workMs));
  return pace.withWindows(wholeMs - doneMs);
}

type WorkMs = (moves: number) => number;

function byCycles({ leftInCycle, maxMovesPerCycle, cycles }: Pace, left: number, workMs: WorkMs): number {
  const now = Math.min(left, leftInCycle);
  const later = left - now;
  const nowMs = workMs(now);
  if (later === 0 || !cycles) return nowMs;
  const perCycle = Math.min(later, maxMovesPerCycle);
  const full = Math.ceil(later / perCycle) - 1;
  // A tick that falls into a running cycle is skipped.
  const ticksPerCycle = Math.max(1, Math.ceil(workMs(perCycle) / cycles.everyMs));
  const skipped = Math.max(0, Math.ceil((nowMs - cycles.nextInMs) / cycles.everyMs));
  const firstMs = cycles.nextInMs + skipped * cycles.everyMs;
  return firstMs + full * ticksPerCycle * cycles.everyMs + workMs(later - full * perCycle);
}

/** What the limit allows at once, then as much in each hour that follows. */
function byHours({ maxMovesPerHour, submittedThisHour }: Pace, left: number, workMs: WorkMs): number {
  const later = left - Math.max(0, maxMovesPerHour - submittedThisHour);
  if (maxMovesPerHour === 0 || later <= 0) return workMs(left);
  const hours = Math.ceil(later / maxMovesPerHour);
  return hours * HOUR_MS + workMs(later - (hours - 1) * maxMovesPerHour);
}

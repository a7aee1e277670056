import { createTask } from 'node-cron';
import type { Clock } from '../../lib/clock.ts';

/** Calls back at the times of a schedule, until stopped. */
export interface Schedule {
  /** ms since 1970, or undefined when it never fires again or was stopped. */
  nextTickAtMs(): number | undefined;
  /** Milliseconds between the next two ticks: what a fresh snapshot's age is judged by. */
  intervalMs(): number;
  stop(): void;
}

export interface ScheduleOptions {
  readonly cron: string;
  readonly timezone: string;
}

/** Starts a schedule; the daemon is given this function, so that a simulation can pass one that runs in virtual time. */
export type StartSchedule = (options: ScheduleOptions, onTick: () => void) => Schedule;

/** Five minutes: only used when an expression has no two further ticks. */
const FALLBACK_INTERVAL_MS = 300_000;

/**
 * How long the wall clock is trusted. A timer knows nothing of a clock that is set or of a machine that slept: the time to wait is
 * counted afresh so often, from what the clock shows then.
 */
const MAX_WAIT_MS = 10_000;

/**
 * Schedules by cron expressions. node-cron says when one fires next; the waiting is done here, because node-cron waits for the moment
 * that it once expected, for however many hours or years the wall clock is set back, and drops a tick that it is two seconds late for.
 *
 * One tick for any number of firing times that were passed. A tick that falls into a running cycle is the daemon's business.
 *
 * @param clock the system's: node-cron asks no other.
 */
export function cronSchedule(clock: Clock): StartSchedule {
  return ({ cron, timezone }, onTick) => {
    // Never started: it only does sums.
    const task = createTask(cron, () => undefined, { timezone });
    let isStopped = false;
    let cancel = (): void => undefined;
    const nextTimes = (count: number): readonly number[] => {
      try {
        return isStopped ? [] : task.getNextRuns(count).map((date) => date.getTime());
      } catch {
        // It fires no more, or not within the years that node-cron looks ahead.
        return [];
      }
    };
    const arm = (): void => {
      const [dueMs = Infinity] = nextTimes(1);
      cancel = clock.setTimer(Math.min(dueMs - clock.now(), MAX_WAIT_MS), () => {
        const isDue = clock.now() >= dueMs;
        arm();
        if (isDue) onTick();
      });
    };
    arm();
    return {
      nextTickAtMs: () => nextTimes(1)[0],
      intervalMs: () => {
        const [first, second] = nextTimes(2);
        return first !== undefined && second !== undefined ? second - first : FALLBACK_INTERVAL_MS;
      },
      stop() {
        isStopped = true;
        cancel();
        void task.destroy();
      },
    };
  };
}

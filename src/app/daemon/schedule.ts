import type { Clock } from '../../lib/clock.ts';
import { cronTimes } from '../../lib/cron.ts';

/** Calls back at the times of a schedule, until stopped. */
export interface Schedule {
  /** ms since 1970, or undefined when it never fires again or was stopped. */
  nextTickAtMs(): number | undefined;
  /** Milliseconds between the next two ticks: what a fresh snapshot's age is judged by. */
  intervalMs(): number;
  stop(): void;
}

interface ScheduleOptions {
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
 * Schedules by cron expressions. One tick for any number of firing times that were passed. A tick that falls into a running cycle is
 * the daemon's business.
 */
export function cronSchedule(clock: Clock): StartSchedule {
  return ({ cron, timezone }, onTick) => {
    const times = cronTimes(cron, timezone);
    let isStopped = false;
    let cancel = (): void => undefined;
    const nextTickAtMs = (): number | undefined => (isStopped ? undefined : times.next(clock.now()));
    const arm = (): void => {
      const dueMs = nextTickAtMs() ?? Infinity;
      cancel = clock.setTimer(Math.min(dueMs - clock.now(), MAX_WAIT_MS), () => {
        const isDue = clock.now() >= dueMs;
        arm();
        if (isDue) onTick();
      });
    };
    arm();
    return {
      nextTickAtMs,
      intervalMs() {
        const first = nextTickAtMs();
        const second = first && times.next(first);
        return first && second ? second - first : FALLBACK_INTERVAL_MS;
      },
      stop() {
        isStopped = true;
        cancel();
      },
    };
  };
}

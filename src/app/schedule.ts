import { createTask } from 'node-cron';

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

/** Runs on node-cron. A tick that falls into a running cycle is the daemon's business: node-cron only calls. */
export const startCronSchedule: StartSchedule = ({ cron, timezone }, onTick) => {
  const task = createTask(cron, onTick, { timezone, suppressMissedWarning: true });
  void task.start();
  return {
    nextTickAtMs: () => task.getNextRun()?.getTime(),
    intervalMs: () => {
      const [first, second] = task.getNextRuns(2);
      return first && second ? second.getTime() - first.getTime() : FALLBACK_INTERVAL_MS;
    },
    stop: () => void task.destroy(),
  };
};

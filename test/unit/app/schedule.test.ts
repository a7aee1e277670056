import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { cronSchedule, type Schedule } from '../../../src/app/daemon/schedule.ts';
import { systemClock } from '../../../src/lib/clock.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const START_MS = Date.UTC(2026, 0, 1, 0, 1);

let schedule: Schedule | undefined;
/** When it ticked, by the wall clock. */
let ticks: string[];

beforeEach(() => {
  ticks = [];
  // node-cron reads the system's clock, so that is the one to be faked.
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'], now: START_MS });
});

afterEach(() => {
  schedule?.stop();
  vi.useRealTimers();
});

function start(cron: string, timezone = 'UTC'): Schedule {
  schedule = cronSchedule(systemClock)({ cron, timezone }, () => ticks.push(new Date().toISOString()));
  return schedule;
}

/** Sets the wall clock, as an administrator does or as a machine finds it after its sleep; no timer fires for that. */
function setClock(deltaMs: number): void {
  vi.setSystemTime(Date.now() + deltaMs);
}

describe('the schedule', () => {
  it('ticks when the expression says', () => {
    const { nextTickAtMs, intervalMs } = start('*/5 * * * *');
    expect(nextTickAtMs()).toBe(START_MS + 4 * MINUTE_MS);
    expect(intervalMs()).toBe(5 * MINUTE_MS);
    vi.advanceTimersByTime(14 * MINUTE_MS);
    expect(ticks).toEqual(
      [5, 10, 15].map((minute) => new Date(Date.UTC(2026, 0, 1, 0, minute)).toISOString()),
    );
  });

  it('keeps to its time zone', () => {
    start('30 9 * * *', 'Asia/Kolkata');
    vi.advanceTimersByTime(DAY_MS);
    expect(ticks).toEqual(['2026-01-01T04:00:00.000Z']);
  });

  it('is silent once stopped', () => {
    const { nextTickAtMs, stop } = start('* * * * *');
    stop();
    vi.advanceTimersByTime(HOUR_MS);
    expect(ticks).toEqual([]);
    expect(nextTickAtMs()).toBeUndefined();
  });

  it('can be stopped by its own tick', () => {
    const made: Schedule[] = [];
    made.push(
      cronSchedule(systemClock)({ cron: '* * * * *', timezone: 'UTC' }, () => {
        ticks.push('tick');
        for (const each of made) each.stop();
      }),
    );
    vi.advanceTimersByTime(HOUR_MS);
    expect(ticks).toEqual(['tick']);
  });
});

describe('a wall clock that is set', () => {
  it('ten hours back, keeps the ticks coming', () => {
    const { nextTickAtMs } = start('*/5 * * * *');
    vi.advanceTimersByTime(20 * MINUTE_MS);
    ticks = [];
    setClock(-10 * HOUR_MS);
    expect(nextTickAtMs()).toBe(Date.now() + 4 * MINUTE_MS);
    vi.advanceTimersByTime(HOUR_MS);
    expect(ticks).toHaveLength(12);
  });

  it('right after a start with a clock years ahead, does not make it wait for years', () => {
    vi.setSystemTime(START_MS + 3_650 * DAY_MS);
    start('*/5 * * * *');
    setClock(-3_650 * DAY_MS);
    vi.advanceTimersByTime(HOUR_MS);
    expect(ticks).toHaveLength(12);
  });

  it.each([
    ['two seconds late for a nightly tick', '0 1 * * *', HOUR_MS + 2_100 - MINUTE_MS, 1],
    ['a month ahead', '*/5 * * * *', 30 * DAY_MS, 1],
    ['years ahead, with a tick every second', '* * * * * *', 1_000 * DAY_MS, 1],
    ['ahead, but not as far as to the next tick', '0 1 * * *', HOUR_MS / 2, 0],
  ])('ahead, makes it tick once for all that was passed: %s', (_, cron, deltaMs, expected) => {
    start(cron);
    setClock(deltaMs);
    vi.advanceTimersToNextTimer();
    expect(ticks).toHaveLength(expected);
  });
});

import fc from 'fast-check';
import { createTask, getTasks } from 'node-cron';
import { describe, expect, it } from 'vitest';
import { cronTimes } from '../../../src/lib/cron.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

function iso(timeMs: number | undefined): string | undefined {
  return timeMs === undefined ? undefined : new Date(timeMs).toISOString().replace('.000Z', 'Z');
}

/** The next times after one, written briefly: `2026-10-25T00:05:00Z`. */
function next(count: number, cron: string, timezone: string, after: string): (string | undefined)[] {
  const times = cronTimes(cron, timezone);
  const found: (number | undefined)[] = [];
  for (let atMs: number | undefined = Date.parse(after); found.length < count; found.push(atMs)) {
    atMs = times.next(atMs);
    if (atMs === undefined) return [undefined];
  }
  return found.map(iso);
}

describe('the next time of a cron expression', () => {
  it.each([
    ['*/5 * * * *', 'UTC', '2026-01-01T00:00:00Z', '2026-01-01T00:05:00Z'],
    ['*/5 * * * *', 'UTC', '2025-12-31T23:59:59.999Z', '2026-01-01T00:00:00Z'],
    ['* * * * * *', 'UTC', '2026-01-01T00:00:00.001Z', '2026-01-01T00:00:01Z'],
    ['50,10 0 1 * * *', 'UTC', '2026-01-01T01:00:10Z', '2026-01-01T01:00:50Z'],
    ['30 22-2 * * *', 'UTC', '2026-01-01T02:30:00Z', '2026-01-01T22:30:00Z'],
    ['0 0 L * *', 'UTC', '2028-02-01T00:00:00Z', '2028-02-29T00:00:00Z'],
    ['0 0 LW * *', 'UTC', '2026-02-01T00:00:00Z', '2026-02-27T00:00:00Z'],
    ['0 0 * * 1#2', 'UTC', '2026-06-01T00:00:00Z', '2026-06-08T00:00:00Z'],
    ['0 0 1-7 * 1', 'UTC', '2026-06-02T00:00:00Z', '2026-07-06T00:00:00Z'],
    ['0 0 29 2 1', 'UTC', '2088-03-01T00:00:00Z', '2112-02-29T00:00:00Z'],
    ['0 0 1 * 1#5', 'UTC', '2026-01-01T00:00:00Z', undefined],
    ['0 1 * * *', 'Asia/Kathmandu', '2026-01-01T00:00:00Z', '2026-01-01T19:15:00Z'],
  ])('%s in %s after %s is %s', (cron, timezone, after, expected) => {
    expect(next(1, cron, timezone, after)).toEqual([expected]);
  });

  it.each([
    ['with not a pass lost', '*/30 * * * *', '2026-10-24T23:45:00Z', ['00:00', '00:30', '01:00', '01:30']],
    ['both times', '30 2 * * *', '2026-10-24T23:45:00Z', ['00:30', '01:30']],
    ['five minutes later, not an hour', '*/5 * * * *', '2026-10-25T00:00:05Z', ['00:05']],
  ])('in the hour that Berlin repeats comes %s', (_, cron, after, expected) => {
    const found = next(expected.length, cron, 'Europe/Berlin', after);
    expect(found).toEqual(expected.map((time) => `2026-10-25T${time}:00Z`));
  });

  it.each([
    ['Europe/Berlin', '30 2 * * *', '2026-03-28T12:00:00Z', '2026-03-29T01:00:00Z'],
    ['Europe/Berlin', '30 2 29 3 *', '2026-03-01T12:00:00Z', '2026-03-29T01:00:00Z'],
    ['Europe/Berlin', '15 30 2 * * 0', '2026-03-28T12:00:00Z', '2026-03-29T01:00:00Z'],
    ['Australia/Lord_Howe', '15 2 * * *', '2026-10-03T10:00:00Z', '2026-10-03T15:30:00Z'],
    ['America/Santiago', '0 0 * * *', '2026-09-05T12:00:00Z', '2026-09-06T04:00:00Z'],
    ['Asia/Beirut', '30 0 * * 0', '2026-03-28T12:00:00Z', '2026-03-28T22:00:00Z'],
    ['Africa/Cairo', '59 0 * * 5', '2026-04-23T12:00:00Z', '2026-04-23T22:00:00Z'],
    ['Pacific/Apia', '0 12 30 12 *', '2011-12-29T12:00:00Z', '2011-12-30T10:00:00Z'],
  ])('in a time that %s skips comes at the change: %s', (timezone, cron, after, expected) => {
    expect(next(1, cron, timezone, after)).toEqual([expected]);
  });

  it('at the change comes once, however many were skipped', () => {
    expect(next(3, '*/20 * * * *', 'Europe/Berlin', '2026-03-29T00:30:00Z')).toEqual([
      '2026-03-29T00:40:00Z',
      '2026-03-29T01:00:00Z',
      '2026-03-29T01:20:00Z',
    ]);
  });
});

describe('the last time of a cron expression', () => {
  it.each([
    ['counts the end', '0 1 * * *', '2025-12-31T23:00:00Z', '2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z'],
    ['does not count the start', '0 1 * * *', '2026-01-01T00:00:00Z', '2026-01-01T23:59:59.999Z', undefined],
    ['is the latest', '*/5 * * * *', '2026-01-01T00:00:00Z', '2026-01-20T00:14:00Z', '2026-01-20T00:10:00Z'],
    ['may be a change', '30 2 * * *', '2026-03-28T12:00:00Z', '2026-03-29T12:00:00Z', '2026-03-29T01:00:00Z'],
    [
      'is that of a second pass',
      '30 2 * * *',
      '2026-10-25T00:00:00Z',
      '2026-10-25T12:00:00Z',
      '2026-10-25T01:30:00Z',
    ],
    ['is none in no time', '* * * * * *', '2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z', undefined],
  ])('%s: %s in Berlin', (_, cron, after, until, expected) => {
    const found = cronTimes(cron, 'Europe/Berlin').last(Date.parse(after), Date.parse(until));
    expect(iso(found)).toBe(expected);
  });
});

/** Changes of local time: by an hour, by half an hour, at midnight, by a whole day, and away from full quarters of an hour. */
const CHANGES = [
  ['Europe/Berlin', '2026-03-29T01:00:00Z'],
  ['Europe/Berlin', '2026-10-25T01:00:00Z'],
  ['America/New_York', '2026-11-01T06:00:00Z'],
  ['Australia/Lord_Howe', '2026-04-04T15:00:00Z'],
  ['Australia/Lord_Howe', '2026-10-03T15:30:00Z'],
  ['America/Santiago', '2026-04-05T03:00:00Z'],
  ['America/Santiago', '2026-09-06T04:00:00Z'],
  ['Asia/Beirut', '2026-03-28T22:00:00Z'],
  ['Asia/Beirut', '2026-10-24T21:00:00Z'],
  ['Africa/Cairo', '2026-04-23T22:00:00Z'],
  ['Africa/Cairo', '2026-10-29T21:00:00Z'],
  ['Africa/Casablanca', '2026-02-15T02:00:00Z'],
  ['Antarctica/Troll', '2026-03-29T01:00:00Z'],
  ['America/St_Johns', '2006-10-29T02:31:00Z'],
  ['Pacific/Apia', '2011-12-30T10:00:00Z'],
  ['Asia/Kolkata', '2026-03-29T01:00:00Z'],
] as const;

const list = (min: number, max: number) =>
  fc.oneof(
    fc.constant('*'),
    fc.integer({ min, max }).map(String),
    fc.integer({ min: 2, max: 20 }).map((step) => `*/${step}`),
    fc.tuple(fc.integer({ min, max }), fc.integer({ min, max })).map(([first, last]) => `${first}-${last}`),
  );
const expressions = fc
  .tuple(list(0, 59), list(0, 23), fc.constantFrom('*', '1-15', 'L', '29'), fc.constantFrom('*', '0,6', '5'))
  .map(([minute, hour, day, weekday]) => `${minute} ${hour} ${day} * ${weekday}`);

describe('the times of a cron expression around a change of local time', () => {
  /** Asks node-cron about every minute: in the zone, and for local times that were skipped as if they were UTC. */
  function byMinutes(cron: string, timezone: string, fromMs: number, toMs: number): number[] {
    const [zoned, local] = [timezone, 'UTC'].map((zone) => {
      const task = createTask(cron, () => undefined, { timezone: zone });
      void task.destroy();
      return (atMs: number) => task.match(new Date(atMs));
    });
    const format = new Intl.DateTimeFormat('sv-SE', {
      timeZone: timezone,
      dateStyle: 'short',
      timeStyle: 'medium',
    });
    const localMs = (atMs: number): number => Date.parse(`${format.format(atMs).replace(' ', 'T')}Z`);
    const found: number[] = [];
    for (let atMs = fromMs; atMs < toMs; atMs += MINUTE_MS) {
      let isDue = zoned!(atMs);
      for (let skipped = localMs(atMs - MINUTE_MS) + MINUTE_MS; skipped < localMs(atMs); skipped += MINUTE_MS)
        isDue ||= local!(skipped);
      if (isDue) found.push(atMs);
    }
    return found;
  }

  it.each(CHANGES)('in %s at %s are those that a search minute by minute finds', (timezone, change) => {
    const [fromMs, toMs] = [Date.parse(change) - 7 * HOUR_MS, Date.parse(change) + 7 * HOUR_MS];
    fc.assert(
      fc.property(expressions, fc.integer({ min: fromMs, max: toMs - 1 }), (cron, untilMs) => {
        const times = cronTimes(cron, timezone);
        const expected = byMinutes(cron, timezone, fromMs, toMs);
        const forward: number[] = [];
        for (let atMs = times.next(fromMs - 1); atMs !== undefined && atMs < toMs; atMs = times.next(atMs))
          forward.push(atMs);
        expect(forward.map(iso)).toEqual(expected.map(iso));
        expect(iso(times.last(fromMs - 1, untilMs))).toBe(iso(expected.findLast((atMs) => atMs <= untilMs)));
      }),
      { numRuns: 15 },
    );
  });
});

describe('a cron expression', () => {
  it.each(['', 'sometimes', '* * * *', '60 * * * *', '0 0 31 2 *', '*/0 * * * *', '* * * * * * *'])(
    'is not %j',
    (cron) => expect(() => cronTimes(cron, 'UTC')).toThrow(Error),
  );

  it('has a time zone that exists', () => {
    expect(() => cronTimes('* * * * *', 'Mars/Olympus')).toThrow(RangeError);
  });

  it('leaves no task with node-cron', () => {
    cronTimes('* * * * *', 'UTC');
    expect(getTasks().size).toBe(0);
  });
});

import { describe, expect, it } from 'vitest';
import { elapsedInWindows, evaluateWindows, type Window } from '../../../src/executor/windows.ts';

const HOUR_MS = 3_600_000;
const nightly: Window = { cron: '0 1 * * *', durationMs: 4 * HOUR_MS };

function isOpen(windows: readonly Window[], timezone: string, at: string): boolean {
  return evaluateWindows(windows, timezone, Date.parse(at)).isOpen;
}

describe('windows', () => {
  it('are open always when there are none', () => {
    expect(isOpen([], 'UTC', '2026-06-01T12:00:00Z')).toBe(true);
  });

  it.each([
    ['2026-06-01T00:59:59.999Z', false],
    ['2026-06-01T01:00:00Z', true],
    ['2026-06-01T04:59:59.999Z', true],
    ['2026-06-01T05:00:00Z', false],
  ])('open and close to the millisecond: %s is %s', (at, open) => {
    expect(isOpen([nightly], 'UTC', at)).toBe(open);
  });

  it('are told with the time at which they close, the latest of those that are open', () => {
    const state = evaluateWindows(
      [nightly, { cron: '0 4 * * *', durationMs: 6 * HOUR_MS }],
      'UTC',
      Date.parse('2026-06-01T04:30:00Z'),
    );
    expect(new Date(state.closesAtMs!).toISOString()).toBe('2026-06-01T10:00:00.000Z');
  });

  it.each([
    ['Europe/Berlin', '2026-01-15T00:00:00Z', true],
    ['Europe/Berlin', '2026-07-15T00:00:00Z', true],
    ['Europe/Berlin', '2026-07-14T23:00:00Z', true],
    ['Europe/Berlin', '2026-01-14T23:00:00Z', false],
    ['Asia/Kolkata', '2026-01-14T19:30:00Z', true],
    ['Asia/Kolkata', '2026-01-14T19:29:59Z', false],
    ['Australia/Lord_Howe', '2026-01-14T14:00:00Z', true],
    ['Australia/Lord_Howe', '2026-01-14T13:59:59Z', false],
    ['America/New_York', '2026-01-15T06:00:00Z', true],
    ['America/New_York', '2026-01-15T05:59:59Z', false],
  ])('follow the local time of %s: %s is %s', (timezone, at, open) => {
    expect(isOpen([nightly], timezone, at)).toBe(open);
  });

  describe('when clocks go forward (Berlin, 29 March 2026: 02:00 becomes 03:00 at 01:00 UTC)', () => {
    const skipped: Window = { cron: '30 2 * * *', durationMs: HOUR_MS };
    it.each([
      ['2026-03-29T00:59:59Z', false],
      ['2026-03-29T01:00:00Z', true],
      ['2026-03-29T01:59:59Z', true],
      ['2026-03-29T02:00:00Z', false],
      ['2026-03-30T00:30:00Z', true],
    ])('one that should open in the skipped hour opens at the change: %s is %s', (at, open) => {
      expect(isOpen([skipped], 'Europe/Berlin', at)).toBe(open);
    });

    it.each([
      ['2026-03-29T00:00:00Z', true],
      ['2026-03-29T03:59:59Z', true],
      ['2026-03-29T04:00:00Z', false],
    ])('one that spans the change lasts as long as it says: %s is %s', (at, open) => {
      expect(isOpen([nightly], 'Europe/Berlin', at)).toBe(open);
    });
  });

  describe('when clocks go back (Berlin, 25 October 2026: 03:00 becomes 02:00 at 01:00 UTC)', () => {
    const twice: Window = { cron: '30 2 * * *', durationMs: HOUR_MS / 2 };
    it.each([
      ['2026-10-25T00:29:59Z', false],
      ['2026-10-25T00:30:00Z', true],
      ['2026-10-25T01:00:00Z', false],
      ['2026-10-25T01:30:00Z', true],
      ['2026-10-25T02:00:00Z', false],
    ])('one that opens at a time that comes twice opens twice: %s is %s', (at, open) => {
      expect(isOpen([twice], 'Europe/Berlin', at)).toBe(open);
    });
  });

  it('may last for weeks', () => {
    const monthly: Window = { cron: '0 0 1 * *', durationMs: 20 * 24 * HOUR_MS };
    expect(isOpen([monthly], 'America/New_York', '2026-11-20T12:00:00Z')).toBe(true);
    expect(isOpen([monthly], 'America/New_York', '2026-11-22T12:00:00Z')).toBe(false);
  });

  it('may open at a second', () => {
    const precise: Window = { cron: '15 0 1 * * *', durationMs: 30_000 };
    expect(isOpen([precise], 'UTC', '2026-06-01T01:00:14Z')).toBe(false);
    expect(isOpen([precise], 'UTC', '2026-06-01T01:00:44Z')).toBe(true);
    expect(isOpen([precise], 'UTC', '2026-06-01T01:00:45Z')).toBe(false);
  });

  it.each<[string, readonly Window[], string, number, number | undefined]>([
    ['none at all', [], '2026-06-01T00:00:00Z', 3, 3],
    ['it fits in', [{ cron: '0 1 * * *', durationMs: 4 * HOUR_MS }], '2026-06-01T02:00:00Z', 3, 3],
    ['it is closed yet', [{ cron: '0 1 * * *', durationMs: 4 * HOUR_MS }], '2026-06-01T00:00:00Z', 3, 4],
    ['it closes in between', [{ cron: '0 1 * * *', durationMs: 4 * HOUR_MS }], '2026-06-01T04:00:00Z', 3, 23],
    [
      'two take turns',
      [
        { cron: '0 1 * * *', durationMs: 2 * HOUR_MS },
        { cron: '0 2 * * *', durationMs: 3 * HOUR_MS },
      ],
      '2026-06-01T01:00:00Z',
      4,
      4,
    ],
    ['weeks ahead', [{ cron: '0 1 * * *', durationMs: HOUR_MS }], '2026-06-01T00:00:00Z', 1_000, undefined],
  ])('let work take longer: %s', (_, windows, at, hours, elapsed) => {
    const foundMs = elapsedInWindows(windows, 'UTC', Date.parse(at), hours * HOUR_MS);
    expect(foundMs).toBe(elapsed === undefined ? undefined : elapsed * HOUR_MS);
  });

  it('refuse what is no cron expression and no time zone', () => {
    expect(() => isOpen([{ cron: 'sometimes', durationMs: 1 }], 'UTC', '2026-01-01')).toThrow(/6 fields/);
    expect(() => isOpen([nightly], 'Mars/Olympus', '2026-01-01')).toThrow(RangeError);
  });
});

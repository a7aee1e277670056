import { describe, expect, it } from 'vitest';
import { elapsedInWindows, evaluateWindows, type Window } from '../../../src/executor/windows.ts';

const HOUR_MS = 3_600_000;
const nightly: Window = { cron: '0 1 * * *', durationMs: 4 * HOUR_MS };

const skipped: Window = { cron: '30 2 * * *', durationMs: HOUR_MS };
const twice: Window = { cron: '30 2 * * *', durationMs: HOUR_MS / 2 };
const monthly: Window = { cron: '0 0 1 * *', durationMs: 20 * 24 * HOUR_MS };
const precise: Window = { cron: '15 0 1 * * *', durationMs: 30_000 };

function isOpen(window: Window, timezone: string, at: string): boolean {
  return evaluateWindows([window], timezone, Date.parse(at)).isOpen;
}

/** Moments just before and just after it opens and closes. */
const CASES: readonly [what: string, Window, zone: string, open: string[], closed: string[]][] = [
  [
    'opens and closes to the millisecond',
    nightly,
    'UTC',
    ['2026-06-01T01:00:00Z', '2026-06-01T04:59:59.999Z'],
    ['2026-06-01T00:59:59.999Z', '2026-06-01T05:00:00Z'],
  ],
  [
    'follows the local time, in winter and in summer',
    nightly,
    'Europe/Berlin',
    ['2026-01-15T00:00:00Z', '2026-07-15T00:00:00Z', '2026-07-14T23:00:00Z'],
    ['2026-01-14T23:00:00Z'],
  ],
  ['in half a zone', nightly, 'Asia/Kolkata', ['2026-01-14T19:30:00Z'], ['2026-01-14T19:29:59Z']],
  ['far in the east', nightly, 'Australia/Lord_Howe', ['2026-01-14T14:00:00Z'], ['2026-01-14T13:59:59Z']],
  ['in the west', nightly, 'America/New_York', ['2026-01-15T06:00:00Z'], ['2026-01-15T05:59:59Z']],
  // Clocks go forward on 29 March 2026 at 01:00 UTC: 02:00 becomes 03:00.
  [
    'opens at the change when it should open in the hour that is skipped',
    skipped,
    'Europe/Berlin',
    ['2026-03-29T01:00:00Z', '2026-03-29T01:59:59Z', '2026-03-30T00:30:00Z'],
    ['2026-03-29T00:59:59Z', '2026-03-29T02:00:00Z'],
  ],
  [
    'lasts as long as it says when it spans the change',
    nightly,
    'Europe/Berlin',
    ['2026-03-29T00:00:00Z', '2026-03-29T03:59:59Z'],
    ['2026-03-29T04:00:00Z'],
  ],
  // They go back on 25 October 2026 at 01:00 UTC: 03:00 becomes 02:00.
  [
    'opens twice when it opens at a time that comes twice',
    twice,
    'Europe/Berlin',
    ['2026-10-25T00:30:00Z', '2026-10-25T01:30:00Z'],
    ['2026-10-25T00:29:59Z', '2026-10-25T01:00:00Z', '2026-10-25T02:00:00Z'],
  ],
  ['may last for weeks', monthly, 'America/New_York', ['2026-11-20T12:00:00Z'], ['2026-11-22T12:00:00Z']],
  [
    'may open at a second',
    precise,
    'UTC',
    ['2026-06-01T01:00:44Z'],
    ['2026-06-01T01:00:14Z', '2026-06-01T01:00:45Z'],
  ],
];

describe('windows', () => {
  it('are open always when there are none', () => {
    expect(evaluateWindows([], 'UTC', 0).isOpen).toBe(true);
  });

  it.each(CASES)('one %s', (_, window, timezone, open, closed) => {
    for (const at of open) expect(isOpen(window, timezone, at), at).toBe(true);
    for (const at of closed) expect(isOpen(window, timezone, at), at).toBe(false);
  });

  it('are told with the time at which they close, the latest of those that are open', () => {
    const state = evaluateWindows(
      [nightly, { cron: '0 4 * * *', durationMs: 6 * HOUR_MS }],
      'UTC',
      Date.parse('2026-06-01T04:30:00Z'),
    );
    expect(new Date(state.closesAtMs!).toISOString()).toBe('2026-06-01T10:00:00.000Z');
  });

  it('are told with the time at which the next one opens', () => {
    const { detail } = evaluateWindows([nightly, monthly], 'UTC', Date.parse('2026-06-25T06:00:00Z'));
    expect(detail).toBe(
      'None of the windows "0 1 * * *", "0 0 1 * *" (UTC) is open. One opens at 2026-06-26T01:00:00.000Z.',
    );
  });

  it.each<[string, readonly Window[], string, number, number | undefined]>([
    ['none at all', [], '2026-06-01T00:00:00Z', 3, 3],
    ['it fits in', [nightly], '2026-06-01T02:00:00Z', 3, 3],
    ['it is closed yet', [nightly], '2026-06-01T00:00:00Z', 3, 4],
    ['it closes in between', [nightly], '2026-06-01T04:00:00Z', 3, 23],
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
    expect(() => isOpen({ cron: 'sometimes', durationMs: 1 }, 'UTC', '2026-01-01')).toThrow(/6 fields/);
    expect(() => isOpen(nightly, 'Mars/Olympus', '2026-01-01')).toThrow(RangeError);
  });
});

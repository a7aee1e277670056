import { parseCron, type CronExpression, type LocalMinute } from '../lib/cron.ts';

/** A time in which moves are allowed: opens whenever `cron` fires, for `durationMs` of elapsed time. */
export interface Window {
  readonly cron: string;
  readonly durationMs: number;
}

export interface WindowState {
  readonly isOpen: boolean;
  /** When it closes by the window that is open now, in ms since 1970; later where another one takes over. */
  readonly closesAtMs?: number;
  readonly detail: string;
}

/** The longest window. A longer one would be open always, with any expression that fires every month. */
export const MAX_WINDOW_MS = 31 * 86_400_000;

const MINUTE_MS = 60_000;
/** Offsets from UTC change only at full quarters of an hour. */
const QUARTER_MS = 15 * MINUTE_MS;

/** Tells a zone's offset from UTC in ms. */
export type ZoneOffset = (atMs: number) => number;

/**
 * Whether one of the windows is open. No windows at all: always open.
 *
 * A window that should open at a local time that a change to daylight saving skips opens at the change. One that should open at a
 * local time that comes twice opens both times.
 *
 * @param nowMs ms since 1970.
 * @throws RangeError when a window's cron expression is none, or the time zone is not known; the configuration refuses those first.
 */
export function evaluateWindows(windows: readonly Window[], timezone: string, nowMs: number): WindowState {
  if (windows.length === 0) return { isOpen: true, detail: 'No windows are configured.' };
  const offset = zoneOffset(timezone);
  let closesAtMs: number | undefined;
  for (const window of windows) {
    const durationMs = Math.min(window.durationMs, MAX_WINDOW_MS);
    const openedAtMs = lastFiring(mustParse(window.cron), offset, nowMs, durationMs);
    if (openedAtMs !== undefined) closesAtMs = Math.max(closesAtMs ?? 0, openedAtMs + durationMs);
  }
  if (closesAtMs === undefined) return { isOpen: false, detail: describe(windows, timezone) };
  return {
    isOpen: true,
    closesAtMs,
    detail: `A window is open until ${new Date(closesAtMs).toISOString()}.`,
  };
}

/** The zone's offset from UTC, at any time. @throws RangeError on an unknown zone. */
export function zoneOffset(timezone: string): ZoneOffset {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: timezone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
  });
  return (atMs) => {
    const minuteMs = Math.floor(atMs / MINUTE_MS) * MINUTE_MS;
    const part = new Map(format.formatToParts(minuteMs).map(({ type, value }) => [type, Number(value)]));
    const get = (type: Intl.DateTimeFormatPartTypes): number => part.get(type) ?? 0;
    return Date.UTC(get('year'), get('month') - 1, get('day'), get('hour'), get('minute')) - minuteMs;
  };
}

/** The latest time within `durationMs` before `nowMs` (now included) at which the expression fired. */
function lastFiring(
  cron: CronExpression,
  offset: ZoneOffset,
  nowMs: number,
  durationMs: number,
): number | undefined {
  let quarter = Math.floor(nowMs / QUARTER_MS) * QUARTER_MS;
  for (; quarter + QUARTER_MS > nowMs - durationMs; quarter -= QUARTER_MS) {
    const offsetMs = offset(quarter);
    for (let minute = quarter + QUARTER_MS - MINUTE_MS; minute >= quarter; minute -= MINUTE_MS) {
      if (minute > nowMs || !cron.matchesMinute(localMinute(minute + offsetMs))) continue;
      const second = cron.seconds.findLast((value) => minute + value * 1_000 <= nowMs);
      const firedAtMs = second === undefined ? undefined : minute + second * 1_000;
      if (firedAtMs !== undefined && nowMs < firedAtMs + durationMs) return firedAtMs;
    }
    const skippedMs = offsetMs - offset(quarter - QUARTER_MS);
    if (skippedMs > 0 && quarter > nowMs - durationMs && firesWithin(cron, quarter + offsetMs, skippedMs)) {
      return quarter;
    }
  }
  return undefined;
}

/** Whether the expression names a local time in the `skippedMs` before `endMs` (local time as if it were UTC). */
function firesWithin(cron: CronExpression, endMs: number, skippedMs: number): boolean {
  for (let minute = endMs - skippedMs; minute < endMs; minute += MINUTE_MS) {
    if (cron.matchesMinute(localMinute(minute))) return true;
  }
  return false;
}

function localMinute(localMs: number): LocalMinute {
  const date = new Date(localMs);
  return {
    year: date.getUTCFullYear(),
    month: date.getUTCMonth() + 1,
    day: date.getUTCDate(),
    hour: date.getUTCHours(),
    minute: date.getUTCMinutes(),
  };
}

function mustParse(cron: string): CronExpression {
  const expression = parseCron(cron);
  if (!expression) throw new RangeError(`Not a cron expression: ${JSON.stringify(cron)}`);
  return expression;
}

function describe(windows: readonly Window[], timezone: string): string {
  const names = windows.slice(0, 5).map((window) => `"${window.cron}"`);
  return `None of the windows ${names.join(', ')} (${timezone}) is open.`;
}

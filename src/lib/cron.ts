import { createTask, parse } from 'node-cron';

/** When a cron expression fires in a time zone. All times are whole seconds, in ms since 1970. */
export interface CronTimes {
  /** The first time after `afterMs`; undefined when there is none within 50 years. */
  next(afterMs: number): number | undefined;
  /** The latest time after `afterMs` and up to `untilMs`, which is included. */
  last(afterMs: number, untilMs: number): number | undefined;
}

const SECOND_MS = 1_000;
const DAY_MS = 86_400_000;
/** The 29th of February on a given day of the week comes every 40 years at the latest. */
const HORIZON_MS = 50 * 366 * DAY_MS;

/** A span of UTC within one local day and with one offset from UTC. */
interface Span {
  readonly startMs: number;
  readonly endMs: number;
  readonly offsetMs: number;
  /** How far the local clock jumps forward at the start; negative: back. */
  readonly jumpMs: number;
}

/**
 * node-cron reads the expression. Daylight saving is handled here: in a local hour that is repeated both passes fire, and what falls into
 * local times that are skipped fires once, at the change. (node-cron 4.6 loses a pass of the one and all of the other.)
 *
 * @throws Error when `cron` is no expression, RangeError when the time zone is not known.
 */
export function cronTimes(cron: string, timezone: string): CronTimes {
  const pickLocal = localTimes(cron);
  const offset = zoneOffset(timezone);
  const pick = (span: Span, end: 'find' | 'findLast'): number | undefined => {
    const { startMs, endMs, offsetMs, jumpMs } = span;
    const startLocalMs = startMs + offsetMs;
    const isDue = jumpMs > 0 && pickLocal(startLocalMs - jumpMs, startLocalMs, end) !== undefined;
    if (isDue && end === 'find') return startMs;
    const localMs = pickLocal(startLocalMs, endMs + offsetMs, end);
    if (localMs !== undefined) return localMs - offsetMs;
    return isDue ? startMs : undefined;
  };
  return {
    next: (afterMs) =>
      spans(secondAfter(afterMs), secondAfter(afterMs) + HORIZON_MS, offset)
        .map((span) => pick(span, 'find'))
        .find((timeMs) => timeMs !== undefined),
    last: (afterMs, untilMs) =>
      [...spans(secondAfter(afterMs), secondAfter(untilMs), offset)]
        .reverse()
        .values()
        .map((span) => pick(span, 'findLast'))
        .find((timeMs) => timeMs !== undefined),
  };
}

function secondAfter(timeMs: number): number {
  return (Math.floor(timeMs / SECOND_MS) + 1) * SECOND_MS;
}

/** Finds the first or last firing in a range of local time, written as if it were UTC. Where it is longer than a day: any. */
function localTimes(
  cron: string,
): (fromMs: number, toMs: number, end: 'find' | 'findLast') => number | undefined {
  const { second, minute, hour, dayOfMonth, month } = parse(cron);
  const task = createTask(cron, () => undefined, { timezone: 'UTC' });
  // It is only asked what it matches. Destroyed, it leaves node-cron's list of tasks.
  void task.destroy();
  const [hours, minutes, seconds] = [hour, minute, second].map((list) => list.toSorted((a, b) => a - b));
  const timesOfDay = hours!.flatMap((h) =>
    minutes!.flatMap((m) => seconds!.map((s) => ((h * 60 + m) * 60 + s) * SECOND_MS)),
  );
  const hasDayRule = dayOfMonth.some((day) => typeof day === 'string');
  const isDay = (dayMs: number): boolean => {
    const date = new Date(dayMs + timesOfDay[0]!);
    // node-cron formats the date, which is slow.
    if (!month.includes(date.getUTCMonth() + 1)) return false;
    return (hasDayRule || dayOfMonth.includes(date.getUTCDate())) && task.match(date);
  };
  return (fromMs, toMs, end) => {
    for (let dayMs = Math.floor(fromMs / DAY_MS) * DAY_MS; dayMs < toMs; dayMs += DAY_MS) {
      if (!isDay(dayMs)) continue;
      const time = timesOfDay[end]((each) => dayMs + each >= fromMs && dayMs + each < toMs);
      if (time !== undefined) return dayMs + time;
    }
    return undefined;
  };
}

/** From and to whole seconds. */
function* spans(fromMs: number, toMs: number, offset: (atMs: number) => number): Generator<Span> {
  let startMs = fromMs;
  let offsetMs = offset(startMs);
  let jumpMs = offsetMs - offset(startMs - SECOND_MS);
  while (startMs < toMs) {
    const midnightMs = (Math.floor((startMs + offsetMs) / DAY_MS) + 1) * DAY_MS - offsetMs;
    let endMs = Math.min(midnightMs, toMs);
    if (offset(endMs) !== offsetMs) endMs = firstChange(startMs, endMs, (atMs) => offset(atMs) === offsetMs);
    yield { startMs, endMs, offsetMs, jumpMs };
    startMs = endMs;
    const nextOffsetMs = offset(startMs);
    jumpMs = nextOffsetMs - offsetMs;
    offsetMs = nextOffsetMs;
  }
}

/** The first second that is not as `startMs` is; `endMs` is none. */
function firstChange(startMs: number, endMs: number, isAsBefore: (atMs: number) => boolean): number {
  let [beforeMs, afterMs] = [startMs, endMs];
  while (afterMs - beforeMs > SECOND_MS) {
    const middleMs = beforeMs + Math.floor((afterMs - beforeMs) / 2 / SECOND_MS) * SECOND_MS;
    if (isAsBefore(middleMs)) beforeMs = middleMs;
    else afterMs = middleMs;
  }
  return afterMs;
}

/** The zone's offset from UTC, in ms. @throws RangeError on an unknown zone. */
function zoneOffset(timeZone: string): (atMs: number) => number {
  const digits = 'numeric';
  const date = { year: digits, month: digits, day: digits } as const;
  const time = { hour: digits, minute: digits, second: digits, hourCycle: 'h23' } as const;
  // `11/28/2026, 04:35:00`; its parts one by one would take three times as long.
  const format = new Intl.DateTimeFormat('en-US', { timeZone, ...date, ...time });
  return (atMs) => {
    const [month, day, year, hour, minute, second] = format.format(atMs).match(/\d+/g)!.map(Number);
    return Date.UTC(year!, month! - 1, day, hour, minute, second) - atMs;
  };
}

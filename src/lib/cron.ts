import { parseField, type CronField } from './cron-field.ts';

/** A cron expression, compiled. Matching is in the local time of whoever asks. */
export interface CronExpression {
  /** Ascending. */
  readonly seconds: readonly number[];
  /** Whether the minute that begins at this local time is one of the expression's. */
  matchesMinute(local: LocalMinute): boolean;
}

export interface LocalMinute {
  readonly year: number;
  /** 1 to 12. */
  readonly month: number;
  /** 1 to 31. */
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
}

const NICKNAMES: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
};
const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const FULL_MONTHS = [
  'january',
  'february',
  'march',
  'april',
  'may',
  'june',
  'july',
  'august',
  'september',
  'october',
  'november',
  'december',
];
const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const FULL_DAYS = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'];

/**
 * Compiles an expression of five fields (minute, hour, day of month, month, day of week) or six (seconds first), in the syntax of
 * node-cron 4: `*`, lists, ranges (also over the end: `22-2`), steps, names, `L`, `L-n`, `nW`, `LW`, `nL`, `n#k`, `?`, and
 * `@daily` and its kin. Day of month and day of week must both match, as there, not either as in other crons.
 *
 * @returns undefined when it is none.
 */
export function parseCron(text: string): CronExpression | undefined {
  const resolved = NICKNAMES[text.trim().toLowerCase()] ?? text;
  const raw = resolved.trim().split(/ +/);
  const fields = raw.length === 5 ? ['0', ...raw] : raw;
  if (fields.length !== 6) return undefined;
  const [second, minute, hour, day, month, weekday] = fields.map((field) => field.toLowerCase());
  const seconds = parseField(second!, { min: 0, max: 59 });
  const minutes = parseField(minute!, { min: 0, max: 59 });
  const hours = parseField(hour!, { min: 0, max: 23 });
  const days = parseField(day === '?' ? '*' : day!, { min: 1, max: 31, special: 'day' });
  const months = parseField(named(month!, FULL_MONTHS, MONTHS, 1), { min: 1, max: 12 });
  const weekdays = parseField(weekday === '?' ? '*' : named(weekday!, FULL_DAYS, DAYS, 0), {
    min: 0,
    max: 6,
    special: 'weekday',
  });
  if (!seconds || !minutes || !hours || !days || !months || !weekdays) return undefined;
  if (!canHappen(days, months)) return undefined;
  return {
    seconds: [...seconds.values].sort((a, b) => a - b),
    matchesMinute: (local) =>
      minutes.values.has(local.minute) &&
      hours.values.has(local.hour) &&
      months.values.has(local.month) &&
      matchesDay(days, local) &&
      matchesDay(weekdays, local, weekdayOf(local)),
  };
}

function matchesDay(field: CronField, local: LocalMinute, value = local.day): boolean {
  return field.values.has(value) || field.specials.some((matches) => matches(local));
}

function weekdayOf(local: LocalMinute): number {
  return new Date(Date.UTC(local.year, local.month - 1, local.day)).getUTCDay();
}

/** Puts numbers in place of names: the long ones first, because the short ones are their beginnings. */
function named(field: string, long: readonly string[], short: readonly string[], first: number): string {
  return [long, short].reduce(
    (text, names) =>
      names.reduce((current, name, index) => current.replaceAll(name, String(index + first)), text),
    field,
  );
}

const LONGEST_MONTHS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** False for the 31st of February and the like. */
function canHappen(days: CronField, months: CronField): boolean {
  if (days.specials.length > 0) return true;
  const longest = Math.max(...[...months.values].map((month) => LONGEST_MONTHS[month - 1] ?? 0));
  return Math.min(...days.values) <= longest;
}

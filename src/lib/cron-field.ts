/** One field of a cron expression: plain values, and tests for days that depend on the month. */
export interface CronField {
  readonly values: ReadonlySet<number>;
  readonly specials: readonly ((date: CronDate) => boolean)[];
}

export interface CronDate {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

export interface FieldBounds {
  readonly min: number;
  readonly max: number;
  readonly special?: 'day' | 'weekday';
}

const RANGE = /^(\d{1,4})-(\d{1,4})(?:\/(\d{1,4}))?$/;
const NUMBER = /^\d{1,4}$/;

/** Reads one field, in lower case. @returns undefined when it is none. */
export function parseField(text: string, bounds: FieldBounds): CronField | undefined {
  const values = new Set<number>();
  const specials: ((date: CronDate) => boolean)[] = [];
  for (const token of text.split(',')) {
    const special = parseSpecial(token, bounds.special);
    if (special) {
      specials.push(special);
      continue;
    }
    const numbers = parseNumbers(token.replace('*', `${bounds.min}-${bounds.max}`), bounds);
    if (!numbers) return undefined;
    for (const value of numbers) values.add(value);
  }
  return { values, specials };
}

function parseNumbers(token: string, bounds: FieldBounds): readonly number[] | undefined {
  if (NUMBER.test(token))
    return isWithin(Number(token), bounds) ? [normal(Number(token), bounds)] : undefined;
  const match = RANGE.exec(token);
  if (!match) return undefined;
  const [first, last, step] = [Number(match[1]), Number(match[2]), Number(match[3] ?? '1')];
  if (!isWithin(first, bounds) || !isWithin(last, bounds) || step < 1) return undefined;
  const size = bounds.max - bounds.min + 1;
  const span = first <= last ? last - first : (last - first + size) % size;
  const numbers: number[] = [];
  for (let offset = 0; offset <= span; offset += step) {
    const value = first + offset;
    numbers.push(normal(first <= last || value <= bounds.max ? value : value - size, bounds));
  }
  return numbers;
}

/** Sunday may be written as 7. */
function isWithin(value: number, { min, max, special }: FieldBounds): boolean {
  return value >= min && value <= (special === 'weekday' ? 7 : max);
}

function normal(value: number, { special }: FieldBounds): number {
  return special === 'weekday' ? value % 7 : value;
}

function parseSpecial(
  token: string,
  kind: FieldBounds['special'],
): ((date: CronDate) => boolean) | undefined {
  if (kind === 'day') return parseDaySpecial(token);
  return kind === 'weekday' ? parseWeekdaySpecial(token) : undefined;
}

/** `L` the last day, `L-3` the third before it, `15W` the working day nearest to the 15th, `LW` the last working day. */
function parseDaySpecial(token: string): ((date: CronDate) => boolean) | undefined {
  if (token === 'l') return (date) => date.day === lastDay(date);
  const offset = /^l-(\d{1,2})$/.exec(token);
  if (offset && Number(offset[1]) >= 1 && Number(offset[1]) <= 30) {
    return (date) => date.day === lastDay(date) - Number(offset[1]);
  }
  const nearest = /^(\d{1,2}|l)w$/.exec(token);
  if (!nearest) return undefined;
  if (nearest[1] === 'l') return (date) => date.day === nearestWorkingDay(date, lastDay(date));
  const target = Number(nearest[1]);
  if (target < 1 || target > 31) return undefined;
  return (date) => date.day === nearestWorkingDay(date, target);
}

/** `5L` the last Friday, `5#2` the second one. */
function parseWeekdaySpecial(token: string): ((date: CronDate) => boolean) | undefined {
  const last = /^([0-7])l$/.exec(token);
  if (last) {
    return (date) => weekday(date) === Number(last[1]) % 7 && date.day + 7 > lastDay(date);
  }
  const nth = /^([0-7])#([1-5])$/.exec(token);
  if (!nth) return undefined;
  return (date) => weekday(date) === Number(nth[1]) % 7 && Math.ceil(date.day / 7) === Number(nth[2]);
}

function lastDay({ year, month }: CronDate): number {
  return new Date(Date.UTC(year, month, 0)).getUTCDate();
}

function weekday({ year, month, day }: CronDate): number {
  return new Date(Date.UTC(year, month - 1, day)).getUTCDay();
}

/** The working day nearest to a day, within its month; 0 where the month has no such day. */
function nearestWorkingDay(date: CronDate, target: number): number {
  const last = lastDay(date);
  if (target > last) return 0;
  const day = weekday({ ...date, day: target });
  if (day === 6) return target === 1 ? 3 : target - 1;
  if (day === 0) return target === last ? target - 2 : target + 1;
  return target;
}

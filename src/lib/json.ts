/**
 * JSON whose integers may exceed 2^53. GreptimeDB writes region ids (u64) as bare JSON numbers; `JSON.parse` would round
 * the large ones silently.
 */

/**
 * Parses JSON exactly: every integer of 16 digits or more (outside strings) comes back as a decimal *string*, all else as
 * with `JSON.parse`. Read ids with {@link decimalId}, which takes both forms.
 *
 * @throws SyntaxError as `JSON.parse` does.
 */
export function parseJsonExact(text: string): unknown {
  const quoted = quoteLongRuns(text);
  if (quoted === text) return JSON.parse(text) as unknown;
  try {
    return JSON.parse(quoted) as unknown;
  } catch {
    // Either no JSON, or such digits stand within a string.
    return JSON.parse(text, exactNumber) as unknown;
  }
}

/** The same; undefined for what is no JSON, which holds no such value. */
export function parsedOrUndefined(text: string, parse: (text: string) => unknown = parseJsonExact): unknown {
  try {
    return parse(text);
  } catch {
    return undefined;
  }
}

const COLON = 0x3a;
const MINUS = 0x2d;
const DIGIT_0 = 0x30;
const DIGIT_9 = 0x39;

/**
 * Puts quotes around runs of 16 digits or more that look like integers, without regard to strings. Quotes that come to lie within a string
 * end it, and right after it stands a digit: that never parses, so a text that does was quoted rightly.
 *
 * Such a run covers every sixteenth place, so that only those are looked at until one holds a digit.
 */
function quoteLongRuns(text: string): string {
  let quoted = '';
  let copiedTo = 0;
  for (let index = LONG_DIGITS - 1; index < text.length; index += LONG_DIGITS) {
    if (!isDigit(text.charCodeAt(index))) continue;
    let [start, end] = [index, index + 1];
    while (isDigit(text.charCodeAt(start - 1))) start -= 1;
    while (isDigit(text.charCodeAt(end))) end += 1;
    index = end - 1;
    if (end - start < LONG_DIGITS || text.charCodeAt(start) === DIGIT_0) continue;
    if (text.charCodeAt(start - 1) === MINUS) start -= 1;
    if (!mayBegin(text, start) || !mayEnd(text, end)) continue;
    quoted += `${text.slice(copiedTo, start)}"${text.slice(start, end)}"`;
    copiedTo = end;
  }
  return quoted + text.slice(copiedTo);
}

function isDigit(code: number): boolean {
  return code >= DIGIT_0 && code <= DIGIT_9;
}

/** Every integer of up to 15 digits is a safe one. */
const LONG_DIGITS = 16;

/** The engine's own means, which take ten times as long: it shows the text of each number. */
function exactNumber(
  _key: string,
  value: unknown,
  ...[context]: readonly { readonly source?: string }[]
): unknown {
  const source = typeof value === 'number' ? context?.source : undefined;
  return source !== undefined && LONG_INTEGER.test(source) ? source : value;
}

const LONG_INTEGER = /^-?\d{16,}$/;

const SPACE = 0x20;
const COMMA = 0x2c;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const CLOSE_BRACE = 0x7d;

/** Whether a value may begin after the character before `start`. */
function mayBegin(text: string, start: number): boolean {
  if (start === 0) return true;
  const code = text.charCodeAt(start - 1);
  return code === OPEN_BRACKET || code === COMMA || code === COLON || code <= SPACE;
}

/** Whether a value may end before `end`. */
function mayEnd(text: string, end: number): boolean {
  const next = skipSpace(text, end);
  if (next === text.length) return true;
  const code = text.charCodeAt(next);
  return code === COMMA || code === CLOSE_BRACKET || code === CLOSE_BRACE;
}

function skipSpace(text: string, from: number): number {
  let index = from;
  while (text.charCodeAt(index) <= SPACE) index += 1;
  return index;
}

const U64_MAX = '18446744073709551615';

/**
 * The canonical decimal text of an id from parsed JSON.
 *
 * @returns undefined when the value is not an unsigned 64-bit integer (negative, fractional, already rounded, not a number).
 */
export function decimalId(value: unknown): string | undefined {
  if (typeof value === 'number') return Number.isSafeInteger(value) && value >= 0 ? String(value) : undefined;
  return typeof value === 'string' && isDecimalId(value) ? value : undefined;
}

/** Whether a text is the canonical decimal form of an unsigned 64-bit integer (no sign, no leading zero, at most 2^64 - 1). */
export function isDecimalId(text: string): boolean {
  const { length } = text;
  if (length === 0 || length > U64_MAX.length) return false;
  if (text.charCodeAt(0) === DIGIT_0) return length === 1;
  // A loop, because there are millions of them: a regular expression takes three times as long.
  for (let index = 0; index < length; index += 1) if (!isDigit(text.charCodeAt(index))) return false;
  return length < U64_MAX.length || text <= U64_MAX;
}

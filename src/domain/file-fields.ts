import { findJsonError } from '../lib/json-place.ts';
import { decimalId, parseJsonExact } from '../lib/json.ts';
import { UsageError } from './errors.ts';
import { compareIds } from './ids.ts';

/** An object of parsed JSON. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** The place of a value in a file, in parts that are only put together for an error: `regions[17].leader`. */
export type Place = readonly (string | number)[];

/**
 * Parses the JSON text of a file of ours, integers exact.
 *
 * @throws UsageError that names line, column, what was found and what was wanted.
 */
export function parseFileText(text: string): unknown {
  const bare = text.charCodeAt(0) === BYTE_ORDER_MARK ? text.slice(1) : text;
  try {
    return parseJsonExact(bare);
  } catch (error) {
    const place = findJsonError(bare);
    if (!place) throw error;
    throw new UsageError(
      `not JSON at line ${place.line}, column ${place.column}: found ${place.found}, wanted ${place.wanted}`,
      { cause: error },
    );
  }
}

const BYTE_ORDER_MARK = 0xfe_ff;

/** `regions[17].leader: found -3, wanted a datanode id` @throws UsageError always. */
export function refuse(place: Place, found: unknown, wanted: string): never {
  throw new UsageError(`${placeText(place)}: found ${show(found)}, wanted ${wanted}`);
}

/** Writes a place: `regions[17].leader`. */
export function placeText(place: Place): string {
  if (place.length === 0) return 'the document';
  return place
    .map((part, index) => (typeof part === 'number' ? `[${part}]` : index === 0 ? part : `.${part}`))
    .join('');
}

/** A value as an error shows it: short, on one line. */
function show(value: unknown): string {
  if (value === undefined) return 'nothing';
  const text = JSON.stringify(value);
  return text.length <= MAX_SHOWN ? text : `${text.slice(0, MAX_SHOWN)}…`;
}

const MAX_SHOWN = 60;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function readObject(value: unknown, ...place: Place): JsonObject {
  return isObject(value) ? value : refuse(place, value, 'an object');
}

export function readList(value: unknown, ...place: Place): readonly unknown[] {
  return isList(value) ? value : refuse(place, value, 'a list');
}

function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}

/** The text of `object[key]`. An absent one is `fallback`, or an error when there is no fallback. */
export function readText(object: JsonObject, key: string, place: Place, fallback?: string): string {
  const value = object[key];
  if (typeof value === 'string') return value;
  if (value === undefined && fallback !== undefined) return fallback;
  return refuse([...place, key], value, 'a text');
}

/** A decimal u64. A JSON number that is one is taken too: hand-written files have them. */
export function readId(value: unknown, kind: string, ...place: Place): string {
  return decimalId(value) ?? refuse(place, value, `a ${kind} id (decimal string)`);
}

export function readOneOf<T extends string>(value: unknown, allowed: readonly T[], ...place: Place): T {
  const found = allowed.find((word) => word === value);
  return found ?? refuse(place, value, allowed.map((word) => `"${word}"`).join(' or '));
}

/**
 * A finite number of at least 0. Integers of 16 digits and more arrive as text (see `parseJsonExact`); here, where a rounded
 * number does no harm, they are numbers again.
 */
export function readAmount(value: unknown, ...place: Place): number {
  const number = typeof value === 'string' && LONG_INTEGER.test(value) ? Number(value) : value;
  if (typeof number === 'number' && Number.isFinite(number) && number >= 0) return number;
  return refuse(place, value, 'a number of at least 0');
}

const LONG_INTEGER = /^\d{16,}$/;

/** ISO 8601 date and time with an offset or `Z`: `2026-11-22T13:00:00.000Z`. */
export function readDateTime(object: JsonObject, key: string, place: Place): string {
  const value = object[key];
  if (typeof value === 'string' && isDateTime(value)) return value;
  return refuse([...place, key], value, 'a date and time like 2026-11-22T13:00:00.000Z');
}

const DATE_TIME =
  /^(\d{4})-(\d\d)-(\d\d)T(?:[01]\d|2[0-3]):[0-5]\d:(?:[0-5]\d|60)(?:\.\d{1,9})?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/;

function isDateTime(text: string): boolean {
  const match = DATE_TIME.exec(text);
  if (!match) return false;
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])];
  return month >= 1 && month <= 12 && day >= 1 && day <= daysIn(year, month);
}

function daysIn(year: number, month: number): number {
  const isLeap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  if (month === 2) return isLeap ? 29 : 28;
  return [4, 6, 9, 11].includes(month) ? 30 : 31;
}

/** @throws UsageError unless the document says `"formatVersion": 1`. */
export function checkFormatVersion(document: JsonObject, kind: string): void {
  const version = document['formatVersion'];
  if (version === 1) return;
  refuse(['formatVersion'], version, `1, the only version of a ${kind} file that this release reads`);
}

/**
 * Refuses a list in which an id comes twice, naming both places.
 *
 * @param list the name of the list in the file: `regions`. @param key the property that must be unique: `id`.
 */
export function checkUnique(ids: readonly string[], list: string, key: string): void {
  // Files that we wrote are sorted: a million ids need no set then.
  if (ids.every((id, index) => index === 0 || compareIds(ids[index - 1]!, id) < 0)) return;
  const seen = new Set<string>();
  for (const [index, id] of ids.entries()) {
    if (seen.has(id))
      throw new UsageError(
        `${list}[${index}].${key}: found "${id}", which ${list}[${ids.indexOf(id)}] has already; wanted each ${key} once`,
      );
    seen.add(id);
  }
}

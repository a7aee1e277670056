import { decimalId, parseJsonExact } from '../lib/json.ts';
import { CallError, excerpt, unexpected } from './caller.ts';
import type { TransportResponse } from './http.ts';
import { JsonMeter, WHOLE_LIMITS } from './json-meter.ts';

/** A parsed JSON object whose members are not yet known. */
export type JsonObject = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * The JSON of an answer, ids exact. With `unwrap`, a body that is a JSON string literal is parsed once more: up to 0.6 metasrv
 * encodes routes twice (GreptimeDB src/common/meta/src/key.rs at v0.6.0).
 *
 * @throws CallError that shows how the body begins.
 */
export function jsonOf(response: TransportResponse, where: string, wanted: string, unwrap = false): unknown {
  const value = tryParse(response.body);
  if (value === undefined) throw unexpected(where, wanted, response);
  if (!unwrap || typeof value !== 'string') return value;
  const excess = new JsonMeter(WHOLE_LIMITS).add(Buffer.from(value));
  if (excess !== undefined)
    throw new CallError(`${where}: the JSON inside the JSON string is too large: ${excess}`, {
      failure: 'answer',
      sent: true,
    });
  const inner = tryParse(value);
  if (inner === undefined) throw unexpected(where, `${wanted} inside the JSON string`, response);
  return inner;
}

function tryParse(text: string): unknown {
  try {
    return parseJsonExact(text);
  } catch {
    return undefined;
  }
}

/** An error about one place in an otherwise readable answer. */
export function malformed(where: string, place: string, wanted: string, found: unknown): CallError {
  const text = found === undefined ? 'nothing' : excerpt(JSON.stringify(found));
  return new CallError(`${where}: ${place}: expected ${wanted}, got ${text}`, {
    failure: 'answer',
    sent: true,
  });
}

/** @throws CallError when the value is no unsigned 64-bit integer. */
export function requireId(value: unknown, where: string, place: string): string {
  const id = decimalId(value);
  if (id === undefined) throw malformed(where, place, 'an unsigned integer', value);
  return id;
}

/** @throws CallError */
export function requireArray(value: unknown, where: string, place: string): readonly unknown[] {
  if (!Array.isArray(value)) throw malformed(where, place, 'an array', value);
  return value;
}

/** @throws CallError */
export function requireObject(value: unknown, where: string, place: string): JsonObject {
  if (!isObject(value)) throw malformed(where, place, 'an object', value);
  return value;
}

/** @throws CallError */
export function requireString(value: unknown, where: string, place: string): string {
  // Half a character has no UTF-8, and a request that names it could not be written.
  if (typeof value !== 'string' || !value.isWellFormed()) throw malformed(where, place, 'a string', value);
  return value;
}

/** A finite number of at least 0, also from the decimal text that long integers come as; otherwise undefined: unknown. */
export function amountOf(value: unknown): number | undefined {
  const number = typeof value === 'string' && /^\d{1,20}$/.test(value) ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) && number >= 0 ? number : undefined;
}

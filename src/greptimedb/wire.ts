import { z } from 'zod';
import { field } from '../domain/fields.ts';
import { placeText, schemaProblems, valueAt } from '../domain/schema-problems.ts';
import { decimalId, parsedOrUndefined } from '../lib/json.ts';
import { CallError, malformed, unexpected } from './call-error.ts';
import type { TransportResponse } from './http.ts';
import { JsonMeter, WHOLE_LIMITS } from './json-meter.ts';

/** An unsigned 64-bit integer, as decimal text. */
export const id = field('an unsigned integer', decimalId);
/** Half a character has no UTF-8, and a request that names it could not be written. */
export const text = field('a string', (value) =>
  typeof value === 'string' && value.isWellFormed() ? value : undefined,
);
/** A text that is not needed: empty where there is none. */
export const optionalText = z
  .unknown()
  .optional()
  .transform((value) => (typeof value === 'string' ? value : ''));
/** A number that is not needed. */
export const optionalAmount = z.unknown().optional().transform(amountOf);

/** An array that is read up to its first bad item: two million of them, each with an error of its own, would hold everybody up. */
export function list<S extends z.ZodType>(item: S) {
  return z.unknown().transform((value, context): z.output<S>[] => {
    const refuse = (message: string, path: PropertyKey[] = []): never => {
      context.addIssue({ code: 'custom', message, path });
      return z.NEVER;
    };
    if (!Array.isArray(value)) return refuse('an array');
    const items: z.output<S>[] = [];
    for (const [index, each] of value.entries()) {
      const result = item.safeParse(each, { error: wantedText });
      const [issue] = result.error?.issues ?? [];
      if (issue) return refuse(issue.message, [index, ...issue.path]);
      items.push(result.data!);
    }
    return items;
  });
}

/** A finite number of at least 0, also from the decimal text that long integers come as; otherwise undefined: unknown. */
export function amountOf(value: unknown): number | undefined {
  const number = typeof value === 'string' && /^\d{1,20}$/.test(value) ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) && number >= 0 ? number : undefined;
}

/** @throws CallError about the first place that is not what the schema wants. */
export function checked<S extends z.ZodType>(schema: S, value: unknown, where: string): z.output<S> {
  const result = schema.safeParse(value, { error: wantedText });
  if (result.success) return result.data;
  const [problem] = schemaProblems(result.error, (place) => valueAt(value, place));
  const { place = [], wanted = 'something else', found } = problem ?? {};
  throw malformed(where, place.length === 0 ? 'the body' : placeText(place), wanted, found);
}

/** What was wanted, where the schema itself does not say so. */
function wantedText(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.code === 'invalid_type') return `${/^[aio]/.test(issue.expected) ? 'an' : 'a'} ${issue.expected}`;
  if (issue.code === 'invalid_value') return issue.values.map((value) => JSON.stringify(value)).join(' or ');
  return undefined;
}

/**
 * The JSON of an answer, ids exact. With `unwrap`, a body that is a JSON string literal is parsed once more: up to 0.6 metasrv
 * encodes routes twice (GreptimeDB src/common/meta/src/key.rs at v0.6.0).
 *
 * @throws CallError that shows how the body begins.
 */
export function jsonOf(response: TransportResponse, where: string, wanted: string, unwrap = false): unknown {
  const value = parsedOrUndefined(response.body);
  if (value === undefined) throw unexpected(where, wanted, response);
  if (!unwrap || typeof value !== 'string') return value;
  const excess = new JsonMeter(WHOLE_LIMITS).add(Buffer.from(value));
  if (excess !== undefined)
    throw new CallError(`${where}: the JSON inside the JSON string is too large: ${excess}`, {
      failure: 'answer',
    });
  const inner = parsedOrUndefined(value);
  if (inner === undefined) throw unexpected(where, `${wanted} inside the JSON string`, response);
  return inner;
}

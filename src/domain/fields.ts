import { z } from 'zod';
import { decimalId } from '../lib/json.ts';

/** The kinds of fields that files and the HTTP API share. Each says what it wants, for errors, and describes itself, for OpenAPI. */

/** @param read gives undefined for what is not wanted. @param described in JSON Schema. */
export function field<T>(wanted: string, read: (value: unknown) => T | undefined, described: object = {}) {
  return z
    .unknown()
    .transform((value, context): T => {
      const result = read(value);
      if (result !== undefined) return result;
      context.addIssue({ code: 'custom', message: wanted });
      return z.NEVER;
    })
    .meta({ ...described });
}

/** A decimal u64. A JSON number that is one is taken too: hand-written files have them. */
export function id(kind: 'region' | 'table' | 'datanode' | 'move' | 'cycle', otherwise = '') {
  return field(`a ${kind} id (decimal string)${otherwise}`, decimalId, {
    type: 'string',
    description: 'A decimal id.',
    examples: ['4398046511104'],
  });
}

const TIME = 'a date and time like 2026-11-22T13:00:00.000Z';

/** ISO 8601 date and time with an offset or `Z`. */
export const timestamp = z.iso
  .datetime({ offset: true, error: TIME })
  .meta({ description: 'ISO 8601.', examples: ['2026-11-22T13:00:00.000Z'] });

const COUNT = 'a whole number of at least 0';
export const count = z.int(COUNT).min(0, COUNT);

/**
 * A finite number of at least 0. Integers of 16 digits and more arrive as text (see `parseJsonExact`); here, where a rounded number
 * does no harm, they are numbers again.
 */
export const amount = field('a number of at least 0', toAmount, { type: 'number', minimum: 0 });

function toAmount(value: unknown): number | undefined {
  const number = typeof value === 'string' && /^\d{16,}$/.test(value) ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) && number >= 0 ? number : undefined;
}

/**
 * A word of a closed list, in what a running daemon answers. A reader of another release takes any text, and shows it as it is: a newer
 * daemon may know more words.
 */
export function word<T extends string>(words: readonly T[]) {
  return z
    .custom<T>((value) => typeof value === 'string', 'a text')
    .meta({ type: 'string', enum: [...words] });
}

/** An object of these fields; a reader passes over others. */
export function record<Shape extends z.ZodRawShape>(shape: Shape) {
  return z.object(shape).readonly();
}

export function list<Item extends z.ZodType>(item: Item) {
  return z.array(item).readonly();
}

/** @param name of the list, for the error. @param key what must be unique. */
export function uniqueList<Item extends z.ZodType<Readonly<Record<Key, string>>>, Key extends string>(
  name: string,
  key: Key,
  item: Item,
) {
  return z
    .array(item)
    .superRefine((items, context) => {
      const first = new Map<string, number>();
      for (const [index, { [key]: value }] of items.entries()) {
        const earlier = first.get(value);
        if (earlier === undefined) first.set(value, index);
        else
          context.addIssue({
            code: 'custom',
            path: [index, key],
            message: `each ${key} once; ${name}[${earlier}] has it already`,
          });
      }
    })
    .readonly();
}

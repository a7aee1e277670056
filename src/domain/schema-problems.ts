import type { z } from 'zod';
import { UsageError } from './errors.ts';

/** The place of a value in a document, in parts that are only put together for an error: `regions[17].leader`. */
export type Place = readonly (string | number)[];

/** Writes a place: `regions[17].leader`. */
export function placeText(place: Place): string {
  if (place.length === 0) return 'the document';
  return place
    .map((part, index) => (typeof part === 'number' ? `[${part}]` : index === 0 ? part : `.${part}`))
    .join('');
}

/** One value that a schema refuses. */
export interface SchemaProblem {
  readonly place: Place;
  readonly found: unknown;
  /** Undefined: no field of that name is known. */
  readonly wanted: string | undefined;
}

/** @param found the value at a place of the document that was checked. */
export function schemaProblems(error: z.core.$ZodError, found: (place: Place) => unknown): SchemaProblem[] {
  return error.issues.flatMap((issue): SchemaProblem[] => {
    const place = issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part));
    if (issue.code === 'unrecognized_keys')
      return issue.keys.map((key) => ({
        place: [...place, key],
        found: found([...place, key]),
        wanted: undefined,
      }));
    if (issue.code === 'invalid_key')
      return [{ place, found: place.at(-1), wanted: issue.issues[0]?.message ?? issue.message }];
    return [{ place, found: found(place), wanted: issue.message }];
  });
}

/**
 * Checks a value that came from outside.
 *
 * @returns what the schema makes of it, or what is wrong with it, the first first: `regions[17].leader: found -3, wanted a datanode id`.
 */
export function checkValue<S extends z.ZodType>(
  schema: S,
  value: unknown,
): { readonly value: z.output<S> } | { readonly problems: readonly string[] } {
  const result = schema.safeParse(value, { error: wantedText });
  if (result.success) return { value: result.data };
  return { problems: schemaProblems(result.error, (place) => valueAt(value, place)).map(problemText) };
}

/** The same. @throws UsageError with the first problem. */
export function parseValue<S extends z.ZodType>(schema: S, value: unknown): z.output<S> {
  const checked = checkValue(schema, value);
  if ('value' in checked) return checked.value;
  throw new UsageError(checked.problems[0] ?? 'not what was wanted');
}

function problemText({ place, found, wanted }: SchemaProblem): string {
  if (wanted === undefined) return `${placeText(place)}: no such field`;
  return `${placeText(place)}: found ${showValue(found)}, wanted ${wanted}`;
}

/** The value at a place of a document; undefined where there is none. */
export function valueAt(root: unknown, place: Place): unknown {
  let value = root;
  for (const part of place)
    value =
      typeof value === 'object' && value !== null && Object.hasOwn(value, part)
        ? (value as Readonly<Record<string | number, unknown>>)[part]
        : undefined;
  return value;
}

/** A value as an error shows it: short, on one line. */
function showValue(value: unknown): string {
  if (value === undefined) return 'nothing';
  const text = JSON.stringify(value);
  return text.length <= MAX_SHOWN ? text : `${text.slice(0, MAX_SHOWN)}…`;
}

const MAX_SHOWN = 60;

const TYPE_NAMES: Readonly<Record<string, string>> = {
  string: 'a text',
  array: 'a list',
  object: 'an object',
  boolean: 'true or false',
  number: 'a number',
  int: 'a whole number',
};

/** What was wanted, where the schema itself does not say so. */
function wantedText(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.code === 'invalid_type') return TYPE_NAMES[issue.expected];
  if (issue.code === 'invalid_value') return issue.values.map((value) => JSON.stringify(value)).join(' or ');
  if (issue.code === 'too_small') return `at least ${issue.minimum}${unitOf(issue.origin)}`;
  if (issue.code === 'too_big') return `at most ${issue.maximum}${unitOf(issue.origin)}`;
  return undefined;
}

function unitOf(origin: string): string {
  return origin === 'string' ? ' characters' : origin === 'array' ? ' entries' : '';
}

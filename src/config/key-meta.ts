import { z } from 'zod';
import type { Field } from './fields.ts';

/** What the reference in docs/configuration.md and the readers of environment and command line need to know of a key. */
export interface KeyMeta {
  readonly type: string;
  readonly isText: boolean;
  readonly isMap?: boolean;
  readonly description: string;
  /** As it would be written in the file; absent where there is none. */
  readonly fallback?: unknown;
  readonly isRequired?: boolean;
}

/** What is known of each key's schema. Filled where the schemas are made, only read afterwards. */
export const keyMeta = z.registry<KeyMeta>();

function describe<S extends z.ZodType>(schema: S, meta: KeyMeta): S {
  const plain: z.ZodType = schema;
  keyMeta.add(plain, meta);
  return schema;
}

function factsOf({ type, isText, isMap = false }: Field) {
  return { type, isText, isMap };
}

/** A key with a default, written as in the file. A list or map with nothing in it (`drain:`) is as if absent. */
export function key<S extends z.ZodType>(field: Field<S>, fallback: unknown, description: string) {
  const isCollection = typeof fallback === 'object';
  const isAbsent = (value: unknown): boolean => value === undefined || (isCollection && value === null);
  const schema = z.preprocess((value) => (isAbsent(value) ? fallback : value), field.schema);
  return describe(schema, { ...factsOf(field), description, fallback });
}

/** A key that may be absent. */
export function optionalKey<S extends z.ZodType>(field: Field<S>, description: string) {
  return describe(z.exactOptional(field.schema), { ...factsOf(field), description });
}

/** A key that must be there. */
export function requiredKey<S extends z.ZodType>(field: Field<S>, description: string) {
  // A pipe of its own, so that two keys with the same field have each their own description.
  const schema = z.pipe(z.unknown(), field.schema);
  return describe(schema, { ...factsOf(field), description, isRequired: true });
}

/** A level of the file: a map of keys, which may be absent or empty. */
export function section<S extends z.ZodRawShape>(shape: S, description: string) {
  const schema = z.preprocess((value) => value ?? {}, sectionObject(shape));
  return describe(schema, { type: 'section', isText: false, description });
}

export function sectionObject<S extends z.ZodRawShape>(shape: S) {
  return z.strictObject(shape, { error: 'a map of keys' });
}

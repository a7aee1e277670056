import { z } from 'zod';
import type { Field, FieldFacts, Milliseconds } from './fields.ts';

/** What the reference in docs/configuration.md and the readers of environment and command line need to know of a key or section. */
interface KeyMeta extends FieldFacts {
  readonly description: string;
  /** As it would be written in the file; absent where there is none. */
  readonly fallback?: unknown;
  readonly isRequired?: boolean;
}

/** One key or section of the file. */
export interface ConfigKey extends KeyMeta {
  /** `execution.dryRun`; entries of a list of maps are written `schedule.windows[].cron`. */
  readonly path: string;
  readonly isSection: boolean;
}

/** What is known of each key's schema. Filled where the schemas are made, only read afterwards. */
const keyMeta = new WeakMap<z.core.$ZodType, KeyMeta>();

function describe<S extends z.ZodType>(schema: S, meta: KeyMeta): S {
  keyMeta.set(schema, meta);
  return schema;
}

/** What stands for a key: undefined where it is absent, null where nothing is written after it. */
const given = z.unknown().default(undefined);

/** A key with a default, written as in the file. A list or map with nothing in it (`drain:`) is as if absent. */
export function key<T>({ schema, ...facts }: Field<T>, fallback: unknown, description: string) {
  const isCollection = typeof fallback === 'object';
  const withDefault = z.codec(given, schema, {
    decode: (value) => (value === undefined || (isCollection && value === null) ? fallback : value),
    encode: (value) => value,
  });
  return describe(withDefault, { ...facts, description, fallback });
}

/** A key that may be absent. */
export function optionalKey<T>({ schema, ...facts }: Field<T>, description: string) {
  return describe(z.exactOptional(schema), { ...facts, description });
}

/** A key that must be there. */
export function requiredKey<T>({ schema, ...facts }: Field<T>, description: string) {
  // A pipe of its own, so that two keys with the same field have each their own description.
  return describe(z.pipe(z.unknown(), schema), { ...facts, description, isRequired: true });
}

/** A level of the file: a map of keys, which may be absent or empty. */
export function section<S extends z.ZodRawShape>(keys: S, description: string) {
  const schema = z.codec(given, mapOf(keys), {
    decode: (value) => value ?? {},
    encode: (value) => value,
  });
  return describe(schema, { type: 'section', keys, description });
}

/** The values of a section: read-only, and durations with their unit in the name. */
type SectionValues<O> = {
  readonly [K in keyof O as O[K] extends Milliseconds ? `${K & string}Ms` : K]: O[K] extends Milliseconds
    ? number
    : O[K];
};

/** A map of exactly these keys. */
export function mapOf<S extends z.ZodRawShape>(keys: S) {
  type Values = SectionValues<z.output<z.ZodObject<S, z.core.$strict>>>;
  const names = Object.entries(keys).map(([name, schema]): [string, string] => [
    name,
    keyMeta.get(schema)?.isDuration === true ? `${name}Ms` : name,
  ]);
  const inConfig = new Map(names);
  const inFile = new Map(names.map(([name, named]) => [named, name]));
  const schema: z.ZodType<Values> = z.codec(
    z.strictObject(keys, { error: 'a map of keys' }),
    z.custom<Values>(),
    {
      // The compiler cannot follow names that are put together while the program runs.
      decode: (values) => renamed(values, inConfig) as Values,
      encode: (values) => renamed(values, inFile) as z.output<z.ZodObject<S, z.core.$strict>>,
    },
  );
  return schema;
}

function renamed(values: object, names: ReadonlyMap<string, string>): unknown {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [names.get(name) ?? name, value]));
}

/** Every section and key of a shape, parents first, in the order in which they stand there. */
export function keysOf(keys: z.ZodRawShape, parent = ''): ConfigKey[] {
  return Object.entries(keys).flatMap(([name, schema]): ConfigKey[] => {
    const path = parent === '' ? name : `${parent}.${name}`;
    const meta = keyMeta.get(schema);
    if (!meta) throw new Error(`The schema says nothing about ${path}`);
    const isSection = meta.type === 'section';
    return [
      { ...meta, path, isSection },
      ...(meta.keys ? keysOf(meta.keys, isSection ? path : `${path}[]`) : []),
    ];
  });
}

import { z } from 'zod';
import { keyMeta } from './key-meta.ts';
import type { KeyMeta } from './key-meta.ts';
import { configSchema } from './schema.ts';

/** One key of the file. */
export interface ConfigKey extends KeyMeta {
  /** `execution.dryRun`; entries of a list of maps are written `schedule.windows[].cron`. */
  readonly path: string;
  readonly isSection: boolean;
}

/** Every section and key, parents first, in the order of the schema. */
export const CONFIG_KEYS: readonly ConfigKey[] = keysBelow(configSchema, '');

const KEYS_BY_PATH: ReadonlyMap<string, ConfigKey> = new Map(CONFIG_KEYS.map((key) => [key.path, key]));

/** The key or section at a path in dots, undefined when there is none. */
export function keyAt(path: string): ConfigKey | undefined {
  return KEYS_BY_PATH.get(path);
}

/** The names of the keys right below a section; an empty path is the whole file. */
export function namesBelow(path: string): string[] {
  const prefix = path === '' ? '' : `${path}.`;
  return CONFIG_KEYS.filter((key) => key.path.startsWith(prefix))
    .map((key) => key.path.slice(prefix.length))
    .filter((name) => !name.includes('.'));
}

function keysBelow(schema: z.core.$ZodType, path: string): ConfigKey[] {
  const inner = unwrap(schema);
  if (inner instanceof z.ZodArray) return keysBelow(inner.element, `${path}[]`);
  if (!(inner instanceof z.ZodObject)) return [];
  const shape: z.core.$ZodLooseShape = inner.shape;
  return Object.entries<z.core.$ZodType>(shape).flatMap(([name, child]) => {
    const childPath = path === '' ? name : `${path}.${name}`;
    const below = keysBelow(child, childPath);
    const meta = keyMeta.get(child);
    if (!meta) throw new Error(`The schema says nothing about ${childPath}`);
    return [{ ...meta, path: childPath, isSection: meta.type === 'section' }, ...below];
  });
}

/** The object or list inside the wrappers that fill in defaults. */
function unwrap(schema: z.core.$ZodType): z.core.$ZodType {
  return schema instanceof z.ZodPipe ? unwrap(schema.out) : schema;
}

import { LineCounter } from 'yaml';
import { keyAt } from './keys.ts';
import type { ConfigKey } from './keys.ts';
import { showValue } from './problems.ts';
import type { Problem } from './problems.ts';
import type { Origin, ValueTree } from './value-tree.ts';
import { faultText, parseYaml, TOO_DEEP } from './yaml-file.ts';

/** A value that stands over the file's. */
export interface Override {
  readonly place: readonly string[];
  readonly value: unknown;
  readonly origin: Origin;
}

/** The key that a path names: one of the schema, or an entry of a map such as `datanodes.weights.3`. */
export function findKey(place: readonly string[]): ConfigKey | undefined {
  const key = keyAt(place.join('.'));
  if (key || place.length < 2) return key;
  const map = keyAt(place.slice(0, -1).join('.'));
  return map?.isMap === true ? map : undefined;
}

/**
 * Reads the text of a variable or flag: as it is where the key wants text, else as YAML (`true`, `20`, `[a, b]`, `{3: 2}`, JSON).
 */
export function readOverride(place: readonly string[], text: string, origin: Origin): Override | Problem {
  const key = findKey(place);
  if (!key) return { label: origin.label, place, text: 'unknown key' };
  if (key.isText) return { place, value: text, origin };
  const document = parseYaml(text, new LineCounter());
  const fault = document?.errors[0];
  if (!document || fault)
    return {
      label: origin.label,
      place,
      text: `found ${showValue(text)}, wanted ${key.type} as YAML: ${fault ? faultText(fault) : TOO_DEEP}`,
    };
  const value: unknown = document.toJS({ maxAliasCount: 0 });
  return { place, value, origin };
}

export function isProblem(result: Override | Problem): result is Problem {
  return 'text' in result;
}

export function isOverride(result: Override | Problem): result is Override {
  return !isProblem(result);
}

/** Puts the overrides into the tree, whole sections before their keys. */
export function applyOverrides(tree: ValueTree, overrides: readonly Override[]): void {
  const byDepth = overrides.toSorted((a, b) => a.place.length - b.place.length);
  for (const { place, value, origin } of byDepth) tree.override(place, value, origin);
}

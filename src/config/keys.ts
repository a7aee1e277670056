import { placeText } from '../domain/schema-problems.ts';
import type { Place } from '../domain/schema-problems.ts';
import { CONFIG_KEYS } from './config.ts';
import type { ConfigKey } from './key.ts';

const KEYS_BY_PATH: ReadonlyMap<string, ConfigKey> = new Map(CONFIG_KEYS.map((key) => [key.path, key]));

/** The key that a place names: one of the schema, or an entry of a map such as `datanodes.weights.3`. */
export function findKey(place: readonly string[]): ConfigKey | undefined {
  const key = KEYS_BY_PATH.get(place.join('.'));
  if (key || place.length < 2) return key;
  const map = KEYS_BY_PATH.get(place.slice(0, -1).join('.'));
  return map?.isMap === true ? map : undefined;
}

/** `; did you mean execution.dryRun?`, or nothing where there is nothing to propose. */
export function didYouMean(name: string | undefined): string {
  return name === undefined ? '' : `; did you mean ${name}?`;
}

/**
 * The key that somebody most likely meant by an unknown one: one with nearly the same name at the same level, else one elsewhere whose
 * name is the same or begins so.
 */
export function suggestKey(place: Place): string | undefined {
  const wanted = plain(String(place.at(-1) ?? ''));
  const level = place.length < 2 ? '' : `${placeText(place.slice(0, -1))}.`;
  const sibling = closest(wanted, namesBelow(level.replace(/\[\d+\]/g, '[]')));
  if (sibling !== undefined) return level + sibling;
  const elsewhere = CONFIG_KEYS.filter((key) => !key.path.includes('[]')).map((key) => key.path);
  return (
    elsewhere.find((path) => plain(lastName(path)) === wanted) ??
    elsewhere.find((path) => wanted.length >= 5 && plain(lastName(path)).startsWith(wanted))
  );
}

/** The names of the keys right at a level: `execution.`; an empty one is the whole file. */
function namesBelow(level: string): string[] {
  return CONFIG_KEYS.filter((key) => key.path.startsWith(level))
    .map((key) => key.path.slice(level.length))
    .filter((name) => !name.includes('.'));
}

function closest(wanted: string, names: readonly string[]): string | undefined {
  const ranked = names
    .map((name) => ({ name, distance: distanceTo(wanted, plain(name)) }))
    .filter(({ distance }) => distance <= Math.max(1, wanted.length / 3))
    .sort((a, b) => a.distance - b.distance);
  return ranked[0]?.name;
}

/** Having written only the beginning (`password`, `passwrd` for `passwordFile`) counts as one slip. */
function distanceTo(wanted: string, name: string): number {
  if (wanted.length >= 4 && (name.startsWith(wanted) || wanted.startsWith(name))) return 1;
  const beginning = name.slice(0, wanted.length + 1);
  return Math.min(editDistance(wanted, name), editDistance(wanted, beginning) + 1);
}

function plain(name: string): string {
  return name.slice(0, 64).replace(/[-_]/g, '').toLowerCase();
}

function lastName(path: string): string {
  return path.slice(path.lastIndexOf('.') + 1);
}

/** Levenshtein's distance. Both texts are short. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 0; i < a.length; i += 1) {
    const next = [i + 1];
    for (let j = 0; j < b.length; j += 1) {
      const substitution = row[j]! + (a[i] === b[j] ? 0 : 1);
      next.push(Math.min(substitution, row[j + 1]! + 1, next[j]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}

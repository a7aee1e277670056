import { createHash } from 'node:crypto';
import { UsageError } from '../../domain/errors.ts';
import { isObject } from '../../domain/json-file.ts';
import type { JsonObject } from '../../domain/json-file.ts';
import type { Plan } from '../../domain/plan.ts';

/** The plan with its id, whatever id it had before. */
export function withPlanId(plan: Omit<Plan, 'planId'>): Plan {
  return { ...plan, planId: planIdOf(plan) };
}

/**
 * `sha256:` and the SHA-256 of all that a plan says but its id, fields that we do not know too, in the canonical form of RFC 8785 (no
 * spaces, keys sorted): `jq -jcS 'del(.planId)' plan.json | sha256sum` gives the same.
 *
 * @throws UsageError when it is nested deeper than any plan.
 */
export function planIdOf(content: JsonObject): string {
  const hash = createHash('sha256');
  let text = '';
  // Moves and blockers in pieces: the text of them all may be longer than a string can be.
  const add = (more: string): void => {
    text += more;
    if (text.length < CHUNK_CHARS) return;
    hash.update(text);
    text = '';
  };
  const hashed: JsonObject = { ...content, planId: undefined };
  const keysOf = createKeySorter();
  let separator = '{';
  for (const { key, label } of keysOf(hashed)) {
    add(separator + label);
    separator = ',';
    const value = hashed[key];
    if (Array.isArray(value)) addItems(value, keysOf, add);
    else add(canonicalText(value, keysOf));
  }
  add(separator === '{' ? '{}' : '}');
  return `sha256:${hash.update(text).digest('hex')}`;
}

const CHUNK_CHARS = 65_536;
const MAX_DEPTH = 32;

interface Key {
  readonly key: string;
  /** As it stands before the value. */
  readonly label: string;
}
type KeySorter = (object: JsonObject) => readonly Key[];

function addItems(items: readonly unknown[], keysOf: KeySorter, add: (text: string) => void): void {
  for (const [index, item] of items.entries())
    add((index === 0 ? '[' : ',') + canonicalText(item, keysOf, 1));
  add(items.length === 0 ? '[]' : ']');
}

function canonicalText(value: unknown, keysOf: KeySorter, depth = 0): string {
  if (depth > MAX_DEPTH) throw new UsageError(`The plan is nested more than ${MAX_DEPTH} levels deep`);
  if (Array.isArray(value)) return `[${value.map((item) => canonicalText(item, keysOf, depth + 1)).join()}]`;
  if (!isObject(value)) return JSON.stringify(value);
  let text = '';
  for (const { key, label } of keysOf(value))
    text += (text === '' ? label : `,${label}`) + canonicalText(value[key], keysOf, depth + 1);
  return `{${text}}`;
}

/** The keys of an object in the order of their UTF-16 units, without those that JSON leaves out. Objects in a row mostly have the same. */
function createKeySorter(): KeySorter {
  let last: readonly string[] = [];
  let lastSorted: readonly Key[] = [];
  return (object) => {
    const keys = Object.keys(object).filter((key) => object[key] !== undefined);
    if (keys.length === last.length && keys.every((key, index) => key === last[index])) return lastSorted;
    last = keys;
    lastSorted = keys
      .toSorted((a, b) => (a < b ? -1 : 1))
      .map((key) => ({ key, label: `${JSON.stringify(key)}:` }));
    return lastSorted;
  };
}

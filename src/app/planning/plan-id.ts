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
  let separator = '{';
  for (const [key, value] of membersOf(content)) {
    if (key === 'planId') continue;
    hash.update(`${separator}${JSON.stringify(key)}:`);
    separator = ',';
    // Moves and blockers one by one: the text of them all may be longer than a string can be.
    if (Array.isArray(value)) updateWithItems(hash, value);
    else hash.update(canonicalText(value));
  }
  return `sha256:${hash.update(separator === '{' ? '{}' : '}').digest('hex')}`;
}

function updateWithItems(hash: ReturnType<typeof createHash>, items: readonly unknown[]): void {
  hash.update('[');
  for (const [index, item] of items.entries()) hash.update((index === 0 ? '' : ',') + canonicalText(item));
  hash.update(']');
}

const MAX_DEPTH = 32;

function canonicalText(value: unknown, depth = 0): string {
  if (depth > MAX_DEPTH) throw new UsageError(`The plan is nested more than ${MAX_DEPTH} levels deep`);
  if (Array.isArray(value)) return `[${value.map((item) => canonicalText(item, depth + 1)).join()}]`;
  if (!isObject(value)) return JSON.stringify(value);
  const members = membersOf(value).map(([key, member]) => {
    return `${JSON.stringify(key)}:${canonicalText(member, depth + 1)}`;
  });
  return `{${members.join()}}`;
}

function membersOf(object: JsonObject): [string, unknown][] {
  return Object.entries(object)
    .filter(([, value]) => value !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

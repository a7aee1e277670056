import { moveFields } from './plan-file.ts';
import type { Move, Plan } from './plan.ts';
import type { Policy } from './policy.ts';
import { snapshotChunks } from './snapshot-file.ts';
import type { Snapshot } from './snapshot.ts';

/** A SHA-256 under way, as `createHash('sha256')` of node:crypto gives it to who may import that. */
export interface TextHash {
  update(text: string): unknown;
  digest(encoding: 'hex'): string;
}

/** What identifies a plan: its own id, and the hashes of what it was made from, so that the id can be checked from the file alone. */
export interface PlanIdentity {
  /** `sha256:` and 64 hexadecimal digits, over moves, snapshot and policy. */
  readonly planId: string;
  readonly inputs: PlanInputs;
}

export interface PlanInputs {
  readonly snapshot: string;
  readonly policy: string;
}

type PlanSubstance = Pick<Plan, 'objective' | 'minimumMoves' | 'optimal'> & {
  readonly moves: readonly Move[];
};

/**
 * Identifies a plan by moves, snapshot and policy. Time stamps do not count: the same cluster, planned a minute later with the
 * same result, gives the same id.
 */
export function planIdentity(
  plan: PlanSubstance,
  snapshot: Snapshot,
  policy: Policy,
  newHash: () => TextHash,
): PlanIdentity {
  const inputs: PlanInputs = {
    snapshot: hashOf(snapshotChunks({ ...snapshot, takenAt: '' }), newHash),
    policy: hashOf([policyText(policy)], newHash),
  };
  return { planId: hashOf(planFingerprintInput(plan, inputs), newHash), inputs };
}

/**
 * Whether a plan read from a file is the one that was written.
 *
 * @returns `unverifiable` for a file that does not name its inputs.
 */
export function checkPlanIdentity(
  plan: Plan,
  newHash: () => TextHash,
): 'unchanged' | 'changed' | 'unverifiable' {
  if (!plan.inputs) return 'unverifiable';
  return hashOf(planFingerprintInput(plan, plan.inputs), newHash) === plan.planId ? 'unchanged' : 'changed';
}

/** The canonical text, in pieces, whose SHA-256 is the plan's id. */
export function* planFingerprintInput(
  plan: PlanSubstance,
  inputs: PlanInputs,
): Generator<string, void, undefined> {
  const { objective, minimumMoves, optimal } = plan;
  const { snapshot, policy } = inputs;
  yield `${JSON.stringify({ planFingerprint: 1, snapshot, policy, objective, minimumMoves, optimal })}\n`;
  for (const move of plan.moves) yield `${JSON.stringify(moveFields(move))}\n`;
}

/** The policy with all keys and lists in one order: what it says, not how it was written. */
function policyText(policy: Policy): string {
  const { objective, tables, weights, drain, cordon, pins, onlyDrain = false } = policy;
  const weighted = Object.entries(weights).filter(([, weight]) => weight !== 1);
  return JSON.stringify({
    objective,
    include: tables.include.toSorted(),
    exclude: tables.exclude.toSorted(),
    weights: weighted.toSorted(([a], [b]) => (a < b ? -1 : 1)),
    drain: drain.toSorted(),
    cordon: cordon.toSorted(),
    pinnedTables: pins.tables.toSorted(),
    pinnedRegions: pins.regions.toSorted(),
    onlyDrain,
  });
}

function hashOf(chunks: Iterable<string>, newHash: () => TextHash): string {
  const hash = newHash();
  for (const chunk of chunks) hash.update(chunk);
  return `sha256:${hash.digest('hex')}`;
}

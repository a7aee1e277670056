import { UsageError } from './errors.ts';
import type { DatanodeId } from './ids.ts';
import type { Policy } from './policy.ts';
import type { Datanode, Snapshot } from './snapshot.ts';

/** Changes to a cluster that are only imagined, to see what the plan would be. */
export interface WhatIf {
  /** Empty datanodes that join. */
  readonly add: readonly DatanodeId[];
  /** Datanodes that are to leave: all their regions have to go elsewhere. */
  readonly remove: readonly DatanodeId[];
  readonly drain: readonly DatanodeId[];
  readonly cordon: readonly DatanodeId[];
  /** Integers of at least 1. */
  readonly weights: Readonly<Record<DatanodeId, number>>;
}

/** What a plan is made from. */
export interface PlanBasis {
  readonly snapshot: Snapshot;
  readonly policy: Policy;
}

/**
 * The snapshot and the policy as they would be. What the policy says already stays, but a weight is replaced.
 *
 * @throws UsageError when a datanode that should join is there already, or another change names one that is not.
 */
export function applyWhatIf({ snapshot, policy }: PlanBasis, changes: WhatIf): PlanBasis {
  const known = new Set(snapshot.datanodes.map(({ id }) => id));
  for (const id of changes.add)
    if (known.has(id)) throw new UsageError(`--add-datanode ${id}: the snapshot has datanode ${id} already`);
  const all = new Set([...known, ...changes.add]);
  checkKnown('--remove-datanode', changes.remove, known);
  checkKnown('--drain', changes.drain, all);
  checkKnown('--cordon', changes.cordon, all);
  checkKnown('--weight', Object.keys(changes.weights), all);
  const joining = changes.add.map((id): Datanode => ({ id, addr: '', status: 'alive' }));
  const leaving = [...changes.drain, ...changes.remove];
  return {
    snapshot: { ...snapshot, datanodes: [...snapshot.datanodes, ...joining] },
    policy: {
      ...policy,
      weights: { ...policy.weights, ...changes.weights },
      // What the configuration says of a datanode gives way to what is asked for here.
      drain: [...new Set([...policy.drain.filter((id) => !changes.cordon.includes(id)), ...leaving])],
      cordon: [...new Set([...policy.cordon.filter((id) => !leaving.includes(id)), ...changes.cordon])],
    },
  };
}

const MAX_NAMED = 20;

function checkKnown(option: string, ids: readonly DatanodeId[], known: ReadonlySet<DatanodeId>): void {
  const unknown = ids.find((id) => !known.has(id));
  if (unknown === undefined) return;
  const names = [...known].slice(0, MAX_NAMED).join(', ');
  const rest = known.size > MAX_NAMED ? ` and ${known.size - MAX_NAMED} more` : '';
  throw new UsageError(
    `${option} ${unknown}: the snapshot has no datanode ${unknown}; it has ${names || 'none'}${rest}`,
  );
}

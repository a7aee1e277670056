import { later } from '../cluster/core.ts';
import type { ClusterCore } from '../cluster/core.ts';
import type { ClusterOperator } from '../cluster/operator.ts';
import { beginUnlessTaken } from '../procedures/migrations.ts';
import { FAULTS } from './faults.ts';
import type { FaultOf } from './faults.ts';

/** How often each fault of the cluster gets its opportunity. */
const DISTURBANCE_INTERVAL_MS = 10_000;

/** Makes the faults of the cluster happen while any is set. No timer runs while none is. */
export function disturb(core: ClusterCore, operator: ClusterOperator): void {
  const { faults, journal } = core;
  let isTicking = false;
  const happenings: Readonly<Record<FaultOf<'cluster'>, () => void>> = {
    'leader-change': () => operator.changeLeader(),
    'node-death': () => loseSomeDatanode(core, operator),
    'other-mover': () => moveSomeRegion(core),
    'table-churn': tableChurn(core, operator),
  };
  const watch = (): void => {
    if (isTicking || !FAULTS.cluster.some((name) => faults.has(name))) return;
    isTicking = true;
    later(core, DISTURBANCE_INTERVAL_MS, () => {
      isTicking = false;
      for (const name of FAULTS.cluster) {
        if (!faults.strikes(name)) continue;
        journal.record({ kind: 'fault', name, target: 'cluster' });
        happenings[name]();
      }
      watch();
    });
  };
  faults.onChange(watch);
}

/** A datanode dies and comes back one to three minutes later; at least two thirds stay. */
function loseSomeDatanode(core: ClusterCore, operator: ClusterOperator): void {
  const { prng, state } = core;
  const living = state.livingDatanodeIds;
  if (living.length < 2 || (living.length - 1) * 3 < state.datanodes.size * 2) return;
  const id = prng.pick(living);
  operator.killDatanode(id);
  later(core, 60_000 + prng.int(120_000), () => operator.reviveDatanode(id));
}

function moveSomeRegion(core: ClusterCore): void {
  const { prng, state } = core;
  const tables = state.sortedTables().filter((table) => table.routes.length > 0);
  if (tables.length === 0) return;
  const route = prng.pick(prng.pick(tables).routes);
  const { leader, followers } = route;
  const targets = state.livingDatanodeIds.filter((id) => id !== leader && !followers.includes(id));
  if (targets.length > 0) beginUnlessTaken(core, route, prng.pick(targets), 'OtherMover');
}

/** Creates a table of its own, or drops one. */
function tableChurn({ prng, state }: ClusterCore, operator: ClusterOperator): () => void {
  let made = 0;
  return () => {
    const own = state.sortedTables().filter((table) => table.name.startsWith('churn_'));
    const victim = own.length > 0 && prng.chance(0.5) ? prng.pick(own) : null;
    if (victim) operator.dropTable(`${victim.catalog}.${victim.schema}.${victim.name}`);
    else if (state.livingDatanodeIds.length > 0)
      operator.createTable({ name: `churn_${made++}`, regions: 1 + prng.int(4) });
  };
}

import { later } from '../cluster/core.ts';
import type { ClusterCore } from '../cluster/core.ts';
import { CLUSTER_FAULTS } from './faults.ts';
import type { ClusterFault } from './faults.ts';
import type { RegionRoute } from '../cluster/model.ts';
import { changeLeader, createTable, dropTable, killDatanode, reviveDatanode } from '../cluster/operator.ts';

/** How often each fault of the cluster gets its opportunity. */
export const DISTURBANCE_INTERVAL_MS = 10_000;

/** Makes the faults of the cluster happen while any is set. No timer runs while none is. */
export class Disturbances {
  #isTicking = false;
  #tablesMade = 0;

  /** Call whenever the settings changed. */
  watch(core: ClusterCore): void {
    if (this.#isTicking || !CLUSTER_FAULTS.some((name) => core.faults.has(name))) return;
    this.#isTicking = true;
    later(core, DISTURBANCE_INTERVAL_MS, () => {
      this.#isTicking = false;
      this.#tick(core);
      this.watch(core);
    });
  }

  #tick(core: ClusterCore): void {
    for (const name of CLUSTER_FAULTS) {
      if (!core.faults.strikes(name)) continue;
      core.journal.record({ kind: 'fault', name, target: 'cluster' });
      this.#happen(core, name);
    }
  }

  #happen(core: ClusterCore, name: ClusterFault): void {
    switch (name) {
      case 'leader-change':
        changeLeader(core);
        break;
      case 'node-death':
        loseSomeDatanode(core);
        break;
      case 'other-mover':
        moveSomeRegion(core);
        break;
      case 'table-churn':
        this.#churn(core);
        break;
    }
  }

  #churn(core: ClusterCore): void {
    const own = core.state.sortedTables().filter((table) => table.name.startsWith('churn_'));
    const victim = own.length > 0 && core.prng.chance(0.5) ? core.prng.pick(own) : null;
    if (victim) dropTable(core, `${victim.catalog}.${victim.schema}.${victim.name}`);
    else if (livingIds(core).length > 0)
      createTable(core, { name: `churn_${this.#tablesMade++}`, regions: 1 + core.prng.int(4) });
  }
}

function livingIds(core: ClusterCore): string[] {
  return [...core.state.datanodes.values()].filter((node) => node.diedAtMs === null).map((node) => node.id);
}

/** A datanode dies and comes back one to three minutes later; at least two thirds stay. */
function loseSomeDatanode(core: ClusterCore): void {
  const living = livingIds(core);
  if (living.length < 2 || (living.length - 1) * 3 < core.state.datanodes.size * 2) return;
  const id = core.prng.pick(living);
  killDatanode(core, id);
  later(core, 60_000 + core.prng.int(120_000), () => reviveDatanode(core, id));
}

function moveSomeRegion(core: ClusterCore): void {
  const tables = core.state.sortedTables().filter((table) => table.routes.length > 0);
  if (tables.length === 0) return;
  const route = core.prng.pick(core.prng.pick(tables).routes);
  const { leader, followers } = route;
  const targets = livingIds(core).filter((id) => id !== leader && !followers.includes(id));
  if (targets.length > 0) beginFor(core, route, core.prng.pick(targets), 'OtherMover');
}

/** Starts a migration for somebody else than a client, unless the region is taken. */
export function beginFor(
  core: ClusterCore,
  route: RegionRoute,
  to: string,
  reason: 'OtherMover' | 'Failover',
): string | null {
  const { region, leader, state } = route;
  if (leader === null || state !== null || core.meta.leader === null) return null;
  if (core.migrations.isRunning(region)) return null;
  return core.migrations.begin(core, { region, from: leader, to, budgetMs: 300_000, reason }).procedure.id;
}

/** Moves the regions of a datanode that stays dead to the living ones, a limited number at a time. */
export function superviseFailover(core: ClusterCore, deadId: string, afterMs: number): void {
  later(core, afterMs, () => {
    const node = core.state.datanodes.get(deadId);
    if (typeof node?.diedAtMs !== 'number') return;
    if (core.meta.leader !== null && !core.meta.leaderSwitch('maintenance')) failOver(core, deadId);
    if ([...node.copies.keys()].some((region) => core.state.routeOf(region.key)?.leader === deadId))
      superviseFailover(core, deadId, FAILOVER_ROUND_MS);
  });
}

const FAILOVER_ROUND_MS = 5_000;
const FAILOVERS_PER_ROUND = 32;

function failOver(core: ClusterCore, deadId: string): void {
  const node = core.state.datanodes.get(deadId);
  const living = livingIds(core);
  let begun = 0;
  for (const region of [...(node?.copies.keys() ?? [])]) {
    const route = core.state.routeOf(region.key);
    if (route?.leader !== deadId) continue;
    const targets = living.filter((id) => !route.followers.includes(id));
    if (targets.length === 0) continue;
    if (beginFor(core, route, core.prng.pick(targets), 'Failover') !== null) begun += 1;
    if (begun >= FAILOVERS_PER_ROUND) return;
  }
}

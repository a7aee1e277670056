import { later } from '../cluster/core.ts';
import type { ClusterCore } from '../cluster/core.ts';
import type { ClusterOperator } from '../cluster/operator.ts';
import { beginUnlessTaken } from '../procedures/migrations.ts';
import { CLUSTER_FAULTS } from './faults.ts';
import type { ClusterFault } from './faults.ts';

/** How often each fault of the cluster gets its opportunity. */
const DISTURBANCE_INTERVAL_MS = 10_000;

/** Makes the faults of the cluster happen while any is set. No timer runs while none is. */
export class Disturbances {
  readonly #core: ClusterCore;
  readonly #operator: ClusterOperator;
  #isTicking = false;
  #tablesMade = 0;

  constructor(core: ClusterCore, operator: ClusterOperator) {
    this.#core = core;
    this.#operator = operator;
  }

  /** Call whenever the settings changed. */
  watch(): void {
    const { faults } = this.#core;
    if (this.#isTicking || !CLUSTER_FAULTS.some((name) => faults.has(name))) return;
    this.#isTicking = true;
    later(this.#core, DISTURBANCE_INTERVAL_MS, () => {
      this.#isTicking = false;
      this.#tick();
      this.watch();
    });
  }

  #tick(): void {
    const { faults, journal } = this.#core;
    for (const name of CLUSTER_FAULTS) {
      if (!faults.strikes(name)) continue;
      journal.record({ kind: 'fault', name, target: 'cluster' });
      this.#happen(name);
    }
  }

  #happen(name: ClusterFault): void {
    switch (name) {
      case 'leader-change':
        this.#operator.changeLeader();
        break;
      case 'node-death':
        this.#loseSomeDatanode();
        break;
      case 'other-mover':
        this.#moveSomeRegion();
        break;
      case 'table-churn':
        this.#churn();
        break;
    }
  }

  /** A datanode dies and comes back one to three minutes later; at least two thirds stay. */
  #loseSomeDatanode(): void {
    const { prng, state } = this.#core;
    const living = state.livingDatanodeIds;
    if (living.length < 2 || (living.length - 1) * 3 < state.datanodes.size * 2) return;
    const id = prng.pick(living);
    this.#operator.killDatanode(id);
    later(this.#core, 60_000 + prng.int(120_000), () => this.#operator.reviveDatanode(id));
  }

  #moveSomeRegion(): void {
    const { prng, state } = this.#core;
    const tables = state.sortedTables().filter((table) => table.routes.length > 0);
    if (tables.length === 0) return;
    const route = prng.pick(prng.pick(tables).routes);
    const { leader, followers } = route;
    const targets = state.livingDatanodeIds.filter((id) => id !== leader && !followers.includes(id));
    if (targets.length > 0) beginUnlessTaken(this.#core, route, prng.pick(targets), 'OtherMover');
  }

  #churn(): void {
    const { prng, state } = this.#core;
    const own = state.sortedTables().filter((table) => table.name.startsWith('churn_'));
    const victim = own.length > 0 && prng.chance(0.5) ? prng.pick(own) : null;
    if (victim) this.#operator.dropTable(`${victim.catalog}.${victim.schema}.${victim.name}`);
    else if (state.livingDatanodeIds.length > 0)
      this.#operator.createTable({ name: `churn_${this.#tablesMade++}`, regions: 1 + prng.int(4) });
  }
}

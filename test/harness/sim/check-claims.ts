import type { SimEvent } from '../../../src/simulator/index.ts';
import { whyUnbalanced } from './check-balance.ts';
import type { World } from './world.ts';

/** A claim rests on a reading: what changed shortly before it, or while it was made, may not be in it. */
const SETTLED_MS = 60_000;
/** Frontends that miss an invalidation keep a route for 10 minutes, and may read an old one right before. */
const STALE_ROUTE_MS = 1_200_000;

const EMPTY = /[Dd]atanodes? ((?:\d+(?:, | and )?)+) (?:is|are) empty\./g;

/** Holds what a cycle claims to be balanced, or empty, against the cluster as it is, where nothing changed meanwhile. */
export class ClaimCheck {
  readonly #world: World;
  #changedMs = 0;
  #basis = '';

  constructor(world: World) {
    this.#world = world;
  }

  noteClusterEvent({ kind }: SimEvent): void {
    if (kind !== 'fault' && kind !== 'mutating-request') this.#changedMs = this.#world.clock.monotonicMs();
  }

  cycleStarted(): void {
    this.#basis = this.#wanted();
  }

  /** The rules that are broken, each with what is wrong. */
  cycleFinished(outcome: string, detail: string): [rule: string, detail: string][] {
    if (!this.#isSettled()) return [];
    const wrong: [string, string][] = [];
    const uneven = outcome === 'balanced' ? whyUnbalanced(this.#world) : undefined;
    if (uneven !== undefined && !this.#hasFollowers())
      wrong.push(['balanced-is-true', `"${detail}", and ${uneven}`]);
    for (const [, ids = ''] of detail.matchAll(EMPTY))
      for (const id of ids.match(/\d+/g) ?? []) {
        const left = this.#regionOn(id);
        if (left !== undefined)
          wrong.push(['empty-is-true', `"${detail}", and datanode ${id} leads ${left}`]);
      }
    return wrong;
  }

  #isSettled(): boolean {
    const { clock, scenario } = this.#world;
    const quietMs = scenario.cluster.faults === '' ? SETTLED_MS : STALE_ROUTE_MS;
    return clock.monotonicMs() - this.#changedMs >= quietMs && this.#basis === this.#wanted();
  }

  /** What is asked for: a claim is made for what was when the cycle began. */
  #wanted(): string {
    const { config, disk } = this.#world;
    return JSON.stringify([config.datanodes, disk.raw.requested('drain'), disk.raw.requested('cordon')]);
  }

  #hasFollowers(): boolean {
    return (this.#world.scenario.cluster.layout?.followers ?? 0) > 0;
  }

  /** Of whatever table: a drain takes everything. */
  #regionOn(id: string): string | undefined {
    for (const { schema, name, routes } of this.#world.cluster.truth.sortedTables()) {
      const route = routes.find(({ leader }) => leader === id);
      if (route) return `region ${route.region.id} of ${schema}.${name}`;
    }
    return undefined;
  }
}

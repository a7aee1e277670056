import { OperatingError } from '../../../src/domain/errors.ts';
import type { Prng } from '../../../src/lib/prng.ts';
import type { Trouble } from './scenario.ts';
import { TROUBLE_MAKERS } from './troubles.ts';
import type { World } from './world.ts';

/** The longest that our process stays down after a crash. */
const LONGEST_DOWNTIME_MS = 240_000;
/** How long it takes until somebody looks at a breaker that paused the rebalancer. */
const BREAKER_LOOKED_AT_MS = 600_000;

/** Makes trouble in the first phase, mends everything in the second, and starts our process again whenever it is down. */
export class Director {
  readonly #world: World;
  readonly #prng: Prng;
  #isMakingTrouble = true;
  #isStarting = false;

  constructor(world: World) {
    this.#world = world;
    this.#prng = world.prng.fork('director');
  }

  start(): void {
    const { scenario, watch, clock } = this.#world;
    for (const trouble of scenario.troubles) this.#arm(trouble);
    const look = (): void => {
      this.#keepAlive();
      if (this.#isMakingTrouble) this.#lookAtBreaker();
      clock.setTimer(1_000, look);
    };
    look();
    watch.say(
      `trouble: ${[...scenario.troubles].join(', ')}; faults: ${JSON.stringify(scenario.cluster.faults)}`,
    );
  }

  #arm(trouble: Trouble): void {
    const { meanMs, make } = TROUBLE_MAKERS[trouble];
    const prng = this.#prng.fork(trouble);
    const next = (): void => {
      const delayMs = 1_000 - meanMs * Math.log(1 - prng.next());
      this.#world.clock.setTimer(delayMs, () => {
        if (!this.#isMakingTrouble) return;
        this.#attempt(() => make(this.#world, prng));
        next();
      });
    };
    next();
  }

  /** What operators ask for may be refused; anything else that fails is a defect. */
  #attempt(act: () => unknown): void {
    const onError = (error: unknown): void => {
      if (error instanceof OperatingError || this.#world.living === undefined) return;
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
      this.#world.watch.violate('no-defects', text);
    };
    try {
      Promise.resolve(act()).catch(onError);
    } catch (error) {
      onError(error);
    }
  }

  #keepAlive(): void {
    if (this.#world.living !== undefined || this.#isStarting) return;
    this.#isStarting = true;
    const downMs = this.#prng.chance(0.5) ? 0 : this.#prng.int(LONGEST_DOWNTIME_MS);
    this.#world.clock.setTimer(downMs, () => {
      this.#attempt(async () => {
        await this.#world.start();
        this.#isStarting = false;
      });
    });
  }

  #lookAtBreaker(): void {
    const { disk, clock, living } = this.#world;
    const pause = disk.raw.pause(clock.now());
    if (pause?.by !== 'breaker' || !living || !this.#prng.chance(1_000 / BREAKER_LOOKED_AT_MS)) return;
    this.#attempt(() => living.actions.resume({ by: 'operator' }));
  }

  /** The second phase: whatever is broken is mended, now and again. */
  mend(): void {
    const world = this.#world;
    const { cluster, disk, network, living } = world;
    if (this.#isMakingTrouble) {
      this.#isMakingTrouble = false;
      cluster.faults.set(world.scenario.failingShare);
      disk.health = 'well';
      network.lateProbability = 0;
      world.setMaintenance(false);
      world.setProceduresPaused(false);
      for (const target of cluster.targets) reviveServer(world, target);
      for (const { id, diedAtMs } of cluster.truth.datanodes.values())
        if (diedAtMs !== null) cluster.reviveDatanode(id);
    }
    living?.life.spare();
    this.#attempt(() => world.reconfigure(withoutRestrictions));
    if (living && disk.raw.pause(world.clock.now()))
      this.#attempt(() => living.actions.resume({ by: 'operator' }));
    repairStuckRegions(world);
  }
}

function withoutRestrictions(config: World['config']): World['config'] {
  return {
    ...config,
    schedule: { ...config.schedule, windows: [] },
    execution: { ...config.execution, dryRun: false },
  };
}

function reviveServer({ cluster }: World, target: string): void {
  const [, kind, number = '0'] = /^(metasrv|frontend)-(\d+)$/.exec(target) ?? [];
  if (kind === 'metasrv') cluster.reviveMetasrv(Number(number));
  if (kind === 'frontend') cluster.reviveFrontend(Number(number));
}

/** What an operator does about regions that a migration left without a writable leader. */
function repairStuckRegions({ cluster }: World): void {
  const held = new Set(cluster.migrationsUnderWay.map(({ regionId }) => regionId));
  for (const { routes } of cluster.truth.sortedTables())
    for (const { region, state } of routes)
      if (state === 'downgrading' && !held.has(region.id)) cluster.setRegionState(region.id, null);
}

import type { Prng } from '../../../src/lib/prng.ts';
import type { Trouble } from './scenario.ts';
import type { World } from './world.ts';

/** One kind of trouble. */
export interface TroubleMaker {
  /** Time between two of its kind, on average. */
  readonly meanMs: number;
  readonly make: (world: World, prng: Prng) => unknown;
}

const MINUTE_MS = 60_000;
/** Jumps of the wall clock stay below this, either way. */
export const LARGEST_JUMP_MS = 5 * MINUTE_MS;
const MOST_CONTACTS = 120;
const MOST_DATANODES = 6;
const WINDOWS = [{ cron: '*/10 * * * *', durationMs: 4 * MINUTE_MS }];

export const TROUBLE_MAKERS: Readonly<Record<Trouble, TroubleMaker>> = {
  'crash-anywhere': {
    meanMs: 2 * MINUTE_MS,
    make: ({ living }, prng) =>
      living?.life.plan(Math.floor(MOST_CONTACTS ** prng.next()), prng.pick(['before', 'after'])),
  },
  'crash-at-a-time': { meanMs: 4 * MINUTE_MS, make: ({ living }) => living?.life.die() },
  restart: { meanMs: 6 * MINUTE_MS, make: (world) => world.stop() },
  'disk-full': {
    meanMs: 6 * MINUTE_MS,
    make: forAWhile(5_000, 2 * MINUTE_MS, ({ disk }, prng) => {
      disk.health = prng.chance(0.7) ? 'full' : 'failing';
      return () => (disk.health = 'well');
    }),
  },
  'wall-jump': {
    meanMs: 6 * MINUTE_MS,
    make: (world, prng) => world.jumpWall(prng.int(2 * LARGEST_JUMP_MS) - LARGEST_JUMP_MS),
  },
  pause: {
    meanMs: 5 * MINUTE_MS,
    make: async (world, prng) => {
      const forMs = prng.chance(0.5) ? 1_000 + prng.int(3 * MINUTE_MS) : undefined;
      await world.living?.actions.pause({ forMs, reason: 'work', by: 'operator' });
      if (forMs === undefined)
        after(world, prng.int(3 * MINUTE_MS), () => world.living?.actions.resume({ by: 'operator' }));
    },
  },
  drain: { meanMs: 6 * MINUTE_MS, make: drainSomeDatanode },
  cordon: { meanMs: 6 * MINUTE_MS, make: cordonSomeDatanode },
  maintenance: {
    meanMs: 8 * MINUTE_MS,
    make: forAWhile(MINUTE_MS, 4 * MINUTE_MS, (world) => {
      world.setMaintenance(true);
      return () => world.setMaintenance(false);
    }),
  },
  'procedures-paused': {
    meanMs: 8 * MINUTE_MS,
    make: forAWhile(MINUTE_MS, 3 * MINUTE_MS, (world) => {
      world.setProceduresPaused(true);
      return () => world.setProceduresPaused(false);
    }),
  },
  windows: {
    meanMs: 5 * MINUTE_MS,
    make: (world, prng) =>
      world.reconfigure((config) => ({
        ...config,
        schedule: { ...config.schedule, windows: prng.chance(0.6) ? WINDOWS : [] },
      })),
  },
  'dry-run': {
    meanMs: 5 * MINUTE_MS,
    make: (world, prng) =>
      world.reconfigure((config) => ({
        ...config,
        execution: { ...config.execution, dryRun: prng.chance(0.5) },
      })),
  },
  reload: { meanMs: 4 * MINUTE_MS, make: reloadSomething },
  'leader-change': {
    meanMs: 3 * MINUTE_MS,
    make: ({ cluster }, prng) => cluster.changeLeader(prng.chance(0.5) ? {} : { gapMs: prng.int(20_000) }),
  },
  'metasrv-death': {
    meanMs: 6 * MINUTE_MS,
    make: forAWhile(1_000, 90_000, ({ scenario, cluster }, prng) => {
      const index = prng.int(scenario.cluster.metasrvs ?? 1);
      cluster.killMetasrv(index);
      return () => cluster.reviveMetasrv(index);
    }),
  },
  'frontend-death': {
    meanMs: 5 * MINUTE_MS,
    make: forAWhile(1_000, 2 * MINUTE_MS, ({ scenario, cluster }, prng) => {
      const index = prng.int(scenario.cluster.frontends ?? 1);
      cluster.killFrontend(index);
      return () => cluster.reviveFrontend(index);
    }),
  },
  'node-death': {
    meanMs: 5 * MINUTE_MS,
    make: forAWhile(5_000, 4 * MINUTE_MS, loseSomeDatanode),
  },
  'node-join': {
    meanMs: 8 * MINUTE_MS,
    make: joinDatanode,
  },
  'query-node-join': { meanMs: 10 * MINUTE_MS, make: joinQueryNode },
  'table-churn': { meanMs: 4 * MINUTE_MS, make: churnTables },
  'other-mover': { meanMs: 3 * MINUTE_MS, make: (world, prng) => moveSomeRegion(world, prng) },
  'undoing-mover': { meanMs: 3 * MINUTE_MS, make: undoLastMove },
  'late-request': {
    meanMs: 2 * MINUTE_MS,
    make: ({ network }, prng) => (network.lateProbability = prng.chance(0.5) ? 0.3 : 0),
  },
};

function after(world: World, delayMs: number, act: () => unknown): void {
  world.clock.setTimer(delayMs, () => {
    void Promise.resolve()
      .then(act)
      .catch(() => undefined);
  });
}

/** Trouble that lasts `leastMs` and up to `spreadMs` more. @param begin returns what ends it; undefined: there was none. */
function forAWhile(
  leastMs: number,
  spreadMs: number,
  begin: (world: World, prng: Prng) => (() => unknown) | undefined,
): TroubleMaker['make'] {
  return (world, prng) => {
    const end = begin(world, prng);
    if (end) after(world, leastMs + prng.int(spreadMs), end);
  };
}

async function drainSomeDatanode(world: World, prng: Prng): Promise<void> {
  const { cluster, disk, config, living } = world;
  const ids = [...cluster.truth.datanodes.keys()];
  const spared = new Set([
    ...disk.raw.requested('drain').map(({ datanode }) => datanode),
    ...config.datanodes.drain,
    ...config.datanodes.cordon,
  ]);
  const free = ids.filter((id) => !spared.has(id));
  const [drained] = disk.raw.requested('drain');
  if (drained && prng.chance(0.6)) {
    await living?.actions.undrain({ datanodes: [drained.datanode], by: 'operator' });
    return;
  }
  if (free.length > 2)
    await living?.actions.drain({ datanodes: [prng.pick(free)], dryRun: prng.chance(0.2), by: 'operator' });
}

async function cordonSomeDatanode({ cluster, disk, living }: World, prng: Prng): Promise<void> {
  const [cordoned] = disk.raw.requested('cordon');
  if (cordoned) {
    await living?.actions.uncordon({ datanodes: [cordoned.datanode], by: 'operator' });
    return;
  }
  const ids = [...cluster.truth.datanodes.keys()];
  if (ids.length > 3) await living?.actions.cordon({ datanodes: [prng.pick(ids)], by: 'operator' });
}

function reloadSomething(world: World, prng: Prng): void {
  const ids = [...world.cluster.truth.datanodes.keys()];
  const maxMovesPerCycle = prng.pick([1, 3, 20]);
  const cordon = prng.chance(0.3) && ids.length > 3 ? [prng.pick(ids)] : [];
  world.reconfigure((config) => {
    const isFree = cordon.every((id) => !config.datanodes.drain.includes(id));
    return {
      ...config,
      execution: { ...config.execution, maxMovesPerCycle },
      datanodes: { ...config.datanodes, cordon: isFree ? cordon : [] },
    };
  });
}

function living({ cluster }: World): string[] {
  return [...cluster.truth.datanodes.values()]
    .filter(({ diedAtMs }) => diedAtMs === null)
    .map(({ id }) => id);
}

/** Where the cluster cannot list its datanodes, the operator adds it to the configuration too. */
function joinDatanode(world: World): void {
  const { cluster, knowsLiveness } = world;
  if (cluster.truth.datanodes.size >= MOST_DATANODES) return;
  const id = cluster.addDatanode();
  if (knowsLiveness) return;
  world.reconfigure((config) => ({
    ...config,
    datanodes: { ...config.datanodes, expected: [...config.datanodes.expected, id] },
  }));
}

/** One that takes no writes, where the cluster tells so. */
function joinQueryNode({ cluster, knowsWorkloads }: World): void {
  if (knowsWorkloads && cluster.truth.datanodes.size < MOST_DATANODES)
    cluster.addDatanode(undefined, 'query');
}

/** At least two thirds stay. */
function loseSomeDatanode(world: World, prng: Prng): (() => void) | undefined {
  const alive = living(world);
  if ((alive.length - 1) * 3 < world.cluster.truth.datanodes.size * 2) return undefined;
  const id = prng.pick(alive);
  world.cluster.killDatanode(id);
  return () => world.cluster.reviveDatanode(id);
}

function churnTables({ cluster }: World, prng: Prng): void {
  const own = cluster.truth.sortedTables().filter(({ name }) => name.startsWith('churn_'));
  const some = own[0];
  if (some && prng.chance(0.5)) cluster.dropTable(`${some.catalog}.${some.schema}.${some.name}`);
  else if (own.length < 4)
    cluster.createTable({ name: `churn_${prng.int(1_000_000)}`, regions: 1 + prng.int(4) });
}

function moveSomeRegion(world: World, prng: Prng): void {
  const { cluster } = world;
  const routes = cluster.truth.sortedTables().flatMap((table) => table.routes);
  if (routes.length === 0) return;
  const { region, leader, followers } = prng.pick(routes);
  const targets = living(world).filter((id) => id !== leader && !followers.includes(id));
  if (targets.length > 0) world.moveAsAnother(region.id, prng.pick(targets), 'procedure');
}

/** Takes the region that we moved last back to where it came from. */
function undoLastMove(world: World, prng: Prng): void {
  const last = world.watch.requests.findLast(({ end }) => end?.moved === true);
  if (!last || !living(world).includes(last.from)) return;
  const route = world.cluster.truth.routeOf(BigInt(last.regionId));
  if (route?.leader !== last.to || route.followers.includes(last.from)) return;
  world.moveAsAnother(last.regionId, last.from, prng.pick(['procedure', 'at-once']));
}

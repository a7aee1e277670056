import { EMPTY_MEMORY } from '../../../src/domain/policy.ts';
import type { Config } from '../../../src/config/config.ts';
import type { Cluster } from '../../../src/greptimedb/port.ts';
import type { Store } from '../../../src/store/port.ts';
import type { Planner } from '../../../src/app/planning/planner.ts';
import type { RunOptions } from './run.ts';
import type { Sabotage, World } from './world.ts';

/** A daemon that is broken on purpose, the rule by which that has to be found out, and what has to happen for it to show. */
export interface BrokenDaemon {
  readonly rule: string;
  readonly sabotage: Sabotage;
  readonly options: RunOptions;
}

const QUIET = { faults: '', troubles: [], profile: '1.3.0' } as const satisfies RunOptions;

/** Breaks what the daemon sees of the cluster. */
const onCluster = (changes: (cluster: Cluster) => Partial<Cluster>): Sabotage => ({
  cluster: (cluster) => altered(cluster, changes(cluster)),
});
/** Breaks what the daemon keeps. */
const onStore = (changes: (store: Store) => Partial<Store>): Sabotage => ({
  store: (store) => altered(store, changes(store)),
});
/** Breaks how the daemon reads its settings. */
const onExecution = (changes: Partial<Config['execution']>): Sabotage => ({
  config: (config) => ({ ...config, execution: { ...config.execution, ...changes } }),
});
const WORK = ['table-churn', 'other-mover'] as const;

export const BROKEN_DAEMONS: Readonly<Record<string, BrokenDaemon>> = {
  'sends again what got no answer': {
    rule: 'sent-once',
    options: { ...QUIET, faults: 'lost-answer:submit=0.8' },
    sabotage: onCluster((cluster) => ({
      submitMigration: async (request, call) => {
        const first = await cluster.submitMigration(request, call);
        return first.kind === 'unclear' ? cluster.submitMigration(request, call) : first;
      },
    })),
  },
  'forgets the intent': {
    rule: 'intent-before-request',
    options: QUIET,
    sabotage: onStore((store) => ({ writeMove: forgetfulWrite(store) })),
  },
  'begins anew without finding out what was': {
    rule: 'recovered-first',
    options: { ...QUIET, troubles: ['crash-anywhere'], cycles: 30 },
    sabotage: onStore(() => ({ unresolvedMoves: () => [] })),
  },
  'does not wait for the end of a migration': {
    rule: 'one-at-a-time',
    options: { ...QUIET, profile: '0.8.2', faults: 'slow-migration=1' },
    sabotage: onCluster(takesRequestsForMoves),
  },
  'takes dry run for a suggestion': {
    rule: 'not-in-dry-run',
    options: { ...QUIET, troubles: ['dry-run', ...WORK], cycles: 40 },
    sabotage: onExecution({ dryRun: false }),
  },
  'does not know of pauses': {
    rule: 'not-in-pause',
    options: { ...QUIET, troubles: ['pause', 'other-mover', 'table-churn'], cycles: 40 },
    sabotage: onStore(() => ({ pause: () => undefined })),
  },
  'works outside its windows': {
    rule: 'inside-a-window',
    options: { ...QUIET, troubles: ['windows', ...WORK], cycles: 40 },
    sabotage: { config: (config) => ({ ...config, schedule: { ...config.schedule, windows: [] } }) },
  },
  'works through maintenance': {
    rule: 'not-in-maintenance',
    options: { ...QUIET, troubles: ['maintenance', ...WORK], cycles: 60 },
    sabotage: onCluster(seesNoSwitches),
  },
  'does not ask whether procedures are paused': {
    rule: 'not-while-procedures-are-paused',
    options: { ...QUIET, troubles: ['procedures-paused', ...WORK], cycles: 60 },
    sabotage: onCluster(seesNoSwitches),
  },
  'takes the dead for living': {
    rule: 'to-the-living',
    options: { ...QUIET, troubles: ['node-death', ...WORK], cycles: 60 },
    sabotage: onCluster(takesTheDeadForLiving),
  },
  'does not see followers': {
    rule: 'not-to-a-follower',
    options: { ...QUIET, followers: 1 },
    sabotage: onCluster((cluster) => ({
      readRegion: async (regionId, call) => {
        const reading = await cluster.readRegion(regionId, call);
        return reading.kind === 'found' ? { ...reading, followers: [] } : reading;
      },
      readSnapshot: async (call) => {
        const snapshot = await cluster.readSnapshot(call);
        return { ...snapshot, regions: snapshot.regions.map((region) => ({ ...region, followers: [] })) };
      },
    })),
  },
  'fills what is being emptied': {
    rule: 'not-to-the-draining',
    options: { ...QUIET, troubles: ['drain', ...WORK], cycles: 40 },
    sabotage: {
      ...onStore(() => ({ requested: () => [] })),
      config: (config) => ({ ...config, datanodes: { ...config.datanodes, drain: [], cordon: [] } }),
    },
  },
  'knows no limit': {
    rule: 'within-limits',
    options: QUIET,
    sabotage: onExecution({ maxMovesPerCycle: 1_000 }),
  },
  'moves regions to and fro': {
    rule: 'rests-in-cooldown',
    options: { ...QUIET, cycles: 20 },
    sabotage: {
      ...onStore(() => ({ memory: () => EMPTY_MEMORY, cooldownUntil: () => undefined })),
      planner: (planner, world) => fidgety(planner, world),
    },
  },
  'writes a wrong history': {
    rule: 'history-is-true',
    options: QUIET,
    sabotage: onStore((store) => ({
      writeMove: (change) =>
        store.writeMove(
          change.state === 'succeeded' ? { ...change, state: 'failed', cause: 'no-effect' } : change,
        ),
    })),
  },
  'gives up on requests too early': {
    rule: 'given-up-too-early',
    options: { ...QUIET, troubles: ['late-request'], cycles: 30 },
    sabotage: onCluster((cluster) => ({
      submitMigration: async (request, call) => {
        const result = await cluster.submitMigration(request, call);
        return result.kind === 'unclear'
          ? { kind: 'refused', code: 'invalid', message: 'no answer' }
          : result;
      },
    })),
  },
  'does nothing': {
    rule: 'converges',
    options: { ...QUIET, cycles: 5 },
    sabotage: {
      planner: (planner) => async (input, options, signal) => {
        const { plan, counts } = await planner(input, options, signal);
        // It says itself that nothing is even: only the balance that never comes gives it away.
        return { counts: { ...counts, after: counts.now }, plan: { ...plan, moves: [], after: plan.before } };
      },
    },
  },
  'calls the cluster balanced while a dead datanode leads regions': {
    rule: 'balanced-is-true',
    options: { ...QUIET, troubles: ['node-death'], cycles: 40 },
    sabotage: onCluster(takesTheDeadForLiving),
  },
  'calls a datanode empty that leads regions of system tables': {
    rule: 'empty-is-true',
    options: { ...QUIET, troubles: ['drain'], cycles: 40 },
    sabotage: onCluster((cluster) => ({
      readSnapshot: async (call) => {
        const snapshot = await cluster.readSnapshot(call);
        const tables = snapshot.tables.filter(({ schema }) => schema !== 'greptime_private');
        const ids = new Set(tables.map(({ id }) => id));
        const regions = snapshot.regions.filter(({ tableId }) => ids.has(tableId));
        return { ...snapshot, tables, regions };
      },
    })),
  },
  'falls over a defect': {
    rule: 'no-defects',
    options: QUIET,
    sabotage: { planner: () => () => Promise.reject(new TypeError('undefined is not a function')) },
  },
};

/** The same object with some methods of its own. */
function altered<T extends Cluster | Store>(target: T, changes: Partial<T>): T {
  return new Proxy(target, {
    get(object, name) {
      const value: unknown = name in changes ? Reflect.get(changes, name) : Reflect.get(object, name, object);
      return typeof value === 'function' ? (value.bind(object) as unknown) : value;
    },
  });
}

function seesNoSwitches(): Partial<Cluster> {
  return { readSafety: () => Promise.resolve({ maintenance: false, procedureManager: 'running' }) };
}

/** What it asked for has happened, as far as it can see. */
function takesRequestsForMoves(cluster: Cluster): Partial<Cluster> {
  const targets = new Map<string, string>();
  return {
    readProcedure: () => Promise.resolve({ kind: 'ended', status: 'done' }),
    readRegion: async (regionId, call) => {
      const reading = await cluster.readRegion(regionId, call);
      const to = targets.get(regionId);
      const hasMoved = reading.kind === 'found' && to !== undefined;
      return hasMoved ? { ...reading, leader: to, status: 'alive' } : reading;
    },
    submitMigration: (request, call) => {
      targets.set(request.regionId, request.to);
      return cluster.submitMigration(request, call);
    },
  };
}

/** Says that the intent is on disk, and does not write it. */
function forgetfulWrite(store: Store): Store['writeMove'] {
  return (change) => {
    if (change.state !== 'intent-recorded') return store.writeMove(change);
    const move = store.move(change.moveId);
    if (!move) throw new Error('No such move');
    return { ...move, state: 'intent-recorded' };
  };
}

function takesTheDeadForLiving(cluster: Cluster): Partial<Cluster> {
  return {
    readDatanodes: async (call) => (await cluster.readDatanodes(call)).map(revived),
    readSnapshot: async (call) => {
      const snapshot = await cluster.readSnapshot(call);
      return { ...snapshot, datanodes: snapshot.datanodes.map(revived) };
    },
  };
}

function revived<T extends { readonly status: 'alive' | 'dead' }>(datanode: T): T {
  return { ...datanode, status: 'alive' };
}

/** Plans to move the first region to the next datanode, always. */
function fidgety(planner: Planner, world: World): Planner {
  return async (input, options, signal) => {
    const planned = await planner(input, options, signal);
    const region = input.snapshot.regions.find(({ leader }) => leader !== null);
    const ids = [...world.cluster.truth.datanodes.keys()];
    if (!region?.leader) return planned;
    const to = ids[(ids.indexOf(region.leader) + 1) % ids.length] ?? region.leader;
    const { id: regionId, tableId, leader: from } = region;
    const move = {
      seq: 1,
      regionId,
      tableId,
      table: 't',
      from,
      to,
      reason: 'node-spread',
      detail: '',
    } as const;
    return { ...planned, plan: { ...planned.plan, moves: [move] } };
  };
}

import type { Move } from '../../src/domain/plan.ts';
import {
  createExecutor,
  type ExecutionContext,
  type ExecutionReport,
  type Executor,
} from '../../src/executor/executor.ts';
import type { ExecutorOptions } from '../../src/executor/options.ts';
import type { Standing } from '../../src/executor/gates.ts';
import { VirtualClock } from '../harness/virtual-clock.ts';
import type { RegionProcedure } from '../../src/greptimedb/port.ts';
import type { RebalancerEvent } from '../../src/observability/events.ts';
import type { Store } from '../../src/store/port.ts';
import { openStore } from '../../src/store/sqlite.ts';
import { FakeCluster, type FakeClusterOptions } from './fake-cluster.ts';
import { makeMove } from './plans.ts';

/** The defaults, but for a shorter replay timeout, so that the server's worst case is 10 minutes and 10 seconds. */
export const OPTIONS: ExecutorOptions = {
  replayTimeoutMs: 10_000,
  moveTimeoutMs: 900_000,
  pollIntervalMs: 1_000,
  pauseBetweenMovesMs: 2_000,
  regionCooldownMs: 3_600_000,
  maxConsecutiveFailures: 3,
  quarantine: { baseMs: 600_000, maxMs: 86_400_000 },
  maxSnapshotAgeMs: 60_000,
  minAliveShare: 0.5,
  maxMovesPerHour: 100,
  thrash: { undoneMoves: 3, windowMs: 3_600_000 },
};

/** Nothing but the cluster and the store forbids anything. */
export const STANDING: Standing = {
  isLeader: true,
  isConfigWaiting: false,
  isReplanWaiting: false,
  isDryRun: false,
  window: { isOpen: true, detail: '' },
  draining: [],
  snapshotTakenAtMs: Infinity,
};

export const REGION = '4398046511104';

export function moveOf(change: Partial<Move> = {}): Move {
  return makeMove(1, { to: '1', reason: 'node-spread', detail: '', ...change });
}

/** Somebody else migrates another region. */
export const FOREIGN: RegionProcedure = {
  procedureId: 'f',
  type: 'metasrv-procedure::RegionMigration',
  isRegionMigration: true,
  active: true,
  regionIds: ['77'],
  status: 'Running',
  startedAtMs: 0,
};

export interface Rig {
  readonly clock: VirtualClock;
  readonly cluster: FakeCluster;
  readonly store: Store;
  readonly events: RebalancerEvent[];
  readonly executor: Executor;
  readonly controller: AbortController;
  /** Executes with plan `p`, cycle 1 and a limit of 100, in virtual time. */
  execute(moves: readonly Move[], context?: Partial<ExecutionContext>): Promise<ExecutionReport>;
  /** Runs the clock until the promise is settled. */
  drive<T>(promise: Promise<T>): Promise<T>;
}

export interface RigOptions {
  readonly cluster?: Partial<FakeClusterOptions>;
  readonly options?: Partial<ExecutorOptions>;
  readonly standing?: Partial<Standing>;
  readonly store?: Store;
  readonly clock?: VirtualClock;
  readonly onEvent?: (event: RebalancerEvent) => void;
}

/** An executor on a scripted cluster and a store in memory, in virtual time. */
export function createRig(rig: RigOptions = {}): Rig {
  const clock = rig.clock ?? new VirtualClock();
  const cluster = new FakeCluster({ regions: { [REGION]: '0' }, ...rig.cluster }, clock);
  const store = rig.store ?? openStore({ path: ':memory:' }, { clock });
  const events: RebalancerEvent[] = [];
  const executor = createExecutor(
    { ...OPTIONS, ...rig.options },
    {
      cluster,
      store,
      clock,
      events: {
        emit(event) {
          events.push(event);
          rig.onEvent?.(event);
        },
      },
      standing: () => ({ ...STANDING, ...rig.standing }),
    },
  );
  const controller = new AbortController();
  const drive = <T>(promise: Promise<T>): Promise<T> => clock.settled(promise);
  return {
    clock,
    cluster,
    store,
    events,
    executor,
    controller,
    drive,
    execute: (moves, context = {}) =>
      drive(executor.execute(moves, { planId: 'p', cycleId: 1, limit: 100, ...context }, controller.signal)),
  };
}

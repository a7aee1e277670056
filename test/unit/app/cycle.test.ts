import { describe, expect, it } from 'vitest';
import { Connection } from '../../../src/app/daemon/connection.ts';
import { runCycle } from '../../../src/app/daemon/cycle.ts';
import type { CycleDependencies, CycleReport } from '../../../src/app/daemon/cycle.ts';
import { OperatingError } from '../../../src/domain/errors.ts';
import type { ExecutionReport, Executor } from '../../../src/executor/port.ts';
import { VirtualClock } from '../../harness/virtual-clock.ts';
import type { RebalancerEvent } from '../../../src/observability/events.ts';
import type { Store } from '../../../src/store/port.ts';
import { openStore } from '../../../src/store/sqlite.ts';
import { FakeCluster } from '../../support/fake-cluster.ts';
import { DEFAULT_POLICY, SMALL_SNAPSHOT, makeMove, makePlan, withCounts } from '../../support/plans.ts';

const NONE = { succeeded: 0, failed: 0, timed_out: 0, rolled_back: 0, abandoned: 0 };
/** Seven moves of a long plan, then the snapshot is too old for the rest. */
const PART: ExecutionReport = {
  records: [],
  counts: { ...NONE, succeeded: 7, failed: 1 },
  submitted: 8,
  remaining: 2,
  closed: [{ code: 'stale-snapshot', detail: 'too old' }],
};

interface Stage {
  /** How often the cluster was opened. */
  readonly opened: () => number;
  readonly store: Store;
  readonly events: RebalancerEvent[];
  readonly run: () => Promise<CycleReport>;
}

type OnRead = (count: number, stop: () => void) => Promise<void> | void;

interface StageOptions {
  readonly store?: (store: Store) => Store;
  /** Called at every snapshot; may reject. */
  readonly onRead?: OnRead;
}

function stage({ store: change = (store) => store, onRead = () => undefined }: StageOptions = {}): Stage {
  const clock = new VirtualClock();
  const cluster = new FakeCluster({ regions: {} }, clock);
  const stopping = new AbortController();
  let [reads, opened] = [0, 0];
  cluster.readSnapshot = async () => {
    await onRead(++reads, () => stopping.abort());
    return SMALL_SNAPSHOT;
  };
  const real = openStore({ path: ':memory:' }, { clock });
  const events: RebalancerEvent[] = [];
  const executor: Executor = {
    recover: () => Promise.resolve({ resolved: [], open: [], stopped: false }),
    execute: () => Promise.resolve(PART),
    closedGates: () => Promise.resolve([]),
  };
  const store = change(real);
  const dependencies: CycleDependencies = {
    ...{ store, clock },
    connection: new Connection(() => {
      opened += 1;
      return Promise.resolve(cluster);
    }),
    events: { emit: (event) => events.push(event) },
    planner: () => Promise.resolve(withCounts(makePlan({ moves: [makeMove(1)] }))),
    openExecutor: () => executor,
    noteSnapshot: () => undefined,
    completeSnapshot: (snapshot) => snapshot,
    isActing: () => true,
    onDefect: (error) => {
      throw error;
    },
  };
  const settings = {
    policy: DEFAULT_POLICY,
    configured: DEFAULT_POLICY,
    timeBudgetMs: 1,
    dryRun: false,
    maxMoves: 20,
  };
  return {
    store: real,
    events,
    opened: () => opened,
    run: () => runCycle(() => settings, dependencies, 'schedule', stopping.signal),
  };
}

describe('a cycle that ends early', () => {
  it.each<[string, OnRead, string]>([
    [
      'the cluster cannot be read again',
      (count) => {
        if (count > 1) throw new OperatingError('cluster-unreachable', 'no connection');
      },
      'failed',
    ],
    [
      'the process is told to stop',
      (count, stop) => {
        if (count === 1) return;
        stop();
        throw new OperatingError('cluster-unreachable', 'no connection');
      },
      'stopped',
    ],
  ])('keeps what was moved until then: %s', async (_, onRead, outcome) => {
    const { store, events, run } = stage({ onRead });
    expect(await run()).toMatchObject({ outcome, moved: 7, failed: 1 });
    expect(store.listCycles(1)).toMatchObject([{ end: { outcome, moved: 7 } }]);
    expect(events.at(-1)).toMatchObject({ type: 'cycle-finished', outcome, moved: 7 });
  });
});

describe('a cycle whose state folder fails', () => {
  const fail = (): never => {
    throw new OperatingError('state-full', 'the disk is full');
  };

  it.each<[string, Partial<Store>, string[]]>([
    ['at its begin', { beginCycle: fail }, ['cycle-finished']],
    [
      'at its end',
      { endCycle: fail },
      ['cycle-started', 'snapshot-taken', 'planned', 'snapshot-taken', 'planned', 'cycle-finished'],
    ],
  ])('rejects, and is told of as failed: %s', async (_, broken, types) => {
    const onRead: OnRead = (count) => {
      if (count > 2) throw new OperatingError('cluster-unreachable', 'no connection');
    };
    const { events, run } = stage({ store: (store) => ({ ...store, ...broken }), onRead });
    await expect(run()).rejects.toMatchObject({ code: 'state-full' });
    expect(events.map(({ type }) => type)).toEqual(types);
    expect(events.at(-1)).toMatchObject({ outcome: 'failed', detail: 'the disk is full' });
  });
});

describe('what was found out about a cluster', () => {
  it.each([
    ['outlives a failed cycle', 'cluster-unreachable', 1],
    ['outlives an answer that is none', 'cluster-answer', 1],
    ['is found out anew after an answer that contradicts it', 'api-mismatch', 2],
  ])('%s', async (_, code, times) => {
    const { run, opened } = stage({
      onRead: (count) => {
        if (count === 1) throw new OperatingError(code, 'no such answer');
        if (count > 2) throw new OperatingError('cluster-unreachable', 'no connection');
      },
    });
    await run();
    await run();
    expect(opened()).toBe(times);
  });
});

import { describe, expect, it } from 'vitest';
import { runCycle } from '../../../src/app/daemon/cycle.ts';
import type { CycleReport } from '../../../src/app/daemon/cycle.ts';
import { OperatingError } from '../../../src/domain/errors.ts';
import type { ExecutionReport } from '../../../src/executor/port.ts';
import type { StampedEvent } from '../../../src/observability/events.ts';
import type { Store } from '../../../src/store/port.ts';
import { openStore } from '../../../src/store/sqlite.ts';
import { VirtualClock } from '../../harness/virtual-clock.ts';
import { makeMove, makePlan, SMALL_SNAPSHOT, withCounts } from '../../support/plans.ts';
import { createSessionRig } from '../../support/session.ts';

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
  readonly events: StampedEvent[];
  readonly run: () => Promise<CycleReport>;
}

type OnRead = (count: number, stop: () => void) => Promise<void> | void;

/** @param onRead called at every snapshot; may reject. */
async function stage(onRead: OnRead, broken: Partial<Store> = {}): Promise<Stage> {
  const clock = new VirtualClock();
  const store = openStore({ path: ':memory:' }, { clock });
  const stopping = new AbortController();
  let [reads, opened] = [0, 0];
  const { session, cluster, events } = await createSessionRig({
    clock,
    store: { ...store, ...broken },
    planner: () => Promise.resolve(withCounts(makePlan({ moves: [makeMove(1)] }))),
    openCluster: () => {
      opened += 1;
      return Promise.resolve(cluster);
    },
  });
  cluster.readSnapshot = async () => {
    await onRead(++reads, () => stopping.abort());
    return SMALL_SNAPSHOT;
  };
  session.openExecutor = () => ({
    recover: () => Promise.resolve({ resolved: [], open: [], stopped: false }),
    execute: () => Promise.resolve(PART),
    closedGates: () => Promise.resolve([]),
  });
  return { store, events, opened: () => opened, run: () => runCycle(session, 'schedule', stopping.signal) };
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
    const { store, events, run } = await stage(onRead);
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
    const { events, run } = await stage(onRead, broken);
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
    const { run, opened } = await stage((count) => {
      if (count === 1) throw new OperatingError(code, 'no such answer');
      if (count > 2) throw new OperatingError('cluster-unreachable', 'no connection');
    });
    await run();
    await run();
    expect(opened()).toBe(times);
  });
});

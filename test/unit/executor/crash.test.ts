import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createExecutor, type Executor } from '../../../src/executor/executor.ts';
import { isUnresolved, type MoveRecord } from '../../../src/domain/move.ts';
import { VirtualClock } from '../../harness/virtual-clock.ts';
import type { Store } from '../../../src/store/port.ts';
import { openStore } from '../../../src/store/sqlite.ts';
import { Life, type DeathPlan } from '../../harness/sim/life.ts';
import { moveOf, OPTIONS, REGION, STANDING } from '../../support/executor.ts';
import { FakeCluster, type Behaviour, type FakeClusterOptions } from '../../support/fake-cluster.ts';
import { tempFolder } from '../../support/temp-folder.ts';

/** No life of a move has more contacts with store and cluster than this within its first seconds. */
const MOST_CONTACTS = 40;

function start(store: Store, cluster: FakeCluster, clock: VirtualClock, life?: Life): Executor {
  return createExecutor(OPTIONS, {
    cluster: life?.mortal(cluster) ?? cluster,
    store: life?.mortal(store) ?? store,
    clock,
    events: { emit: () => undefined },
    standing: () => STANDING,
  });
}

interface Death {
  /** Undefined when it did not die. */
  readonly place: string | undefined;
  readonly move: MoveRecord | undefined;
  readonly cluster: FakeCluster;
}

/** A process begins a move and dies at one place; the next one recovers, on the same file. */
async function dieAndRecover(
  path: string,
  plan: DeathPlan,
  behaviour: Behaviour,
  options: Partial<FakeClusterOptions>,
): Promise<Death> {
  const clock = new VirtualClock();
  const cluster = new FakeCluster({ regions: { [REGION]: '0' }, ...options }, clock);
  cluster.script(behaviour);
  const context = { planId: 'p', cycleId: 1, limit: 10 };
  const { signal } = new AbortController();
  const first = openStore({ path }, { clock });
  let place: string | undefined;
  const life = new Life(clock, {
    plan,
    onDeath: (where) => (place = where),
    onUncaught: (error) => {
      throw error;
    },
  });
  const executing = start(first, cluster, clock, life).execute([moveOf()], context, signal);
  await clock.settled(executing).catch((error: unknown) => {
    if (!life.isDead) throw error;
  });
  first.close();
  const second = openStore({ path }, { clock });
  const executor = start(second, cluster, clock);
  await clock.settled(executor.recover(signal));
  const move = second.move(1);
  second.close();
  return { place, move, cluster };
}

const worlds: readonly (readonly [string, Behaviour, Partial<FakeClusterOptions>])[] = [
  ['a good migration', { downgradesAtMs: 300, endsAtMs: 1_000 }, {}],
  [
    'a good migration, by the route alone',
    { downgradesAtMs: 300, endsAtMs: 1_000 },
    { listsProcedures: false, hasProcedureState: false },
  ],
  ['a lost answer', { answer: 'lost', endsAtMs: 1_000 }, {}],
  ['a rollback', { downgradesAtMs: 300, endsAtMs: 1_000, region: 'source', status: 'failed' }, {}],
  ['a lost request', { answer: 'lost', arrives: false }, {}],
  ['a refusal', { answer: 'peer-unavailable' }, {}],
];

describe.each(worlds)('a process that meets %s and dies', (_name, behaviour, options) => {
  it.each(['before', 'after'] as const)(
    '%s any contact leaves nothing lost and nothing doubled',
    async (when) => {
      const places = new Set<string>();
      for (let at = 0; at < MOST_CONTACTS; at += 1) {
        const path = join(tempFolder(), 'state');
        const death = await dieAndRecover(path, { contact: at, when }, behaviour, options);
        if (death.place === undefined) break;
        places.add(death.place);
        expectTruth(death);
      }
      expect([...places]).toContain(`${when} submitMigration`);
      expect(places.size).toBeGreaterThanOrEqual(10);
    },
  );
});

/** Every move has an end, and that agrees with the cluster; nothing was sent without an intent, nor twice. */
function expectTruth({ place, move, cluster }: Death): void {
  const where = { place, state: move?.state, cause: move?.cause };
  expect({ ...where, submissions: cluster.submissions.length <= 1 }).toEqual({ ...where, submissions: true });
  if (!move) {
    expect({ place, sent: cluster.submissions.length }).toEqual({ place, sent: 0 });
    return;
  }
  expect({ ...where, open: isUnresolved(move) }).toEqual({ ...where, open: false });
  const hasMoved = cluster.region(REGION).leader === '1';
  expect({ ...where, succeeded: move.state === 'succeeded' }).toEqual({ ...where, succeeded: hasMoved });
  if (move.state === 'abandoned')
    expect({ place, sent: cluster.submissions.length }).toEqual({ place, sent: 0 });
}

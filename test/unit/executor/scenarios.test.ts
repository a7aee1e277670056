import { describe, expect, it } from 'vitest';
import type { CauseCode } from '../../../src/domain/causes.ts';
import type { Outcome } from '../../../src/domain/codes.ts';
import { createRig, FOREIGN, moveOf, OPTIONS, REGION } from '../../support/executor.ts';
import type { Behaviour, FakeCluster, FakeClusterOptions } from '../../support/fake-cluster.ts';

interface World {
  /** Of the migration that is asked for. */
  readonly behaviour?: Behaviour;
  readonly cluster?: Partial<FakeClusterOptions>;
  readonly arrange?: (cluster: FakeCluster) => void;
  /** At most so long, in ms of virtual time. */
  readonly withinMs?: number;
  /** The gate that ends the list. */
  readonly stop?: string;
}
type Case = readonly [name: string, behaviour: Behaviour, rest?: World];

/** Nothing but routes can be read. */
const LEGACY = { cluster: { listsProcedures: false, hasProcedureState: false } };
/** 0.7 to 0.9.3: states can be asked for, procedures cannot be listed. */
const NO_LIST = { cluster: { listsProcedures: false } };
const CONFIRMING = { cluster: { confirmsWritable: true } };

function afterRequest(act: (cluster: FakeCluster) => void): World {
  return {
    arrange: (cluster) => {
      cluster.onSubmitted = () => act(cluster);
    },
  };
}

/** Ends of moves that were asked for, and what leads to them. */
const asked: readonly (readonly [`${Outcome} ${CauseCode}`, readonly Case[]])[] = [
  [
    'succeeded moved',
    [
      ['a good migration', {}, { withinMs: 2_300 }],
      ['a good migration, by the route alone', { downgradesAtMs: 500 }, { ...LEGACY, withinMs: 2_300 }],
      ['a migration that takes 14 minutes', { endsAtMs: 840_000 }, { withinMs: 842_000 }],
      ['a good migration that registers late', { registersAtMs: 5_000, endsAtMs: 9_000 }],
      ['an old route right after the end', { staleForMs: 20_000 }, { withinMs: 24_000 }],
      [
        'an old route right after the end that datanodes contradict',
        { staleForMs: 20_000 },
        { ...CONFIRMING, withinMs: 24_000 },
      ],
      ['forgotten by a new leader', { forgottenAtMs: 1_000, endsAtMs: 3_000 }, { withinMs: 5_000 }],
      ['an answer that was lost', { answer: 'lost' }, { withinMs: 5_000 }],
      [
        'an answer that was lost, procedures not listed',
        { answer: 'lost', downgradesAtMs: 500 },
        { ...NO_LIST, withinMs: 5_000 },
      ],
      ['an answer that was lost, by the route alone', { answer: 'lost' }, { ...LEGACY, withinMs: 5_000 }],
      ['an answer that was lost, of a request that arrives late', { answer: 'lost', arrivesAtMs: 40_000 }],
      [
        'a late migration, by the route alone, within the worst case',
        { answer: 'lost', endsAtMs: 580_000 },
        LEGACY,
      ],
      ['already running, which is our own second try', { answer: 'already-running', arrives: true }],
      [
        'already there by the second try of our own request',
        { answer: 'already-there', arrives: true, endsAtMs: 0 },
      ],
      [
        'a dead peer, says a new leader to our own second try, and runs the first',
        { answer: 'peer-unavailable', arrives: true, endsAtMs: 5_000 },
      ],
      [
        'a cluster that is silent for a minute',
        { endsAtMs: 5_000 },
        afterRequest((cluster) => cluster.outage(100, 60_000)),
      ],
    ],
  ],
  [
    'succeeded failed-but-moved',
    [['Failed, and moved', { status: 'failed', error: 'Datanode table not found' }]],
  ],
  [
    'failed done-not-moved',
    [
      ['Done, and not moved', { region: 'source' }, { withinMs: 64_000 }],
      [
        'Done, and not moved, and a datanode says so',
        { region: 'source' },
        { ...CONFIRMING, withinMs: 3_000 },
      ],
    ],
  ],
  [
    'rolled_back rolled_back',
    [
      [
        'rolled back',
        { downgradesAtMs: 500, region: 'source', status: 'failed', error: 'Failed to upgrade.' },
      ],
      [
        'rolled back after seven minutes of retries',
        { endsAtMs: 455_000, region: 'source', status: 'failed' },
      ],
      [
        'rolled back, by the route alone',
        { downgradesAtMs: 500, region: 'source', endsAtMs: 8_000 },
        { ...LEGACY, withinMs: 70_000 },
      ],
      [
        'an answer that was lost, and then rolled back',
        { answer: 'lost', region: 'source', status: 'failed' },
      ],
    ],
  ],
  [
    'failed moved-elsewhere',
    [
      ['moved to a third datanode', { region: { elsewhere: '2' } }],
      [
        'moved to a third datanode, by the route alone',
        { region: { elsewhere: '2' } },
        { ...LEGACY, withinMs: 70_000 },
      ],
    ],
  ],
  ['failed region-dropped', [['dropped meanwhile', { region: 'dropped', status: 'failed' }]]],
  [
    'failed procedure-not-registered',
    [['accepted and never registered', { registersAtMs: null }, { withinMs: 130_000 }]],
  ],
  [
    'failed procedure-lost',
    [
      [
        'forgotten while it ran, not moved',
        { forgottenAtMs: 1_000, endsAtMs: 1_000, region: 'source' },
        { withinMs: 130_000 },
      ],
    ],
  ],
  [
    'failed no-effect',
    [['accepted without any effect, by the route alone', { registersAtMs: null }, LEGACY]],
  ],
  [
    'failed submit-unclear-not-started',
    [
      ['a request that was lost', { answer: 'lost', arrives: false }, { withinMs: 145_000 }],
      [
        'a request that was lost, procedures not listed',
        { answer: 'lost', arrives: false },
        { ...NO_LIST, withinMs: 680_000 },
      ],
      ['already there, says the cluster, and it is not', { answer: 'already-there' }],
    ],
  ],
  [
    'abandoned already-there',
    [
      [
        'already there, says the cluster, and it is',
        { answer: 'already-there' },
        afterRequest((cluster) => {
          cluster.region(REGION).leader = '1';
        }),
      ],
    ],
  ],
  ['failed refused-already-running', [['already running, and nothing runs', { answer: 'already-running' }]]],
  [
    'failed refused-peer-unavailable',
    [
      ['a dead peer, says the cluster', { answer: 'peer-unavailable' }],
      [
        'a dead peer, says a cluster without a list of procedures',
        { answer: 'peer-unavailable' },
        { ...NO_LIST, withinMs: 1_000 },
      ],
    ],
  ],
  ['abandoned leader-changed', [['another leader, says the cluster', { answer: 'leader-changed' }]]],
  ['abandoned region-gone', [['no such region, says the cluster', { answer: 'region-gone' }]]],
  [
    'failed follower-on-target',
    [['a follower on the target, says the cluster', { answer: 'follower-on-target' }]],
  ],
  ['failed refused-logical-table', [['a logical table, says the cluster', { answer: 'logical-table' }]]],
  [
    'failed refused-access-denied',
    [['an account without the right', { answer: 'access-denied' }, { stop: 'cluster-unhealthy' }]],
  ],
  [
    'timed_out stuck-downgraded',
    [
      ['stuck downgraded', { downgradesAtMs: 500, region: 'stuck', status: 'failed' }],
      ['stuck downgraded, by the route alone', { downgradesAtMs: 500, region: 'stuck' }, LEGACY],
    ],
  ],
  [
    'timed_out still-running',
    [['still running after its time', { endsAtMs: 5_000_000 }, { stop: 'migration-running' }]],
  ],
  [
    'timed_out outcome-unknown',
    [
      [
        'a cluster that falls silent',
        {},
        { ...afterRequest((cluster) => cluster.outage(100, 5_000_000)), stop: 'migration-running' },
      ],
    ],
  ],
];

type RegionChange = Partial<ReturnType<FakeCluster['region']>>;
const region = (change: RegionChange): World => ({
  arrange: (cluster) => Object.assign(cluster.region(REGION), change),
});
const ALTERING = {
  ...FOREIGN,
  ...{ type: 'metasrv-procedure::AlterTable', isRegionMigration: false, regionIds: [REGION] },
};

/** What keeps a move from being asked for. */
const unasked: readonly (readonly [name: string, CauseCode, World])[] = [
  ['a region that is there already', 'already-there', region({ leader: '1' })],
  ['a region that is elsewhere', 'leader-changed', region({ leader: '2' })],
  ['a region without a leader', 'no-leader', region({ leader: null })],
  ['a region that is gone', 'region-gone', region({ gone: true })],
  ['a region that migrates', 'migrating', region({ status: 'migrating' })],
  ['a region that is repartitioned', 'staging', region({ status: 'staging' })],
  ['a region with a follower on the target', 'follower-on-target', region({ followers: ['1'] })],
  [
    'a region that another procedure holds',
    'migrating',
    { arrange: ({ foreign }) => void foreign.push(ALTERING) },
  ],
  ['a dead target', 'target-dead', { arrange: (cluster) => cluster.kill('1') }],
  ['a dead source', 'leader-dead', { arrange: (cluster) => cluster.kill('0') }],
  ['a source that is not listed', 'unknown-datanode', { cluster: { datanodes: ['1', '2'] } }],
  ['a target that is not listed', 'target-dead', { cluster: { datanodes: ['0', '2'] } }],
  [
    'a request that could not be sent',
    'not-sent',
    { behaviour: { answer: 'unsent' }, stop: 'cluster-unhealthy' },
  ],
];

const rows = [
  ...asked.flatMap(([end, cases]) =>
    cases.map(([name, behaviour, rest]) => ({ name, end, submissions: 1, ...rest, behaviour })),
  ),
  ...unasked.map(([name, cause, world]) => ({ name, end: `abandoned ${cause}`, submissions: 0, ...world })),
];

describe('a move', () => {
  it.each(rows)('meets $name: $end', async ({ end, submissions, ...world }) => {
    const rig = createRig({ ...(world.cluster && { cluster: world.cluster }) });
    if (world.behaviour) rig.cluster.script(world.behaviour);
    world.arrange?.(rig.cluster);
    const report = await rig.execute([moveOf()]);
    const { state, cause, detail } = report.records[0]!;
    expect(`${state} ${cause ?? ''}`).toBe(end);
    expect(detail).not.toBe('');
    expect(rig.cluster.submissions).toHaveLength(submissions);
    // What somebody else had moved already is no migration of ours.
    expect(report.submitted).toBe(cause === 'already-there' ? 0 : submissions);
    expect(report.closed[0]?.code).toBe(world.stop);
    if (world.withinMs !== undefined) expect(rig.clock.monotonicMs()).toBeLessThanOrEqual(world.withinMs);
    expectConsequences(rig, end);
  });

  it('is written down as far as it went before anything is told of it', async () => {
    const written: (string | undefined)[] = [];
    const rig = createRig({
      onEvent: ({ type }) => type === 'move-state' && written.push(rig.store.move(1)?.state),
    });
    await rig.execute([moveOf()]);
    const states = rig.events.filter((event) => event.type === 'move-state').map(({ move }) => move.state);
    expect(written).toEqual(states);
    expect(states).toEqual([
      'checking',
      'intent-recorded',
      'submitted',
      'watching',
      'verifying',
      'succeeded',
    ]);
    expect(rig.events.at(-1)).toMatchObject({ type: 'move-finished', move: { procedureId: 'procedure-1' } });
  });

  it('has its intent on disk when the request leaves', async () => {
    const rig = createRig();
    let stateAtRequest: string | undefined;
    rig.cluster.onRequest = (name) => {
      if (name === 'submitMigration') stateAtRequest = rig.store.move(1)?.state;
    };
    await rig.execute([moveOf()]);
    expect(stateAtRequest).toBe('intent-recorded');
  });
});

/** What a move leaves behind: cooldown after success, quarantine after failure, neither when nothing was tried. */
function expectConsequences(rig: ReturnType<typeof createRig>, end: string): void {
  const [state, cause] = end.split(' ');
  const nowMs = rig.clock.now();
  const { cooldowns, quarantine } = rig.store.memory(nowMs);
  const isBlameless = state === 'abandoned' || cause === 'region-dropped';
  const expectsQuarantine = state !== 'succeeded' && !isBlameless;
  expect(cooldowns).toHaveLength(state === 'succeeded' ? 1 : 0);
  expect(quarantine).toEqual(
    expectsQuarantine ? [{ regionId: REGION, untilMs: nowMs + OPTIONS.quarantine.baseMs }] : [],
  );
  expect(rig.store.failureRun()).toBe(expectsQuarantine ? 1 : 0);
  const isOpen = state === 'timed_out';
  expect(rig.store.unresolvedMoves()).toHaveLength(isOpen ? 1 : 0);
}

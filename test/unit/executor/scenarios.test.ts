import { describe, expect, it } from 'vitest';
import type { CauseCode } from '../../../src/domain/causes.ts';
import type { MoveState } from '../../../src/domain/move.ts';
import { createRig, moveOf, OPTIONS, REGION } from '../../support/executor.ts';
import type { Behaviour, FakeCluster, FakeClusterOptions } from '../../support/fake-cluster.ts';

const LEGACY: Partial<FakeClusterOptions> = { listsProcedures: false, hasProcedureState: false };
/** 0.7 to 0.9.3: states can be asked for, procedures cannot be listed. */
const NO_LIST: Partial<FakeClusterOptions> = { listsProcedures: false };
const CONFIRMING: Partial<FakeClusterOptions> = { confirmsWritable: true };

interface Row {
  readonly name: string;
  readonly behaviour?: Behaviour;
  readonly cluster?: Partial<FakeClusterOptions>;
  readonly arrange?: (cluster: FakeCluster) => void;
  readonly state: MoveState;
  readonly cause: CauseCode;
  readonly submissions: 0 | 1;
  /** At most so long, in ms of virtual time. */
  readonly withinMs?: number;
  readonly stop?: string;
}

const rows: readonly Row[] = [
  {
    name: 'a good migration',
    behaviour: {},
    state: 'succeeded',
    cause: 'moved',
    submissions: 1,
    withinMs: 2_300,
  },
  {
    name: 'a good migration, by the route alone',
    behaviour: { downgradesAtMs: 500 },
    cluster: LEGACY,
    state: 'succeeded',
    cause: 'moved',
    submissions: 1,
    withinMs: 2_300,
  },
  {
    name: 'a migration that takes 14 minutes',
    behaviour: { endsAtMs: 840_000 },
    state: 'succeeded',
    cause: 'moved',
    submissions: 1,
    withinMs: 842_000,
  },
  {
    name: 'a good migration that registers late',
    behaviour: { registersAtMs: 5_000, endsAtMs: 9_000 },
    state: 'succeeded',
    cause: 'moved',
    submissions: 1,
  },
  {
    name: 'an old route right after the end',
    behaviour: { staleForMs: 20_000 },
    state: 'succeeded',
    cause: 'moved',
    submissions: 1,
    withinMs: 24_000,
  },
  {
    name: 'an old route right after the end that datanodes contradict',
    behaviour: { staleForMs: 20_000 },
    cluster: CONFIRMING,
    state: 'succeeded',
    cause: 'moved',
    submissions: 1,
    withinMs: 24_000,
  },
  {
    name: 'Failed, and moved',
    behaviour: { status: 'failed', error: 'Datanode table not found' },
    state: 'succeeded',
    cause: 'failed-but-moved',
    submissions: 1,
  },
  {
    name: 'forgotten by a new leader, and moved',
    behaviour: { forgottenAtMs: 1_000, endsAtMs: 3_000 },
    state: 'succeeded',
    cause: 'moved',
    submissions: 1,
    withinMs: 5_000,
  },
  {
    name: 'Done, and not moved',
    behaviour: { region: 'source' },
    state: 'failed',
    cause: 'done-not-moved',
    submissions: 1,
    withinMs: 64_000,
  },
  {
    name: 'Done, and not moved, and a datanode says so',
    behaviour: { region: 'source' },
    cluster: CONFIRMING,
    state: 'failed',
    cause: 'done-not-moved',
    submissions: 1,
    withinMs: 3_000,
  },
  {
    name: 'rolled back',
    behaviour: {
      downgradesAtMs: 500,
      region: 'source',
      status: 'failed',
      error: 'Failed to upgrade the candidate region.',
    },
    state: 'rolled_back',
    cause: 'rolled_back',
    submissions: 1,
  },
  {
    name: 'rolled back after seven minutes of retries',
    behaviour: { endsAtMs: 455_000, region: 'source', status: 'failed' },
    state: 'rolled_back',
    cause: 'rolled_back',
    submissions: 1,
  },
  {
    name: 'rolled back, by the route alone',
    behaviour: { downgradesAtMs: 500, region: 'source', endsAtMs: 8_000 },
    cluster: LEGACY,
    state: 'rolled_back',
    cause: 'rolled_back',
    submissions: 1,
    withinMs: 70_000,
  },
  {
    name: 'moved to a third datanode',
    behaviour: { region: { elsewhere: '2' } },
    state: 'failed',
    cause: 'moved-elsewhere',
    submissions: 1,
  },
  {
    name: 'moved to a third datanode, by the route alone',
    behaviour: { region: { elsewhere: '2' } },
    cluster: LEGACY,
    state: 'failed',
    cause: 'moved-elsewhere',
    submissions: 1,
    withinMs: 70_000,
  },
  {
    name: 'dropped meanwhile',
    behaviour: { region: 'dropped', status: 'failed' },
    state: 'failed',
    cause: 'region-dropped',
    submissions: 1,
  },
  {
    name: 'accepted and never registered',
    behaviour: { registersAtMs: null },
    state: 'failed',
    cause: 'procedure-not-registered',
    submissions: 1,
    withinMs: 130_000,
  },
  {
    name: 'forgotten while it ran, not moved',
    behaviour: { forgottenAtMs: 1_000, endsAtMs: 1_000, region: 'source' },
    state: 'failed',
    cause: 'procedure-lost',
    submissions: 1,
    withinMs: 130_000,
  },
  {
    name: 'accepted without any effect, by the route alone',
    behaviour: { registersAtMs: null },
    cluster: LEGACY,
    state: 'failed',
    cause: 'no-effect',
    submissions: 1,
  },
  {
    name: 'an answer that was lost',
    behaviour: { answer: 'lost' },
    state: 'succeeded',
    cause: 'moved',
    submissions: 1,
    withinMs: 5_000,
  },
  {
    name: 'an answer that was lost, procedures not listed',
    behaviour: { answer: 'lost', downgradesAtMs: 500 },
    cluster: NO_LIST,
    state: 'succeeded',
    cause: 'moved',
    submissions: 1,
    withinMs: 5_000,
  },
  {
    name: 'an answer that was lost, by the route alone',
    behaviour: { answer: 'lost' },
    cluster: LEGACY,
    state: 'succeeded',
    cause: 'moved',
    submissions: 1,
    withinMs: 5_000,
  },
  {
    name: 'an answer that was lost, and then rolled back',
    behaviour: { answer: 'lost', region: 'source', status: 'failed' },
    state: 'rolled_back',
    cause: 'rolled_back',
    submissions: 1,
  },
  {
    name: 'an answer that was lost, of a request that arrives late',
    behaviour: { answer: 'lost', arrivesAtMs: 40_000 },
    state: 'succeeded',
    cause: 'moved',
    submissions: 1,
  },
  {
    name: 'a request that was lost',
    behaviour: { answer: 'lost', arrives: false },
    state: 'failed',
    cause: 'submit-unclear-not-started',
    submissions: 1,
    withinMs: 145_000,
  },
  {
    name: 'a request that was lost, procedures not listed',
    behaviour: { answer: 'lost', arrives: false },
    cluster: NO_LIST,
    state: 'failed',
    cause: 'submit-unclear-not-started',
    submissions: 1,
    withinMs: 680_000,
  },
  {
    name: 'a late migration, by the route alone, within the worst case',
    behaviour: { answer: 'lost', endsAtMs: 580_000 },
    cluster: LEGACY,
    state: 'succeeded',
    cause: 'moved',
    submissions: 1,
  },
  {
    name: 'a request that could not be sent',
    behaviour: { answer: 'unsent' },
    state: 'abandoned',
    cause: 'not-sent',
    submissions: 0,
    stop: 'cluster-unhealthy',
  },
  {
    name: 'already running, which is our own second try',
    behaviour: { answer: 'already-running', arrives: true },
    state: 'succeeded',
    cause: 'moved',
    submissions: 1,
  },
  {
    name: 'already running, and nothing runs',
    behaviour: { answer: 'already-running' },
    state: 'failed',
    cause: 'refused-already-running',
    submissions: 1,
  },
  {
    name: 'already there, says the cluster, and it is',
    behaviour: { answer: 'already-there' },
    arrange: (cluster) => {
      cluster.onSubmitted = () => {
        cluster.region(REGION).leader = '1';
      };
    },
    state: 'abandoned',
    cause: 'already-there',
    submissions: 1,
  },
  {
    name: 'already there, says the cluster, and it is not',
    behaviour: { answer: 'already-there' },
    state: 'failed',
    cause: 'submit-unclear-not-started',
    submissions: 1,
  },
  {
    name: 'already there by the second try of our own request',
    behaviour: { answer: 'already-there', arrives: true, endsAtMs: 0 },
    state: 'succeeded',
    cause: 'moved',
    submissions: 1,
  },
  {
    name: 'a dead peer, says the cluster',
    behaviour: { answer: 'peer-unavailable' },
    state: 'failed',
    cause: 'refused-peer-unavailable',
    submissions: 1,
  },
  {
    name: 'a dead peer, says a new leader to our own second try, and runs the first',
    behaviour: { answer: 'peer-unavailable', arrives: true, endsAtMs: 5_000 },
    state: 'succeeded',
    cause: 'moved',
    submissions: 1,
  },
  {
    name: 'a dead peer, says a cluster without a list of procedures',
    behaviour: { answer: 'peer-unavailable' },
    cluster: NO_LIST,
    state: 'failed',
    cause: 'refused-peer-unavailable',
    submissions: 1,
    withinMs: 1_000,
  },
  {
    name: 'another leader, says the cluster',
    behaviour: { answer: 'leader-changed' },
    state: 'abandoned',
    cause: 'leader-changed',
    submissions: 1,
  },
  {
    name: 'no such region, says the cluster',
    behaviour: { answer: 'region-gone' },
    state: 'abandoned',
    cause: 'region-gone',
    submissions: 1,
  },
  {
    name: 'a follower on the target, says the cluster',
    behaviour: { answer: 'follower-on-target' },
    state: 'failed',
    cause: 'follower-on-target',
    submissions: 1,
  },
  {
    name: 'a logical table, says the cluster',
    behaviour: { answer: 'logical-table' },
    state: 'failed',
    cause: 'refused-logical-table',
    submissions: 1,
  },
  {
    name: 'an account without the right',
    behaviour: { answer: 'access-denied' },
    state: 'failed',
    cause: 'refused-access-denied',
    submissions: 1,
    stop: 'cluster-unhealthy',
  },
  {
    name: 'stuck downgraded',
    behaviour: { downgradesAtMs: 500, region: 'stuck', status: 'failed' },
    state: 'timed_out',
    cause: 'stuck-downgraded',
    submissions: 1,
  },
  {
    name: 'stuck downgraded, by the route alone',
    behaviour: { downgradesAtMs: 500, region: 'stuck' },
    cluster: LEGACY,
    state: 'timed_out',
    cause: 'stuck-downgraded',
    submissions: 1,
  },
  {
    name: 'still running after its time',
    behaviour: { endsAtMs: 5_000_000 },
    state: 'timed_out',
    cause: 'still-running',
    submissions: 1,
    stop: 'migration-running',
  },
  {
    name: 'a cluster that falls silent',
    behaviour: {},
    arrange: (cluster) => {
      cluster.onSubmitted = () => {
        cluster.outage(100, 5_000_000);
      };
    },
    state: 'timed_out',
    cause: 'outcome-unknown',
    submissions: 1,
    stop: 'migration-running',
  },
  {
    name: 'a cluster that is silent for a minute',
    behaviour: { endsAtMs: 5_000 },
    arrange: (cluster) => {
      cluster.onSubmitted = () => {
        cluster.outage(100, 60_000);
      };
    },
    state: 'succeeded',
    cause: 'moved',
    submissions: 1,
  },
  {
    name: 'a region that is there already',
    arrange: (cluster) => {
      cluster.region(REGION).leader = '1';
    },
    state: 'abandoned',
    cause: 'already-there',
    submissions: 0,
  },
  {
    name: 'a region that is elsewhere',
    arrange: (cluster) => {
      cluster.region(REGION).leader = '2';
    },
    state: 'abandoned',
    cause: 'leader-changed',
    submissions: 0,
  },
  {
    name: 'a region without a leader',
    arrange: (cluster) => {
      cluster.region(REGION).leader = null;
    },
    state: 'abandoned',
    cause: 'no-leader',
    submissions: 0,
  },
  {
    name: 'a region that is gone',
    arrange: (cluster) => {
      cluster.region(REGION).gone = true;
    },
    state: 'abandoned',
    cause: 'region-gone',
    submissions: 0,
  },
  {
    name: 'a region that migrates',
    arrange: (cluster) => {
      cluster.region(REGION).status = 'migrating';
    },
    state: 'abandoned',
    cause: 'migrating',
    submissions: 0,
  },
  {
    name: 'a region that is repartitioned',
    arrange: (cluster) => {
      cluster.region(REGION).status = 'staging';
    },
    state: 'abandoned',
    cause: 'staging',
    submissions: 0,
  },
  {
    name: 'a region with a follower on the target',
    arrange: (cluster) => {
      cluster.region(REGION).followers = ['1'];
    },
    state: 'abandoned',
    cause: 'follower-on-target',
    submissions: 0,
  },
  {
    name: 'a region that another procedure holds',
    arrange: (cluster) => {
      cluster.foreign.push({
        procedureId: 'f',
        type: 'metasrv-procedure::AlterTable',
        isRegionMigration: false,
        active: true,
        regionIds: [REGION],
        status: 'Running',
        startedAtMs: 0,
      });
    },
    state: 'abandoned',
    cause: 'migrating',
    submissions: 0,
  },
  {
    name: 'a dead target',
    arrange: (cluster) => cluster.kill('1'),
    state: 'abandoned',
    cause: 'target-dead',
    submissions: 0,
  },
  {
    name: 'a dead source',
    arrange: (cluster) => cluster.kill('0'),
    state: 'abandoned',
    cause: 'leader-dead',
    submissions: 0,
  },
  {
    name: 'a source that is not listed',
    cluster: { datanodes: ['1', '2'] },
    state: 'abandoned',
    cause: 'unknown-datanode',
    submissions: 0,
  },
  {
    name: 'a target that is not listed',
    cluster: { datanodes: ['0', '2'] },
    state: 'abandoned',
    cause: 'target-dead',
    submissions: 0,
  },
];

describe('a move', () => {
  it.each(rows)('meets $name: $state, $cause', async (row) => {
    const rig = createRig({ ...(row.cluster && { cluster: row.cluster }) });
    if (row.behaviour) rig.cluster.script(row.behaviour);
    row.arrange?.(rig.cluster);
    const report = await rig.execute([moveOf()]);
    const [move] = report.records;
    expect(move).toMatchObject({ state: row.state, cause: row.cause });
    expect(move?.detail).not.toBe('');
    expect(rig.cluster.submissions).toHaveLength(row.submissions);
    expect(report.closed[0]?.code).toBe(row.stop);
    if (row.withinMs !== undefined) expect(rig.clock.monotonicMs()).toBeLessThanOrEqual(row.withinMs);
    expectConsequences(rig, row.state, row.cause);
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
function expectConsequences(rig: ReturnType<typeof createRig>, state: MoveState, cause: CauseCode): void {
  const nowMs = rig.clock.now();
  const { cooldowns, quarantine } = rig.store.memory(nowMs);
  const isBlameless = state === 'abandoned' || cause === 'region-dropped';
  const expectsQuarantine = state !== 'succeeded' && !isBlameless;
  expect(cooldowns).toHaveLength(state === 'succeeded' ? 1 : 0);
  expect(quarantine).toEqual(
    expectsQuarantine ? [{ regionId: REGION, untilMs: nowMs + OPTIONS.quarantineBaseMs }] : [],
  );
  expect(rig.store.failureRun()).toBe(expectsQuarantine ? 1 : 0);
  const isOpen = state === 'timed_out';
  expect(rig.store.unresolvedMoves()).toHaveLength(isOpen ? 1 : 0);
}

import { expect, onTestFailed, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import type { ListeningCluster, ListenRequest } from '../../src/app/commands/simulate.ts';
import { isFinal } from '../../src/domain/move.ts';
import { historySchema, statusSchema } from '../../src/server/api/answers.ts';
import type { CommandProcess } from '../support/command-process.ts';
import { eventually } from '../support/eventually.ts';
import {
  clusterSection,
  getFrom,
  listenCrowded,
  metricsOf,
  postTo,
  startDaemonProcess,
} from '../support/running-daemon.ts';
import { listenAsApiServer } from '../harness/ha/api-server.ts';
import { startEtcd } from '../harness/ha/etcd-server.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { describeWith } from '../support/tools.ts';

/** Not the line of one that leads, but cannot take over yet. */
const LEADS = /\{[^\n]*"message":"This replica leads"[^\n]*/;
/** Long enough for a machine that is busy. */
const LEASE_MS = 8_000;
/** Of what a replica wrote, in characters, when a test fails. */
const SHOWN = 6_000;
const STEP_LIMIT_MS = 120_000;
const LIMIT_MS = 400_000;

const rangeSchema = z.object({ kvs: z.array(z.object({ value: z.string() })).default([]) });

/** Where replicas agree on a leader. */
interface LockServer {
  /** The part of the configuration that leads there. */
  readonly ha: object;
  /** What the leader has left for its successor. */
  readonly note: () => Promise<string>;
}

/** One replica: a process with a state folder of its own. */
class Replica {
  readonly process: CommandProcess;

  constructor(identity: string, listening: ListeningCluster, { ha }: LockServer) {
    const config = {
      cluster: clusterSection(listening, 'failover'),
      schedule: { cron: '* * * * * *' },
      execution: { dryRun: false, maxMovesPerCycle: 100, pauseBetweenMoves: '0s', pollInterval: '50ms' },
      server: { listen: '127.0.0.1:0' },
      ha: { ...ha, identity, leaseDuration: `${LEASE_MS}ms`, renewDeadline: '6s', retryPeriod: '1s' },
    };
    this.process = startDaemonProcess(config, tempFolder());
    onTestFailed(() => {
      const { out, err } = this.process;
      process.stderr.write(`${identity}:\n${out.slice(-SHOWN)}${err.slice(-SHOWN)}\n`);
    });
  }

  async status(): Promise<z.output<typeof statusSchema>> {
    return getFrom(await this.process.url(), 'status', statusSchema);
  }

  async moves(): Promise<z.output<typeof historySchema>['moves']> {
    return (await getFrom(await this.process.url(), 'history?limit=100', historySchema)).moves;
  }

  async metric(name: string): Promise<number | undefined> {
    return (await metricsOf(await this.process.url())).get(name);
  }
}

/** A cluster in balance but for its empty datanodes. */
async function listen(request: Partial<ListenRequest>): Promise<ListeningCluster> {
  const one = { metasrvs: 1, frontends: 1, seed: 'failover', layout: 'balanced' } as const;
  const listening = await listenCrowded({ ...one, ...request });
  onTestFinished(() => listening.close());
  return listening;
}

/** The migration under way, once the note of the leader names it. */
function migrationInNote({ cluster }: ListeningCluster, locks: LockServer, act: () => void) {
  const look = async (): Promise<{ regionId: string; to: string } | undefined> => {
    const note = await locks.note();
    const underWay = cluster.migrationsUnderWay.find(({ procedureId }) => note.includes(procedureId));
    if (underWay) act();
    return underWay;
  };
  return eventually('a migration is under way', look, STEP_LIMIT_MS);
}

async function untilLeaderIsKnown(replica: Replica, leader: string): Promise<void> {
  const look = async (): Promise<true | undefined> =>
    (await replica.status()).leader.holder === leader || undefined;
  await eventually('the standby knows who leads', look, STEP_LIMIT_MS);
}

function unevenness(cluster: ListeningCluster['cluster']): number {
  const counts = [...cluster.regionsPerDatanode(({ schema }) => schema === 'public').values()];
  return Math.max(...counts) - Math.min(...counts);
}

function accepted(cluster: ListeningCluster['cluster']): string[] {
  return cluster.journal.flatMap((event) =>
    event.kind === 'mutating-request' && event.verdict === 'accepted' ? [event.regionId ?? ''] : [],
  );
}

async function openEtcd(command: string): Promise<LockServer> {
  const etcd = await startEtcd({ command, folder: tempFolder() });
  onTestFinished(() => etcd.stop());
  const key = Buffer.from('/greptime-rebalancer/failover/handover').toString('base64');
  return {
    ha: { provider: 'etcd', etcd: { endpoints: [etcd.endpoint] } },
    async note() {
      const request = { method: 'POST', body: JSON.stringify({ key }) };
      const response = await fetch(`${etcd.endpoint}/v3/kv/range`, request);
      const { kvs } = rangeSchema.parse(await response.json());
      return Buffer.from(kvs[0]?.value ?? '', 'base64').toString();
    },
  };
}

async function openApiServer(): Promise<LockServer> {
  const server = await listenAsApiServer(tempFolder());
  const { double, endpoint, serviceAccount } = server;
  return {
    ha: { provider: 'kubernetes', kubernetes: { endpoint, serviceAccount, lease: 'shared' } },
    note: () => Promise.resolve(JSON.stringify(double.leases.get('shared') ?? '')),
  };
}

/** Two replicas, of which the leader is killed while its migration is under way; the other has to finish what it began, and go on. */
async function killInTheMiddle(profile: string, locks: LockServer): Promise<void> {
  const listening = await listen({ profile, tables: 1, regions: 9, migrationTimeMs: 3_000 });
  const { cluster } = listening;
  let most = 0;
  cluster.onEvent(() => {
    most = Math.max(most, cluster.migrationsUnderWay.length);
  });

  const first = new Replica('first', listening, locks);
  await first.process.waitFor(LEADS);
  const second = new Replica('second', listening, locks);
  await untilLeaderIsKnown(second, 'first');
  expect((await second.status()).leader.leads).toBe(false);
  expect(await second.metric('leader')).toBe(0);
  expect(await first.metric('leader')).toBe(1);

  cluster.addDatanode();
  const { regionId } = await migrationInNote(listening, locks, () => first.process.kill('SIGKILL'));
  const askedByFirst = accepted(cluster).length;
  const [line = ''] = await second.process.waitFor(LEADS);
  expect(JSON.parse(line)).toMatchObject({ from: 'first', importedMoves: 1 });

  const isDone = async () => {
    const { lastCycle } = await second.status();
    const isEven = unevenness(cluster) <= 1 && cluster.migrationsUnderWay.length === 0;
    return isEven && lastCycle?.outcome === 'balanced' ? second.moves() : undefined;
  };
  const moves = await eventually('the cluster is balanced', isDone, STEP_LIMIT_MS);
  expect(moves.at(-1)).toMatchObject({ regionId, state: 'succeeded' });
  expect(moves.filter(({ state }) => state !== 'succeeded')).toEqual([]);
  const asked = accepted(cluster);
  expect(new Set(asked).size).toBe(asked.length);
  expect(asked).toHaveLength(askedByFirst - 1 + moves.length);
  expect(most).toBe(1);
  expect(await second.metric('leader')).toBe(1);
}

describeWith('etcd', 'two replicas and a real etcd', ([command = '']) => {
  // Versions whose procedures can be listed, whose procedures can be asked for by id only, and where only routes tell.
  test.each(['1.3', '0.7', '0.6'])(
    'on GreptimeDB %s: the leader is killed in the middle of a migration; the standby finishes and verifies it and goes on',
    { timeout: LIMIT_MS },
    async (profile) => killInTheMiddle(profile, await openEtcd(command)),
  );

  test(
    'a leader that was frozen has the end that its successor saw of its move, though the region has moved on since',
    { timeout: LIMIT_MS },
    async () => {
      const locks = await openEtcd(command);
      const listening = await listen({
        emptyDatanodes: 1,
        regions: 6,
        migrationTimeMs: 1_500,
        seed: 'frozen',
      });
      const { cluster } = listening;
      const first = new Replica('first', listening, locks);
      await first.process.waitFor(LEADS);
      const { regionId, to } = await migrationInNote(listening, locks, () => first.process.kill('SIGSTOP'));
      const second = new Replica('second', listening, locks);
      await second.process.waitFor(LEADS);
      const ofRegion = (replica: Replica) => async () => {
        const ended = (await replica.moves()).filter(
          (move) => move.regionId === regionId && isFinal(move.state),
        );
        return ended.length > 0 ? ended : undefined;
      };
      const [seen] = await eventually('the successor saw its end', ofRegion(second), STEP_LIMIT_MS);
      expect(seen).toMatchObject({ state: 'succeeded', to });
      expect((await postTo(await second.process.url(), 'drain', { datanodes: [to] })).status).toBe(200);
      const hasLeft = (): Promise<true | undefined> =>
        Promise.resolve(
          (cluster.regionsPerDatanode(() => true).get(to) ?? 0) === 0 &&
            cluster.migrationsUnderWay.length === 0
            ? true
            : undefined,
        );
      await eventually('the region has moved on', hasLeft, STEP_LIMIT_MS);
      second.process.kill('SIGTERM');
      await second.process.ended();
      first.process.kill('SIGCONT');
      await first.process.waitFor(/"from":"second"[^\n]*"message":"This replica leads"/);
      const moves = await eventually('the first one knows the end', ofRegion(first), STEP_LIMIT_MS);
      expect(moves.at(-1)).toMatchObject({ state: 'succeeded', to });
      expect(await first.metric('migrations_total{outcome="failed",reason="table-spread"}')).toBe(0);
    },
  );

  test(
    'a leader that is told to stop gives the lead away at once; a pause goes with it',
    { timeout: LIMIT_MS },
    async () => {
      const locks = await openEtcd(command);
      const listening = await listen({
        ...{ datanodes: 2, emptyDatanodes: 1, regions: 6, migrationTimeMs: 300_000 },
      });
      const started = new Promise<void>((resolve) => {
        listening.cluster.onEvent(({ kind }) => {
          if (kind === 'migration-started') resolve();
        });
      });
      const first = new Replica('first', listening, locks);
      await started;
      const second = new Replica('second', listening, locks);
      const url = await first.process.url();
      await untilLeaderIsKnown(second, 'first');
      const refused = await postTo(await second.process.url(), 'pause', { reason: 'deploy' });
      expect(refused.status).toBe(409);
      expect(await refused.text()).toContain('The replica first leads');
      expect((await postTo(url, 'pause', { reason: 'deploy' })).status).toBe(200);
      first.process.kill('SIGTERM');
      await second.process.waitFor(LEADS);
      await first.process.ended();
      expect((await second.status()).paused?.reason).toBe('deploy');
      expect(accepted(listening.cluster)).toHaveLength(1);
    },
  );
});

test('two replicas and a Lease of Kubernetes: the same', { timeout: LIMIT_MS }, async () =>
  killInTheMiddle('1.3', await openApiServer()),
);

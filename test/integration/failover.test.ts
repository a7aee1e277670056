import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, onTestFailed, test } from 'vitest';
import { z } from 'zod';
import { listenAsCluster, type ListeningCluster } from '../../src/app/commands/simulate.ts';
import { isFinal, MOVE_STATES } from '../../src/domain/move.ts';
import { systemClock } from '../../src/lib/clock.ts';
import type { SimEvent } from '../../src/simulator/index.ts';
import { CommandProcess } from '../support/command-process.ts';
import { eventually } from '../support/eventually.ts';
import { listenAsApiServer } from '../harness/ha/api-server.ts';
import { startEtcd } from '../harness/ha/etcd-server.ts';
import { useTempFolders } from '../support/temp-folder.ts';
import { describeWith } from '../support/tools.ts';

/** Not the line of one that leads, but cannot take over yet. */
const LEADS = /\{[^\n]*"message":"This replica leads"[^\n]*/;
/** Long enough for a machine that is busy. */
const LEASE_MS = 8_000;
/** Of what a replica wrote, in characters, when a test fails. */
const SHOWN = 6_000;
const STEP_LIMIT_MS = 120_000;
const LIMIT_MS = 400_000;

const historySchema = z.object({
  moves: z.array(
    z.object({ regionId: z.string(), state: z.enum(MOVE_STATES), from: z.string(), to: z.string() }),
  ),
});
const statusSchema = z.object({
  leader: z.object({ leads: z.boolean(), holder: z.string().nullable() }),
  lastCycle: z.object({ outcome: z.string() }).nullable(),
});

const rangeSchema = z.object({ kvs: z.array(z.object({ value: z.string() })).default([]) });

const newFolder = useTempFolders();
const closers: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

/** Where replicas agree on a leader. */
interface LockServer {
  /** The part of the configuration that leads there. */
  readonly ha: object;
  /** What the leader has left for its successor. */
  readonly note: () => Promise<string>;
}

/** One replica: a process with a state folder of its own. */
class Replica {
  readonly name: string;
  readonly process: CommandProcess;

  constructor(name: string, cluster: ListeningCluster, { ha }: LockServer) {
    this.name = name;
    const cwd = newFolder();
    const { frontend, metasrv } = cluster.served;
    const config = {
      cluster: {
        name: 'failover',
        ...(cluster.cluster.profile.adminFunctions !== null && { sql: { endpoints: frontend } }),
        metasrv: { endpoints: metasrv },
      },
      schedule: { cron: '* * * * * *' },
      execution: { dryRun: false, maxMovesPerCycle: 100, pauseBetweenMoves: '0s', pollInterval: '50ms' },
      state: { path: join(cwd, 'state') },
      server: { listen: '127.0.0.1:0' },
      ha: {
        ...ha,
        identity: name,
        leaseDuration: `${LEASE_MS}ms`,
        renewDeadline: '6s',
        retryPeriod: '1s',
      },
    };
    writeFileSync(join(cwd, 'rebalancer.yaml'), JSON.stringify(config));
    this.process = new CommandProcess(['run', '-c', 'rebalancer.yaml'], { cwd });
    closers.push(() => this.process.kill('SIGKILL'));
    onTestFailed(() => {
      const { out, err } = this.process;
      process.stderr.write(`${name}:\n${out.slice(-SHOWN)}${err.slice(-SHOWN)}\n`);
    });
  }

  async get<T>(path: string, schema: z.ZodType<T>): Promise<T> {
    const [, url = ''] = await this.process.waitFor(/"url":"([^"]+)"/);
    const response = await fetch(`${url}${path}`);
    return schema.parse(await response.json());
  }

  async metric(name: string): Promise<string | undefined> {
    const [, url = ''] = await this.process.waitFor(/"url":"([^"]+)"/);
    const text = await (await fetch(`${url}/metrics`)).text();
    return new RegExp(`^greptime_rebalancer_${name}(?:{[^}]*})? (.*)$`, 'm').exec(text)?.[1];
  }
}

function unevenness(cluster: ListeningCluster['cluster']): number {
  const counts = [...cluster.regionsPerDatanode(({ schema }) => schema === 'public').values()];
  return Math.max(...counts) - Math.min(...counts);
}

function nextEvent(cluster: ListeningCluster['cluster'], kind: SimEvent['kind']): Promise<SimEvent> {
  return new Promise((resolve) => {
    const stop = cluster.onEvent((event) => {
      if (event.kind !== kind) return;
      stop();
      resolve(event);
    });
  });
}

function accepted(cluster: ListeningCluster['cluster']): string[] {
  return cluster.journal.flatMap((event) =>
    event.kind === 'mutating-request' && event.verdict === 'accepted' ? [event.regionId ?? ''] : [],
  );
}

async function openEtcd(command: string): Promise<LockServer> {
  const etcd = await startEtcd({ command, folder: newFolder() });
  closers.push(() => etcd.stop());
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
  const server = await listenAsApiServer(newFolder());
  closers.push(() => server.close());
  const { double, endpoint, serviceAccount } = server;
  return {
    ha: { provider: 'kubernetes', kubernetes: { endpoint, serviceAccount, lease: 'shared' } },
    note: () => Promise.resolve(JSON.stringify(double.leases.get('shared') ?? '')),
  };
}

/** Two replicas, of which the leader is killed while its migration is under way; the other has to finish what it began, and go on. */
async function killInTheMiddle(profile: string, locks: LockServer): Promise<void> {
  const listening = await listenAsCluster(
    {
      profile,
      ...{ datanodes: 3, emptyDatanodes: 0, tables: 1, regions: 9, metasrvs: 1, frontends: 1 },
      ...{ migrationTimeMs: 3_000, seed: 'failover', port: 0, layout: 'balanced' },
    },
    systemClock,
  );
  closers.push(() => listening.close());
  const { cluster } = listening;
  let most = 0;
  cluster.onEvent(() => {
    most = Math.max(most, cluster.migrationsUnderWay.length);
  });

  const first = new Replica('first', listening, locks);
  await first.process.waitFor(LEADS);
  const second = new Replica('second', listening, locks);
  await eventually(
    'the standby knows who leads',
    async () => {
      const { leader } = await second.get('/api/v1/status', statusSchema);
      return !leader.leads && leader.holder === 'first' ? leader : undefined;
    },
    STEP_LIMIT_MS,
  );
  expect(await second.metric('leader')).toBe('0');
  expect(await first.metric('leader')).toBe('1');

  cluster.addDatanode();
  // Killed at the moment at which its migration is under way, and the note tells which.
  const inTheMiddle = async (): Promise<string | undefined> => {
    const note = await locks.note();
    const underWay = cluster.migrationsUnderWay.find(({ procedureId }) => note.includes(procedureId));
    if (!underWay) return undefined;
    first.process.kill('SIGKILL');
    return underWay.regionId;
  };
  const regionId = await eventually('a migration is under way', inTheMiddle, STEP_LIMIT_MS);
  const askedByFirst = accepted(cluster).length;
  const [line = ''] = await second.process.waitFor(LEADS);
  expect(JSON.parse(line)).toMatchObject({ from: 'first', importedMoves: 1 });

  const read = () => second.get('/api/v1/history?limit=100', historySchema);
  const isDone = async () => {
    const { lastCycle } = await second.get('/api/v1/status', statusSchema);
    const isEven = unevenness(cluster) <= 1 && cluster.migrationsUnderWay.length === 0;
    return isEven && lastCycle?.outcome === 'balanced' ? read() : undefined;
  };
  const { moves } = await eventually('the cluster is balanced', isDone, STEP_LIMIT_MS);
  expect(moves.at(-1)).toMatchObject({ regionId, state: 'succeeded' });
  expect(moves.every(({ state }) => state === 'succeeded')).toBe(true);
  const asked = accepted(cluster);
  expect(new Set(asked).size).toBe(asked.length);
  expect(asked).toHaveLength(askedByFirst - 1 + moves.length);
  expect(most).toBe(1);
  expect(await second.metric('leader')).toBe('1');
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
      const { cluster, ...listening } = await listenAsCluster(
        {
          profile: '1.3',
          ...{ datanodes: 3, emptyDatanodes: 1, tables: 2, regions: 6, metasrvs: 1, frontends: 1 },
          ...{ migrationTimeMs: 1_500, seed: 'frozen', port: 0, layout: 'balanced' },
        },
        systemClock,
      );
      closers.push(() => listening.close());
      const first = new Replica('first', { cluster, ...listening }, locks);
      await first.process.waitFor(LEADS);
      const inTheMiddle = async (): Promise<{ regionId: string; to: string } | undefined> => {
        const note = await locks.note();
        const underWay = cluster.migrationsUnderWay.find(({ procedureId }) => note.includes(procedureId));
        if (underWay) first.process.kill('SIGSTOP');
        return underWay;
      };
      const { regionId, to } = await eventually('a migration is under way', inTheMiddle, STEP_LIMIT_MS);
      const second = new Replica('second', { cluster, ...listening }, locks);
      await second.process.waitFor(LEADS);
      const ofRegion = (replica: Replica) => async () => {
        const { moves } = await replica.get('/api/v1/history?limit=100', historySchema);
        const ended = moves.filter((move) => move.regionId === regionId && isFinal(move.state));
        return ended.length > 0 ? ended : undefined;
      };
      const [seen] = await eventually('the successor saw its end', ofRegion(second), STEP_LIMIT_MS);
      expect(seen).toMatchObject({ state: 'succeeded', to });
      const [, url = ''] = await second.process.waitFor(/"url":"([^"]+)"/);
      expect((await post(`${url}/api/v1/drain`, { datanodes: [to] })).status).toBe(200);
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
      expect(await first.metric('migrations_total{outcome="failed",reason="table-spread"}')).toBe('0');
    },
  );

  test(
    'a leader that is told to stop gives the lead away at once; a pause goes with it',
    { timeout: LIMIT_MS },
    async () => {
      const locks = await openEtcd(command);
      const listening = await listenAsCluster(
        {
          profile: '1.3',
          ...{ datanodes: 2, emptyDatanodes: 1, tables: 2, regions: 6, metasrvs: 1, frontends: 1 },
          ...{ migrationTimeMs: 300_000, seed: 'failover', port: 0, layout: 'balanced' },
        },
        systemClock,
      );
      closers.push(() => listening.close());
      const started = nextEvent(listening.cluster, 'migration-started');
      const first = new Replica('first', listening, locks);
      await started;
      const second = new Replica('second', listening, locks);
      const [, url = ''] = await first.process.waitFor(/"url":"([^"]+)"/);
      const [, other = ''] = await second.process.waitFor(/"url":"([^"]+)"/);
      await eventually(
        'the standby knows who leads',
        async () => {
          const { leader } = await second.get('/api/v1/status', statusSchema);
          return leader.holder === 'first' ? leader : undefined;
        },
        STEP_LIMIT_MS,
      );
      const refused = await post(`${other}/api/v1/pause`);
      expect(refused.status).toBe(409);
      expect(await refused.text()).toContain('The replica first leads');
      expect((await post(`${url}/api/v1/pause`)).status).toBe(200);
      first.process.kill('SIGTERM');
      await second.process.waitFor(LEADS);
      await first.process.ended();
      const paused = z.object({ paused: z.object({ reason: z.string() }) });
      expect((await second.get('/api/v1/status', paused)).paused.reason).toBe('deploy');
      expect(accepted(listening.cluster)).toHaveLength(1);
    },
  );
});

test('two replicas and a Lease of Kubernetes: the same', { timeout: LIMIT_MS }, async () =>
  killInTheMiddle('1.3', await openApiServer()),
);

function post(url: string, body: object = { reason: 'deploy' }): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ by: 'me', ...body }),
  });
}

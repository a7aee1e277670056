import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { z } from 'zod';
import { listenAsCluster, type ListeningCluster } from '../../src/app/simulate.ts';
import { systemClock } from '../../src/lib/clock.ts';
import type { SimEvent } from '../../src/simulator/index.ts';
import { CommandProcess } from '../support/command-process.ts';
import { startEtcd } from '../support/ha/etcd-server.ts';
import { useTempFolders } from '../support/temp-folder.ts';
import { describeWith } from '../support/tools.ts';

const LEASE_MS = 4_000;
const LIMIT_MS = 180_000;

const historySchema = z.object({
  moves: z.array(z.object({ regionId: z.string(), state: z.string(), from: z.string(), to: z.string() })),
});
const statusSchema = z.object({
  leader: z.object({ leads: z.boolean(), holder: z.string().nullable() }),
  lastCycle: z.object({ outcome: z.string() }).nullable(),
});

const newFolder = useTempFolders();
const closers: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

/** One replica: a process with a state folder of its own. */
class Replica {
  readonly name: string;
  readonly process: CommandProcess;

  constructor(name: string, cluster: ListeningCluster, etcd: string) {
    this.name = name;
    const cwd = newFolder();
    const { frontend, metasrv } = cluster.served;
    const config = {
      cluster: {
        name: 'failover',
        ...(cluster.cluster.profile.sql.functions !== null && { sql: { endpoints: frontend } }),
        metasrv: { endpoints: metasrv },
      },
      schedule: { cron: '* * * * * *' },
      execution: { dryRun: false, maxMovesPerCycle: 100, pauseBetweenMoves: '0s', pollInterval: '50ms' },
      state: { path: join(cwd, 'state') },
      server: { listen: '127.0.0.1:0' },
      ha: {
        provider: 'etcd',
        identity: name,
        leaseDuration: `${LEASE_MS}ms`,
        renewDeadline: '3s',
        retryPeriod: '500ms',
        etcd: { endpoints: [etcd] },
      },
    };
    writeFileSync(join(cwd, 'rebalancer.yaml'), JSON.stringify(config));
    this.process = new CommandProcess(['run', '-c', 'rebalancer.yaml'], { cwd });
    closers.push(() => this.process.kill('SIGKILL'));
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

describeWith('etcd', 'two replicas and a real etcd', ([command = '']) => {
  // Versions whose procedures can be listed, whose procedures can be asked for by id only, and where only routes tell.
  test.each(['1.3', '0.7', '0.6'])(
    'on GreptimeDB %s: the leader is killed in the middle of a migration; the standby finishes and verifies it and goes on',
    { timeout: LIMIT_MS },
    async (profile) => {
      const etcd = await startEtcd({ command, folder: newFolder() });
      closers.push(() => etcd.stop());
      const listening = await listenAsCluster(
        {
          profile,
          ...{ datanodes: 3, emptyDatanodes: 1, tables: 2, regions: 6, metasrvs: 1, frontends: 1 },
          ...{ migrationTimeMs: 2_500, seed: 'failover', port: 0, layout: 'balanced' },
        },
        systemClock,
      );
      closers.push(() => listening.close());
      const { cluster } = listening;
      let most = 0;
      cluster.onEvent(() => {
        most = Math.max(most, cluster.migrationsUnderWay.length);
      });

      const secondStarted = nextEvent(cluster, 'migration-ended').then(() =>
        nextEvent(cluster, 'migration-started'),
      );
      const first = new Replica('first', listening, etcd.endpoint);
      await first.process.waitFor(/This replica leads/);
      const second = new Replica('second', listening, etcd.endpoint);
      expect(await second.metric('leader')).toBe('0');
      expect(await first.metric('leader')).toBe('1');
      const started = await secondStarted;
      const regionId = started.kind === 'migration-started' ? started.regionId : '';
      const standby = await second.get('/api/v1/status', statusSchema);
      expect(standby.leader).toEqual({ leads: false, holder: 'first' });
      const killedMs = systemClock.monotonicMs();
      first.process.kill('SIGKILL');
      const [line = ''] = await second.process.waitFor(/\{[^\n]*This replica leads[^\n]*/);
      const tookMs = systemClock.monotonicMs() - killedMs;
      expect(tookMs).toBeLessThan(1.5 * LEASE_MS);
      expect(JSON.parse(line)).toMatchObject({ from: 'first', adoptedMoves: 1 });
      await second.process.waitFor(/"outcome":"balanced"/);

      const { moves } = await second.get('/api/v1/history?limit=100', historySchema);
      expect(moves.at(-1)).toMatchObject({ regionId, state: 'succeeded' });
      expect(moves.every(({ state }) => state === 'succeeded')).toBe(true);
      const asked = accepted(cluster);
      expect(new Set(asked).size).toBe(asked.length);
      expect(asked).toHaveLength(1 + moves.length);
      expect(most).toBe(1);
      const counts = [...cluster.regionsPerDatanode().values()];
      expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
      expect(await second.metric('leader')).toBe('1');
    },
  );

  test(
    'a leader that is told to stop gives the lead away at once; a pause goes with it',
    { timeout: LIMIT_MS },
    async () => {
      const etcd = await startEtcd({ command, folder: newFolder() });
      closers.push(() => etcd.stop());
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
      const first = new Replica('first', listening, etcd.endpoint);
      await started;
      const second = new Replica('second', listening, etcd.endpoint);
      const [, url = ''] = await first.process.waitFor(/"url":"([^"]+)"/);
      const [, other = ''] = await second.process.waitFor(/"url":"([^"]+)"/);
      await second.process.waitFor(/"message":"cycle finished"|cycle finished/);
      const refused = await post(`${other}/api/v1/pause`);
      expect(refused.status).toBe(409);
      expect(await refused.text()).toContain('The replica first leads');
      expect((await post(`${url}/api/v1/pause`)).status).toBe(200);
      first.process.kill('SIGTERM');
      await second.process.waitFor(/This replica leads/);
      await first.process.ended();
      const paused = z.object({ paused: z.object({ reason: z.string() }) });
      expect((await second.get('/api/v1/status', paused)).paused.reason).toBe('deploy');
      expect(accepted(listening.cluster)).toHaveLength(1);
    },
  );
});

function post(url: string): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ reason: 'deploy', by: 'me' }),
  });
}

import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parseHandover } from '../../../src/app/ha/handover.ts';
import { readConfig } from '../../../src/config/load.ts';
import { OperatingError } from '../../../src/domain/errors.ts';
import { parsePlanFile, planChunks } from '../../../src/domain/plan-file.ts';
import { parseSnapshot, snapshotChunks } from '../../../src/domain/snapshot-file.ts';
import { openCluster } from '../../../src/greptimedb/index.ts';
import type { Cluster } from '../../../src/greptimedb/port.ts';
import type { Transport } from '../../../src/greptimedb/http.ts';
import { EtcdClient } from '../../../src/ha/etcd-client.ts';
import { EtcdLock } from '../../../src/ha/etcd.ts';
import { VirtualClock } from '../../harness/virtual-clock.ts';
import { createPrng, type Prng } from '../../../src/lib/prng.ts';
import { EtcdDouble } from '../../harness/ha/etcd-double.ts';
import { everything, simulated, transportInto } from '../../support/greptimedb.ts';
import { mutate } from '../../support/mutate.ts';
import { makePlan, SMALL_SNAPSHOT } from '../../support/plans.ts';

const RUNS = 1_500;
const CLUSTER_RUNS = 60;
const seeds = fc.string({ minLength: 1, maxLength: 12 });

/** Whatever comes in: a value, or an error that an operator can act on; never a defect. */
function holds(read: () => unknown): void {
  try {
    read();
  } catch (error) {
    if (!(error instanceof OperatingError)) throw error;
    expect(error.message.length).toBeLessThan(20_000);
  }
}

const EXAMPLE = readFileSync('config/rebalancer.example.yaml', 'utf8').replace(/^( *)# (\w+:)/gm, '$1$2');
const HANDOVER = JSON.stringify({
  formatVersion: 1,
  by: 'r0',
  moves: [
    {
      ...{ planId: 'p', regionId: '1', tableId: '1', table: 'a.b.c', from: '0', to: '1', reason: 'drain' },
      ...{ state: 'submitted', procedureId: 'x', createdAtMs: 1, submittedAtMs: 2 },
    },
  ],
  pause: { reason: 'r', by: 'b', atMs: 1, untilMs: null },
  drains: [{ datanode: '1', by: 'b', atMs: 1 }],
});

const READERS: readonly (readonly [string, string, (text: string) => unknown])[] = [
  ['a plan file', [...planChunks(makePlan())].join(''), parsePlanFile],
  ['a snapshot file', [...snapshotChunks(SMALL_SNAPSHOT)].join(''), parseSnapshot],
  ['a note beside the lock', HANDOVER, parseHandover],
  [
    'a configuration file',
    EXAMPLE,
    (text) => readConfig({ file: { name: 'r.yaml', folder: '/etc', text }, env: {}, cwd: '/srv' }),
  ],
];

describe.each(READERS)('%s', (_, valid, read) => {
  test('that was broken in any way gives a value or an error for the operator', { timeout: 120_000 }, () => {
    fc.assert(
      fc.property(seeds, (seed) => holds(() => read(mutate(valid, createPrng(seed))))),
      { numRuns: RUNS },
    );
  });

  test('that is any text at all does so, too', { timeout: 120_000 }, () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => holds(() => read(text))),
      { numRuns: RUNS },
    );
  });
});

/** Answers of a cluster, some of them broken. */
function broken(transport: Transport, prng: Prng): Transport {
  return {
    async request(request) {
      const response = await transport.request(request);
      if (!prng.chance(0.25)) return response;
      return prng.chance(0.1)
        ? { ...response, status: prng.pick([100, 204, 301, 404, 500, 599]) }
        : { ...response, body: mutate(response.body, prng) };
    },
    close: () => transport.close(),
  };
}

describe.each(['0.5.1', '0.7.2', '0.9.5', '1.3.0'])('answers of GreptimeDB %s', (profile) => {
  test('that were broken give a reading or an error for the operator', { timeout: 180_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(seeds, async (seed) => {
        const clock = new VirtualClock();
        const layout = { datanodes: 2, tables: 2, regionsPerTable: [1, 3] as const };
        const cluster = simulated({ profile, layout }, clock, seed);
        const { signal } = new AbortController();
        const hasSql = cluster.profile.adminFunctions !== null;
        const attempt = async (read: () => Promise<unknown>): Promise<void> => {
          await clock.settled(read()).catch((error: unknown) => {
            if (!(error instanceof OperatingError)) throw error;
          });
        };
        const options = {
          ...{ name: 'fuzz', api: 'auto' as const, requestTimeoutMs: 1_000 },
          ...(hasSql && { sql: { endpoints: ['http://frontend-0'] } }),
          metasrv: { endpoints: ['http://metasrv-0'], clusterId: 0 },
        };
        const transport = broken(transportInto(cluster), createPrng(seed));
        const found: Cluster[] = [];
        await attempt(async () => found.push(await openCluster(options, { clock, transport }, { signal })));
        for (const opened of found) {
          const regionId = [...cluster.leaders().keys()][0] ?? '0';
          await attempt(() => opened.readSnapshot({ selector: everything, signal }));
          await attempt(() => opened.readRegion(regionId, { signal }));
          await attempt(() => opened.readDatanodes({ signal }));
          await attempt(() => opened.readSafety({ signal }));
          await attempt(() => opened.listProcedures({ signal }));
          await attempt(() => opened.readProcedure('d1712651-5aea-4f97-8e7a-0310e8353bec', { signal }));
          const request = { regionId, from: '0', to: '1', replayTimeoutMs: 1_000 };
          await attempt(() => opened.submitMigration(request, { signal }));
        }
        cluster.close();
      }),
      { numRuns: CLUSTER_RUNS },
    );
  });
});

test('answers of etcd that were broken give a reading or an error for the operator', async () => {
  await fc.assert(
    fc.asyncProperty(seeds, async (seed) => {
      const prng = createPrng(seed);
      const double = new EtcdDouble(new VirtualClock());
      const http = {
        send: ({ url, body }: { url: string; body?: unknown }) => {
          const answer = double.answer(new URL(url).pathname, body);
          return Promise.resolve(prng.chance(0.5) ? { ...answer, text: mutate(answer.text, prng) } : answer);
        },
        close: () => Promise.resolve(),
      };
      const client = new EtcdClient({ endpoints: ['http://e'], requestTimeoutMs: 1 }, http);
      const lock = new EtcdLock({ prefix: '/p', instance: 'a', leaseDurationMs: 1_000 }, client);
      const { signal } = new AbortController();
      for (const act of [
        () => lock.acquireOrRenew(signal),
        () => lock.readNote(signal),
        () => lock.writeNote('note', '2', signal),
        () => lock.acquireOrRenew(signal),
        () => lock.release(signal),
      ])
        await act().catch((error: unknown) => {
          if (!(error instanceof OperatingError)) throw error;
        });
    }),
    { numRuns: RUNS },
  );
});

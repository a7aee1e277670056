import { describe, expect, it } from 'vitest';
import { openCluster } from '../../../src/greptimedb/index.ts';
import { TransportError } from '../../../src/greptimedb/http.ts';
import type { Transport } from '../../../src/greptimedb/http.ts';
import { leaseReader } from '../../../src/greptimedb/metasrv/admin.ts';
import type { Cluster } from '../../../src/greptimedb/port.ts';
import { parseHumantime } from '../../../src/greptimedb/sql/cluster-info.ts';
import { readSqlAnswer } from '../../../src/greptimedb/sql/result.ts';
import { systemClock } from '../../../src/lib/clock.ts';
import { everything, sqlOptions } from '../../support/greptimedb.ts';
import { recordedExchanges } from '../../support/recorded.ts';

const signal = new AbortController().signal;
const RECORDED = recordedExchanges();
const FRONTEND = 'http://frontend:4000';
const METASRV = 'http://127.0.0.1:15000';

/** Answers as the real cluster did: with the last answer to the same request that had been recorded by `moment.index`. */
function recordedTransport(moment: { index: number }): Transport {
  return {
    request({ origin, method, path, body }) {
      const [bare] = path.split('?');
      const sql = new URLSearchParams(body ?? '').get('sql') ?? undefined;
      // The gRPC port, whose address `/admin/leader` tells, may be closed to us.
      if (sql === undefined && origin !== METASRV)
        return Promise.reject(
          new TransportError('connect ECONNREFUSED', { sent: false, code: 'ECONNREFUSED' }),
        );
      const known = RECORDED.slice(0, moment.index + 1).findLast(
        (exchange) =>
          exchange.sql === sql && (sql !== undefined || `${method} ${bare}` === `GET ${exchange.path}`),
      );
      return Promise.resolve(known ?? { status: 404, headers: {}, body: '' });
    },
    close: () => Promise.resolve(),
  };
}

interface Reading {
  readonly cluster: Cluster;
  /** From now on the cluster answers as it did then. */
  at(index: number): Cluster;
}

async function read(): Promise<Reading> {
  const moment = { index: 14 };
  const options = sqlOptions([FRONTEND], { metasrv: { endpoints: [METASRV], clusterId: 0 } });
  const dependencies = { clock: systemClock, transport: recordedTransport(moment) };
  const cluster = await openCluster(options, dependencies, { signal });
  const at = (index: number): Cluster => {
    moment.index = index;
    return cluster;
  };
  return { cluster, at };
}

describe('the answers of a real GreptimeDB 1.0.2 are read', () => {
  it('as a cluster of that version', async () => {
    const { cluster } = await read();
    expect(cluster.profile).toEqual({
      api: 'sql',
      version: '1.0.2',
      features: ['region_peers', 'cluster_info', 'region_statistics', 'procedure_info', 'admin-functions'],
      refusesDuplicates: true,
    });
  });

  it('as a snapshot, before and after a migration', async () => {
    const { at } = await read();
    const before = await at(14).readSnapshot({ selector: everything, signal });
    expect(before.datanodes).toEqual([
      { id: '0', addr: '127.0.0.1:15200', status: 'alive' },
      { id: '1', addr: '127.0.0.1:15201', status: 'alive' },
      { id: '2', addr: '127.0.0.1:15202', status: 'alive' },
    ]);
    const names = { catalog: 'greptime', schema: 'public' };
    expect(before.tables).toEqual([
      { id: '1024', ...names, name: 'cpu', engine: 'mito' },
      {
        id: '1025',
        ...names,
        name: 'phy',
        engine: 'metric',
        logicalTables: [{ id: '1026', schema: 'public', name: 'l1' }],
      },
    ]);
    const leaders = (snapshot: typeof before): unknown =>
      snapshot.regions.map(({ id, leader, status }) => `${id} ${leader} ${status}`);
    expect(leaders(before)).toEqual([
      '4398046511104 0 alive',
      '4398046511105 1 alive',
      '4398046511106 2 alive',
      '4398046511107 0 alive',
      '4402341478400 1 alive',
    ]);
    expect(before.regions[0]?.load).toMatchObject({ memtableBytes: 106, diskBytes: 955 });
    const after = await at(23).readSnapshot({ selector: everything, signal });
    expect(leaders(after)).toContain('4398046511106 1 alive');
  });

  it('as one region', async () => {
    const { at } = await read();
    const region = await at(23).readRegion('4398046511106', { signal });
    expect(region).toMatchObject({ kind: 'found', leader: '1', followers: [], status: 'alive' });
    expect(await at(23).readRegion('4398046511199', { signal })).toEqual({ kind: 'gone' });
  });

  it.each([
    [
      15,
      '4398046511106',
      '2',
      '1',
      300,
      { kind: 'accepted', procedureId: 'd104bef6-87ca-4d19-b775-193f070586f3' },
    ],
    [29, '4398046511104', '0', '0', 60, { kind: 'refused', code: 'invalid' }],
    [30, '4398046511104', '1', '0', 60, { kind: 'already-there' }],
    [31, '4398046511104', '0', '9', 60, { kind: 'refused', code: 'peer-unavailable' }],
    [32, '99999999999', '0', '1', 60, { kind: 'refused', code: 'region-gone' }],
    [33, '4406636445696', '0', '1', 60, { kind: 'refused', code: 'logical-table' }],
    [
      38,
      '4398046511104',
      '0',
      '1',
      60,
      { kind: 'accepted', procedureId: 'a6bdbfc7-9f66-4bed-a422-6be1115ddfd5' },
    ],
    [42, '4398046511104', '0', '1', 60, { kind: 'already-there' }],
  ] as const)('as what became of request %i', async (index, regionId, from, to, seconds, result) => {
    const { at } = await read();
    const request = { regionId, from, to, replayTimeoutMs: seconds * 1_000 };
    expect(await at(index).submitMigration(request, { signal })).toMatchObject(result);
  });

  it.each([
    [16, 'd104bef6-87ca-4d19-b775-193f070586f3', { kind: 'active', status: 'running' }],
    [17, 'd104bef6-87ca-4d19-b775-193f070586f3', { kind: 'ended', status: 'done' }],
    [34, '00000000-0000-0000-0000-000000000000', { kind: 'not-found' }],
  ])('as a state of a procedure (%i)', async (index, id, state) => {
    expect(await (await read()).at(index).readProcedure(id, { signal })).toEqual(state);
  });

  it('as a list of procedures, which a restart of metasrv empties', async () => {
    const { at } = await read();
    expect(await at(23).listProcedures({ signal })).toEqual([
      expect.objectContaining({
        procedureId: 'd104bef6-87ca-4d19-b775-193f070586f3',
        isRegionMigration: true,
        active: false,
        regionIds: ['4398046511106'],
        status: 'Done',
        startedAtMs: 1_795_834_115_827,
      }),
    ]);
    expect(await at(54).listProcedures({ signal })).toEqual([]);
  });

  it('as maintenance mode and a paused procedure manager', async () => {
    const { at } = await read();
    const paused = { maintenance: true, procedureManager: 'paused' };
    expect(await at(43).readSafety({ signal })).toEqual(paused);
  });

  it('as no answer at all while metasrv is down', async () => {
    const { at } = await read();
    await expect(at(53).listProcedures({ signal })).rejects.toMatchObject({ code: 'cluster-error' });
  });

  it('as datanodes of which one is dead, by their activity and by their leases', async () => {
    const silentMs: unknown[] = [];
    const activity = readSqlAnswer(RECORDED[46]!, 'a test')!;
    await activity.each(([id, activeTime]) => silentMs.push([id, parseHumantime(String(activeTime))]));
    expect(silentMs).toEqual([
      [0, 1_665],
      [1, 22_132],
      [2, 727],
    ]);
    const { leases } = leaseReader(0)(RECORDED[47]!, 'a test');
    expect(leases).toEqual([
      { id: '2', addr: '127.0.0.1:15202', timestampMs: 1_795_834_141_043 },
      { id: '1', addr: '127.0.0.1:15201', timestampMs: 1_795_834_120_551 },
      { id: '0', addr: '127.0.0.1:15200', timestampMs: 1_795_834_140_105 },
    ]);
  });
});

import { describe, expect, it } from 'vitest';
import type { TransportResponse } from '../../../src/greptimedb/http.ts';
import { parseHumantime, readClusterInfo } from '../../../src/greptimedb/sql/cluster-info.ts';
import { heldRegions, readProcedures, readProcedureState } from '../../../src/greptimedb/sql/procedures.ts';
import { readRegionInfo } from '../../../src/greptimedb/sql/region-info.ts';
import { findPeerEntry, readRegionPeers } from '../../../src/greptimedb/sql/region-peers.ts';
import { readSqlAnswer, SqlError } from '../../../src/greptimedb/sql/result.ts';
import type { SqlRows } from '../../../src/greptimedb/sql/result.ts';
import { readStatistics } from '../../../src/greptimedb/sql/statistics.ts';
import { readTables, resolveTables } from '../../../src/greptimedb/sql/tables.ts';
import type { TableEvidence, TableRow } from '../../../src/greptimedb/sql/tables.ts';
import { tableIdOf } from '../../../src/domain/ids.ts';
import { decimalId, parseJsonExact } from '../../../src/lib/json.ts';
import { rows } from '../../support/greptimedb.ts';

const WHERE = 'POST http://f0:4000/v1/sql (SELECT 1)';

function response(body: string, status = 200, headers: Record<string, string> = {}): TransportResponse {
  return { status, headers, body };
}

function table(columns: readonly string[], data: readonly (readonly unknown[])[]): SqlRows {
  return readSqlAnswer(response(rows(columns, data)), WHERE)!;
}

async function allOf(answer: SqlRows): Promise<readonly (readonly unknown[])[]> {
  const all: (readonly unknown[])[] = [];
  await answer.each((row) => all.push(row));
  return all;
}

describe('readSqlAnswer', () => {
  const upstream = `{"output":[{"records":{"schema":{"column_schemas":[{"name":"region_id","data_type":"UInt64"},
                                                   {"name":"is_leader","data_type":"String"}]},
                       "rows":[[4398046511104,"Yes"]],"total_rows":1}}],
 "execution_time_ms":7}`;

  it('reads rows as GreptimeDB writes them', async () => {
    const answer = readSqlAnswer(response(upstream), WHERE)!;
    expect(answer.columns).toEqual(['region_id', 'is_leader']);
    expect(await allOf(answer)).toEqual([[4_398_046_511_104, 'Yes']]);
  });

  it('reads the answers of 0.7.2, which have no total and a code of 0', async () => {
    const body = '{"code":0,"output":[{"records":{"schema":{"column_schemas":[]},"rows":[]}}]}';
    expect(await allOf(readSqlAnswer(response(body), WHERE)!)).toEqual([]);
  });

  it.each(['{"output":[{"affectedrows":0}],"execution_time_ms":1}', '{"execution_time_ms":1}'])(
    '%s is no rows',
    (body) => {
      expect(readSqlAnswer(response(body), WHERE)).toBeUndefined();
    },
  );

  it.each([
    [response('{"code":1004,"error":"sql parameter is required.","execution_time_ms":0}', 400), 1004],
    // 0.7.0 and older answer 200 whatever happened.
    [response('{"code":1004,"error":"sql parameter is required.","execution_time_ms":0}'), 1004],
    [response('{"execution_time_ms":0}', 200, { 'x-greptime-err-code': '3000' }), 3000],
    [response('{"error":"no","output":[{"records":{}}]}'), 0],
  ])('%# is an error', (answer, code) => {
    expect(() => readSqlAnswer(answer, WHERE)).toThrow(SqlError);
    try {
      readSqlAnswer(answer, WHERE);
    } catch (error) {
      expect(error).toMatchObject({ sqlCode: code });
    }
  });

  it.each([
    [response('<html>'), 'HTML or XML'],
    [response('[1]'), 'expected a JSON object'],
    [
      response('{"output":[{"records":{"schema":{"column_schemas":[{"name":"a"}]},"rows":[[1],[1,2]]}}]}'),
      'row 1',
    ],
    [
      response('{"output":[{"records":{"schema":{},"rows":[]}}]}'),
      'schema.column_schemas: expected an array, got nothing',
    ],
    [response('{"output":{}}'), 'output: expected an array, got {}'],
    [response('{"output":[{}]}'), 'output[0]: expected records or affectedrows'],
    [
      response(
        '{"output":[{"records":{"schema":{"column_schemas":[{"name":"a"}]},"rows":[[1]],"total_rows":2}}]}',
      ),
      'total_rows: expected 1',
    ],
    [response('upstream timed out', 504), 'HTTP 504 with text (upstream timed out)'],
    [response('', 200, { 'grpc-status': '12' }), 'gRPC port'],
  ])('%# says what came instead', (answer, text) => {
    expect(() => readSqlAnswer(answer, WHERE)).toThrow(text);
  });

  it.each([
    [response('Unauthorized', 401), true],
    [response('{"code":7002,"error":"user not exist"}', 401), true],
    [response('{"code":7006,"error":"no permission"}', 200), true],
    [response('{"code":4007,"error":"Region is read-only"}', 401), false],
  ])('%# tells a denial from a read-only region', (answer, isAccessDenied) => {
    try {
      readSqlAnswer(answer, WHERE);
      expect.unreachable();
    } catch (error) {
      expect(error).toMatchObject({ isAccessDenied });
    }
  });
});

describe('readRegionPeers', () => {
  const COLUMNS = ['region_id', 'peer_id', 'peer_addr', 'is_leader', 'status'];

  it('joins leader and follower rows, and repeated ones', async () => {
    const peers = await readRegionPeers(
      table(COLUMNS, [
        [4_398_046_511_104, 1, 'a:1', 'Yes', 'ALIVE'],
        [4_398_046_511_104, 2, 'b:1', 'No', null],
        [4_398_046_511_105, 2, 'b:1', 'Yes', 'DOWNGRADING'],
        [4_402_341_478_400, null, null, 'Yes', 'ALIVE'],
        // 0.7 and 0.8 repeat a physical table's regions for each logical table.
        [4_398_046_511_105, 2, 'b:1', 'Yes', 'DOWNGRADING'],
        [4_398_046_511_104, 1, 'a:1', 'Yes', 'ALIVE'],
      ]),
    );
    expect(peers.byTable.get('1024')?.inOrder).toMatchObject([
      { id: '4398046511104', leader: '1', followers: ['2'], status: 'alive' },
      { id: '4398046511105', leader: '2', status: 'migrating' },
    ]);
    expect(peers.byTable.get('1025')?.inOrder).toMatchObject([
      { id: '4402341478400', leader: null, status: 'alive' },
    ]);
    expect([...peers.addrs]).toEqual([
      ['1', 'a:1'],
      ['2', 'b:1'],
    ]);
  });

  it.each([
    ['ALIVE', 'alive'],
    ['DOWNGRADED', 'migrating'],
    ['DOWNGRADING', 'migrating'],
    ['STAGING', 'staging'],
    ['SOMETHING NEW', 'migrating'],
    [null, 'alive'],
  ])('status %s is %s', async (status, expected) => {
    const peers = await readRegionPeers(table(COLUMNS, [[1, 1, 'a', 'Yes', status]]));
    expect(findPeerEntry(peers, '1')?.status).toBe(expected);
  });

  it('leaves a region alone whose repeated rows disagree', async () => {
    const peers = await readRegionPeers(
      table(COLUMNS, [
        [1, 1, 'a', 'Yes', 'ALIVE'],
        [1, 2, 'b', 'Yes', 'ALIVE'],
      ]),
    );
    expect(findPeerEntry(peers, '1')).toMatchObject({ leader: '1', status: 'migrating' });
  });

  it('finds rows out of order, and does not need columns that it can do without', async () => {
    const ids = [5, 3, 9, 3, 5, 9, 1].map((number) => [4_398_046_511_104 + number, 1]);
    const peers = await readRegionPeers(table(['region_id', 'peer_id'], ids));
    expect(peers.byTable.get('1024')?.inOrder.map(({ id }) => Number(id) - 4_398_046_511_104)).toEqual([
      1, 3, 5, 9,
    ]);
    for (const number of [5, 3, 9, 1])
      expect(findPeerEntry(peers, String(4_398_046_511_104 + number))).toBeDefined();
    expect(findPeerEntry(peers, '4398046511106')).toBeUndefined();
    expect(findPeerEntry(peers, '4402341478400')).toBeUndefined();
  });

  it('keeps ids above 2^53 exact, in any order and with the column anywhere', async () => {
    const ids = ['9449175023485550593', '9449175023485550592', '9449179318452846591', '9449179318452846592'];
    const first = ids.map((id) => `[ ${id} ,1,"[${id}:","Yes","ALIVE"]`).join();
    const plain = ids.map((id) => `[${id},1,"a:1","Yes","ALIVE"]`).join();
    const second = ids.map((id) => `["[::1]:4001",1,${id}]`).join();
    const schema = (names: string[]) => JSON.stringify(names.map((name) => ({ name, data_type: 'x' })));
    const body = (names: string[], data: string) =>
      `{"output":[{"records":{"schema":{"column_schemas":${schema(names)}},"rows":[${data}]}}]}`;
    for (const text of [
      body(COLUMNS, first),
      body(COLUMNS, plain),
      body(['peer_addr', 'peer_id', 'region_id'], second),
    ]) {
      const peers = await readRegionPeers(readSqlAnswer(response(text), WHERE)!);
      expect(
        [...peers.byTable.values()].flatMap(({ inOrder }) => inOrder.map(({ id }) => id)).sort(),
      ).toEqual([...ids].sort());
      expect([...peers.byTable.keys()].sort()).toEqual([...new Set(ids.map(tableIdOf))].sort());
    }
  });

  it.each([
    [[['x', 1, 'a', 'Yes', 'ALIVE']], 'row 0: region_id: expected an unsigned integer, got "x"'],
    [
      [
        [1, 1, 'a', 'Yes', 'ALIVE'],
        [2, -1, 'a', 'Yes', 'ALIVE'],
      ],
      'row 1: peer_id',
    ],
    [[[1.5, 1, 'a', 'Yes', 'ALIVE']], 'got 1.5'],
    [[[null, 1, 'a', 'Yes', 'ALIVE']], 'got null'],
  ])('%# names the cell that is wrong', async (data, text) => {
    await expect(readRegionPeers(table(COLUMNS, data))).rejects.toThrow(text);
  });
});

describe('readClusterInfo', () => {
  it('reads datanodes alone, who of them lives, and what they are for', async () => {
    const query = '{"workloads":["query"],"leader_regions":3,"follower_regions":0}';
    const { nodes, alive, isWarm } = await readClusterInfo(
      table(
        ['peer_id', 'peer_type', 'peer_addr', 'active_time', 'node_status'],
        [
          [1, 'DATANODE', 'a:1', '1s 204ms', query.replace('query', 'hybrid')],
          [2, 'DATANODE', 'b:1', '10s', query],
          [3, 'DATANODE', 'c:1', '9s 999ms', '{'],
          [4, 'FLOWNODE', 'd:1', '1s', null],
          [5, 'DATANODE', null, null, null],
          [6, 'DATANODE', 'g:1', '20s', '{"workloads":[]}'],
          [-1, 'FRONTEND', 'f:1', '1s', null],
          [-1, 'METASRV', 'm:1', null, null],
        ],
      ),
    );
    expect([...nodes]).toEqual([
      ['1', { addr: 'a:1' }],
      ['2', { addr: 'b:1', workloads: ['query'] }],
      ['3', { addr: 'c:1' }],
      ['5', { addr: '' }],
      ['6', { addr: 'g:1', workloads: [] }],
    ]);
    expect(alive).toEqual(new Set(['1', '3']));
    expect(isWarm()).toBe(true);
  });
});

describe('parseHumantime', () => {
  it.each([
    ['2s 113ms', 2_113],
    ['1m 3s', 63_000],
    ['2h 3m 1s 20ms', 7_381_020],
    ['1day 2h', 93_600_000],
    ['2days', 172_800_000],
    ['1month', 2_630_016_000],
    ['3us', 0.003],
    ['0s', 0],
    ['204ms', 204],
    ['5', undefined],
    ['', undefined],
    ['soon', undefined],
    ['1s x', undefined],
    ['-1s', undefined],
  ])('%s is %s ms', (text, expected) => {
    expect(parseHumantime(text)).toBe(expected);
  });
});

describe('procedures', () => {
  const COLUMNS = ['procedure_id', 'procedure_type', 'start_time', 'end_time', 'status', 'lock_keys'];
  const LOCKS =
    'Share("__catalog_lock/greptime"),Share("__schema_lock/greptime.public"),Exclusive("__region_lock/4398046511104")';

  it('reads what holds regions', async () => {
    const procedures = await readProcedures(
      table(COLUMNS, [
        ['538B7476-9f79', 'metasrv-procedure::RegionMigration', 1_709_640_000_123, 0, 'Running', LOCKS],
        ['2', 'metasrv-procedure::RegionMigration', 0, 5, 'Done', LOCKS],
        ['3', 'metasrv-procedure::CreateTable', 0, 0, 'Running', 'Share("__catalog_lock/greptime")'],
        ['4', 'metasrv-procedure::Gc', 0, 0, 'Running', 'Share("__region_lock/7"),Share("__region_lock/8")'],
      ]),
    );
    expect(procedures).toMatchObject([
      {
        procedureId: '538b7476-9f79',
        isRegionMigration: true,
        active: true,
        regionIds: ['4398046511104'],
        startedAtMs: 1_709_640_000_123,
      },
      { isRegionMigration: true, active: false },
      { isRegionMigration: false, active: true, regionIds: ['7', '8'] },
    ]);
    expect([...heldRegions(procedures)]).toEqual(['4398046511104', '7', '8']);
  });

  const state = (cell: unknown) => readProcedureState(table(['x'], [[cell]]));
  it.each([
    ['Running', 'active', 'running'],
    ['Retrying', 'active', 'retrying'],
    ['PrepareRollback', 'active', 'rolling-back'],
    ['RollingBack', 'active', 'rolling-back'],
    ['Done', 'ended', 'done'],
    ['Failed', 'ended', 'failed'],
    ['Poisoned', 'ended', 'failed'],
    ['Unknown', 'active', 'running'],
  ])('%s is %s: %s', (word, kind, status) => {
    expect(state(JSON.stringify({ status: word }))).toMatchObject({ kind, status });
    expect(state(JSON.stringify({ status: word, error: 'e' }))).toEqual({ kind, status, error: 'e' });
  });

  it.each(['Done', '{}', '{"status":7}', null, '{"status":"Dancing"}'])('%s is no state', (cell) => {
    expect(() => state(cell)).toThrow(WHERE);
  });
});

describe('readStatistics', () => {
  it('reads the leaders of regions, and nothing where two claim to lead', async () => {
    const columns = [
      'region_id',
      'region_rows',
      'written_bytes_since_open',
      'disk_size',
      'memtable_size',
      'region_role',
    ];
    const row = (id: number, role: string) => [id, 0, 77, 1_000, 20, role];
    const { regions, tableIds } = await readStatistics(
      table(columns, [
        row(4_398_046_511_104, 'Leader'),
        row(4_398_046_511_104, 'Follower'),
        row(4_402_341_478_400, 'Leader'),
        row(4_402_341_478_400, 'Leader'),
        row(3, 'Leader(Staging)'),
        row(4, 'Leader(Downgrading)'),
      ]),
    );
    expect(regions.get('4398046511104')).toEqual({
      status: 'alive',
      load: { memtableBytes: 20, diskBytes: 1_000, writtenBytes: 77, rows: 0 },
    });
    expect(regions.has('4402341478400')).toBe(false);
    expect(regions.get('3')?.status).toBe('staging');
    expect(regions.get('4')?.status).toBe('migrating');
    expect([...tableIds]).toEqual(['1024', '1025', '0']);
  });

  it('adds up what 0.9.4 has instead of a total, and leaves unknown unknown', async () => {
    const columns = ['region_id', 'memtable_size', 'manifest_size', 'sst_size', 'engine', 'region_role'];
    const { regions } = await readStatistics(
      table(columns, [
        [1, 5, 10, 20, 'mito', 'Leader'],
        [2, null, null, null, 'mito', 'Leader'],
      ]),
    );
    expect(regions.get('1')?.load).toEqual({ memtableBytes: 5, diskBytes: 30, writtenBytes: undefined });
    expect(regions.get('2')?.load).toEqual({
      memtableBytes: undefined,
      diskBytes: undefined,
      writtenBytes: undefined,
    });
  });
});

describe('readRegionInfo', () => {
  it('tells who holds a data region writable', async () => {
    const columns = ['region_id', 'region_group', 'state', 'role', 'writable', 'node_id'];
    const metadata = 4_398_046_511_104 + 2 ** 24;
    const info = await readRegionInfo(
      table(columns, [
        [4_398_046_511_104, 0, 'Leader(Writable)', 'Leader', true, 2],
        [4_398_046_511_104, 0, 'Follower', 'Follower', false, 1],
        [metadata, 1, 'Leader(Writable)', 'Leader', true, 2],
        [4_398_046_511_105, 0, 'Leader(Downgrading)', 'Leader', false, 3],
      ]),
    );
    expect([...info]).toEqual([
      ['4398046511104', { writableOn: ['2'], hasIdleLeader: false }],
      ['4398046511105', { writableOn: [], hasIdleLeader: true }],
    ]);
  });
});

describe('tables', () => {
  const NONE: TableEvidence = { withRegions: new Set(), withStatistics: new Set(), owners: new Map() };
  const metric = (id: string, name: string, createOptions?: string): TableRow => ({
    id,
    catalog: 'greptime',
    schema: 'public',
    name,
    engine: 'metric',
    createOptions,
  });

  it('leaves out what has no regions', async () => {
    const columns = ['table_catalog', 'table_schema', 'table_name', 'table_type', 'table_id', 'engine'];
    const read = await readTables(
      table(columns, [
        ['greptime', 'public', 'cpu', 'BASE TABLE', 1024, 'mito'],
        ['greptime', 'public', 'v', 'VIEW', 1025, ''],
        ['greptime', 'public', 't', 'LOCAL TEMPORARY', 1026, 'mito'],
        ['greptime', 'information_schema', 'tables', 'LOCAL TEMPORARY', 5, null],
        ['greptime', 'pg_catalog', 'pg_class', 'BASE TABLE', 6, null],
        ['greptime', 'public', 'numbers', 'BASE TABLE', 2, 'test_engine'],
      ]),
    );
    expect(read.map(({ name }) => name)).toEqual(['cpu']);
    expect(read[0]?.createOptions).toBeUndefined();
  });

  it.each([
    ['on_physical_table=phy', 'phy'],
    ['ttl=7days on_physical_table=phy append_mode=true', 'phy'],
    ["on_physical_table = 'my phy' x=1", 'my phy'],
    ['{"on_physical_table":"phy"}', 'phy'],
    ['on_physical_table=my phy ttl=7d', 'my phy'],
  ])('finds the physical table in %s', (options, name) => {
    const { tables, orphans } = resolveTables(
      [
        metric('1', name, 'physical_metric_table='),
        metric('9', 'other', 'physical_metric_table='),
        metric('2', 'l', options),
      ],
      NONE,
    );
    expect(orphans).toEqual([]);
    expect(tables.map(({ id }) => id)).toEqual(['1', '9']);
    expect(tables[0]?.logicalTables).toEqual([{ id: '2', schema: 'public', name: 'l' }]);
  });

  it('goes by the regions where there are no options (0.7, 0.8)', () => {
    const evidence = { ...NONE, withRegions: new Set(['1']) };
    const { tables } = resolveTables([metric('1', 'phy'), metric('2', 'l')], evidence);
    expect(tables[0]?.logicalTables).toEqual([{ id: '2', schema: 'public', name: 'l' }]);
  });

  it('goes by the statistics where the options say nothing', () => {
    const evidence = { ...NONE, withRegions: new Set(['1', '2']), withStatistics: new Set(['1']) };
    const { tables } = resolveTables([metric('1', 'phy', ''), metric('2', 'l', '')], evidence);
    expect(tables.map(({ id }) => id)).toEqual(['1']);
  });

  it('says which logical tables have no known home', () => {
    const { orphans } = resolveTables([metric('2', 'l', 'on_physical_table=gone')], NONE);
    expect(orphans.map(({ name }) => name)).toEqual(['l']);
  });
});

describe('a large answer', () => {
  const COLUMNS = ['region_id', 'peer_id', 'peer_addr', 'is_leader', 'status'];
  const COUNT = 9_000;
  const idAt = (index: number, table = 2_200_000): string =>
    String((BigInt(table + Math.floor(index / 100)) << 32n) | BigInt(index % 100));

  function body(rowAt: (index: number) => string, rest = `"total_rows":${COUNT}`): string {
    const schema = JSON.stringify(COLUMNS.map((name) => ({ name, data_type: 'x' })));
    const data = Array.from({ length: COUNT }, (_, index) => rowAt(index)).join();
    return `{"output":[{"records":{"schema":{"column_schemas":${schema}},"rows":[${data}],${rest}}}],"execution_time_ms":7}`;
  }

  const read = (text: string): SqlRows => readSqlAnswer(response(text), WHERE)!;

  it.each([
    ['as GreptimeDB writes it', (index: number) => `[${idAt(index)},1,"10.0.0.1:4001","Yes","ALIVE"]`],
    ['with ids below 2^53', (index: number) => `[${idAt(index, 1_024)},1,"10.0.0.1:4001","Yes","ALIVE"]`],
    ['with white space', (index: number) => ` [ ${idAt(index)} , 1, "10.0.0.1:4001","Yes","ALIVE" ]\n`],
    [
      'with brackets, quotes and long numbers in texts',
      (index: number) => `[${idAt(index)},1,"],[,${idAt(0)},\\"],[\\\\","Yes","ALIVE"]`,
    ],
    ['with nested cells', (index: number) => `[${idAt(index)},1,[["a"],["b"],[1]],"Yes","ALIVE"]`],
    ['with no character of Latin', (index: number) => `[${idAt(index)},1,"データノード:4001","Yes","ALIVE"]`],
  ])('%s is read as a whole parse reads it', async (_name, rowAt) => {
    const text = body(rowAt);
    expect(await allOf(read(text))).toEqual(
      Array.from({ length: COUNT }, (_, index) => parseJsonExact(rowAt(index))),
    );
    const peers = await readRegionPeers(read(text));
    expect([...peers.byTable.values()].flatMap(({ inOrder }) => inOrder.map(({ id }) => id))).toEqual(
      Array.from({ length: COUNT }, (_, index) =>
        String(decimalId((parseJsonExact(rowAt(index)) as unknown[])[0])),
      ),
    );
  });

  it.each([
    [
      'a row that is too short',
      (index: number) => (index === 5_000 ? '[1]' : '[1,1,"a","Yes",null]'),
      'row 5000',
    ],
    [
      'a row that is no list',
      (index: number) => (index === 8_999 ? '7' : '[1,1,"a","Yes",null]'),
      'row 8999',
    ],
  ])('names %s', async (_name, rowAt, text) => {
    const padded = (index: number): string => rowAt(index).replace('"a"', `"${'a'.repeat(40)}"`);
    await expect((async () => allOf(read(body(padded))))()).rejects.toThrow(text);
  });

  it('is refused when rows are missing, or when it ends in the middle', async () => {
    const rowAt = (index: number): string => `[${idAt(index)},1,"10.0.0.1:4001","Yes","ALIVE"]`;
    await expect(allOf(read(body(rowAt, '"total_rows":9001')))).rejects.toThrow('total_rows: expected 9000');
    expect(() => read(body(rowAt).slice(0, -300_000))).toThrow('expected a JSON object');
    const broken = body((index) => (index === 4_000 ? '[1,,]' : rowAt(index)));
    await expect(allOf(read(broken))).rejects.toThrow('records.rows: expected an array');
  });

  it('is refused where one row alone is too long to be parsed in one go', async () => {
    const long = body((index) =>
      index === 100 ? `[${'{},'.repeat(1_000_000)}1]` : `[${idAt(index)},1,"a","Yes","ALIVE"]`,
    );
    await expect(allOf(read(long))).rejects.toThrow(/of at most 1048576 characters each.*after row/);
  });

  it.each([
    ['objects in place of rows', `{"output":[${'{},'.repeat(400_000)}{}]}`],
    ['a list of objects', `[${'{},'.repeat(400_000)}{}]`],
    ['much before the rows', `{"x":[${'{},'.repeat(400_000)}{}],"output":[{"records":{"rows":[[1]]}}]}`],
  ])('is refused in another form: %s', (_, text) => {
    expect(() => read(text)).toThrow(
      'rows as GreptimeDB writes them in an answer of more than 1048576 characters',
    );
  });

  it('lets others have the event loop', async () => {
    let turns = 0;
    const count = (): void => {
      turns += 1;
      if (turns < 1_000) setImmediate(count);
    };
    setImmediate(count);
    await allOf(read(body((index) => `[${idAt(index)},1,"10.0.0.1:4001","Yes","ALIVE"]`)));
    expect(turns).toBeGreaterThanOrEqual(3);
  });
});

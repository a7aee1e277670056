import { describe, expect, it } from 'vitest';
import type { ClusterOptions } from '../../../src/greptimedb/options.ts';
import { compileSelection } from '../../../src/domain/selector.ts';
import { VirtualClock } from '../../harness/virtual-clock.ts';
import {
  metasrvOptions,
  NEVER,
  openScripted,
  refusal,
  rows,
  sqlError,
  sqlOptions,
} from '../../support/greptimedb.ts';
import type { Answer, Script } from '../../support/greptimedb.ts';

const probe = (table: string) => `SQL SELECT * FROM information_schema.${table} LIMIT 1`;
const unknown = sqlError(4001, 'Failed to plan SQL: Table not found: greptime.information_schema.x');
const NOT_FOUND = sqlError(1004, 'Procedure not found: 00000000-0000-4000-8000-000000000000');
const SYNTAX = sqlError(2000, 'sql parser error: Unexpected keyword ADMIN');

/** A frontend by the columns of its tables. */
function frontend(columns: Readonly<Record<string, string>>, more: Script = {}): Script {
  const probes = Object.entries(columns).map(([table, names]) => [probe(table), rows(names.split(' '), [])]);
  return { SQL: unknown, ...(Object.fromEntries(probes) as Script), ...more };
}

const PEERS = 'region_id peer_id peer_addr is_leader status down_seconds';
const STATISTICS = 'region_id memtable_size manifest_size sst_size engine region_role';
/** What each version has. */
const V08 = {
  region_peers: PEERS,
  tables: 'table_id engine',
  cluster_info: 'peer_id peer_type peer_addr version active_time',
};
const V090 = { ...V08, tables: 'table_id engine create_options' };
const V094 = {
  ...V090,
  region_statistics: STATISTICS,
  procedure_info: 'procedure_id procedure_type start_time end_time status lock_keys',
};
const V11 = {
  ...V094,
  region_peers: `table_name ${PEERS}`,
  region_statistics: `${STATISTICS} disk_size sst_num written_bytes_since_open`,
  region_info: 'region_id node_id writable role state',
};
const INVALID = sqlError(3000, "Invalid function 'procedure_state'");

const VERSIONS: Readonly<
  Record<string, readonly [script: Script, features: string, refusesDuplicates: boolean]>
> = {
  '0.7.0': [
    frontend({ greptime_region_peers: PEERS, tables: V08.tables }),
    'greptime_region_peers select-functions',
    false,
  ],
  '0.8.0': [frontend(V08), 'region_peers cluster_info select-functions', false],
  '0.9.0': [
    frontend(V090, { 'SQL ADMIN procedure_state': SYNTAX, 'SQL SELECT procedure_state': NOT_FOUND }),
    'region_peers cluster_info select-functions',
    true,
  ],
  '0.9.3': [
    frontend(V090, { 'SQL ADMIN procedure_state': NOT_FOUND, 'SQL SELECT procedure_state': INVALID }),
    'region_peers cluster_info admin-functions',
    true,
  ],
  '0.9.4': [
    frontend(V094),
    'region_peers cluster_info region_statistics procedure_info admin-functions',
    true,
  ],
  '1.1.0': [
    frontend(V11),
    'region_peers cluster_info region_statistics procedure_info region_info admin-functions',
    true,
  ],
};

describe('telling versions by what they have', () => {
  it.each(Object.entries(VERSIONS))('%s', async (version, [script, features, refusesDuplicates]) => {
    const { cluster } = await openScripted(sqlOptions(['http://f0:4000']), script);
    expect(cluster.profile).toEqual({
      api: 'sql',
      version,
      features: features.split(' '),
      refusesDuplicates,
    });
  });

  it.each([
    ['1.1.3', '1.1.3'],
    ['v1.2.0', '1.2.0'],
    ['8.4.2-greptimedb-1.3.0', '1.3.0'],
    ['1.3.0-rc.1', '1.3.0-rc.1'],
    // Older than what was found: not believed.
    ['0.9.5', '1.1.0'],
    ['8.0.36', '1.1.0'],
    ['nonsense', '1.1.0'],
  ])('reported as %s it is taken for %s', async (reported, taken) => {
    const script = { ...VERSIONS['1.1.0']![0], 'SQL SELECT version()': rows(['version()'], [[reported]]) };
    const { cluster } = await openScripted(sqlOptions(['http://f0:4000']), script);
    expect(cluster.profile.version).toBe(taken);
  });
});

describe('what does not fit', () => {
  const legacy: Script = {
    'GET /admin/leader': 'm0:3002',
    'GET /admin/route': { status: 500, body: 'Failed to find table route for 4294967295' },
    'GET /admin/maintenance': 'Maintenance mode is disabled',
  };
  const later: Script = { 'GET /admin/leader': 'm0:3002', 'GET /admin/maintenance': '{"enabled":false}' };
  const both = { ...sqlOptions(['http://f0:4000']), ...metasrvOptions(['http://m0:3002']) };
  const v11 = VERSIONS['1.1.0']![0];

  it.each<[string, ClusterOptions, Parameters<typeof openScripted>[1], string, RegExp]>([
    [
      'a later cluster over metasrv',
      metasrvOptions(['http://m0:3002']),
      later,
      'api-mismatch',
      /from GreptimeDB 0\.8 on; cluster\.api must be sql/,
    ],
    [
      'an old frontend',
      sqlOptions(['http://f0:4000']),
      { SQL: unknown },
      'api-mismatch',
      /neither information_schema\.region_peers nor/,
    ],
    [
      'nobody there',
      sqlOptions(['http://f0:4000']),
      { SQL: refusal() },
      'cluster-unreachable',
      /POST http:\/\/f0:4000\/v1\/sql .*no connection/,
    ],
    [
      'two of nobody',
      sqlOptions(['http://f0:4000', 'http://f1:4000']),
      { SQL: refusal() },
      'cluster-unreachable',
      /f0:4000.*f1:4000/,
    ],
    [
      'a web server',
      sqlOptions(['http://f0:4000']),
      { SQL: '<html>hello' },
      'cluster-answer',
      /HTML or XML \(<html>hello\)/,
    ],
    [
      'metasrv where a frontend should be',
      sqlOptions(['http://m0:3002']),
      { SQL: { headers: { 'grpc-status': '12' } } },
      'cluster-answer',
      /gRPC port/,
    ],
    [
      'a web server for metasrv',
      metasrvOptions(['http://w:80']),
      { GET: '<html>' },
      'cluster-unreachable',
      /No metasrv answered.*w.*HTML/,
    ],
    [
      'a redirect',
      sqlOptions(['http://f0:4000']),
      { SQL: { status: 301, headers: { location: 'https://u:p@p@x/y' } } },
      'cluster-answer',
      /redirect \(HTTP 301\) to https:\/\/\*\*\*@x\/y/,
    ],
    [
      'a wrong password',
      sqlOptions(['http://f0:4000']),
      { SQL: sqlError(7002, 'User not found', 401) },
      'access-denied',
      /User not found/,
    ],
    [
      'standalone',
      sqlOptions(['http://f0:4000']),
      { ...v11, [probe('cluster_info')]: rows(['peer_id', 'peer_type'], [[0, 'STANDALONE']]) },
      'api-mismatch',
      /standalone/,
    ],
    [
      'both dead',
      { ...both, api: 'auto' },
      { SQL: refusal(), GET: refusal() },
      'cluster-unreachable',
      /by SQL or metasrv\. SQL: .*metasrv: /,
    ],
    [
      'frontends dead and no routes',
      { ...both, api: 'auto' },
      { SQL: refusal(), ...later },
      'api-mismatch',
      /SQL: .*no connection.*metasrv: .*cluster\.api must be sql/,
    ],
  ])('%s', async (_name, options, script, code, text) => {
    const failure = openScripted(options, script);
    await expect(failure).rejects.toThrow(text);
    await expect(failure).rejects.toMatchObject({ code });
  });

  it.each<[string, ClusterOptions]>([
    ['no endpoint', { name: 'x', api: 'auto', requestTimeoutMs: 1 }],
    ['no SQL endpoint', { ...metasrvOptions(['http://m:1']), api: 'sql' }],
    ['no URL', sqlOptions(['f0:4000'])],
    ['credentials stay hidden', sqlOptions(['ftp://user:secret@f0'])],
  ])('%s is a usage error', async (_name, options) => {
    const failure = openScripted(options, {});
    await expect(failure).rejects.toMatchObject({ name: 'UsageError' });
    await expect(failure).rejects.not.toThrow(/secret/);
  });

  it('auto falls back to metasrv where SQL does not fit, and prefers SQL where both do', async () => {
    const old = await openScripted({ ...both, api: 'auto' }, { SQL: unknown, ...legacy });
    expect(old.cluster.profile).toMatchObject({ api: 'metasrv', version: '0.7.2' });
    const overlap = await openScripted({ ...both, api: 'auto' }, { ...legacy, ...VERSIONS['0.7.0']![0] });
    expect(overlap.cluster.profile.api).toBe('sql');
  });
});

describe('the switches of metasrv', () => {
  const BOTH: ClusterOptions = {
    ...sqlOptions(['http://f0:4000']),
    ...metasrvOptions(['http://m0:4000']),
    api: 'sql',
  };
  const open = async (script: Script) => {
    const v11 = VERSIONS['1.1.0']![0];
    return (await openScripted(BOTH, { ...v11, 'GET /admin/leader': 'm0:4000', ...script })).cluster;
  };
  const PATHS = ['/admin/maintenance', '/admin/procedure-manager/status'] as const;
  const healthy = {
    'GET /admin/maintenance': '{"enabled":true}',
    'GET /admin/procedure-manager/status': '{"status":"paused"}',
  };

  it.each<[Answer, Answer, boolean | 'unknown', string]>([
    ['{"enabled":true}', '{"status":"paused"}', true, 'paused'],
    ['{"enabled":false}', '{"status":"running"}', false, 'running'],
    ['Maintenance mode is enabled', { status: 404 }, true, 'unknown'],
    ['Maintenance mode is disabled', { status: 404 }, false, 'unknown'],
    ['Maintenance mode enabled', { status: 404 }, true, 'unknown'],
    [{ status: 404 }, { status: 404 }, 'unknown', 'unknown'],
  ])('%j and %j', async (switched, manager, maintenance, procedureManager) => {
    const cluster = await open({
      'GET /admin/maintenance': switched,
      'GET /admin/procedure-manager/status': manager,
    });
    expect(await cluster.readSafety({ signal: NEVER })).toEqual({ maintenance, procedureManager });
  });

  it('are looked for in both places, and unknown without metasrv', async () => {
    const elsewhere = {
      'GET /admin/maintenance': { status: 404 },
      'GET /admin/maintenance/status': '{"enabled":true}',
    };
    const unknown = { maintenance: 'unknown', procedureManager: 'unknown' };
    expect(await (await open(elsewhere)).readSafety({ signal: NEVER })).toEqual({
      ...unknown,
      maintenance: true,
    });
    const { cluster } = await openScripted(sqlOptions(['http://f0:4000']), VERSIONS['1.1.0']![0]);
    expect(await cluster.readSafety({ signal: NEVER })).toEqual(unknown);
  });

  it.each<[Answer, string]>([
    [{ status: 500, body: 'etcd' }, 'metasrv says: etcd'],
    ['{"enabled":"no","status":"odd"}', 'expected '],
    ['maybe', 'got text (maybe)'],
    ['<html>', 'got HTML or XML'],
    // GreptimeDB 0.15.5 and 0.16, HTTP port, when the metadata store fails.
    [{ status: 404, headers: { 'content-type': 'text/plain; charset=utf-8' } }, 'HTTP 404'],
    [{ status: 404, body: 'Failed to execute via Etcd' }, 'HTTP 404'],
    // A proxy.
    [
      { status: 404, headers: { 'content-type': 'text/html' }, body: '<html>404 Not Found</html>' },
      'HTTP 404',
    ],
  ])('that answer %j are neither off nor unknown', async (answer, text) => {
    for (const path of PATHS) {
      const cluster = await open({ ...healthy, [`GET ${path}`]: answer });
      await expect(cluster.readSafety({ signal: NEVER })).rejects.toThrow(text);
    }
  });

  it('are read from the next metasrv where one has only a page for them', async () => {
    const broken = { status: 404, body: '<html>404 Not Found</html>' };
    const { cluster } = await openScripted(
      { ...BOTH, ...metasrvOptions(['http://m0:4000', 'http://m1:4000']), api: 'sql' },
      {
        'http://f0:4000': VERSIONS['1.1.0']![0],
        'http://m0:4000': { 'GET /admin/leader': 'm0:4000', 'GET /admin': broken },
        'http://m1:4000': { 'GET /admin/leader': 'm0:4000', ...healthy },
      },
    );
    expect(await cluster.readSafety({ signal: NEVER })).toEqual({
      maintenance: true,
      procedureManager: 'paused',
    });
  });

  it.each(PATHS)('%s is not unknown any more once it has answered', async (path) => {
    let isMissing = false;
    const answer = () => (isMissing ? { status: 404 } : healthy[`GET ${path}`]);
    const cluster = await open({ ...healthy, [`GET ${path}`]: answer });
    await cluster.readSafety({ signal: NEVER });
    isMissing = true;
    await expect(cluster.readSafety({ signal: NEVER })).rejects.toThrow(/which answered before$/);
  });
});

describe('the metasrv catalog', () => {
  const route = (id: number) =>
    JSON.stringify(
      `{"region_routes":[{"region":{"id":${id}},"leader_peer":{"id":1,"addr":"a:1"},"follower_peers":[]}]}`,
    );
  const info = (id: number, name: string, engine = 'mito') =>
    `"${id}":{"table_info":{"ident":{"table_id":${id}},"name":"${name}","schema_name":"public","catalog_name":"greptime","meta":{"engine":"${engine}"}},"version":1}`;
  const logical = JSON.stringify('{"type":"logical","physical_table_id":1026,"region_ids":[4410931412992]}');
  const script: Script = {
    'GET /admin/leader': 'election info is None',
    'GET /admin/route?table_id=4294967295': {
      status: 500,
      body: 'Failed to find table route for 4294967295',
    },
    'GET /admin/catalogs': '["greptime"]',
    'GET /admin/schemas?catalog=greptime': '["greptime_private","information_schema","public"]',
    'GET /admin/tables?catalog=greptime&schema=public': '["cpu","mem usage&co","gone","phy","log"]',
    'GET /admin/tables?catalog=greptime&schema=greptime_private': '["secret"]',
    'GET /admin/route?catalog=greptime&schema=public&table=cpu': route(4_398_046_511_104),
    'GET /admin/route?catalog=greptime&schema=public&table=mem%20usage%26co': route(4_402_341_478_400),
    'GET /admin/route?catalog=greptime&schema=public&table=gone': {
      status: 500,
      body: 'Table greptime.public.gone not found',
    },
    'GET /admin/route?catalog=greptime&schema=public&table=phy': route(4_406_636_445_696),
    'GET /admin/route?catalog=greptime&schema=public&table=log': logical,
    'GET /admin/route?table_id=1027': logical,
    'GET /admin/route?table_id=1024': route(4_398_046_511_104),
    'GET /admin/route?table_id=1026': route(4_406_636_445_696),
    'GET /admin/route?table_id=9999': { status: 500, body: 'Failed to find table route for 9999' },
    'GET /admin/table?table_ids=': `{${info(1024, 'cpu')},${info(1025, 'mem usage&co')},${info(1026, 'phy', 'metric')},${info(1027, 'log', 'metric')}}`,
    'GET /admin/node-lease': () =>
      `[{"name":{"cluster_id":0,"node_id":1},"lease":{"timestamp_millis":${Date.now()},"node_addr":"a:1"}}]`,
    'GET /admin/heartbeat': '[]',
  };
  const read = async (include: string[], exclude: string[] = ['greptime_private.*']) => {
    const { cluster, transport } = await openScripted(metasrvOptions(['http://m0:3002']), script);
    const snapshot = await cluster.readSnapshot({
      selector: compileSelection({ include, exclude }),
      signal: NEVER,
    });
    return { snapshot, log: transport.log };
  };

  it('reads all tables, follows logical ones once, and leaves out what vanished', async () => {
    const { snapshot, log } = await read([]);
    expect(snapshot.tables).toEqual([
      { id: '1024', catalog: 'greptime', schema: 'public', name: 'cpu', engine: 'mito' },
      { id: '1025', catalog: 'greptime', schema: 'public', name: 'mem usage&co', engine: 'mito' },
      {
        id: '1026',
        catalog: 'greptime',
        schema: 'public',
        name: 'phy',
        engine: 'metric',
        logicalTables: [{ id: '1027', schema: 'public', name: 'log' }],
      },
    ]);
    expect(snapshot.cluster).toEqual({ name: 'test', api: 'metasrv', version: '0.5.1' });
    expect(log.join()).not.toContain('secret');
    expect(log.join()).not.toContain('schema=information_schema');
  });

  it.each([
    [['1024'], ['cpu']],
    [['1024', '9999'], ['cpu']],
    [['public.mem*'], ['mem usage&co']],
    [['greptime.public.cp?'], ['cpu']],
    // A logical table selects the physical one that it lives in.
    [['public.log'], ['phy']],
    [['1027'], ['phy']],
    [['9999'], []],
    [
      ['public.c*', '1026'],
      ['cpu', 'phy'],
    ],
  ])('%j selects %j', async (include, names) => {
    const { snapshot } = await read(include);
    expect(snapshot.tables.map(({ name }) => name)).toEqual(names);
    expect(snapshot.regions.map(({ tableId }) => tableId)).toEqual(snapshot.tables.map(({ id }) => id));
  });

  it('does without statistics, also where a datanode is missing', async () => {
    const clock = new VirtualClock();
    const lease = `[{"name":{"cluster_id":0,"node_id":1},"lease":{"timestamp_millis":${clock.now()},"node_addr":"a:1"}}]`;
    const { cluster } = await openScripted(
      metasrvOptions(['http://m0:3002'], { expectedDatanodes: ['7'] }),
      { ...script, 'GET /admin/node-lease': lease, 'GET /admin/heartbeat': { status: 500, body: 'etcd' } },
      { clock },
    );
    const datanodes = await clock.settled(cluster.readDatanodes({ signal: NEVER }));
    expect(datanodes.find(({ id }) => id === '7')).toMatchObject({ status: 'dead' });
  });

  it('asks for nothing but the named tables when they are named by id', async () => {
    const { log } = await read(['1024']);
    expect(log.filter((line) => /catalogs|schemas|tables\?/.test(line))).toEqual([]);
  });
});

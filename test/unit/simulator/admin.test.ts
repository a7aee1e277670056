import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { SimulatedClusterOptions } from '../../../src/simulator/index.ts';
import { cases, play } from './harness.ts';

const LEASE = z.object({
  name: z.looseObject({ node_id: z.number() }),
  human_time: z.string(),
  lease: z.object({ timestamp_millis: z.number() }),
});
const STAT = z.looseObject({
  timestamp_millis: z.number(),
  region_num: z.number(),
  region_stats: z.array(z.record(z.string(), z.unknown())),
});

describe('the admin API of 0.5.1 to 0.7.2', () => {
  it.each([
    ['GET /admin/health', 200, 'OK\n'],
    ['DELETE /admin/health', 200, 'OK\n'],
    ['GET /admin/health/', 404, ''],
    ['GET /admin/nothing', 404, ''],
    ['GET /admin/procedure-manager/status', 404, ''],
    ['GET /admin/leader', 200, 'election info is None'],
    ['GET /admin/catalogs', 200, '["greptime"]'],
    ['GET /admin/schemas?catalog=greptime', 200, '["greptime_private","information_schema","public"]'],
    ['GET /admin/schemas?catalog=other', 200, '[]'],
    ['GET /admin/schemas', 500, 'Missing required parameter, param: "catalog"'],
    ['GET /admin/tables?catalog=greptime', 500, 'Missing required parameter, param: "schema"'],
    ['GET /admin/tables?catalog=greptime&schema=information_schema', 200, '[]'],
    ['GET /admin/route?table_id=9999', 500, 'Failed to find table route for 9999'],
    ['GET /admin/route?region_id=x', 500, 'Failed to parse number: invalid region id: x'],
    ['GET /admin/route?table_id=x', 500, 'Failed to parse number: invalid table id: x'],
    ['GET /admin/route?catalog=greptime&schema=public&table=foo', 500, 'Table greptime.public.foo not found'],
    ['GET /admin/route', 500, 'Missing required parameter, param: "catalog"'],
    ['GET /admin/node-lease', 500, 'Missing required parameter, param: "cluster_id"'],
    ['GET /admin/node-lease?cluster_id=a', 500, 'Failed to parse number: `cluster_id` is not a valid number'],
    ['GET /admin/node-lease?cluster_id=1', 200, '[]'],
    ['GET /admin/maintenance', 200, 'Maintenance mode is disabled'],
  ])('%s: %i %j', async (request, status, body) => {
    const response = await play({ profile: '0.7.2' }).admin(request);
    expect(response).toEqual({ status, body, headers: {} });
  });

  it('describes tables by id, by region and by name, and leaves out the unknown', async () => {
    const { admin } = play({ profile: '0.7' });
    const none = await admin('GET /admin/table?table_ids=99');
    expect(none).toEqual({ status: 200, headers: { 'content-type': 'application/json' }, body: '{}' });
    const named = JSON.parse((await admin('GET /admin/table?catalog=greptime&schema=public&table=cpu')).body);
    expect(JSON.parse((await admin('GET /admin/table?region_ids=4398046511105')).body)).toEqual(named);
    expect(named['1024'].table_info).toMatchObject({
      ident: { table_id: 1024 },
      name: 'cpu',
      catalog_name: 'greptime',
      schema_name: 'public',
      meta: { engine: 'mito' },
    });
    const logical = JSON.parse((await admin('GET /admin/table?table_ids=1026,1027')).body);
    expect(logical['1026'].table_info.meta.options.extra_options).toEqual({ physical_metric_table: '' });
    expect(logical['1027'].table_info.meta.options.extra_options).toEqual({ on_physical_table: 'metrics_0' });
  });

  it('answers a path outside /admin/ with gRPC, HTTP 200 and nothing', async () => {
    const { admin } = play({ profile: '0.6' });
    for (const path of ['/', '/admin', '/health'])
      expect(await admin(`GET ${path}`)).toMatchObject({
        status: 200,
        body: '',
        headers: { 'grpc-status': '12' },
      });
  });

  it('has maintenance mode in 0.7.2 alone', async () => {
    for (const profile of ['0.6', '0.7.0'])
      expect((await play({ profile }).admin('GET /admin/maintenance')).status).toBe(404);
  });

  it('tells leases with cluster, node and time, all that are known', async () => {
    const { admin, cluster, clock } = play({ profile: '0.6' });
    cluster.killDatanode('1');
    await clock.advance(60_000);
    const leases = z.array(LEASE).parse(JSON.parse((await admin('GET /admin/node-lease?cluster_id=0')).body));
    expect(leases.map(({ name }) => name)).toContainEqual({ cluster_id: 0, node_id: 1 });
    for (const { name, lease, human_time } of leases) {
      const ageMs = cluster.nowMs - lease.timestamp_millis;
      if (name.node_id === 1) expect(ageMs).toBeGreaterThan(57_000);
      else expect(ageMs).toBeLessThan(3_000);
      expect(human_time).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}\+0000$/);
    }
  });
});

describe('/admin/route', () => {
  const layout = {
    tables: 1,
    regionsPerTable: [2, 2],
    metricTables: 1,
    layout: 'balanced',
    datanodes: 2,
  } as const;
  const route = (node: number, index: number, rest: string): string =>
    `{"region":{"id":${4398046511104 + index},"name":"","partition":{"column_list":["host"],"value_list":[${
      index === 1 ? String.raw`"\"MaxValue\""` : String.raw`"{\"Value\":{\"Int32\":1000}}"`
    }]},"attrs":{}},"leader_peer":{"id":${node},"addr":"10.0.0.1${node}:4001"},"follower_peers":[]${rest}}`;

  it('is a plain object in 0.7, byte for byte', async () => {
    const { admin } = play({ profile: '0.7', layout });
    const down = ',"leader_down_since":null';
    expect((await admin('GET /admin/route?table_id=1024')).body).toBe(
      `{"type":"physical","region_routes":[${route(0, 0, down)},${route(1, 1, down)}],"version":0}`,
    );
  });

  it('is a JSON text inside a JSON text up to 0.6, without leader_down_since', async () => {
    const { admin } = play({ profile: '0.6', layout });
    expect(JSON.parse((await admin('GET /admin/route?region_id=4398046511199')).body)).toBe(
      `{"type":"physical","region_routes":[${route(0, 0, '')},${route(1, 1, '')}],"version":0}`,
    );
  });

  it('lacks the type where a still older version wrote it', async () => {
    const { admin, cluster } = play({ profile: '0.5.1', layout: { ...layout, firstTableId: 3_000 } });
    const read = async (): Promise<unknown> => {
      const stored: string = JSON.parse((await admin('GET /admin/route?table_id=3000')).body);
      const value: unknown = JSON.parse(stored);
      return value;
    };
    expect(await read()).not.toHaveProperty('type');
    cluster.moveRegionBehindTheScenes((3_000n << 32n).toString(), '1');
    expect(await read()).toMatchObject({ type: 'physical', version: 1 });
  });

  it('names the physical table of a logical one, by id and by name', async () => {
    const { admin } = play({ profile: '0.7', layout });
    const logical = { type: 'logical', physical_table_id: 1025, region_ids: [4406636445696, 4406636445697] };
    expect(JSON.parse((await admin('GET /admin/route?table_id=1026')).body)).toEqual(logical);
    const byName = await admin('GET /admin/route?catalog=greptime&schema=public&table=metric_0_0');
    expect(JSON.parse(byName.body)).toEqual(logical);
  });

  it('tells a downgraded leader, since when, a missing one, and followers', async () => {
    const { admin, cluster } = play({ profile: '0.7', layout });
    cluster.setRegionState('4398046511104', 'downgrading');
    cluster.removeLeader('4398046511105');
    cluster.setFollower('4398046511105', '0');
    const { region_routes: routes } = JSON.parse((await admin('GET /admin/route?table_id=1024')).body);
    expect(routes[0]).toMatchObject({ leader_status: 'Downgraded', leader_down_since: cluster.nowMs });
    expect(routes[1]).toMatchObject({ leader_peer: null, follower_peers: [{ id: 0 }] });
    expect(routes[1]).not.toHaveProperty('leader_status');
  });
});

describe('/admin/region-migration checks in this order', () => {
  const id = '4398046511104';
  const options: SimulatedClusterOptions = { profile: '0.7', layout: { layout: 'crowded', datanodes: 3 } };
  const dead = 'The target peer is unavailable temporally';
  it.each(
    cases(`
      region_id=abc | Failed to parse number: invalid region_id: abc
      region_id=&from_peer_id=x | Failed to parse number: invalid region_id:
      cluster_id=-1 | Failed to parse number: invalid cluster_id: -1
      replay_timeout=60 | Missing required parameter, param: "region_id"
      region_id=1 | Missing required parameter, param: "from_peer_id"
      region_id=1&from_peer_id=1 | Missing required parameter, param: "to_peer_id"
      region_id=1&from_peer_id=8&to_peer_id=9&replay_timeout=60 | Failed to parse duration 60
      region_id=1&from_peer_id=8&to_peer_id=9 | ${dead}: 8
      region_id=1&from_peer_id=1&to_peer_id=9 | ${dead}: 9
      region_id=1&from_peer_id=1&to_peer_id=1 | Invalid arguments: The \`from_peer_id\` can't equal \`to_peer_id\`
      region_id=1&from_peer_id=1&to_peer_id=2 | Failed to find table route for 0
      region_id=4415226380288&from_peer_id=1&to_peer_id=2 | Unexpected, violated: Trying to execute region migration on the logical table, task cluster: 0, region: 4415226380288(1028, 0), from_peer: peer-1(10.0.0.11:4001), to_peer: peer-2(10.0.0.12:4001)
      region_id=4398046511114&from_peer_id=1&to_peer_id=2 | Failed to find table route for 4398046511114(1024, 10)
      region_id=${id}&from_peer_id=2&to_peer_id=1 | Invalid arguments: Invalid region migration \`from_peer\` argument
    `),
  )('%s', async (query, text) => {
    const { admin, cluster } = play(options);
    cluster.moveRegionBehindTheScenes(id, '0');
    const { status, headers, body } = await admin(`GET /admin/region-migration?${query}`);
    expect({ status, headers, body: body.trim() }).toEqual({ status: 500, headers: {}, body: text });
    expect(cluster.migrationsUnderWay).toEqual([]);
  });

  it('then answers null for a region that is there, or an id', async () => {
    const { admin, cluster, clock } = play(options);
    cluster.moveRegionBehindTheScenes(id, '0');
    const there = await admin(`GET /admin/region-migration?region_id=${id}&from_peer_id=1&to_peer_id=0`);
    expect(there).toEqual({ status: 200, headers: {}, body: '{"procedure_id":null}' });
    const go = await admin(
      `PUT /admin/region-migration?region_id=${id}&from_peer_id=0&to_peer_id=2&replay_timeout=1m`,
    );
    expect(go.body).toMatch(/^\{"procedure_id":"[0-9a-f-]{36}"\}$/);
    const again = await admin(`GET /admin/region-migration?region_id=${id}&from_peer_id=0&to_peer_id=2`);
    expect(again.status).toBe(200);
    await clock.advance(10_000);
    expect(cluster.leaderOf(id)).toBe('2');
    expect(cluster.journal.filter(({ kind }) => kind === 'mutating-request')).toHaveLength(3);
  });

  it('on a follower says that it is none of its business', async () => {
    const { admin } = play({ ...options, metasrvs: 3 });
    const { body } = await admin(
      `GET /admin/region-migration?region_id=1&from_peer_id=1&to_peer_id=2`,
      'metasrv-2',
    );
    expect(body).toBe(
      'Unexpected, violated: Trying to submit a region migration procedure to non-leader meta server',
    );
  });

  it('reads no replay_timeout in 0.5.1', async () => {
    const { admin } = play({ ...options, profile: '0.5.1' });
    const { body } = await admin(
      'GET /admin/region-migration?region_id=1&from_peer_id=8&to_peer_id=9&replay_timeout=60',
    );
    expect(body).toBe('The target peer is unavailable temporally: 8');
  });

  it('exists up to 0.7', async () => {
    for (const profile of ['0.8', '0.12', '1.3'])
      for (const path of ['route', 'region-migration', 'catalogs', 'tables'])
        expect(await play({ profile }).admin(`GET /admin/${path}`)).toMatchObject({ status: 404, body: '' });
  });
});

describe('leaders', () => {
  it('are told by every metasrv, and change', async () => {
    const { admin, cluster, clock } = play({ profile: '0.6', metasrvs: 3 });
    for (const target of ['metasrv-0', 'metasrv-1', 'metasrv-2'])
      expect((await admin('GET /admin/leader', target)).body).toBe('metasrv-0.sim:3002');
    cluster.killMetasrv(0);
    await expect(admin('GET /admin/health')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    expect(await admin('GET /admin/leader', 'metasrv-1')).toMatchObject({
      status: 500,
      body: 'MetaSrv has no leader at this moment',
    });
    expect((await admin('GET /admin/node-lease?cluster_id=0', 'metasrv-1')).status).toBe(500);
    await clock.advance(3_000);
    expect((await admin('GET /admin/leader', 'metasrv-2')).body).toBe('metasrv-1.sim:3002');
    expect((await admin('GET /admin/node-lease?cluster_id=0', 'metasrv-1')).body).toBe('[]');
    await clock.advance(3_000);
    expect(JSON.parse((await admin('GET /admin/node-lease?cluster_id=0', 'metasrv-2')).body)).toHaveLength(3);
    cluster.reviveMetasrv(0);
    expect((await admin('GET /admin/leader')).body).toBe('metasrv-1.sim:3002');
  });

  it('can have an address that leads nowhere', async () => {
    const { admin } = play({ metasrvs: 2, faults: 'dead-leader-address=1' });
    expect((await admin('GET /admin/leader')).body).toBe('metasrv-gone.invalid:3002');
  });

  it('without election restart when they change', async () => {
    const { admin, cluster, clock } = play();
    cluster.changeLeader();
    await expect(admin('GET /admin/leader')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await clock.advance(5_000);
    expect((await admin('GET /admin/leader')).body).toBe('election info is None');
    expect((await admin('GET /admin/node-lease')).body).toBe('[]');
  });
});

describe('the admin API since 0.8', () => {
  it.each([
    ['0.8', 'metasrv-0', 'GET /admin/maintenance', 200, 'Maintenance mode is disabled'],
    ['0.12', 'metasrv-0', 'GET /admin/procedure-manager/status', 404, ''],
    ['0.16', 'metasrv-0', 'GET /admin/maintenance', 200, '{"enabled":false}'],
    ['0.16', 'metasrv-0', 'GET /admin/maintenance/status', 200, '{"enabled":false}'],
    ['0.16', 'metasrv-0', 'POST /admin/maintenance/enable', 200, '{"enabled":true}'],
    ['1.3', 'metasrv-0-http', 'GET /admin/maintenance/enable', 405, ''],
    ['1.3', 'metasrv-0', 'GET /admin/maintenance/enable', 404, ''],
    ['1.3', 'metasrv-0-http', 'GET /admin/procedure-manager/status', 200, '{"status":"running"}'],
    ['1.3', 'metasrv-0-http', 'POST /admin/procedure-manager/pause', 200, '{"status":"paused"}'],
    ['0.16', 'metasrv-0', 'POST /admin/procedure-manager/resume', 200, '{"status":"running"}'],
    ['1.3', 'metasrv-0-http', 'POST /admin/health', 405, ''],
    ['1.3', 'metasrv-0', 'POST /admin/health', 200, 'OK\n'],
    ['1.3', 'metasrv-0-http', 'GET /metrics', 404, ''],
  ])('%s %s %s: %i %j', async (profile, target, request, status, body) => {
    expect(await play({ profile }).admin(request, target)).toMatchObject({ status, body });
  });

  it('has no HTTP port before 0.15.5', async () => {
    const { admin, cluster } = play({ profile: '0.14' });
    expect(cluster.targets).not.toContain('metasrv-0-http');
    await expect(admin('GET /admin/health', 'metasrv-0-http')).rejects.toMatchObject({
      code: 'ECONNREFUSED',
    });
  });

  it.each([
    ['0.16', 'metasrv-0-http', 'text/plain; charset=utf-8'],
    ['0.17', 'metasrv-0-http', 'application/json'],
    ['1.3', 'metasrv-0', undefined],
  ])('%s %s calls node-lease %s', async (profile, target, type) => {
    const { headers } = await play({ profile }).admin('GET /admin/node-lease', target);
    expect(headers['content-type']).toBe(type);
  });

  const address = '"lease":{"timestamp_millis":0,"node_addr":"10.0.0.10:4001"';
  it.each([
    ['0.12', `{"name":{"cluster_id":0,"node_id":0},"human_time":"+0000",${address}}}`],
    ['0.14', `{"name":{"node_id":0},"human_time":"",${address}}}`],
    ['1.3', `{"name":{"node_id":0},"human_time":"",${address},"workloads":{"Datanode":{"types":[0]}}}}`],
  ])('%s has leases of its own form', async (profile, form) => {
    const query = profile === '0.12' ? '?cluster_id=0' : '';
    const { body } = await play({ profile, layout: { datanodes: 1 } }).admin(`GET /admin/node-lease${query}`);
    expect(body.replace(/\d{13}/, '0').replace(/[\d-]{10} [\d:.]{12}/, '')).toBe(`[${form}]`);
  });

  const sizes =
    'approximate_bytes engine id index_size manifest_size memtable_size num_rows rcus role sst_size wcus';
  const newer = 'sst_num written_bytes query_cpu_time query_scanned_bytes region_manifest';
  const topics = 'data_topic_latest_entry_id metadata_topic_latest_entry_id';
  it.each([
    ['0.6', 'approximate_bytes approximate_rows engine id rcus role wcus'],
    ['0.12', sizes],
    ['1.3', `${sizes} ${newer} ${topics}`],
  ])('%s has heartbeats with %s', async (profile, fields) => {
    const { admin } = play({ profile });
    const { body } = await admin('GET /admin/heartbeat?addr=10.0.0.10:4001');
    const histories = z.array(z.array(STAT)).parse(JSON.parse(body));
    expect(histories).toHaveLength(1);
    const times = histories[0]!.map((stat) => stat.timestamp_millis);
    expect(times).toEqual(times.toSorted());
    const newest = histories[0]!.at(-1)!;
    expect(newest.region_num).toBe(newest.region_stats.length);
    expect(Object.keys(newest.region_stats[0]!).sort()).toEqual(fields.split(' ').sort());
    expect('cluster_id' in newest).toBe(profile !== '1.3');
  });

  it('caches switches for 10 s on the other metasrvs', async () => {
    const { admin, clock, cluster } = play({ metasrvs: 2 });
    await admin('POST /admin/maintenance/enable', 'metasrv-1');
    expect((await admin('GET /admin/maintenance', 'metasrv-1')).body).toBe('{"enabled":true}');
    expect((await admin('GET /admin/maintenance', 'metasrv-0')).body).toBe('{"enabled":false}');
    await clock.advance(10_000);
    expect((await admin('GET /admin/maintenance', 'metasrv-0')).body).toBe('{"enabled":true}');
    expect(cluster.journal).toMatchObject([
      { operation: 'maintenance', target: 'metasrv-1', verdict: 'accepted' },
    ]);
  });
});

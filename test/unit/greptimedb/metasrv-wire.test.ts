import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { TransportResponse } from '../../../src/greptimedb/http.ts';
import { leaseReader, readLeader } from '../../../src/greptimedb/metasrv/admin.ts';
import { heartbeatReader } from '../../../src/greptimedb/metasrv/heartbeats.ts';
import { readRoute } from '../../../src/greptimedb/metasrv/routes.ts';
import { checked, list, text } from '../../../src/greptimedb/wire.ts';

function response(body: string, status = 200, headers: Record<string, string> = {}): TransportResponse {
  return { status, headers, body };
}

const WHERE = 'GET http://m0:3002/admin/x';

/** As GreptimeDB 0.7 answers. */
const PHYSICAL = `{"type":"physical",
 "region_routes":[
  {"region":{"id":4398046511104,"name":"",
             "partition":{"column_list":["a"],"value_list":["{\\"Value\\":{\\"Int32\\":1000}}"]},"attrs":{}},
   "leader_peer":{"id":1,"addr":"10.0.0.11:4001"},"follower_peers":[],"leader_down_since":null},
  {"region":{"id":4398046511105,"name":"",
             "partition":{"column_list":["a"],"value_list":["\\"MaxValue\\""]},"attrs":{}},
   "leader_peer":{"id":2,"addr":"10.0.0.12:4001"},"follower_peers":[],
   "leader_status":"Downgraded","leader_down_since":1709640000123}],
 "version":3}`;

/** From GreptimeDB's own guide for 0.6. */
const DOUBLE_ENCODED = String.raw`"{\"type\":\"physical\",\"region_routes\":[{\"region\":{\"id\":4668629450752,\"name\":\"\",\"partition\":{\"column_list\":[],\"value_list\":[\"\\\"MaxValue\\\"\"]},\"attrs\":{}},\"leader_peer\":{\"id\":2,\"addr\":\"greptimedb-datanode-2.greptimedb-datanode.my-greptimedb:4001\"},\"follower_peers\":[]}],\"version\":2}"`;

function region(extra: object): string {
  return JSON.stringify({
    region_routes: [{ region: { id: 4398046511104 }, leader_peer: { id: 1, addr: 'a:1' }, ...extra }],
  });
}

describe('a text', () => {
  it.each([7, null, 'half a character \ud83d'])('refuses %j', (value) => {
    expect(() => checked(z.array(text), [value], WHERE)).toThrow(/\[0\]: expected a string, got/);
  });

  it('is the end of a list where it is wrong', () => {
    const seen: unknown[] = [];
    const item = z.unknown().refine((value) => seen.push(value) < 3, { error: 'less' });
    expect(() => checked(z.object({ all: list(item) }), { all: [0, 1, 2, 3, 4] }, WHERE)).toThrow(
      'all[2]: expected less, got 2',
    );
    expect(seen).toEqual([0, 1, 2]);
  });

  it('takes any text', () => {
    expect(checked(text, 'Zürich 🦎', WHERE)).toBe('Zürich 🦎');
  });
});

describe('readRoute', () => {
  it('reads the object of 0.7', () => {
    expect(readRoute(response(PHYSICAL), WHERE)).toEqual({
      doubleEncoded: false,
      route: {
        kind: 'physical',
        regions: [
          { id: '4398046511104', leader: '1', followers: [], status: 'alive' },
          { id: '4398046511105', leader: '2', followers: [], status: 'migrating' },
        ],
        addrs: new Map([
          ['1', '10.0.0.11:4001'],
          ['2', '10.0.0.12:4001'],
        ]),
      },
    });
  });

  it('reads the JSON inside a JSON string of 0.6', () => {
    const addr = 'greptimedb-datanode-2.greptimedb-datanode.my-greptimedb:4001';
    expect(readRoute(response(DOUBLE_ENCODED), WHERE)).toEqual({
      doubleEncoded: true,
      route: {
        kind: 'physical',
        regions: [{ id: '4668629450752', leader: '2', followers: [], status: 'alive' }],
        addrs: new Map([['2', addr]]),
      },
    });
  });

  it('reads a logical table', () => {
    const body = '{"type":"logical","physical_table_id":1024,"region_ids":[4402341478400]}';
    expect(readRoute(response(body), WHERE).route).toEqual({
      kind: 'logical',
      physicalTableId: '1024',
      regionIds: ['4402341478400'],
    });
  });

  it.each([
    ['no type', region({}), 'alive'],
    ['leader_status', region({ leader_status: 'Downgraded' }), 'migrating'],
    ['leader_state', region({ leader_state: 'Downgrading' }), 'migrating'],
    ['a state of the future', region({ leader_state: 'Frozen' }), 'migrating'],
    ['staging', region({ leader_state: 'Staging' }), 'staging'],
    ['a null state', region({ leader_status: null, leader_down_since: null }), 'alive'],
  ])('%s', (_name, body, status) => {
    expect(readRoute(response(body), WHERE).route).toMatchObject({ regions: [{ status }] });
  });

  it('reads a region without a leader, followers, and ids above 2^53', () => {
    const body =
      '{"region_routes":[{"region":{"id":9449175023485550593},"leader_peer":null,"follower_peers":[{"id":18446744073709551615,"addr":"f"}]}]}';
    expect(readRoute(response(body), WHERE).route).toMatchObject({
      regions: [{ id: '9449175023485550593', leader: null, followers: ['18446744073709551615'] }],
      addrs: new Map([['18446744073709551615', 'f']]),
    });
  });

  it.each(['Failed to find table route for 9999', 'Table greptime.public.foo not found'])(
    '"%s" is a table that is gone',
    (text) => {
      expect(readRoute(response(text, 500), WHERE).route).toEqual({ kind: 'gone' });
    },
  );

  it.each([
    [response('Table metadata manager error', 500), 'metasrv says: Table metadata manager error'],
    [response('', 404), 'there is no such path (HTTP 404 with an empty body)'],
    [response('<html><body>nginx</body></html>'), 'expected a JSON object, got HTML or XML (<html>'],
    [response('<html>Bad Gateway</html>', 500), 'HTTP 500 with HTML or XML'],
    [response('{"type":"physical","region_rou'), 'expected a JSON object, got JSON ({"type"'],
    [response('"{\\"type\\":"'), 'inside the JSON string'],
    [response(''), 'got an empty body'],
    [response('', 200, { 'grpc-status': '12' }), 'gRPC port'],
    [response('[]'), 'the body: expected an object, got []'],
    [response('{"type":"views"}'), 'type: expected "physical" or "logical", got "views"'],
    [response('{"type":"physical"}'), 'region_routes: expected an array, got nothing'],
    [
      response('{"region_routes":[{"region":{"id":-1}}]}'),
      'region_routes[0].region.id: expected an unsigned integer, got -1',
    ],
    [response('{"region_routes":[{"region":{"id":1.5}}]}'), 'expected an unsigned integer, got 1.5'],
    [response('{"region_routes":[7]}'), 'region_routes[0]: expected an object, got 7'],
    [
      response('{"region_routes":[{"region":{"id":1},"leader_peer":"a"}]}'),
      'leader_peer: expected an object, got "a"',
    ],
    [response('{"region_routes":[{"region":{"id":1},"leader_peer":{"id":"x"}}]}'), 'leader_peer.id'],
  ])('%# says what came instead', (answer, text) => {
    expect(() => readRoute(answer, WHERE)).toThrow(text);
    expect(() => readRoute(answer, WHERE)).toThrow(WHERE);
  });
});

describe('readLeader', () => {
  it.each([
    ['10.244.0.157:3002', { kind: 'names', address: '10.244.0.157:3002' }],
    ['metasrv-0.metasrv.ns:3002\n', { kind: 'names', address: 'metasrv-0.metasrv.ns:3002' }],
    ['http://m0:3002', { kind: 'names', address: 'http://m0:3002' }],
    ['[::1]:3002', { kind: 'names', address: '[::1]:3002' }],
    ['election info is None', { kind: 'self' }],
  ])('%s', (body, answer) => {
    expect(readLeader(response(body), WHERE)).toEqual(answer);
  });

  it.each(['MetaSrv has no leader at this moment', 'Failed to execute via Etcd'])(
    '"%s" is nobody',
    (text) => {
      expect(readLeader(response(text, 500), WHERE)).toEqual({ kind: 'none', text });
    },
  );

  it.each([
    response('<!doctype html>'),
    response('welcome to nginx'),
    response('', 404),
    response(''),
    response('x'.repeat(10_000)),
  ])('%# is no metasrv', (answer) => {
    expect(() => readLeader(answer, WHERE)).toThrow(WHERE);
  });
});

describe('leaseReader', () => {
  const legacy =
    '[{"name":{"cluster_id":0,"node_id":1},"human_time":"2024-03-05 12:00:00.123+0000",\n  "lease":{"timestamp_millis":1709640000123,"node_addr":"10.0.0.11:4001"}}]';
  const current =
    '[{"name":{"node_id":1},"human_time":"2026-08-11 12:00:00.123",\n  "lease":{"timestamp_millis":1786449600123,"node_addr":"10.0.0.11:4001","workloads":{"Datanode":{"types":[0]}}}}]';

  it.each([
    [legacy, 1_709_640_000_123],
    [current, 1_786_449_600_123],
  ])('reads the leases of old and new versions', (body, timestampMs) => {
    expect(leaseReader(0)(response(body), WHERE).leases).toEqual([
      { id: '1', addr: '10.0.0.11:4001', timestampMs },
    ]);
  });

  it('leaves out other clusters, which share a prefix with ours', () => {
    const item = (cluster: number) =>
      `{"name":{"cluster_id":${cluster},"node_id":7},"lease":{"timestamp_millis":1,"node_addr":"a:1"}}`;
    expect(leaseReader(1)(response(`[${item(1)},${item(10)},${item(12)}]`), WHERE).leases).toHaveLength(1);
  });

  it('reads the clock of the server', () => {
    const headers = { date: 'Tue, 05 Mar 2024 12:00:01 GMT' };
    expect(leaseReader(0)(response('[]', 200, headers), WHERE).dateMs).toBe(1_709_640_001_000);
    expect(leaseReader(0)(response('[]', 200, { date: 'soon' }), WHERE).dateMs).toBeUndefined();
  });

  it('says which item is wrong', () => {
    const body = '[{"name":{"cluster_id":0,"node_id":"one"},"lease":{"timestamp_millis":1,"node_addr":"a"}}]';
    expect(() => leaseReader(0)(response(body), WHERE)).toThrow(
      '[0].name.node_id: expected an unsigned integer, got "one"',
    );
  });
});

describe('heartbeatReader', () => {
  const legacy = `[[{"timestamp_millis":1709640000123,"cluster_id":0,"id":1,"addr":"10.0.0.11:4001","rcus":0,"wcus":0,
   "region_num":2,
   "region_stats":[{"id":4398046511104,"rcus":0,"wcus":0,"approximate_bytes":20480,"approximate_rows":0,
                    "engine":"mito","role":"Leader"}],
   "node_epoch":1709630000000}]]`;

  it('reads the statistics of 0.7, whose write counters are always 0 and mean nothing', async () => {
    expect(await heartbeatReader(0)(response(legacy), WHERE)).toEqual({
      oldestMs: 1_709_640_000_123,
      nodes: [
        {
          id: '1',
          timestampMs: 1_709_640_000_123,
          regions: [{ id: '4398046511104', role: 'Leader', diskBytes: 20_480 }],
        },
      ],
    });
  });

  it('takes the newest of a history, wherever it stands', async () => {
    const stat = (time: number) =>
      `{"timestamp_millis":${time},"id":1,"addr":"a","region_stats":[{"id":1,"role":"Leader","approximate_bytes":${time},"memtable_size":5,"written_bytes":6}]}`;
    const { nodes, oldestMs } = await heartbeatReader(0)(
      response(`[[${stat(1)},${stat(3)},${stat(2)}],[]]`),
      WHERE,
    );
    expect(oldestMs).toBe(1);
    expect(nodes).toMatchObject([
      { timestampMs: 3, regions: [{ diskBytes: 3, memtableBytes: 5, writtenBytes: 6 }] },
    ]);
  });

  it('is not confused by brackets and quotes in texts', async () => {
    const body =
      '[[{"addr":"a]}\\"[{","id":1,"region_stats":[]}], [{"addr":"b\\\\","id":2,"region_stats":[]}]]';
    const { nodes } = await heartbeatReader(0)(response(body), WHERE);
    expect(nodes.map(({ id }) => id)).toEqual(['1', '2']);
  });

  it.each(['', '{}', '<html>', '[[{"id":1', '[[{"id":1}]', '[[{"id":}]]'])('%s is refused', async (body) => {
    await expect(heartbeatReader(0)(response(body), WHERE)).rejects.toThrow(WHERE);
  });

  it('names the datanode of which something is wrong', async () => {
    const body = '[[],[{"id":"one","addr":"a"}]]';
    await expect(heartbeatReader(0)(response(body), WHERE)).rejects.toThrow(
      'item 1: id: expected an unsigned integer, got "one"',
    );
  });

  it('lets others have the event loop between datanodes', async () => {
    const nodes = Array.from({ length: 20 }, (_, id) => `[{"id":${id},"addr":"${'a'.repeat(200_000)}"}]`);
    let turns = 0;
    const count = (): void => {
      turns += 1;
      if (turns < 1_000) setImmediate(count);
    };
    setImmediate(count);
    await heartbeatReader(0)(response(`[${nodes.join()}]`), WHERE);
    expect(turns).toBeGreaterThanOrEqual(15);
  });
});

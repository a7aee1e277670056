import { addressOf, toJson } from './wire-double.ts';
import type { Answer, DoubleRegion, DoubleTable, SeenRequest, WireDouble } from './wire-double.ts';

/** The admin interface of metasrv as 0.6 speaks it: any method, query only, 500 with a sentence for every error, no content type. */
export function answerAdmin(double: WireDouble, { path, query }: SeenRequest): Answer {
  if (double.version !== '0.6') return path === '/admin/health' ? ok('OK\n') : { status: 404, body: '' };
  switch (path) {
    case '/admin/health':
      return ok('OK\n');
    case '/admin/leader':
      return ok(new URL(double.metasrvUrl).host);
    case '/admin/node-lease':
      return query.get('cluster_id') === null
        ? failure('Missing required parameter, param: "cluster_id"')
        : ok(toJson(leases(double)));
    case '/admin/heartbeat':
      return ok(toJson(heartbeats(double)));
    case '/admin/catalogs':
      return ok('["greptime"]');
    case '/admin/schemas':
      return ok('["greptime_private","information_schema","public"]');
    case '/admin/tables':
      return ok(
        toJson(
          double.tables.filter((table) => schemaOf(table) === query.get('schema')).map(({ name }) => name),
        ),
      );
    case '/admin/table':
      return tables(double, query);
    case '/admin/route':
      return route(double, query);
    case '/admin/region-migration':
      return migrate(double, query);
    default:
      return { status: 404, body: '' };
  }
}

function ok(body: string): Answer {
  return { status: 200, body };
}

function failure(body: string): Answer {
  return { status: 500, body };
}

function schemaOf({ schema = 'public' }: DoubleTable): string {
  return schema;
}

function leases(double: WireDouble): unknown[] {
  return [...double.datanodes].map((id) => ({
    name: { cluster_id: 0, node_id: id },
    human_time: '2024-03-05 12:00:00.123+0000',
    lease: {
      timestamp_millis: Date.now() - 1_000,
      node_addr: addressOf(id),
    },
  }));
}

function heartbeats(double: WireDouble): unknown[] {
  return [...double.datanodes].map((id) => [
    {
      timestamp_millis: Date.now() - 1_000,
      cluster_id: 0,
      id,
      addr: addressOf(id),
      rcus: 0,
      wcus: 0,
      region_num: 0,
      region_stats: [...double.regions.values()]
        .filter(({ leader }) => leader === id)
        .map((region) => ({
          id: region.id,
          rcus: 0,
          wcus: 0,
          approximate_bytes: 20_480,
          approximate_rows: 0,
          engine: 'mito',
          role: 'Leader',
        })),
      node_epoch: 1_709_630_000_000,
    },
  ]);
}

function find(double: WireDouble, query: URLSearchParams): DoubleTable[] {
  const region = query.get('region_id');
  const ids =
    region === null
      ? (query.get('table_ids') ?? query.get('table_id'))?.split(',').map(BigInt)
      : [BigInt(region) >> 32n];
  if (ids) return double.tables.filter(({ id }) => ids.includes(id));
  return double.tables.filter(
    (table) => table.name === query.get('table') && schemaOf(table) === query.get('schema'),
  );
}

function tables(double: WireDouble, query: URLSearchParams): Answer {
  const infos = find(double, query).map((table) => [
    String(table.id),
    {
      table_info: {
        ident: { table_id: table.id, version: 0 },
        name: table.name,
        schema_name: schemaOf(table),
        catalog_name: 'greptime',
        table_type: 'Base',
        meta: { engine: table.engine ?? 'mito', options: {} },
      },
      version: 0,
    },
  ]);
  return {
    status: 200,
    body: toJson(Object.fromEntries(infos)),
    headers: { 'content-type': 'application/json' },
  };
}

/** Before 0.7 the body is a JSON string that holds the stored JSON. */
function route(double: WireDouble, query: URLSearchParams): Answer {
  const [table] = find(double, query);
  if (!table) {
    const name = query.get('table');
    return failure(
      name === null
        ? `Failed to find table route for ${query.get('table_id') ?? '?'}`
        : `Table greptime.public.${name} not found`,
    );
  }
  if (table.logicalOf !== undefined)
    return ok(
      JSON.stringify(
        toJson({ type: 'logical', physical_table_id: table.logicalOf, region_ids: [table.id << 32n] }),
      ),
    );
  const regions = [...double.regions.values()].filter((region) => region.table === table).map(regionRoute);
  return ok(
    JSON.stringify(
      toJson({ type: table.isUntyped ? undefined : 'physical', region_routes: regions, version: 2 }),
    ),
  );
}

function regionRoute({ id, leader }: DoubleRegion): unknown {
  return {
    region: { id, name: '', partition: { column_list: [], value_list: ['"MaxValue"'] }, attrs: {} },
    leader_peer: { id: leader, addr: addressOf(leader) },
    follower_peers: [],
  };
}

/** The checks in the server's own order. */
function migrate(double: WireDouble, query: URLSearchParams): Answer {
  for (const name of ['region_id', 'from_peer_id', 'to_peer_id'])
    if (query.get(name) === null) return failure(`Missing required parameter, param: "${name}"`);
  const timeout = query.get('replay_timeout') ?? '1s';
  if (!/^(\d+(ms|s|m|h))+$/.test(timeout)) return failure(`Failed to parse duration ${timeout}`);
  const [from, to] = [Number(query.get('from_peer_id')), Number(query.get('to_peer_id'))];
  for (const peer of [from, to])
    if (!double.datanodes.has(peer)) return failure(`The target peer is unavailable temporally: ${peer}`);
  if (from === to) return failure("Invalid arguments: The `from_peer_id` can't equal `to_peer_id` ");
  const region = double.regions.get(BigInt(query.get('region_id') ?? ''));
  if (!region) return failure(`Failed to find table route for ${query.get('region_id') ?? ''}`);
  if (region.leader === to) return ok('{"procedure_id":null}');
  if (region.leader !== from)
    return failure('Invalid arguments: Invalid region migration `from_peer` argument');
  return ok(toJson({ procedure_id: double.submit(region, to).id }));
}

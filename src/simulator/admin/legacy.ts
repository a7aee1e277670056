import type { ClusterCore } from '../cluster/core.ts';
import { regionKey } from '../cluster/model.ts';
import type { RegionRoute, SimTable } from '../cluster/model.ts';
import { parseHumanTime } from '../cluster/time.ts';
import { MetaError, unexpected } from '../procedures/errors.ts';
import { requestMigration } from '../procedures/submit.ts';
import { JSON_TYPE, respond, toJson } from '../serve/http.ts';
import type { SimResponse } from '../serve/http.ts';
import { invalidNumber, missing, required } from './admin-call.ts';
import type { AdminCall, AdminHandler } from './admin-call.ts';

/**
 * Endpoints that only metasrv up to 0.7.2 has (GreptimeDB v0.7.2 src/meta-srv/src/service/admin/*.rs). Successful answers carry no
 * content type.
 */
export const LEGACY_HANDLERS: Readonly<Record<string, AdminHandler>> = {
  '/admin/catalogs': catalogs,
  '/admin/schemas': schemas,
  '/admin/tables': tables,
  '/admin/table': tableInfos,
  '/admin/route': route,
  '/admin/region-migration': migrateRegion,
};

function catalogs({ core }: AdminCall): SimResponse {
  const names = core.state.sortedTables().map((table) => table.catalog);
  return respond(200, JSON.stringify([...new Set(names)].sort()));
}

function schemas({ core, parameters }: AdminCall): SimResponse {
  const catalog = required(parameters, 'catalog');
  return respond(200, JSON.stringify(core.state.hasCatalog(catalog) ? core.state.schemasOf(catalog) : []));
}

function tables({ core, parameters }: AdminCall): SimResponse {
  const catalog = required(parameters, 'catalog');
  const schema = required(parameters, 'schema');
  const here = core.state
    .sortedTables()
    .filter((table) => table.catalog === catalog && table.schema === schema);
  return respond(200, JSON.stringify(here.map(({ name }) => name).sort()));
}

function tableInfos(call: AdminCall): SimResponse {
  const entries = wantedTables(call).map(
    (table) => `"${table.id}":{"table_info":${JSON.stringify(rawTableInfo(table))},"version":0}`,
  );
  return respond(200, `{${entries.join(',')}}`, JSON_TYPE);
}

function wantedTables(call: AdminCall): SimTable[] {
  const { core, parameters } = call;
  const regions = parameters.get('region_ids');
  const ids = parameters.get('table_ids');
  if (regions === undefined && ids === undefined) return tableNamed(call).found;
  const numbers = (regions ?? ids ?? '')
    .split(',')
    .map((text) => BigInt(/^\d+$/.test(text) ? text : invalidNumber('invalid id', text)));
  const wanted = new Set(numbers.map((number) => Number(regions === undefined ? number : number >> 32n)));
  return [...wanted].flatMap((id) => core.state.tables.get(id) ?? []).filter(({ kind }) => kind !== 'view');
}

/** The table that `catalog`, `schema` and `table` name, if there is one. */
function tableNamed({ core, parameters }: AdminCall): { found: SimTable[]; fullName: string } {
  const [catalog, schema, name] = [
    required(parameters, 'catalog'),
    required(parameters, 'schema'),
    required(parameters, 'table'),
  ];
  const table = core.state.tableNamed(catalog, schema, name);
  return { found: table && table.kind !== 'view' ? [table] : [], fullName: `${catalog}.${schema}.${name}` };
}

function rawTableInfo(table: SimTable): Record<string, unknown> {
  return {
    ident: { table_id: table.id, version: 0 },
    name: table.name,
    desc: null,
    catalog_name: table.catalog,
    schema_name: table.schema,
    meta: {
      schema: { column_schemas: [], timestamp_index: null, version: 0 },
      primary_key_indices: [],
      value_indices: [],
      engine: table.engine,
      next_column_id: 1,
      region_numbers: table.routes.map(({ region }) => region.number),
      options: { write_buffer_size: null, ttl: null, extra_options: table.options },
      created_on: new Date(table.createdAtMs).toISOString(),
      partition_key_indices: [],
    },
    table_type: 'Base',
  };
}

function route(call: AdminCall): SimResponse {
  const { core } = call;
  const table = routedTable(call);
  const value = toJson(table.physical ? logicalRoute(table, table.physical) : physicalRoute(core, table));
  return respond(200, core.profile.doubleEncodedRoute ? JSON.stringify(value) : value);
}

/** `region_id` wins over `table_id`, which wins over the name; a region id only selects its table. */
function routedTable(call: AdminCall): SimTable {
  const { core, parameters } = call;
  const regionText = parameters.get('region_id');
  const text = regionText ?? parameters.get('table_id');
  if (text === undefined) {
    const { found, fullName } = tableNamed(call);
    if (found[0]) return found[0];
    throw new MetaError('Unexpected', `Table ${fullName} not found`);
  }
  if (!/^\d{1,20}$/.test(text))
    invalidNumber(regionText === undefined ? 'invalid table id' : 'invalid region id', text);
  const tableId = regionText === undefined ? BigInt(text) : BigInt(text) >> 32n;
  const found = core.state.tables.get(Number(tableId));
  if (found && found.kind !== 'view') return found;
  throw new MetaError('Unexpected', `Failed to find table route for ${tableId}`);
}

function logicalRoute({ id }: SimTable, physical: SimTable): object {
  const ids = physical.routes.map(({ region }) => regionKey(id, region.number));
  return { type: 'logical', physical_table_id: physical.id, region_ids: ids };
}

function physicalRoute(core: ClusterCore, table: SimTable): object {
  // Where stored bytes are echoed, a value that a still older version wrote has no type until its next update.
  const isOldValue = core.profile.doubleEncodedRoute && table.version === 0 && table.id % 3 === 0;
  const entries = table.routes.map((entry, index) => {
    const isLast = index === table.routes.length - 1;
    const bound = isLast ? '"MaxValue"' : `{"Value":{"Int32":${(index + 1) * 1_000}}}`;
    return regionRoute(core, entry, { column_list: table.partitionColumns, value_list: [bound] });
  });
  return { ...(!isOldValue && { type: 'physical' }), region_routes: entries, version: table.version };
}

function regionRoute({ state, profile }: ClusterCore, entry: RegionRoute, partition: object): object {
  const peer = (id: string): object => ({ id: BigInt(id), addr: state.datanodes.get(id)?.addr ?? '' });
  return {
    region: { id: entry.region.key, name: '', partition, attrs: {} },
    leader_peer: entry.leader === null ? null : peer(entry.leader),
    follower_peers: entry.followers.map(peer),
    ...(entry.state === 'downgrading' && { leader_status: 'Downgraded' }),
    ...(profile.leaderDownSince && { leader_down_since: entry.downSinceMs }),
  };
}

const DEFAULT_REPLAY_MS = 1_000;
const U64_MAX = (1n << 64n) - 1n;

/** `/admin/region-migration`: numbers, presence, duration, leadership, then the checks of every submission. */
function migrateRegion({ core, metasrv, request, parameters }: AdminCall): SimResponse {
  const asked = {
    target: request.target,
    detail: request.query ?? '',
    regionId: parameters.get('region_id') ?? '',
    from: parameters.get('from_peer_id') ?? '',
    to: parameters.get('to_peer_id') ?? '',
  };
  const procedureId = requestMigration(core, asked, () => {
    const clusterId = u64(parameters, 'cluster_id') ?? 0n;
    const numbers = ['region_id', 'from_peer_id', 'to_peer_id'].map(
      (name) => [name, u64(parameters, name)] as const,
    );
    const [regionKey, from, to] = numbers.map(([name, value]) => value ?? missing(name));
    const budgetMs = replayTimeoutMs(core, parameters.get('replay_timeout'));
    if (core.meta.leader !== metasrv)
      throw unexpected('Trying to submit a region migration procedure to non-leader meta server');
    if (clusterId !== 0n)
      throw new MetaError('Internal', `The target peer is unavailable temporally: ${from}`);
    return { regionKey: regionKey!, from: String(from), to: String(to), budgetMs };
  });
  return respond(200, JSON.stringify({ procedure_id: procedureId }));
}

function u64(parameters: AdminCall['parameters'], name: string): bigint | undefined {
  const text = parameters.get(name);
  if (text === undefined) return undefined;
  const value = /^\+?\d{1,20}$/.test(text) ? BigInt(text.replace('+', '')) : undefined;
  return value === undefined || value > U64_MAX ? invalidNumber(`invalid ${name}`, text) : value;
}

function replayTimeoutMs(core: ClusterCore, text: string | undefined): number {
  if (!core.profile.replayTimeout || text === undefined) return DEFAULT_REPLAY_MS;
  const durationMs = parseHumanTime(text);
  if (durationMs === undefined) throw new MetaError('InvalidArguments', `Failed to parse duration ${text}`);
  return durationMs;
}

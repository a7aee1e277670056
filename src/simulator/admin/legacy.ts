import type { ClusterCore } from '../cluster/core.ts';
import { JSON_TYPE, respond } from '../serve/http.ts';
import type { SimResponse } from '../serve/http.ts';
import type { RegionRoute, SimTable } from '../cluster/model.ts';
import { invalidNumber, missing } from './admin-call.ts';
import { MetaError } from '../procedures/errors.ts';
import { legacyMigration } from './legacy-migration.ts';
import type { AdminCall, AdminHandler, Parameters } from './admin-call.ts';

/** Endpoints that only metasrv up to 0.7.2 has (GreptimeDB v0.7.2 src/meta-srv/src/service/admin/*.rs). */
export const LEGACY_HANDLERS: Readonly<Record<string, AdminHandler>> = {
  '/admin/catalogs': catalogs,
  '/admin/schemas': schemas,
  '/admin/tables': tables,
  '/admin/table': tableInfos,
  '/admin/route': route,
  '/admin/region-migration': legacyMigration,
};

/** Successful answers of the legacy API carry no content type. */
function json(body: string): SimResponse {
  return respond(200, body);
}

function catalogs({ core }: AdminCall): SimResponse {
  const names = core.state.sortedTables().map((table) => table.catalog);
  return json(JSON.stringify([...new Set(names)].sort()));
}

function schemas({ core, parameters }: AdminCall): SimResponse {
  const catalog = required(parameters, 'catalog');
  return json(core.state.hasCatalog(catalog) ? JSON.stringify(core.state.schemasOf(catalog)) : '[]');
}

function tables({ core, parameters }: AdminCall): SimResponse {
  const catalog = required(parameters, 'catalog');
  const schema = required(parameters, 'schema');
  const isHere = (table: SimTable): boolean => table.catalog === catalog && table.schema === schema;
  const names = core.state
    .sortedTables()
    .filter(isHere)
    .map((table) => table.name);
  return json(JSON.stringify(names.sort()));
}

function tableInfos(call: AdminCall): SimResponse {
  const entries = wantedTables(call).map(
    (table) => `"${table.id}":{"table_info":${JSON.stringify(rawTableInfo(table))},"version":0}`,
  );
  return respond(200, `{${entries.join(',')}}`, JSON_TYPE);
}

function wantedTables({ core, parameters }: AdminCall): SimTable[] {
  const regions = parameters.get('region_ids');
  const ids = parameters.get('table_ids');
  if (regions === undefined && ids === undefined) {
    const table = core.state.tableNamed(...fullName(parameters));
    return table && table.kind !== 'view' ? [table] : [];
  }
  const numbers = (regions ?? ids ?? '')
    .split(',')
    .map((text) => BigInt(/^\d+$/.test(text) ? text : invalidNumber('invalid id', text)));
  const wanted = new Set(numbers.map((number) => Number(regions === undefined ? number : number >> 32n)));
  return [...wanted].flatMap((id) => core.state.tables.get(id) ?? []).filter(({ kind }) => kind !== 'view');
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

function route({ core, parameters }: AdminCall): SimResponse {
  const table = routedTable(core, parameters);
  const facts = core.profile.admin.legacy;
  const value = table.physical
    ? logicalRoute(table, table.physical)
    : physicalRoute(core, table, facts?.leaderDownSince ?? true);
  return json(facts?.doubleEncodedRoute ? JSON.stringify(value) : value);
}

/** `region_id` wins over `table_id`, which wins over the name; a region id only selects its table. */
function routedTable(core: ClusterCore, parameters: Parameters): SimTable {
  const regionText = parameters.get('region_id');
  const tableText = parameters.get('table_id');
  if (regionText === undefined && tableText === undefined) {
    const [catalog, schema, name] = fullName(parameters);
    const named = core.state.tableNamed(catalog, schema, name);
    if (named && named.kind !== 'view') return named;
    throw new MetaError('Unexpected', `Table ${catalog}.${schema}.${name} not found`);
  }
  const text = regionText ?? tableText ?? '';
  if (!/^\d{1,20}$/.test(text))
    invalidNumber(regionText === undefined ? 'invalid table id' : 'invalid region id', text);
  const tableId = regionText === undefined ? BigInt(text) : BigInt(text) >> 32n;
  const found = core.state.tables.get(Number(tableId));
  if (found && found.kind !== 'view') return found;
  throw new MetaError('Unexpected', `Failed to find table route for ${tableId}`);
}

function logicalRoute(table: SimTable, physical: SimTable): string {
  const ids = physical.routes.map(({ region }) => (BigInt(table.id) << 32n) | BigInt(region.number));
  return `{"type":"logical","physical_table_id":${physical.id},"region_ids":[${ids.join(',')}]}`;
}

function physicalRoute(core: ClusterCore, table: SimTable, tellsDownSince: boolean): string {
  const columns = JSON.stringify(table.partitionColumns);
  const last = table.routes.length - 1;
  const entries = table.routes.map((entry, index) => {
    const bound = index === last ? '"MaxValue"' : `{"Value":{"Int32":${(index + 1) * 1_000}}}`;
    const partition = `{"column_list":${columns},"value_list":[${JSON.stringify(bound)}]}`;
    return renderRoute(core, entry, partition, tellsDownSince);
  });
  const type = isOldValue(core, table) ? '' : '"type":"physical",';
  return `{${type}"region_routes":[${entries.join(',')}],"version":${table.version}}`;
}

/** Up to 0.6 stored bytes are echoed, and a value that a still older version wrote has no type until its next update. */
function isOldValue(core: ClusterCore, table: SimTable): boolean {
  const echoesStoredBytes = core.profile.admin.legacy?.doubleEncodedRoute ?? false;
  return echoesStoredBytes && table.version === 0 && table.id % 3 === 0;
}

function renderRoute(
  core: ClusterCore,
  entry: RegionRoute,
  partition: string,
  tellsDownSince: boolean,
): string {
  const peer = (id: string): string => `{"id":${id},"addr":"${core.state.datanodes.get(id)?.addr ?? ''}"}`;
  const status = entry.state === 'downgrading' ? ',"leader_status":"Downgraded"' : '';
  const down = tellsDownSince ? `,"leader_down_since":${entry.downSinceMs ?? 'null'}` : '';
  return (
    `{"region":{"id":${entry.region.id},"name":"","partition":${partition},"attrs":{}},` +
    `"leader_peer":${entry.leader === null ? 'null' : peer(entry.leader)},` +
    `"follower_peers":[${entry.followers.map(peer).join(',')}]${status}${down}}`
  );
}

function fullName(parameters: Parameters): [string, string, string] {
  return [required(parameters, 'catalog'), required(parameters, 'schema'), required(parameters, 'table')];
}

function required(parameters: Parameters, name: string): string {
  return parameters.get(name) ?? missing(name);
}

import { z } from 'zod';
import type { DatanodeId, RegionId, TableId } from '../../domain/ids.ts';
import { compareIds, tableIdOf } from '../../domain/ids.ts';
import type { TableSelector } from '../../domain/selector.ts';
import type { Table } from '../../domain/snapshot.ts';
import { mapBounded } from '../bounded.ts';
import { malformed } from '../call-error.ts';
import type { TransportResponse } from '../http.ts';
import type { OperationName } from '../options.ts';
import { VIRTUAL_SCHEMAS, withLogicalTables } from '../tables.ts';
import type { OwnedTable } from '../tables.ts';
import { checked, list, optionalText, text } from '../wire.ts';
import { adminCall, readJson } from './admin.ts';
import { isGone, readRoute } from './routes.ts';
import type { RegionRoute, RouteReading, TableRoute } from './routes.ts';
import type { MetasrvSession } from './session.ts';

/** A table with the route that its regions have. */
export interface RoutedTable {
  readonly table: Table;
  readonly regions: readonly RegionRoute[];
}

export interface CatalogReading {
  readonly tables: readonly RoutedTable[];
  /** Of the datanodes that the routes of these tables name. */
  readonly addrs: ReadonlyMap<DatanodeId, string>;
  /** Undefined when no route was read. */
  readonly doubleEncoded: boolean | undefined;
}

type TableName = Pick<Table, 'catalog' | 'schema' | 'name'>;
type TableInfo = Omit<Table, 'logicalTables'>;

/** A table whose route was read; it was listed under its name, or is only known by its id. */
interface Found extends RouteReading {
  readonly name: TableName | undefined;
}

/** Requests under way at once. One metasrv answers no faster with more. */
const CONCURRENCY = 16;
/** Tables per `/admin/table` request: keeps the URL and the answer (whole table definitions) small. */
const INFO_BATCH = 50;

/**
 * Reads the routes of the selected tables through the admin interface of 0.5 to 0.7. Logical tables are followed to their physical
 * table, which is listed once and carries their names. Whatever vanishes between two requests is left out.
 */
export class MetasrvCatalog {
  readonly #session: MetasrvSession;
  /** A table's engine never changes and ids are not used twice. */
  readonly #engines = new Map<TableId, string>();

  constructor(session: MetasrvSession) {
    this.#session = session;
  }

  async read(selector: TableSelector, signal: AbortSignal): Promise<CatalogReading> {
    const found = new Map<TableId, Found>();
    const readByIds = (ids: readonly TableId[]): Promise<unknown> =>
      mapBounded(ids, CONCURRENCY, async (id) => {
        found.set(id, { ...(await this.#readRoute(`table_id=${id}`, signal)), name: undefined });
      });
    if (selector.onlyIds) await readByIds(selector.onlyIds);
    else await this.#readByNames(selector, found, signal);
    await readByIds([...new Set([...found.values()].flatMap(ownerOf))].filter((id) => !found.has(id)));
    const infos = await this.#readInfos(found, signal);
    const tables = joinTables(found, infos).filter(({ table }) => selector.selects(table));
    const routed = [...found.values()].filter(({ route }) => route.kind !== 'gone');
    const addrs = new Map(tables.flatMap(({ table }) => addrsIn(found.get(table.id))));
    return { tables, addrs, doubleEncoded: routed.at(-1)?.doubleEncoded };
  }

  /** The route of one region's table. */
  readRegionRoute(regionId: RegionId, signal: AbortSignal): Promise<RouteReading> {
    return this.#readRoute(`region_id=${regionId}`, signal);
  }

  /** From logical to physical table, for those of the tables that are logical. */
  async readOwners(ids: readonly TableId[], signal: AbortSignal): Promise<ReadonlyMap<TableId, TableId>> {
    const owners = new Map<TableId, TableId>();
    await mapBounded(ids, CONCURRENCY, async (id) => {
      for (const owner of ownerOf(await this.#readRoute(`table_id=${id}`, signal))) owners.set(id, owner);
    });
    return owners;
  }

  async #readByNames(
    selector: TableSelector,
    found: Map<TableId, Found>,
    signal: AbortSignal,
  ): Promise<void> {
    const names = (await this.#listNames(signal)).filter((name) => selector.mightSelectName?.(name) ?? true);
    await mapBounded(names, CONCURRENCY, async (name) => {
      const reading = await this.#readRoute(queryOf({ ...name, table: name.name }), signal);
      const id = tableOfRoute(reading.route);
      if (id !== undefined) found.set(id, { ...reading, name });
    });
  }

  async #listNames(signal: AbortSignal): Promise<TableName[]> {
    const list = (operation: OperationName, query = ''): Promise<string[]> =>
      this.#session.read(
        adminCall(operation, `/admin/${operation}${query}`, { signal, large: true }),
        readNames,
      );
    const catalogs = await list('catalogs');
    const schemas = await mapBounded(catalogs, CONCURRENCY, async (catalog) => {
      const names = await list('schemas', `?${queryOf({ catalog })}`);
      return names.filter((schema) => !VIRTUAL_SCHEMAS.has(schema)).map((schema) => ({ catalog, schema }));
    });
    const tables = await mapBounded(schemas.flat(), CONCURRENCY, async (place) => {
      const names = await list('tables', `?${queryOf(place)}`);
      return names.map((name) => ({ ...place, name }));
    });
    return tables.flat();
  }

  #readRoute(query: string, signal: AbortSignal): Promise<RouteReading> {
    return this.#session.read(adminCall('route', `/admin/route?${query}`, { signal }), readRoute, isGone);
  }

  #readTables(query: string, signal: AbortSignal): Promise<TableInfo[]> {
    const call = adminCall('table', `/admin/table?${query}`, { signal, large: true });
    return this.#session.read(call, readTableInfos);
  }

  /** Names and engines of all tables but those that were dropped meanwhile. Only asks for what is not yet known. */
  async #readInfos(
    found: ReadonlyMap<TableId, Found>,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<TableId, TableInfo>> {
    const infos = new Map<TableId, TableInfo>();
    const unknown: TableId[] = [];
    for (const [id, { route, name }] of found) {
      if (route.kind === 'gone') continue;
      const engine = this.#engines.get(id);
      if (name) infos.set(id, { id, engine: engine ?? '', ...name });
      if (!name || (engine === undefined && route.kind === 'physical')) unknown.push(id);
    }
    const batches = Map.groupBy(unknown.entries(), ([index]) => Math.floor(index / INFO_BATCH));
    await mapBounded([...batches.values()], CONCURRENCY, async (batch) => {
      const ids = batch.map(([, id]) => id).join(',');
      for (const info of await this.#readTables(`table_ids=${ids}`, signal)) {
        infos.set(info.id, info);
        this.#engines.set(info.id, info.engine);
      }
    });
    return infos;
  }
}

/** Values escaped as GreptimeDB reads them: a space is `%20`. */
function queryOf({ catalog, schema, table }: { catalog: string; schema?: string; table?: string }): string {
  return Object.entries({ catalog, schema, table })
    .flatMap(([key, value]) => (value === undefined ? [] : [`${key}=${encodeURIComponent(value)}`]))
    .join('&');
}

const nameList = list(text);

function readNames(response: TransportResponse, where: string): string[] {
  return readJson(nameList, response, where, 'a JSON array of names');
}

const tableInfo = z.object({
  table_info: z.object({
    catalog_name: text,
    schema_name: text,
    name: text,
    meta: z.object({ engine: optionalText }).catch({ engine: '' }),
  }),
});

/** `/admin/table`: by table id; unknown ids are simply missing. */
function readTableInfos(response: TransportResponse, where: string): TableInfo[] {
  const infos = readJson(z.looseObject({}), response, where, 'a JSON object of tables');
  return Object.entries(infos).map(([id, value]) => {
    if (!/^\d{1,10}$/.test(id)) throw malformed(where, 'the body', 'table ids', id);
    const { table_info: info } = checked(tableInfo, value, `${where}: table ${id}`);
    const { catalog_name: catalog, schema_name: schema, name, meta } = info;
    return { id, catalog, schema, name, engine: meta.engine };
  });
}

/** The id of the table that a route found by name belongs to; undefined when it has no region, or no longer exists. */
function tableOfRoute(route: TableRoute): TableId | undefined {
  if (route.kind === 'gone') return undefined;
  const first = route.kind === 'physical' ? route.regions[0]?.id : route.regionIds[0];
  return first === undefined ? undefined : tableIdOf(first);
}

/** The physical table of a logical one: one id or none. */
function ownerOf({ route }: RouteReading): readonly TableId[] {
  return route.kind === 'logical' ? [route.physicalTableId] : [];
}

function addrsIn(reading: RouteReading | undefined): readonly (readonly [DatanodeId, string])[] {
  return reading?.route.kind === 'physical' ? [...reading.route.addrs] : [];
}

/** The physical tables by id, without those whose name nobody knows any more: they were just dropped. */
function joinTables(
  found: ReadonlyMap<TableId, Found>,
  infos: ReadonlyMap<TableId, TableInfo>,
): RoutedTable[] {
  const physical: TableInfo[] = [];
  const logical: OwnedTable[] = [];
  const regionsOf = new Map<TableId, readonly RegionRoute[]>();
  for (const [id, { route }] of found) {
    const info = infos.get(id);
    if (!info) continue;
    if (route.kind === 'logical') logical.push({ ...info, owner: route.physicalTableId });
    if (route.kind !== 'physical' || route.regions.length === 0) continue;
    physical.push(info);
    regionsOf.set(
      id,
      [...route.regions].sort((a, b) => compareIds(a.id, b.id)),
    );
  }
  return withLogicalTables(physical, logical).map((table) => ({
    table,
    regions: regionsOf.get(table.id) ?? [],
  }));
}

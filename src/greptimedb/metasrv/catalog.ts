import type { TableId } from '../../domain/ids.ts';
import { compareIds, tableIdOf } from '../../domain/ids.ts';
import type { TableSelector } from '../../domain/selector.ts';
import type { LogicalTable, Table } from '../../domain/snapshot.ts';
import { batches, mapBounded } from '../bounded.ts';
import type { TransportResponse } from '../http.ts';
import { isObject, jsonOf, malformed, requireArray, requireObject, requireString } from '../wire.ts';
import { adminCall, requireSuccess } from './admin.ts';
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
  /** Undefined when no route was read. */
  readonly doubleEncoded: boolean | undefined;
}

interface TableName {
  readonly catalog: string;
  readonly schema: string;
  readonly name: string;
}

interface TableInfo extends TableName {
  readonly id: TableId;
  readonly engine: string;
}

/** Requests under way at once. One metasrv answers no faster with more. */
const CONCURRENCY = 16;
/** Tables per `/admin/table` request: keeps the URL and the answer (whole table definitions) small. */
const INFO_BATCH = 50;
const VIRTUAL_SCHEMAS: ReadonlySet<string> = new Set(['information_schema', 'pg_catalog']);

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
    const reading = new RouteCollection();
    if (selector.onlyIds) await this.#readByIds(selector.onlyIds, reading, signal);
    else await this.#readByNames(selector, reading, signal);
    await this.#followLogical(reading, signal);
    const infos = await this.#readInfos(reading, signal);
    const tables = reading.conclude(infos).filter(({ table }) => selector.selects(table));
    return { tables, doubleEncoded: reading.doubleEncoded };
  }

  /** One region's table route. */
  readRegionRoute(regionId: string, signal: AbortSignal): Promise<RouteReading> {
    return this.#readRoute(`region_id=${regionId}`, signal);
  }

  /** From logical to physical table, for those of the tables that are logical. */
  async readOwners(ids: readonly TableId[], signal: AbortSignal): Promise<ReadonlyMap<TableId, TableId>> {
    const owners = new Map<TableId, TableId>();
    await mapBounded(ids, CONCURRENCY, async (id) => {
      const { route } = await this.#readRoute(`table_id=${id}`, signal);
      if (route.kind === 'logical') owners.set(id, route.physicalTableId);
    });
    return owners;
  }

  async #readByIds(ids: readonly TableId[], reading: RouteCollection, signal: AbortSignal): Promise<void> {
    await mapBounded(ids, CONCURRENCY, async (id) => {
      reading.add(id, await this.#readRoute(`table_id=${id}`, signal), undefined);
    });
  }

  async #readByNames(selector: TableSelector, reading: RouteCollection, signal: AbortSignal): Promise<void> {
    const names = (await this.#listNames(signal)).filter((name) => selector.mightSelectName?.(name) ?? true);
    await mapBounded(names, CONCURRENCY, async (name) => {
      const found = await this.#readRoute(nameQuery(name), signal);
      const id = tableOfRoute(found.route) ?? (await this.#idByName(found.route, name, signal));
      if (id !== undefined) reading.add(id, found, name);
    });
  }

  /** A logical table's route may list no regions: then only its definition tells its id. */
  async #idByName(route: TableRoute, name: TableName, signal: AbortSignal): Promise<TableId | undefined> {
    if (route.kind !== 'logical') return undefined;
    const call = adminCall('table', `/admin/table?${nameQuery(name)}`, { signal, large: true });
    return (await this.#session.read(call, readTableInfos, never))[0]?.id;
  }

  async #listNames(signal: AbortSignal): Promise<TableName[]> {
    const catalogs = await this.#readList('catalogs', '/admin/catalogs', signal);
    const schemas = await mapBounded(catalogs, CONCURRENCY, async (catalog) => {
      const names = await this.#readList(
        'schemas',
        `/admin/schemas?catalog=${encodeURIComponent(catalog)}`,
        signal,
      );
      return names.filter((schema) => !VIRTUAL_SCHEMAS.has(schema)).map((schema) => ({ catalog, schema }));
    });
    const tables = await mapBounded(schemas.flat(), CONCURRENCY, async ({ catalog, schema }) => {
      const path = `/admin/tables?catalog=${encodeURIComponent(catalog)}&schema=${encodeURIComponent(schema)}`;
      return (await this.#readList('tables', path, signal)).map((name) => ({ catalog, schema, name }));
    });
    return tables.flat();
  }

  #readList(
    operation: 'catalogs' | 'schemas' | 'tables',
    path: string,
    signal: AbortSignal,
  ): Promise<string[]> {
    return this.#session.read(adminCall(operation, path, { signal, large: true }), readNames, never);
  }

  #readRoute(query: string, signal: AbortSignal): Promise<RouteReading> {
    return this.#session.read(adminCall('route', `/admin/route?${query}`, { signal }), readRoute, isGone);
  }

  async #followLogical(reading: RouteCollection, signal: AbortSignal): Promise<void> {
    await mapBounded(reading.unreadPhysical(), CONCURRENCY, async (id) => {
      reading.add(id, await this.#readRoute(`table_id=${id}`, signal), undefined);
    });
  }

  /** Names and engines of what the listing did not name, or whose engine is not yet known. */
  async #readInfos(reading: RouteCollection, signal: AbortSignal): Promise<ReadonlyMap<TableId, TableInfo>> {
    const infos = new Map<TableId, TableInfo>();
    const wanted: TableId[] = [];
    for (const { id, name, isLogical } of reading.entries()) {
      const engine = isLogical ? '' : this.#engines.get(id);
      if (name && engine !== undefined) infos.set(id, { id, engine, ...name });
      else wanted.push(id);
    }
    await mapBounded(batches(wanted, INFO_BATCH), CONCURRENCY, async (batch) => {
      const call = adminCall('table', `/admin/table?table_ids=${batch.join(',')}`, { signal, large: true });
      for (const info of await this.#session.read(call, readTableInfos, never)) {
        infos.set(info.id, info);
        this.#engines.set(info.id, info.engine);
      }
    });
    return infos;
  }
}

function never(): boolean {
  return false;
}

function nameQuery({ catalog, schema, name }: TableName): string {
  const [inCatalog, inSchema, table] = [catalog, schema, name].map(encodeURIComponent);
  return `catalog=${inCatalog}&schema=${inSchema}&table=${table}`;
}

function readNames(response: TransportResponse, where: string): string[] {
  requireSuccess(response, where);
  const names = requireArray(jsonOf(response, where, 'a JSON array of names'), where, 'the body');
  return names.map((name, index) => requireString(name, where, `item ${index}`));
}

/** `/admin/table`: an object by table id; unknown ids are simply missing. */
function readTableInfos(response: TransportResponse, where: string): TableInfo[] {
  requireSuccess(response, where);
  const body = requireObject(jsonOf(response, where, 'a JSON object of tables'), where, 'the body');
  return Object.entries(body).map(([key, value]) => readTableInfo(key, value, where));
}

function readTableInfo(id: string, value: unknown, where: string): TableInfo {
  const info = isObject(value) ? value['table_info'] : undefined;
  if (!/^\d{1,10}$/.test(id) || !isObject(info))
    throw malformed(where, `table ${id}`, 'an object with table_info', value);
  const meta = isObject(info['meta']) ? info['meta'] : {};
  return {
    id,
    catalog: requireString(info['catalog_name'], where, `table ${id}: catalog_name`),
    schema: requireString(info['schema_name'], where, `table ${id}: schema_name`),
    name: requireString(info['name'], where, `table ${id}: name`),
    engine: typeof meta['engine'] === 'string' ? meta['engine'] : '',
  };
}

/** The id of the table that a route found by name belongs to; undefined when it has no region, or no longer exists. */
function tableOfRoute(route: TableRoute): TableId | undefined {
  if (route.kind === 'gone') return undefined;
  const first = route.kind === 'physical' ? route.regions[0]?.id : route.regionIds[0];
  return first === undefined ? undefined : tableIdOf(first);
}

/** The routes read so far, by table id. */
class RouteCollection {
  doubleEncoded: boolean | undefined;
  readonly #physical = new Map<TableId, readonly RegionRoute[]>();
  /** From logical table to physical one. */
  readonly #logical = new Map<TableId, TableId>();
  readonly #names = new Map<TableId, TableName>();

  add(id: TableId, found: RouteReading, name: TableName | undefined): void {
    const { route } = found;
    if (route.kind === 'gone') return;
    this.doubleEncoded = found.doubleEncoded;
    if (name) this.#names.set(id, name);
    if (route.kind === 'logical') this.#logical.set(id, route.physicalTableId);
    else if (route.regions.length > 0) this.#physical.set(id, route.regions);
  }

  unreadPhysical(): TableId[] {
    return [...new Set(this.#logical.values())].filter((id) => !this.#physical.has(id));
  }

  /** All tables read so far, with their names where the listing gave them. */
  entries(): { id: TableId; name: TableName | undefined; isLogical: boolean }[] {
    const physical = [...this.#physical.keys()].map((id) => ({ id, isLogical: false }));
    const logical = [...this.#logical.keys()].map((id) => ({ id, isLogical: true }));
    return [...physical, ...logical].map((entry) => ({ ...entry, name: this.#names.get(entry.id) }));
  }

  /** The physical tables by id, without those whose name nobody knows any more: they were just dropped. */
  conclude(infos: ReadonlyMap<TableId, TableInfo>): RoutedTable[] {
    const nameOf = (id: TableId): TableInfo | undefined => {
      const name = this.#names.get(id);
      return infos.get(id) ?? (name && { id, engine: '', ...name });
    };
    const logicalOf = new Map<TableId, LogicalTable[]>();
    for (const [id, physicalId] of this.#logical) {
      const info = nameOf(id);
      if (!info) continue;
      const list = logicalOf.get(physicalId) ?? [];
      list.push({ id, schema: info.schema, name: info.name });
      logicalOf.set(physicalId, list);
    }
    return [...this.#physical]
      .flatMap(([id, regions]): RoutedTable[] => {
        const info = nameOf(id);
        if (!info) return [];
        const logicalTables = logicalOf.get(id)?.sort((a, b) => compareIds(a.id, b.id));
        const { catalog, schema, name, engine } = info;
        const table = { id, catalog, schema, name, engine, ...(logicalTables ? { logicalTables } : {}) };
        return [{ table, regions }];
      })
      .sort((a, b) => compareIds(a.table.id, b.table.id));
  }
}

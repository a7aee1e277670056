import type { ClusterCore } from '../cluster/core.ts';
import { displayRegion } from '../cluster/model.ts';
import type { RegionRoute, SimRegion, SimTable } from '../cluster/model.ts';
import type { StoredTable } from '../cluster/stored-rows.ts';
import { createTable, dropTable } from '../procedures/ddl.ts';
import { planError, SQL_CODES, SqlError, unsupportedStatement } from './errors.ts';
import type { CreateTableStatement, DataStatement, InsertStatement, Partition } from './parse-data.ts';
import type { Column, Row, SqlValue } from './result-set.ts';

/** Where names without a schema or a catalog lie. */
interface Home {
  readonly catalog: string;
  readonly schema: string;
}

/** How many rows a statement changed. */
export interface Affected {
  readonly affectedRows: number;
}

/** Runs a statement that changes tables or rows. @throws SqlError */
export function executeData(core: ClusterCore, home: Home, statement: DataStatement): Affected {
  switch (statement.kind) {
    case 'create-database':
      return createDatabase(core, home.catalog, statement);
    case 'create-table':
      return createStoredTable(core, home, statement);
    case 'insert':
      return insert(core, home, statement);
    case 'drop-database':
      return dropDatabase(core, home.catalog, statement);
    case 'drop-table':
      return dropStoredTable(core, home, statement);
  }
}

type Named = Readonly<{ name: string; orNot: boolean }>;

function createDatabase({ state }: ClusterCore, catalog: string, { name, orNot }: Named): Affected {
  if (state.schemasOf(catalog).includes(name)) {
    if (orNot) return { affectedRows: 1 };
    throw new SqlError(SQL_CODES.databaseExists, `Schema ${name} already exists`);
  }
  state.addSchema(catalog, name);
  return { affectedRows: 1 };
}

/** Up to 0.7.0 there is no such statement. */
function dropDatabase(core: ClusterCore, catalog: string, { name, orNot }: Named): Affected {
  const { state, profile } = core;
  if (!profile.sql.dropDatabase) throw unsupportedStatement('DROP');
  if (!state.schemasOf(catalog).includes(name)) {
    if (orNot) return { affectedRows: 0 };
    throw new SqlError(SQL_CODES.databaseNotFound, `Database not found: ${name}`);
  }
  const inside = state.sortedTables().filter((table) => table.catalog === catalog && table.schema === name);
  if (inside.some((table) => !state.stored.find(table))) throw unsupportedStatement('DROP');
  for (const table of inside) drop(core, table);
  state.removeSchema(catalog, name);
  return { affectedRows: 0 };
}

function createStoredTable(core: ClusterCore, home: Home, statement: CreateTableStatement): Affected {
  const { state } = core;
  const { name, schema, catalog } = resolve(home, statement.table);
  if (!state.schemasOf(catalog).includes(schema))
    throw new SqlError(SQL_CODES.databaseNotFound, `Database not found: ${schema}`);
  const isThere = state.tableNamed(catalog, schema, name) !== undefined;
  if (isThere && statement.orNot) return { affectedRows: 0 };
  if (isThere)
    throw new SqlError(SQL_CODES.tableExists, `Table already exists: ${catalog}.${schema}.${name}`);
  const { columns, partitions } = statement;
  const at = columns.findIndex(([column]) => column === statement.partitionColumn);
  if (at < 0) throw planError(`No field named ${statement.partitionColumn}.`);
  const table = createTable(core, { name, schema, catalog, regions: partitions.length });
  state.stored.addTable({
    ...{ table, columns },
    regionOf: (row) => {
      const index = partitions.findIndex((partition) => isWithin(partition, Number(row[at])));
      return table.routes[index]?.region;
    },
  });
  return { affectedRows: 0 };
}

function isWithin(partition: Partition, value: number): boolean {
  return partition.every((bound) => (bound.isLower ? value >= bound.value : value < bound.value));
}

/** All rows or none, as far as a frontend can tell beforehand. */
function insert(core: ClusterCore, home: Home, { table: path, columns, rows }: InsertStatement): Affected {
  const stored = storedTable(core, home, path, 'INSERT');
  const from = stored.columns.map(([column]) => columns.indexOf(column));
  const unknown = columns.find((column) => !stored.columns.some(([name]) => name === column));
  if (unknown !== undefined) throw planError(`No field named ${unknown}.`);
  const placed = rows.map((row): { region: SimRegion; row: Row } => {
    const values = from.map((index): SqlValue => row[index] ?? null);
    const region = stored.regionOf(values);
    if (!region) throw planError('Failed to find region for the row');
    requireWritable(core, region);
    return { region, row: values };
  });
  for (const { region, row } of placed) core.state.stored.add(region, row);
  return { affectedRows: rows.length };
}

/** @throws SqlError while the region changes its leader, or its leader is dead. */
function requireWritable(core: ClusterCore, region: SimRegion): void {
  const route = requireLeader(core, region);
  if (route.state === null) return;
  const text = `Region ${displayRegion(region.key)} is in Leader(Downgrading) state, expect: Leader(Writable)`;
  throw new SqlError(SQL_CODES.regionNotReady, text);
}

function requireLeader({ state }: ClusterCore, region: SimRegion): RegionRoute {
  const route = state.routeOf(region.key);
  const leader = state.datanodes.get(route?.leader ?? '');
  if (route && leader?.diedAtMs === null) return route;
  throw new SqlError(SQL_CODES.internal, 'Internal error: 1003');
}

/** A table that was created over SQL, to be read; undefined for any other. */
export function readStored(
  core: ClusterCore,
  table: SimTable,
): { readonly columns: readonly Column[]; readonly rows: () => Row[] } | undefined {
  const { stored } = core.state;
  const found = stored.find(table);
  if (!found) return undefined;
  const rowsOf = ({ region }: RegionRoute): readonly Row[] => {
    requireLeader(core, region);
    return stored.rowsOf(region);
  };
  return { columns: found.columns, rows: () => table.routes.flatMap(rowsOf) };
}

function dropStoredTable(
  core: ClusterCore,
  home: Home,
  { table: path, orNot }: { readonly table: readonly string[]; readonly orNot: boolean },
): Affected {
  const { name, schema, catalog } = resolve(home, path);
  if (orNot && !core.state.tableNamed(catalog, schema, name)) return { affectedRows: 0 };
  drop(core, storedTable(core, home, path, 'DROP').table);
  return { affectedRows: 0 };
}

/** Where a migration holds the table's lock the real statement waits for its end; this one says at once that it will happen. */
function drop(core: ClusterCore, table: SimTable): void {
  dropTable(core, table, () => core.state.stored.removeTable(table));
}

function storedTable(core: ClusterCore, home: Home, path: readonly string[], keyword: string): StoredTable {
  const { name, schema, catalog } = resolve(home, path);
  const table = core.state.tableNamed(catalog, schema, name);
  if (!table) throw new SqlError(SQL_CODES.tableNotFound, `Table not found: ${catalog}.${schema}.${name}`);
  const stored = core.state.stored.find(table);
  if (!stored) throw unsupportedStatement(keyword);
  return stored;
}

function resolve(home: Home, path: readonly string[]): Home & { readonly name: string } {
  const [name = '', schema = home.schema, catalog = home.catalog] = path.toReversed();
  return { name, schema, catalog };
}

import type { ClusterCore } from '../cluster/core.ts';
import { displayRegion } from '../cluster/model.ts';
import type { RegionRoute, SimRegion, SimTable, StoredTable } from '../cluster/model.ts';
import { createTable, dropTable } from '../procedures/ddl.ts';
import { planError, SqlError, unsupportedStatement } from './errors.ts';
import type { Column, Row, SqlType, SqlValue } from './result-set.ts';
import { nameIn } from './session.ts';
import type { Session, Statement } from './session.ts';
import type { SqlTable } from './tables/table.ts';
import type { Tokens } from './tokens.ts';

/*
 * The few statements that make a table, fill it and take it away again.
 */

const TYPES: Readonly<Record<string, SqlType>> = {
  INT: 'Int32',
  BIGINT: 'Int64',
  STRING: 'String',
  TIMESTAMP: 'TimestampMillisecond',
};

/** `CREATE DATABASE [IF NOT EXISTS] name`, or a table that is partitioned by one column. */
export function parseCreate(tokens: Tokens): Statement {
  const isDatabase = tokens.take('DATABASE');
  if (!isDatabase && !tokens.take('TABLE')) throw unsupportedStatement('CREATE');
  const orNot = tokens.takeAll('IF', 'NOT', 'EXISTS');
  return isDatabase ? parseCreateDatabase(tokens, orNot) : parseCreateTable(tokens, orNot);
}

function parseCreateDatabase(tokens: Tokens, orNot: boolean): Statement {
  const name = tokens.name('a database');
  return ({ core: { state }, catalog }) => {
    const isThere = state.schemasOf(catalog).includes(name);
    if (isThere && !orNot) throw new SqlError('databaseExists', `Schema ${name} already exists`);
    if (!isThere) state.addSchema(catalog, name);
    return { affectedRows: 1 };
  };
}

/** `CREATE TABLE [IF NOT EXISTS] name (columns) PARTITION ON COLUMNS (column) (partitions)` */
function parseCreateTable(tokens: Tokens, orNot: boolean): Statement {
  const path = tokens.path();
  const columns = tokens.inParentheses(() => parseColumn(tokens)).filter((column) => column !== undefined);
  if (!tokens.takeAll('PARTITION', 'ON', 'COLUMNS')) tokens.fail('PARTITION ON COLUMNS');
  tokens.expect('(');
  const partitionColumn = tokens.name('a column');
  tokens.expect(')');
  const partitions = tokens.inParentheses(() =>
    tokens.list('AND', () => parseBound(tokens, partitionColumn)),
  );
  return (session) => {
    const { state } = session.core;
    const { name, schema, catalog, fullName } = nameIn(session, path);
    if (!state.schemasOf(catalog).includes(schema))
      throw new SqlError('databaseNotFound', `Database not found: ${schema}`);
    const isThere = state.tableNamed(catalog, schema, name) !== undefined;
    if (isThere && orNot) return { affectedRows: 0 };
    if (isThere) throw new SqlError('tableExists', `Table already exists: ${fullName}`);
    const at = columns.findIndex(([column]) => column === partitionColumn);
    if (at < 0) throw planError(`No field named ${partitionColumn}.`);
    const table = createTable(session.core, { name, schema, catalog, regions: partitions.length });
    const regionOf = (row: Row): SimRegion | undefined => {
      const index = partitions.findIndex((bounds) => bounds.every((holds) => holds(Number(row[at]))));
      return table.routes[index]?.region;
    };
    table.stored = { columns, regionOf, rows: new Map() };
    return { affectedRows: 0 };
  };
}

/** Undefined for `PRIMARY KEY (…)`. */
function parseColumn(tokens: Tokens): Column | undefined {
  if (tokens.takeAll('PRIMARY', 'KEY')) {
    tokens.inParentheses(() => tokens.name('a column'));
    return undefined;
  }
  const name = tokens.name('a column');
  const word = tokens.name('a type').toUpperCase();
  const type = TYPES[word] ?? tokens.fail(`one of ${Object.keys(TYPES).join(', ')}`);
  if (tokens.isNext('(')) tokens.inParentheses(() => tokens.number());
  tokens.takeAll('TIME', 'INDEX');
  return [name, type];
}

/** `column < 1` or `column >= 1` */
function parseBound(tokens: Tokens, column: string): (value: number) => boolean {
  tokens.expect(column.toUpperCase());
  const isLower = tokens.takeAll('>', '=');
  if (!isLower) tokens.expect('<');
  const bound = tokens.number();
  return (value) => (isLower ? value >= bound : value < bound);
}

/** `INSERT INTO table (columns) VALUES (…), (…)`; without the columns it is another statement. All rows or none. */
export function parseInsert(tokens: Tokens): Statement {
  tokens.expect('INTO');
  const path = tokens.path();
  if (!tokens.isNext('(')) throw unsupportedStatement('INSERT');
  const columns = tokens.inParentheses(() => tokens.name('a column'));
  tokens.expect('VALUES');
  const rows = tokens.list(',', () => tokens.inParentheses(() => tokens.value()));
  return (session) => {
    const { stored } = requireStored(session, path, 'INSERT');
    const from = stored.columns.map(([column]) => columns.indexOf(column));
    const unknown = columns.find((column) => !stored.columns.some(([name]) => name === column));
    if (unknown !== undefined) throw planError(`No field named ${unknown}.`);
    const placed = rows.map((row) => {
      const values = from.map((index): SqlValue => row[index] ?? null);
      const region = stored.regionOf(values);
      if (!region) throw planError('Failed to find region for the row');
      requireWritable(session.core, region);
      return { region, values };
    });
    for (const { region, values } of placed) {
      const held = stored.rows.get(region);
      if (held) held.push(values);
      else stored.rows.set(region, [values]);
    }
    return { affectedRows: rows.length };
  };
}

/** `DROP DATABASE|TABLE [IF EXISTS] name`; only what was created over SQL. Up to 0.7.0 a database cannot be dropped. */
export function parseDrop(tokens: Tokens): Statement {
  const isDatabase = tokens.take('DATABASE');
  if (!isDatabase && !tokens.take('TABLE')) throw unsupportedStatement('DROP');
  const orNot = tokens.takeAll('IF', 'EXISTS');
  return isDatabase ? parseDropDatabase(tokens, orNot) : parseDropTable(tokens, orNot);
}

function parseDropDatabase(tokens: Tokens, orNot: boolean): Statement {
  const name = tokens.name('a database');
  return ({ core, catalog }) => {
    const { state, profile } = core;
    if (!profile.dropDatabase) throw unsupportedStatement('DROP');
    if (!state.schemasOf(catalog).includes(name)) {
      if (orNot) return { affectedRows: 0 };
      throw new SqlError('databaseNotFound', `Database not found: ${name}`);
    }
    const inside = state.sortedTables().filter((table) => table.catalog === catalog && table.schema === name);
    if (inside.some((table) => !table.stored)) throw unsupportedStatement('DROP');
    for (const table of inside) dropTable(core, table);
    state.removeSchema(catalog, name);
    return { affectedRows: 0 };
  };
}

/** Where a migration holds the table's lock the real statement waits for its end; this one says at once that it will happen. */
function parseDropTable(tokens: Tokens, orNot: boolean): Statement {
  const path = tokens.path();
  return (session) => {
    const { name, schema, catalog } = nameIn(session, path);
    const isThere = session.core.state.tableNamed(catalog, schema, name) !== undefined;
    if (isThere || !orNot) dropTable(session.core, requireStored(session, path, 'DROP').table);
    return { affectedRows: 0 };
  };
}

/** @throws SqlError 4001 when there is no such table, 1001 for one that was not created over SQL. */
function requireStored(
  session: Session,
  path: readonly string[],
  keyword: string,
): { table: SimTable; stored: StoredTable } {
  const { name, schema, catalog, fullName } = nameIn(session, path);
  const table = session.core.state.tableNamed(catalog, schema, name);
  if (!table) throw new SqlError('tableNotFound', `Table not found: ${fullName}`);
  if (!table.stored) throw unsupportedStatement(keyword);
  return { table, stored: table.stored };
}

/** @throws SqlError while the region changes its leader, or its leader is dead. */
function requireWritable(core: ClusterCore, region: SimRegion): void {
  if (requireLeader(core, region).state === null) return;
  const text = `Region ${displayRegion(region.key)} is in Leader(Downgrading) state, expect: Leader(Writable)`;
  throw new SqlError('regionNotReady', text);
}

function requireLeader({ state }: ClusterCore, region: SimRegion): RegionRoute {
  const route = state.routeOf(region.key);
  const leader = state.datanodes.get(route?.leader ?? '');
  if (route && leader?.diedAtMs === null) return route;
  throw new SqlError('internal', 'Internal error: 1003');
}

/** A table that was created over SQL, to be read. */
export function storedTable(core: ClusterCore, table: SimTable, stored: StoredTable): SqlTable {
  const rowsOf = ({ region }: RegionRoute): readonly Row[] => {
    requireLeader(core, region);
    return stored.rows.get(region) ?? [];
  };
  return { columns: stored.columns, rows: () => table.routes.flatMap(rowsOf) };
}

import type { ClusterCore, SimFrontend } from '../cluster/core.ts';
import { executeData, readStored } from './execute-data.ts';
import type { Affected } from './execute-data.ts';
import { notAuthorized, planError, SQL_CODES, SqlError, syntaxError } from './errors.ts';
import { callAdminFunction } from './functions.ts';
import type { Caller } from './functions.ts';
import type { CallStatement, SelectStatement, Statement } from './parse.ts';
import type { ResultSet, Row, SqlValue } from './result-set.ts';
import { isEqual } from './tables/information-table.ts';
import type { InformationTable } from './tables/information-table.ts';

interface SqlSession {
  readonly core: ClusterCore;
  readonly frontend: SimFrontend;
  readonly tables: ReadonlyMap<string, InformationTable>;
  readonly caller: Caller;
  readonly schema: string;
}

/** Runs one statement. @throws SqlError */
export function execute(session: SqlSession, statement: Statement): ResultSet | Affected {
  switch (statement.kind) {
    case 'select':
      return select(session, statement);
    case 'ADMIN':
      return callAdmin(session, statement);
    case 'SELECT':
      return callSelect(session, statement);
    case 'create-database':
    case 'create-table':
    case 'insert':
    case 'drop-database':
    case 'drop-table':
      if (session.caller.readOnly) throw notAuthorized();
      return executeData(
        session.core,
        { catalog: session.caller.catalog, schema: session.schema },
        statement,
      );
  }
}

function select(session: SqlSession, statement: SelectStatement): ResultSet {
  const { table, catalog } = tableOf(session, statement.table);
  const indexOf = (wanted: string): number => {
    const index = table.columns.findIndex(([name]) => name === wanted);
    return index < 0 ? refuseColumn(wanted) : index;
  };
  const tests = statement.where.map(({ column, value }) => ({ index: indexOf(column), value }));
  const order = statement.orderBy && { ...statement.orderBy, index: indexOf(statement.orderBy.column) };
  const picked = statement.columns === '*' ? null : statement.columns.map(indexOf);
  const { core, frontend } = session;
  let rows: readonly Row[] = table.rows({ core, frontend, catalog, where: statement.where });
  if (tests.length > 0)
    rows = rows.filter((row) => tests.every(({ index, value }) => isEqual(row[index]!, value)));
  if (order)
    rows = rows.toSorted((a, b) => compare(a[order.index]!, b[order.index]!) * (order.descending ? -1 : 1));
  if (statement.limit !== null) rows = rows.slice(0, statement.limit);
  if (!picked) return { columns: table.columns, rows };
  return {
    columns: picked.map((index) => table.columns[index]!),
    rows: rows.map((row) => picked.map((index) => row[index]!)),
  };
}

function refuseColumn(name: string): never {
  throw planError(`No field named ${name}.`);
}

/** NULL comes last, as in DataFusion. */
function compare(a: SqlValue, b: SqlValue): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  return a < b ? -1 : Number(a > b);
}

/** @throws SqlError 1001 for a table whose rows nobody knows, 4001 for one that does not exist. */
function tableOf(
  session: SqlSession,
  path: readonly string[],
): { readonly table: Omit<InformationTable, 'name'>; readonly catalog: string } {
  const { core, caller, tables } = session;
  const [name = '', schema = session.schema, catalog = caller.catalog] = path.toReversed();
  const isVirtual = schema === 'information_schema' && core.state.hasCatalog(catalog);
  const table = isVirtual ? tables.get(name) : undefined;
  if (table) return { table, catalog };
  const fullName = `${catalog}.${schema}.${name}`;
  const stored = core.state.tableNamed(catalog, schema, name);
  const data = stored && readStored(core, stored);
  if (data) return { table: data, catalog };
  if (stored) throw new SqlError(SQL_CODES.unsupported, `Not supported: reading rows of ${fullName}`);
  throw new SqlError(SQL_CODES.tableNotFound, `Failed to plan SQL: Table not found: ${fullName}`);
}

function callAdmin({ core, caller }: SqlSession, { name, values, text }: CallStatement): ResultSet {
  if (core.profile.sql.functions?.form !== 'ADMIN')
    throw syntaxError('Expected: an SQL statement, found: ADMIN');
  const value = callAdminFunction(core, caller, name, values);
  if (value === null)
    throw new SqlError(
      SQL_CODES.invalidArguments,
      `Fail to create datafusion record batch: Invalid argument error: Column '${text}' is declared as ` +
        'non-nullable but contains null values',
    );
  return { columns: [[text, 'String']], rows: [[value]] };
}

function callSelect({ core, caller }: SqlSession, { name, values, text }: CallStatement): ResultSet {
  const isAdminFunction = name === 'migrate_region' || name === 'procedure_state';
  if (isAdminFunction && core.profile.sql.functions?.form === 'SELECT')
    return { columns: [[text, 'String']], rows: [[callAdminFunction(core, caller, name, values)]] };
  if (name === 'now')
    return { columns: [[text, 'TimestampNanosecond']], rows: [[BigInt(core.time.now()) * 1_000_000n]] };
  if (name === 'version') return { columns: [[text, 'String']], rows: [[core.profile.version]] };
  throw planError(`Invalid function '${name}'.`);
}

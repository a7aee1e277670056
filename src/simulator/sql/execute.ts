import type { ClusterCore, SimFrontend } from '../cluster/core.ts';
import type {
  AdminStatement,
  Expression,
  SelectStatement,
  SqlValue,
  Statement,
  TableReference,
} from './ast.ts';
import { SQL_CODES, SqlError } from './errors.ts';
import type { ScalarFunction } from './evaluate.ts';
import { callAdminFunction } from './functions.ts';
import type { Caller } from './functions.ts';
import { runSelect } from './select.ts';
import type { ResultSet } from './select.ts';
import { schemaNames } from './tables/catalog.ts';
import type { InformationTable } from './tables/table.ts';

export interface SqlSession {
  readonly core: ClusterCore;
  readonly frontend: SimFrontend;
  readonly tables: ReadonlyMap<string, InformationTable>;
  readonly caller: Caller;
  readonly schema: string;
}

/** Runs one statement. @throws SqlError */
export function execute(session: SqlSession, statement: Statement): ResultSet {
  if (statement.kind === 'admin') return executeAdmin(session, statement);
  if (statement.kind === 'show') return executeShow(session, statement.what);
  return executeSelect(session, statement);
}

function executeAdmin(session: SqlSession, statement: AdminStatement): ResultSet {
  const { core, caller } = session;
  if (core.profile.sql.functions?.form !== 'ADMIN')
    throw new SqlError(
      SQL_CODES.syntax,
      'Invalid SQL syntax: sql parser error: Expected: an SQL statement, found: ADMIN',
    );
  const values = statement.arguments.map(literalOf);
  const value = callAdminFunction(core, caller, statement.name, values);
  if (value === null)
    throw new SqlError(
      SQL_CODES.invalidArguments,
      `Fail to create datafusion record batch: Invalid argument error: Column '${statement.text}' is declared as ` +
        'non-nullable but contains null values',
    );
  const type = typeof value === 'number' ? 'UInt64' : 'String';
  return { columns: [{ name: statement.text, type }], rows: [[value]] };
}

/** ADMIN takes literals alone. */
function literalOf(argument: Expression): SqlValue {
  if (argument.kind === 'literal') return argument.value;
  throw new SqlError(
    SQL_CODES.invalidArguments,
    'Failed to build admin function args: unsupported function arg, wanted a literal',
  );
}

function executeShow({ core, caller, schema }: SqlSession, what: 'tables' | 'databases'): ResultSet {
  const all = core.state.sortedTables();
  if (what === 'databases') {
    const rows = schemaNames(all, caller.catalog).map((name) => [name]);
    return { columns: [{ name: 'Database', type: 'String' }], rows };
  }
  const names = all
    .filter((table) => table.catalog === caller.catalog && table.schema === schema)
    .map((table) => table.name);
  return { columns: [{ name: 'Tables', type: 'String' }], rows: names.sort().map((name) => [name]) };
}

function executeSelect(session: SqlSession, statement: SelectStatement): ResultSet {
  const readTable = (reference: TableReference, filter: Expression | null): ResultSet =>
    readInformationTable(session, reference, filter);
  return runSelect(statement, readTable, scalarFunctions(session));
}

function readInformationTable(
  session: SqlSession,
  reference: TableReference,
  filter: Expression | null,
): ResultSet {
  const { core, frontend, caller, tables } = session;
  const [name = '', schema = session.schema, catalog = caller.catalog] = reference.path.toReversed();
  const isVirtual = schema === 'information_schema' && hasCatalog(core, catalog);
  const table = isVirtual ? tables.get(name) : undefined;
  if (table) {
    const columns = table.columns.map(([columnName, type]) => ({ name: columnName, type }));
    return { columns, rows: table.rows({ core, frontend, catalog, filter }) };
  }
  if (core.state.tableNamed(catalog, schema, name))
    throw new SqlError(SQL_CODES.unsupported, `Not supported: reading rows of ${catalog}.${schema}.${name}`);
  throw new SqlError(
    SQL_CODES.tableNotFound,
    `Failed to plan SQL: Table not found: ${catalog}.${schema}.${name}`,
  );
}

/** The catalog `greptime` exists always, others with their first table. */
export function hasCatalog(core: ClusterCore, catalog: string): boolean {
  if (catalog === 'greptime') return true;
  return [...core.state.tables.values()].some((table) => table.catalog === catalog);
}

function scalarFunctions({ core, caller, schema }: SqlSession): ReadonlyMap<string, ScalarFunction> {
  const functions = new Map<string, ScalarFunction>([
    ['version', () => core.profile.version],
    ['database', () => schema],
    ['current_schema', () => schema],
    ['now', () => core.time.now()],
  ]);
  if (core.profile.sql.functions?.form !== 'SELECT') return functions;
  for (const name of ['migrate_region', 'procedure_state', 'flush_region', 'flush_table'])
    functions.set(name, (values) => callAdminFunction(core, caller, name, values));
  return functions;
}

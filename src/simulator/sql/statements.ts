import { parseCreate, parseDrop, parseInsert, storedTable } from './data-statements.ts';
import { notAuthorized, planError, SqlError, syntaxError, unsupportedStatement } from './errors.ts';
import { callAdminFunction } from './functions.ts';
import type { ResultSet, Row, SqlValue } from './result-set.ts';
import { nameIn } from './session.ts';
import type { Session, Statement } from './session.ts';
import { informationTable } from './tables/information-schema.ts';
import { isEqual } from './tables/table.ts';
import type { Condition, SqlTable } from './tables/table.ts';
import { literal, Tokens } from './tokens.ts';

const PARSERS: Readonly<Record<string, (tokens: Tokens) => Statement>> = {
  SELECT: parseSelect,
  ADMIN: (tokens) => parseCall(tokens, callAdmin, 0),
  CREATE: writing(parseCreate),
  INSERT: writing(parseInsert),
  DROP: writing(parseDrop),
};

const OTHER_STATEMENTS =
  /^(?:DELETE|ALTER|TRUNCATE|COPY|TQL|EXPLAIN|DESC|DESCRIBE|SET|USE|WITH|SHOW|KILL|UPDATE)$/;

/**
 * Reads one statement of the few forms that anybody sends to a frontend (docs/simulator.md), with or without a semicolon.
 *
 * @throws SqlError 1001 for another kind of statement, 2000 for what is not understood.
 */
export function parseSql(sql: string): Statement {
  const tokens = new Tokens(sql);
  const keyword = tokens.next('an SQL statement').toUpperCase();
  const parse = Object.hasOwn(PARSERS, keyword) ? PARSERS[keyword] : undefined;
  if (!parse)
    throw OTHER_STATEMENTS.test(keyword)
      ? unsupportedStatement(keyword)
      : tokens.error('an SQL statement', keyword);
  const statement = parse(tokens);
  tokens.expectEnd();
  return statement;
}

function writing(parse: (tokens: Tokens) => Statement): (tokens: Tokens) => Statement {
  return (tokens) => {
    const run = parse(tokens);
    return (session) => {
      if (session.readOnly) throw notAuthorized();
      return run(session);
    };
  };
}

/** `SELECT columns FROM table [WHERE …] [ORDER BY …] [LIMIT n]`, or a call. */
function parseSelect(tokens: Tokens): Statement {
  if (tokens.isNext('(', 1)) return parseCall(tokens, callSelect, tokens.position);
  const columns = tokens.take('*') ? null : tokens.list(',', () => tokens.name('a name'));
  tokens.expect('FROM');
  const path = tokens.path();
  const where = tokens.take('WHERE') ? tokens.list('AND', () => parseCondition(tokens)) : [];
  const orderBy = tokens.takeAll('ORDER', 'BY') ? parseOrder(tokens) : null;
  const limit = tokens.take('LIMIT') ? Number(tokens.match(/^\d{1,15}$/, 'a number')) : undefined;
  return (session) => {
    const { table, catalog } = tableAt(session, path);
    const indexOf = (wanted: string): number => {
      const index = table.columns.findIndex(([name]) => name === wanted);
      if (index < 0) throw planError(`No field named ${wanted}.`);
      return index;
    };
    const tests = where.map(({ column, value }) => ({ index: indexOf(column), value }));
    const order = orderBy && { index: indexOf(orderBy.column), sign: orderBy.sign };
    const picked = columns?.map(indexOf);
    let rows: readonly Row[] = table.rows({ ...session, catalog, where });
    if (tests.length > 0)
      rows = rows.filter((row) => tests.every(({ index, value }) => isEqual(row[index]!, value)));
    if (order) rows = rows.toSorted((a, b) => compare(a[order.index]!, b[order.index]!) * order.sign);
    rows = rows.slice(0, limit);
    if (!picked) return { columns: table.columns, rows };
    return {
      columns: picked.map((index) => table.columns[index]!),
      rows: rows.map((row) => picked.map((index) => row[index]!)),
    };
  };
}

function parseCondition(tokens: Tokens): Condition {
  const column = tokens.name('a column');
  tokens.expect('=');
  return { column, value: tokens.value() };
}

function parseOrder(tokens: Tokens): { column: string; sign: 1 | -1 } {
  const column = tokens.name('a column');
  const isDescending = tokens.take('DESC');
  if (!isDescending) tokens.take('ASC');
  return { column, sign: isDescending ? -1 : 1 };
}

/** NULL comes last, as in DataFusion. */
function compare(a: SqlValue, b: SqlValue): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  return a < b ? -1 : Number(a > b);
}

/** @throws SqlError 1001 for a table whose rows nobody knows, 4001 for one that does not exist. */
function tableAt(session: Session, path: readonly string[]): { table: SqlTable; catalog: string } {
  const { core } = session;
  const { name, schema, catalog, fullName } = nameIn(session, path);
  const isVirtual = schema === 'information_schema' && core.state.hasCatalog(catalog);
  const virtual = isVirtual ? informationTable(core.profile, name) : undefined;
  if (virtual) return { table: virtual, catalog };
  const table = core.state.tableNamed(catalog, schema, name);
  if (!table) throw new SqlError('tableNotFound', `Failed to plan SQL: Table not found: ${fullName}`);
  if (table.stored) return { table: storedTable(core, table, table.stored), catalog };
  throw new SqlError('unsupported', `Not supported: reading rows of ${fullName}`);
}

/** A call, as written: its text is also the name of the result's column. */
interface Call {
  readonly name: string;
  readonly values: readonly SqlValue[];
  readonly text: string;
}

/** `f(…)`; the text of the call begins at `start`. */
function parseCall(
  tokens: Tokens,
  run: (session: Session, call: Call) => ResultSet,
  start: number,
): Statement {
  const name = tokens.name('a function').toLowerCase();
  tokens.expect('(');
  const values = tokens.isNext(')') ? [] : tokens.list(',', () => parseArgument(tokens));
  tokens.expect(')');
  const text = tokens.textSince(start);
  return (session) => run(session, { name, values, text });
}

function parseArgument(tokens: Tokens): SqlValue {
  const token = tokens.next('an argument');
  const value = literal(token);
  if (value !== undefined) return value;
  const text = `Failed to build admin function args: unsupported function arg ${token}`;
  throw new SqlError('invalidArguments', text);
}

function callAdmin(session: Session, { name, values, text }: Call): ResultSet {
  if (session.core.profile.adminFunctions !== 'ADMIN')
    throw syntaxError('Expected: an SQL statement, found: ADMIN');
  const value = callAdminFunction(session, name, values);
  if (value === null)
    throw new SqlError(
      'invalidArguments',
      `Fail to create datafusion record batch: Invalid argument error: Column '${text}' is declared as ` +
        'non-nullable but contains null values',
    );
  return { columns: [[text, 'String']], rows: [[value]] };
}

function callSelect(session: Session, { name, values, text }: Call): ResultSet {
  const { profile, time } = session.core;
  const isAdminFunction = name === 'migrate_region' || name === 'procedure_state';
  if (isAdminFunction && profile.adminFunctions === 'SELECT')
    return { columns: [[text, 'String']], rows: [[callAdminFunction(session, name, values)]] };
  if (name === 'now')
    return { columns: [[text, 'TimestampNanosecond']], rows: [[BigInt(time.now()) * 1_000_000n]] };
  if (name === 'version') return { columns: [[text, 'String']], rows: [[profile.version]] };
  throw planError(`Invalid function '${name}'.`);
}

import { SQL_CODES, SqlError, unsupportedStatement } from './errors.ts';
import { parseCreate, parseDrop, parseInsert } from './parse-data.ts';
import type { DataStatement } from './parse-data.ts';
import type { SqlValue } from './result-set.ts';
import { literal, NAME, parseNames, Tokens } from './tokens.ts';

/** `column = value` */
export interface Condition {
  readonly column: string;
  readonly value: SqlValue;
}

export interface SelectStatement {
  readonly kind: 'select';
  readonly columns: readonly string[] | '*';
  /** `[catalog.][schema.]table` */
  readonly table: readonly string[];
  /** All of them must hold. */
  readonly where: readonly Condition[];
  readonly orderBy: { readonly column: string; readonly descending: boolean } | null;
  readonly limit: number | null;
}

/** `ADMIN f(…)` or `SELECT f(…)` */
export interface CallStatement {
  readonly kind: 'ADMIN' | 'SELECT';
  readonly name: string;
  readonly values: readonly SqlValue[];
  /** As written, which is also the name of the result's column. */
  readonly text: string;
}

export type Statement = SelectStatement | CallStatement | DataStatement;

const PARSERS: Readonly<Record<string, (tokens: Tokens) => Statement>> = {
  SELECT: parseSelect,
  ADMIN: (tokens) => parseCall(tokens, 'ADMIN', 0),
  CREATE: parseCreate,
  INSERT: parseInsert,
  DROP: parseDrop,
};

/**
 * Reads one statement of the few forms that anybody sends to a frontend (docs/simulator.md), with or without a semicolon.
 *
 * @throws SqlError 1001 for another kind of statement, 2000 for what is not understood.
 */
export function parseSql(sql: string): Statement {
  const tokens = new Tokens(sql);
  const keyword = tokens.next('an SQL statement').toUpperCase();
  const parse = Object.hasOwn(PARSERS, keyword) ? PARSERS[keyword] : undefined;
  if (!parse) throw unknownStatement(keyword, tokens);
  const statement = parse(tokens);
  tokens.take(';');
  if (!tokens.isAtEnd) tokens.fail('end of statement');
  return statement;
}

const OTHER_STATEMENTS =
  /^(?:DELETE|ALTER|TRUNCATE|COPY|TQL|EXPLAIN|DESC|DESCRIBE|SET|USE|WITH|SHOW|KILL|UPDATE)$/;

function unknownStatement(keyword: string, tokens: Tokens): SqlError {
  if (!OTHER_STATEMENTS.test(keyword)) return tokens.error('an SQL statement', keyword);
  return unsupportedStatement(keyword);
}

function parseSelect(tokens: Tokens): Statement {
  if (tokens.isNext('(', 1)) return parseCall(tokens, 'SELECT', tokens.position);
  const columns = tokens.take('*') ? '*' : parseNames(tokens, ',');
  tokens.expect('FROM');
  return {
    kind: 'select',
    columns,
    table: parseNames(tokens, '.'),
    where: parseWhere(tokens),
    orderBy: parseOrder(tokens),
    limit: tokens.take('LIMIT') ? Number(tokens.match(/^\d{1,15}$/, 'a number')) : null,
  };
}

function parseWhere(tokens: Tokens): Condition[] {
  const conditions: Condition[] = [];
  if (!tokens.take('WHERE')) return conditions;
  do {
    const column = tokens.match(NAME, 'a column');
    tokens.expect('=');
    const token = tokens.next('a value');
    const value = literal(token);
    if (value === undefined) throw tokens.error('a value', token);
    conditions.push({ column, value });
  } while (tokens.take('AND'));
  return conditions;
}

function parseOrder(tokens: Tokens): SelectStatement['orderBy'] {
  if (!tokens.take('ORDER')) return null;
  tokens.expect('BY');
  const column = tokens.match(NAME, 'a column');
  const descending = tokens.take('DESC');
  if (!descending) tokens.take('ASC');
  return { column, descending };
}

function parseCall(tokens: Tokens, kind: CallStatement['kind'], start: number): CallStatement {
  const name = tokens.match(NAME, 'a function').toLowerCase();
  const values: SqlValue[] = [];
  tokens.expect('(');
  if (!tokens.take(')')) {
    do values.push(parseArgument(tokens));
    while (tokens.take(','));
    tokens.expect(')');
  }
  return { kind, name, values, text: tokens.textSince(start) };
}

function parseArgument(tokens: Tokens): SqlValue {
  const token = tokens.next('an argument');
  const value = literal(token);
  if (value !== undefined) return value;
  const text = `Failed to build admin function args: unsupported function arg ${token}`;
  throw new SqlError(SQL_CODES.invalidArguments, text);
}

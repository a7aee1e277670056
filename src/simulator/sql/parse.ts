import type { Join, OrderItem, SelectItem, SelectStatement, Statement, TableReference } from './ast.ts';
import { parseExpression, parseIdentifier, parseList, RESERVED } from './parse-expression.ts';
import { SQL_CODES, SqlError } from './errors.ts';
import { TokenCursor } from './tokens.ts';

const MAX_STATEMENTS = 100;

/**
 * Reads the statements that a reader of information_schema sends. Everything else is refused the way the server refuses what
 * it does not know.
 *
 * @throws SqlError 2000 (syntax) or 1001 (valid SQL, not simulated).
 */
export function parseSql(sql: string): Statement[] {
  const cursor = new TokenCursor(sql);
  const statements: Statement[] = [];
  for (;;) {
    while (cursor.takeSymbol(';'));
    if (cursor.isAtEnd()) break;
    if (statements.length >= MAX_STATEMENTS) cursor.fail('fewer statements');
    statements.push(parseStatement(cursor));
    if (!cursor.isAtEnd()) cursor.expectSymbol(';');
  }
  if (statements.length === 0) cursor.fail('an SQL statement');
  return statements;
}

const KNOWN_BUT_NOT_SIMULATED =
  /^(?:INSERT|DELETE|CREATE|DROP|ALTER|TRUNCATE|COPY|TQL|EXPLAIN|DESC|DESCRIBE|SET|USE|WITH|SHOW|KILL|UPDATE)$/;

function parseStatement(cursor: TokenCursor): Statement {
  if (cursor.isWord('SELECT')) return parseSelect(cursor);
  if (cursor.isWord('ADMIN')) return parseAdmin(cursor);
  if (cursor.isWord('SHOW')) {
    const show = parseShow(cursor);
    if (show) return show;
  }
  const { kind, text } = cursor.current;
  if (kind === 'word' && KNOWN_BUT_NOT_SIMULATED.test(text.toUpperCase()))
    throw new SqlError(
      SQL_CODES.unsupported,
      `SQL statement is not supported, keyword: ${text.toUpperCase()}`,
    );
  return cursor.fail('an SQL statement');
}

function parseShow(cursor: TokenCursor): Statement | null {
  const isShort = cursor.isWord('TABLES', 1);
  if (!isShort && !cursor.isWord('DATABASES', 1) && !cursor.isWord('SCHEMAS', 1)) return null;
  cursor.next();
  cursor.next();
  return { kind: 'show', what: isShort ? 'tables' : 'databases' };
}

function parseAdmin(cursor: TokenCursor): Statement {
  const { start } = cursor.next();
  const name = parseIdentifier(cursor);
  const values = parseList(cursor);
  const text = cursor.sql.slice(start, cursor.previousEnd);
  return { kind: 'admin', name, arguments: values, text };
}

function parseSelect(cursor: TokenCursor): SelectStatement {
  cursor.expectWord('SELECT');
  const distinct = cursor.takeWord('DISTINCT');
  const items: SelectItem[] = [];
  do items.push(parseItem(cursor));
  while (cursor.takeSymbol(','));
  const from = cursor.takeWord('FROM') ? parseTable(cursor) : null;
  const joins = from ? parseJoins(cursor) : [];
  const where = cursor.takeWord('WHERE') ? parseExpression(cursor) : null;
  const groupBy = parseGroupBy(cursor);
  const orderBy = parseOrderBy(cursor);
  const limit = cursor.takeWord('LIMIT') ? parseCount(cursor) : null;
  const offset = cursor.takeWord('OFFSET') ? parseCount(cursor) : 0;
  return { kind: 'select', distinct, items, from, joins, where, groupBy, orderBy, limit, offset };
}

function parseItem(cursor: TokenCursor): SelectItem {
  if (cursor.takeSymbol('*')) return { kind: 'star', qualifier: null };
  if (cursor.isSymbol('.', 1) && cursor.isSymbol('*', 2)) {
    const qualifier = parseIdentifier(cursor);
    cursor.next();
    cursor.next();
    return { kind: 'star', qualifier };
  }
  const { start } = cursor.current;
  const expression = parseExpression(cursor);
  const text = cursor.sql.slice(start, cursor.previousEnd);
  const alias = parseAlias(cursor);
  const ownName = expression.kind === 'column' ? expression.name : text;
  return { kind: 'expression', expression, name: alias ?? ownName };
}

function parseAlias(cursor: TokenCursor): string | null {
  if (cursor.takeWord('AS')) return parseIdentifier(cursor);
  const { kind, text } = cursor.current;
  const isName = kind === 'quoted-word' || (kind === 'word' && !RESERVED.has(text.toUpperCase()));
  return isName ? parseIdentifier(cursor) : null;
}

function parseTable(cursor: TokenCursor): TableReference {
  if (cursor.isSymbol('(')) throw new SqlError(SQL_CODES.unsupported, 'Not supported: subqueries in FROM');
  const path = [parseIdentifier(cursor)];
  while (path.length < 3 && cursor.takeSymbol('.')) path.push(parseIdentifier(cursor));
  return { path, alias: parseAlias(cursor) ?? path.at(-1)! };
}

function parseJoins(cursor: TokenCursor): Join[] {
  const joins: Join[] = [];
  for (;;) {
    const kind = parseJoinKind(cursor);
    if (kind === null) return joins;
    const table = parseTable(cursor);
    cursor.expectWord('ON');
    joins.push({ kind, table, on: parseExpression(cursor) });
  }
}

function parseJoinKind(cursor: TokenCursor): Join['kind'] | null {
  if (cursor.takeWord('JOIN')) return 'inner';
  if (cursor.isWord('INNER')) {
    cursor.next();
    cursor.expectWord('JOIN');
    return 'inner';
  }
  if (!cursor.takeWord('LEFT')) return null;
  cursor.takeWord('OUTER');
  cursor.expectWord('JOIN');
  return 'left';
}

function parseGroupBy(cursor: TokenCursor): SelectStatement['groupBy'] {
  if (!cursor.takeWord('GROUP')) return [];
  cursor.expectWord('BY');
  const keys = [parseExpression(cursor)];
  while (cursor.takeSymbol(',')) keys.push(parseExpression(cursor));
  return keys;
}

function parseOrderBy(cursor: TokenCursor): OrderItem[] {
  if (!cursor.takeWord('ORDER')) return [];
  cursor.expectWord('BY');
  const items: OrderItem[] = [];
  do {
    const expression = parseExpression(cursor);
    const descending = cursor.takeWord('DESC');
    if (!descending) cursor.takeWord('ASC');
    items.push({ expression, descending });
  } while (cursor.takeSymbol(','));
  return items;
}

function parseCount(cursor: TokenCursor): number {
  const { kind, text } = cursor.current;
  if (kind !== 'number' || !/^\d{1,15}$/.test(text)) cursor.fail('a number');
  cursor.next();
  return Number(text);
}

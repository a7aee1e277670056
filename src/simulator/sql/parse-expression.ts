import type { ComparisonOperator, Expression } from './ast.ts';
import type { TokenCursor } from './tokens.ts';

const COMPARISONS: readonly ComparisonOperator[] = ['=', '<>', '<=', '>=', '<', '>'];
const MAX_DEPTH = 200;

/** Words that end an expression and therefore are no names. */
export const RESERVED = new Set([
  'SELECT',
  'FROM',
  'WHERE',
  'GROUP',
  'HAVING',
  'ORDER',
  'LIMIT',
  'OFFSET',
  'JOIN',
  'LEFT',
  'INNER',
  'RIGHT',
  'FULL',
  'CROSS',
  'ON',
  'AS',
  'AND',
  'OR',
  'NOT',
  'IN',
  'IS',
  'LIKE',
  'ILIKE',
  'BETWEEN',
  'UNION',
  'ASC',
  'DESC',
  'BY',
  'NULL',
  'TRUE',
  'FALSE',
]);

/** @throws SqlError 2000 */
export function parseExpression(cursor: TokenCursor, depth = 0): Expression {
  if (depth > MAX_DEPTH) cursor.fail('an expression that is less deep');
  let left = parseAnd(cursor, depth);
  while (cursor.takeWord('OR')) left = { kind: 'or', left, right: parseAnd(cursor, depth) };
  return left;
}

function parseAnd(cursor: TokenCursor, depth: number): Expression {
  let left = parseNot(cursor, depth);
  while (cursor.takeWord('AND')) left = { kind: 'and', left, right: parseNot(cursor, depth) };
  return left;
}

function parseNot(cursor: TokenCursor, depth: number): Expression {
  if (cursor.takeWord('NOT')) return { kind: 'not', operand: parseNot(cursor, depth + 1) };
  return parsePredicate(cursor, depth);
}

function parsePredicate(cursor: TokenCursor, depth: number): Expression {
  const left = parseSum(cursor, depth);
  const operator = COMPARISONS.find((candidate) => cursor.takeSymbol(candidate));
  if (operator) return { kind: 'compare', operator, left, right: parseSum(cursor, depth) };
  if (cursor.takeWord('IS')) {
    const negated = cursor.takeWord('NOT');
    cursor.expectWord('NULL');
    return { kind: 'is-null', operand: left, negated };
  }
  const negated = cursor.takeWord('NOT');
  if (cursor.takeWord('IN')) return { kind: 'in', operand: left, items: parseList(cursor, depth), negated };
  if (cursor.isWord('LIKE') || cursor.isWord('ILIKE')) {
    const ignoreCase = cursor.next().text.toUpperCase() === 'ILIKE';
    return { kind: 'like', operand: left, pattern: parseSum(cursor, depth), negated, ignoreCase };
  }
  if (cursor.takeWord('BETWEEN')) return between(cursor, left, negated, depth);
  if (negated) cursor.fail('IN, LIKE or BETWEEN');
  return left;
}

function between(cursor: TokenCursor, operand: Expression, negated: boolean, depth: number): Expression {
  const low = parseSum(cursor, depth);
  cursor.expectWord('AND');
  const high = parseSum(cursor, depth);
  const inside: Expression = {
    kind: 'and',
    left: { kind: 'compare', operator: '>=', left: operand, right: low },
    right: { kind: 'compare', operator: '<=', left: operand, right: high },
  };
  return negated ? { kind: 'not', operand: inside } : inside;
}

/** `( expression, … )` */
export function parseList(cursor: TokenCursor, depth = 0): Expression[] {
  cursor.expectSymbol('(');
  const items: Expression[] = [];
  if (cursor.takeSymbol(')')) return items;
  do items.push(parseExpression(cursor, depth + 1));
  while (cursor.takeSymbol(','));
  cursor.expectSymbol(')');
  return items;
}

function parseSum(cursor: TokenCursor, depth: number): Expression {
  let left = parseProduct(cursor, depth);
  for (;;) {
    const operator = (['+', '-'] as const).find((candidate) => cursor.takeSymbol(candidate));
    if (!operator) return left;
    left = { kind: 'arithmetic', operator, left, right: parseProduct(cursor, depth) };
  }
}

function parseProduct(cursor: TokenCursor, depth: number): Expression {
  let left = parsePrimary(cursor, depth);
  for (;;) {
    const operator = (['*', '/', '%'] as const).find((candidate) => cursor.takeSymbol(candidate));
    if (!operator) return left;
    left = { kind: 'arithmetic', operator, left, right: parsePrimary(cursor, depth) };
  }
}

function parsePrimary(cursor: TokenCursor, depth: number): Expression {
  if (cursor.takeSymbol('(')) {
    const inner = parseExpression(cursor, depth + 1);
    cursor.expectSymbol(')');
    return inner;
  }
  if (cursor.takeSymbol('-')) {
    const zero: Expression = { kind: 'literal', value: 0 };
    return { kind: 'arithmetic', operator: '-', left: zero, right: parsePrimary(cursor, depth + 1) };
  }
  const { kind, text } = cursor.current;
  if (kind === 'number' || kind === 'string') {
    cursor.next();
    return { kind: 'literal', value: kind === 'string' ? text : numberOf(text) };
  }
  if (cursor.isWord('CAST') && cursor.isSymbol('(', 1)) {
    cursor.next();
    return parseCast(cursor, depth);
  }
  if (cursor.takeWord('NULL')) return { kind: 'literal', value: null };
  if (cursor.takeWord('TRUE')) return { kind: 'literal', value: true };
  if (cursor.takeWord('FALSE')) return { kind: 'literal', value: false };
  return parseName(cursor, depth);
}

function numberOf(text: string): number | bigint {
  const value = Number(text);
  return Number.isSafeInteger(value) || text.includes('.') ? value : BigInt(text);
}

const CAST_TYPES: Readonly<Record<string, 'String' | 'Int64' | 'UInt64'>> = {
  STRING: 'String',
  VARCHAR: 'String',
  TEXT: 'String',
  BIGINT: 'Int64',
  INT64: 'Int64',
  UINT64: 'UInt64',
};

/** What follows `CAST`: `(expression AS type)`. */
function parseCast(cursor: TokenCursor, depth: number): Expression {
  cursor.expectSymbol('(');
  const operand = parseExpression(cursor, depth + 1);
  cursor.expectWord('AS');
  const name = cursor.current.text.toUpperCase();
  const type = CAST_TYPES[name] ?? cursor.fail('a type');
  cursor.next();
  if (name === 'BIGINT' && cursor.takeWord('UNSIGNED')) return closeCast(cursor, operand, 'UInt64');
  return closeCast(cursor, operand, type);
}

function closeCast(
  cursor: TokenCursor,
  operand: Expression,
  type: 'String' | 'Int64' | 'UInt64',
): Expression {
  cursor.expectSymbol(')');
  return { kind: 'cast', operand, type };
}

function parseName(cursor: TokenCursor, depth: number): Expression {
  const first = parseIdentifier(cursor);
  if (cursor.isSymbol('(')) return parseCall(cursor, first, depth);
  if (!cursor.takeSymbol('.')) return { kind: 'column', qualifier: null, name: first };
  const second = parseIdentifier(cursor);
  if (!cursor.takeSymbol('.')) return { kind: 'column', qualifier: first, name: second };
  return { kind: 'column', qualifier: second, name: parseIdentifier(cursor) };
}

function parseCall(cursor: TokenCursor, name: string, depth: number): Expression {
  if (cursor.isSymbol('*', 1)) {
    cursor.next();
    cursor.next();
    cursor.expectSymbol(')');
    return { kind: 'call', name, arguments: [], star: true, distinct: false };
  }
  if (!cursor.isWord('DISTINCT', 1))
    return { kind: 'call', name, arguments: parseList(cursor, depth), star: false, distinct: false };
  cursor.next();
  cursor.next();
  const argument = parseExpression(cursor, depth + 1);
  cursor.expectSymbol(')');
  return { kind: 'call', name, arguments: [argument], star: false, distinct: true };
}

/** A name; plain words are folded to lower case, as the server does. */
export function parseIdentifier(cursor: TokenCursor): string {
  const { kind, text } = cursor.current;
  if (kind === 'quoted-word') return cursor.next().text;
  if (kind !== 'word' || RESERVED.has(text.toUpperCase())) cursor.fail('identifier');
  return cursor.next().text.toLowerCase();
}

import { SQL_CODES, SqlError, syntaxError } from './errors.ts';
import type { SqlValue } from './result-set.ts';

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

export type Statement = SelectStatement | CallStatement;

const PARSERS: Readonly<Record<string, (tokens: Tokens) => Statement>> = {
  SELECT: parseSelect,
  ADMIN: (tokens) => parseCall(tokens, 'ADMIN', 0),
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
  /^(?:INSERT|DELETE|CREATE|DROP|ALTER|TRUNCATE|COPY|TQL|EXPLAIN|DESC|DESCRIBE|SET|USE|WITH|SHOW|KILL|UPDATE)$/;

function unknownStatement(keyword: string, tokens: Tokens): SqlError {
  if (!OTHER_STATEMENTS.test(keyword)) return tokens.error('an SQL statement', keyword);
  return new SqlError(SQL_CODES.unsupported, `SQL statement is not supported, keyword: ${keyword}`);
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

function parseNames(tokens: Tokens, separator: string): string[] {
  const names: string[] = [];
  do names.push(tokens.match(NAME, 'a name'));
  while (tokens.take(separator));
  return names;
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

/** The value of a number, a quoted text or a word that stands for a value; undefined for anything else. */
function literal(token: string): SqlValue | undefined {
  if (token.length > 1 && token.startsWith("'")) return token.slice(1, -1).replaceAll("''", "'");
  if (/^-?\d+$/.test(token)) {
    const number = Number(token);
    return Number.isSafeInteger(number) ? number : BigInt(token);
  }
  const word = token.toUpperCase();
  if (word === 'NULL') return null;
  return word === 'TRUE' || word === 'FALSE' ? word === 'TRUE' : undefined;
}

const NAME = /^[A-Za-z_]\w*$/;
/** A word, a whole number, a quoted text, or any other character; before it blanks and comments. */
const TOKEN = /(?:\s|--.*)*([A-Za-z_]\w*|-?\d+|'(?:[^']|'')*'|\S)?/y;

/** The words of a statement, one after the other. */
class Tokens {
  readonly #sql: string;
  readonly #tokens: { readonly text: string; readonly start: number; readonly end: number }[] = [];
  #at = 0;

  constructor(sql: string) {
    this.#sql = sql;
    const pattern = new RegExp(TOKEN);
    for (;;) {
      const text = pattern.exec(sql)?.[1];
      if (text === undefined) return;
      const end = pattern.lastIndex;
      this.#tokens.push({ text, start: end - text.length, end });
    }
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#tokens.length;
  }

  /** Where in the statement the next token begins. */
  get position(): number {
    return this.#tokens[this.#at]?.start ?? this.#sql.length;
  }

  /** What was read from `start` up to here. */
  textSince(start: number): string {
    return this.#sql.slice(start, this.#tokens[this.#at - 1]?.end).trim();
  }

  isNext(wanted: string, ahead = 0): boolean {
    return this.#tokens[this.#at + ahead]?.text.toUpperCase() === wanted;
  }

  take(wanted: string): boolean {
    const isThere = this.isNext(wanted);
    if (isThere) this.#at += 1;
    return isThere;
  }

  expect(wanted: string): void {
    if (!this.take(wanted)) this.fail(wanted);
  }

  next(wanted: string): string {
    const token = this.#tokens[this.#at] ?? this.fail(wanted);
    this.#at += 1;
    return token.text;
  }

  match(pattern: RegExp, wanted: string): string {
    const text = this.#tokens[this.#at]?.text ?? '';
    return pattern.test(text) ? this.next(wanted) : this.fail(wanted);
  }

  /** @throws SqlError always. */
  fail(wanted: string): never {
    throw this.error(wanted, this.#tokens[this.#at]?.text ?? 'EOF');
  }

  error(wanted: string, found: string): SqlError {
    return syntaxError(`Expected: ${wanted}, found: ${found}`);
  }
}

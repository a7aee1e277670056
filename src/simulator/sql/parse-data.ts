import { unsupportedStatement } from './errors.ts';
import type { Column, SqlType, SqlValue } from './result-set.ts';
import { literal, NAME, parseNames } from './tokens.ts';
import type { Tokens } from './tokens.ts';

/** The few statements that make a table, fill it and take it away again. */
export type DataStatement =
  | { readonly kind: 'create-database'; readonly name: string; readonly orNot: boolean }
  | CreateTableStatement
  | InsertStatement
  | { readonly kind: 'drop-database'; readonly name: string; readonly orNot: boolean }
  | { readonly kind: 'drop-table'; readonly table: readonly string[]; readonly orNot: boolean };

export interface CreateTableStatement {
  readonly kind: 'create-table';
  /** `[catalog.][schema.]table` */
  readonly table: readonly string[];
  readonly columns: readonly Column[];
  /** The column whose value chooses the region. */
  readonly partitionColumn: string;
  readonly orNot: boolean;
  /** One for each region. */
  readonly partitions: readonly Partition[];
}

/** All of them hold for the rows of a region. */
export type Partition = readonly Bound[];

interface Bound {
  readonly isLower: boolean;
  readonly value: number;
}

export interface InsertStatement {
  readonly kind: 'insert';
  readonly table: readonly string[];
  readonly columns: readonly string[];
  readonly rows: readonly (readonly SqlValue[])[];
}

const TYPES: Readonly<Record<string, SqlType>> = {
  INT: 'Int32',
  BIGINT: 'Int64',
  STRING: 'String',
  TIMESTAMP: 'TimestampMillisecond',
};
const NUMBER = /^-?\d{1,15}$/;

/** `CREATE DATABASE [IF NOT EXISTS] name`, or a table that is partitioned by one column. */
export function parseCreate(tokens: Tokens): DataStatement {
  if (tokens.take('DATABASE')) {
    const orNot = takeAll(tokens, 'IF', 'NOT', 'EXISTS');
    return { kind: 'create-database', name: tokens.match(NAME, 'a database'), orNot };
  }
  if (!tokens.take('TABLE')) throw unsupportedStatement('CREATE');
  const orNot = takeAll(tokens, 'IF', 'NOT', 'EXISTS');
  const table = parseNames(tokens, '.');
  const columns = parseColumns(tokens);
  if (!takeAll(tokens, 'PARTITION', 'ON', 'COLUMNS')) tokens.fail('PARTITION ON COLUMNS');
  tokens.expect('(');
  const partitionColumn = tokens.match(NAME, 'a column');
  tokens.expect(')');
  return {
    kind: 'create-table',
    ...{ table, columns, partitionColumn, orNot },
    partitions: inParentheses(tokens, () => parsePartition(tokens, partitionColumn)),
  };
}

function parseColumns(tokens: Tokens): Column[] {
  const columns = inParentheses(tokens, (): Column | undefined => {
    if (takeAll(tokens, 'PRIMARY', 'KEY')) {
      inParentheses(tokens, () => tokens.match(NAME, 'a column'));
      return undefined;
    }
    const name = tokens.match(NAME, 'a column');
    const word = tokens.match(NAME, 'a type').toUpperCase();
    const type = TYPES[word] ?? tokens.fail(`one of ${Object.keys(TYPES).join(', ')}`);
    if (tokens.isNext('(')) inParentheses(tokens, () => tokens.match(NUMBER, 'a number'));
    takeAll(tokens, 'TIME', 'INDEX');
    return [name, type];
  });
  return columns.filter((column) => column !== undefined);
}

/** `column < 1`, `column >= 1 AND column < 2`, `column >= 2` */
function parsePartition(tokens: Tokens, column: string): Partition {
  const bounds: Bound[] = [];
  do {
    tokens.expect(column.toUpperCase());
    const isLower = tokens.take('>');
    if (isLower) tokens.expect('=');
    else tokens.expect('<');
    bounds.push({ isLower, value: Number(tokens.match(NUMBER, 'a number')) });
  } while (tokens.take('AND'));
  return bounds;
}

/** `INSERT INTO table (columns) VALUES (…), (…)`; without the columns it is another statement. */
export function parseInsert(tokens: Tokens): InsertStatement {
  tokens.expect('INTO');
  const table = parseNames(tokens, '.');
  if (!tokens.isNext('(')) throw unsupportedStatement('INSERT');
  const columns = inParentheses(tokens, () => tokens.match(NAME, 'a column'));
  tokens.expect('VALUES');
  const rows: SqlValue[][] = [];
  do rows.push(inParentheses(tokens, () => literal(tokens.next('a value')) ?? tokens.fail('a value')));
  while (tokens.take(','));
  return { kind: 'insert', table, columns, rows };
}

export function parseDrop(tokens: Tokens): DataStatement {
  if (tokens.take('DATABASE')) {
    const orNot = takeAll(tokens, 'IF', 'EXISTS');
    return { kind: 'drop-database', name: tokens.match(NAME, 'a database'), orNot };
  }
  if (!tokens.take('TABLE')) throw unsupportedStatement('DROP');
  const orNot = takeAll(tokens, 'IF', 'EXISTS');
  return { kind: 'drop-table', table: parseNames(tokens, '.'), orNot };
}

/** Takes the words if the first of them comes next. */
function takeAll(tokens: Tokens, first: string, ...rest: readonly string[]): boolean {
  if (!tokens.take(first)) return false;
  for (const word of rest) tokens.expect(word);
  return true;
}

function inParentheses<T>(tokens: Tokens, parse: () => T): T[] {
  const items: T[] = [];
  tokens.expect('(');
  do items.push(parse());
  while (tokens.take(','));
  tokens.expect(')');
  return items;
}

import { z } from 'zod';
import { yieldToEventLoop } from '../../lib/event-loop.ts';
import { decimalId, parsedOrUndefined } from '../../lib/json.ts';
import { CallError, describeBody, excerpt, headerOf, malformed, unexpected } from '../call-error.ts';
import type { TransportResponse } from '../http.ts';
import { checked, list, optionalText, text } from '../wire.ts';
import { findRowsText, MAX_AT_ONCE, piecesOf } from './row-pieces.ts';
import type { RowsText } from './row-pieces.ts';

/** What a frontend says went wrong. The code is GreptimeDB's status code (src/common/error/src/status_code.rs). */
export class SqlError extends CallError {
  /** 0 when the frontend named none. */
  readonly sqlCode: number;

  constructor(message: string, details: { status: number; serverText: string; sqlCode: number }) {
    const code = isDenial(details.sqlCode, details.status) ? { code: 'access-denied' } : {};
    super(message, { failure: 'server', ...details, ...code });
    this.name = 'SqlError';
    this.sqlCode = details.sqlCode;
    this.isFromGreptimeDb = details.sqlCode !== 0;
  }

  get isAccessDenied(): boolean {
    return isDenial(this.sqlCode, this.status);
  }

  get isSyntaxError(): boolean {
    return this.sqlCode === 2_000 || /invalid sql|syntax error|sql parser error/i.test(this.serverText);
  }

  /** The statement names a table, column or function that this version does not have. */
  get isUnknownName(): boolean {
    if (this.isAccessDenied || this.isMasked) return false;
    if (this.sqlCode === 4_001 || this.sqlCode === 4_002) return true;
    return UNKNOWN_NAME.test(this.serverText) && !this.isUnknownProcedure;
  }

  /** Metasrv does not know the id of the procedure (any more, or yet). */
  get isUnknownProcedure(): boolean {
    return /procedure not found/i.test(this.serverText);
  }

  /** The text is hidden: it can be anything (src/common/error/src/ext.rs, codes 1000 and 1003). */
  get isMasked(): boolean {
    return /Internal error: \d+/.test(this.serverText);
  }
}

/** 7000 to 7006: who we are, or what we may do. 4007 shares the HTTP status 401 but means a read-only region. */
function isDenial(sqlCode: number, status: number | undefined): boolean {
  if (sqlCode !== 0) return sqlCode >= 7_000 && sqlCode < 8_000;
  return status === 401 || status === 403;
}

const UNKNOWN_NAME =
  /not found|does ?n['o]t exist|no such (?:table|column)|unknown (?:table|function|column)|no field named|invalid function|unsupported function|not supported/i;

type Row = readonly unknown[];
/** Reads the cell of one column. */
type Cell<T> = (row: Row) => T;

/** One result set. Columns are found by name: their order and number differ between versions. Integers above 2^53 are texts. */
export class SqlRows {
  readonly columns: readonly string[];
  readonly where: string;
  /** All rows, or the text of a large answer's. */
  readonly #rows: readonly Row[] | RowsText;
  /** As many rows as the answer says that it has. */
  readonly #total: number | undefined;
  /** The row that {@link each} shows. */
  #index = 0;

  constructor(columns: readonly string[], rows: readonly Row[] | RowsText, where: string, total?: number) {
    this.columns = columns;
    this.#rows = rows;
    this.where = where;
    this.#total = total;
  }

  /** The first row of an answer that has one or none: the first of any. @throws CallError */
  get first(): Row | undefined {
    const [piece] = this.#pieces();
    return piece?.[0];
  }

  /**
   * Shows every row to `visit`. A large answer is read in turns: others get the event loop in between.
   *
   * @throws CallError about the first row that is none, and what `visit` throws.
   */
  async each(visit: (row: Row) => void): Promise<void> {
    this.#index = 0;
    for (const piece of this.#pieces()) {
      if (this.#index > 0) await yieldToEventLoop();
      for (const row of piece) {
        visit(row);
        this.#index += 1;
      }
    }
    if (this.#total !== undefined && this.#total !== this.#index)
      throw miscounted(this.where, this.#index, this.#total);
  }

  *#pieces(): Generator<readonly Row[]> {
    if (!('body' in this.#rows)) {
      yield this.#rows;
      return;
    }
    let count = 0;
    for (const piece of piecesOf(this.#rows)) {
      if (!piece) throw notRows(this.where, count);
      const rows = checkRows(piece, this.columns.length, this.where, count);
      count += rows.length;
      yield rows;
    }
  }

  /** A column that must be there. @throws CallError when it is not, or a cell is not what is wanted. */
  column<T>(name: string, wanted: string, read: (cell: unknown, row: Row) => T | undefined): Cell<T> {
    const at = this.columns.indexOf(name);
    if (at === -1) throw malformed(this.where, 'the columns', `one named ${name}`, this.columns.slice(0, 40));
    return (row) => {
      const value = read(row[at], row);
      if (value === undefined) throw malformed(this.where, `row ${this.#index}: ${name}`, wanted, row[at]);
      return value;
    };
  }

  id(name: string): Cell<string> {
    return this.column(name, 'an unsigned integer', decimalId);
  }

  text(name: string): Cell<string> {
    return this.column(name, 'a string', (cell) => (typeof cell === 'string' ? cell : undefined));
  }

  /** A column that older versions may not have: its cells are undefined there. */
  find(name: string): Cell<unknown> {
    const at = this.columns.indexOf(name);
    return (row) => row[at];
  }

  /** The same of a text: empty where there is none. */
  optional(name: string): Cell<string> {
    const cell = this.find(name);
    return (row) => {
      const value = cell(row);
      return typeof value === 'string' ? value : '';
    };
  }
}

const answerBody = z.looseObject({ code: z.unknown().optional(), error: optionalText });
const resultSets = z.object({
  output: list(z.looseObject({ records: z.unknown().optional() })).nullish(),
});
const resultSet = z.object({
  schema: z.object({ column_schemas: list(z.object({ name: text })) }),
  rows: z.unknown().optional(),
  total_rows: z.number().nullish(),
});

/**
 * Reads the answer to one statement: the first result set, or undefined when the statement gives none. Errors are found by the
 * body and a header, not by the status alone: up to 0.7.0 they come with HTTP 200.
 *
 * @throws SqlError for what the frontend reports; CallError for an answer of another form.
 */
export function readSqlAnswer(response: TransportResponse, where: string): SqlRows | undefined {
  const { status } = response;
  const rowsText = findRowsText(response.body);
  if (!rowsText && response.body.length > MAX_AT_ONCE) throw unexpected(where, WANTED_FORM, response);
  const body = answerBody.safeParse(rowsText ? rowsText.envelope : parsedOrUndefined(response.body)).data;
  const error = body && errorOf(body, response);
  if (error) throw sqlError(error.text, error.code, status, where);
  if (status === 401 || status === 403) throw denied(response, where);
  if (!body) throw unexpected(where, 'a JSON object', response);
  if (status !== 200) throw unexpected(where, 'HTTP 200', response);
  const [first] = checked(resultSets, body, where).output ?? [];
  if (first?.records !== undefined) return rowsOf(first.records, where, rowsText);
  if (first && !('affectedrows' in first))
    throw malformed(where, 'output[0]', 'records or affectedrows', first);
  return undefined;
}

function errorOf(
  body: z.output<typeof answerBody>,
  response: TransportResponse,
): { readonly text: string; readonly code: number } | undefined {
  const found = Number(body.code ?? headerOf(response, 'x-greptime-err-code') ?? 0);
  // 0 is success.
  const code = Number.isFinite(found) ? found : 0;
  if (body.error === '' && code === 0) return undefined;
  return { text: body.error || (headerOf(response, 'x-greptime-err-msg') ?? ''), code };
}

function sqlError(serverText: string, sqlCode: number, status: number, where: string): SqlError {
  const label = sqlCode === 0 ? '' : ` (code ${sqlCode})`;
  const message = `${where}: the frontend says${label}: ${excerpt(serverText, 300)}`;
  return new SqlError(message, { status, serverText, sqlCode });
}

function denied(response: TransportResponse, where: string): SqlError {
  const { status, body } = response;
  const message = `${where}: access denied: HTTP ${status} with ${describeBody(response)}`;
  return new SqlError(message, { status, serverText: body, sqlCode: 0 });
}

function rowsOf(records: unknown, where: string, rowsText: RowsText | undefined): SqlRows {
  const { schema, rows, total_rows: total } = checked(resultSet, records, where);
  const columns = schema.column_schemas.map(({ name }) => name.toLowerCase());
  const source = rowsText ?? checkRows(rows ?? [], columns.length, where);
  if (!('body' in source) && total !== undefined && total !== null && total !== source.length)
    throw miscounted(where, source.length, total);
  return new SqlRows(columns, source, where, total ?? undefined);
}

const WANTED_FORM = `rows as GreptimeDB writes them in an answer of more than ${MAX_AT_ONCE} characters`;

function notRows(where: string, index: number): CallError {
  const wanted = `an array of rows of at most ${MAX_AT_ONCE} characters each`;
  return malformed(where, 'records.rows', wanted, `something else after row ${index}`);
}

function miscounted(where: string, count: number, total: number): CallError {
  return malformed(where, 'total_rows', `${count}, the number of rows that came`, total);
}

/**
 * Every row is an array as wide as the schema. One plain loop: there may be a million rows.
 *
 * @param before the number of rows before these.
 */
function checkRows(rows: unknown, width: number, where: string, before = 0): readonly Row[] {
  if (!Array.isArray(rows)) throw malformed(where, 'records.rows', 'an array', rows);
  const all: readonly unknown[] = rows;
  if (areRows(all, width)) return all;
  const bad = rows.findIndex((row) => !Array.isArray(row) || row.length !== width);
  throw malformed(where, `row ${before + bad}`, `an array of ${width} values`, rows[bad]);
}

function areRows(rows: readonly unknown[], width: number): rows is readonly Row[] {
  for (const row of rows) if (!Array.isArray(row) || row.length !== width) return false;
  return true;
}

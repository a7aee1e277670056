import { parseJsonExact } from '../../lib/json.ts';
import { yieldToEventLoop } from '../../lib/event-loop.ts';
import { CallError, describeBody, excerpt, headerOf, MAX_SERVER_TEXT, unexpected } from '../caller.ts';
import type { TransportResponse } from '../http.ts';
import { isObject, malformed, requireArray, requireObject, requireString } from '../wire.ts';
import type { JsonObject } from '../wire.ts';
import { findRowsText, MAX_AT_ONCE, piecesOf } from './row-pieces.ts';
import type { RowsText } from './row-pieces.ts';

/** What a frontend says went wrong. The code is GreptimeDB's status code (src/common/error/src/status_code.rs). */
export class SqlError extends CallError {
  /** 0 when the frontend named none. */
  readonly sqlCode: number;

  constructor(message: string, details: { status: number; serverText: string; sqlCode: number }) {
    const code = isDenial(details.sqlCode, details.status) ? { code: 'access-denied' } : {};
    super(message, { failure: 'server', sent: true, ...details, ...code });
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
    if (this.isAccessDenied || MASKED.test(this.serverText)) return false;
    if (this.sqlCode === 4_001 || this.sqlCode === 4_002) return true;
    return UNKNOWN_NAME.test(this.serverText) && !/procedure not found/i.test(this.serverText);
  }

  /** The text is hidden: it can be anything (src/common/error/src/ext.rs, codes 1000 and 1003). */
  get isMasked(): boolean {
    return MASKED.test(this.serverText);
  }
}

/** 7000 to 7006: who we are, or what we may do. 4007 shares the HTTP status 401 but means a read-only region. */
function isDenial(sqlCode: number, status: number | undefined): boolean {
  if (sqlCode !== 0) return sqlCode >= 7_000 && sqlCode < 8_000;
  return status === 401 || status === 403;
}

const MASKED = /Internal error: \d+/;
const UNKNOWN_NAME =
  /not found|does ?n['o]t exist|no such (?:table|column)|unknown (?:table|function|column)|no field named|invalid function|unsupported function|not supported/i;

type Row = readonly unknown[];

/** One result set. Columns are found by name: their order and number differ between versions. Integers above 2^53 are texts. */
export class SqlRows {
  readonly columns: readonly string[];
  readonly where: string;
  /** All rows, or the text of a large answer's. */
  readonly #rows: readonly Row[] | RowsText;
  /** As many rows as the answer says that it has. */
  readonly #total: number | undefined;

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
  async each(visit: (row: Row, index: number) => void): Promise<void> {
    let index = 0;
    for (const piece of this.#pieces()) {
      if (index > 0) await yieldToEventLoop();
      for (const row of piece) visit(row, index++);
    }
    if (this.#total !== undefined && this.#total !== index) throw miscounted(this.where, index, this.#total);
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

  /** The position of a column, or -1. */
  find(name: string): number {
    return this.columns.indexOf(name);
  }

  /** @throws CallError when there is no such column. */
  require(name: string): number {
    const index = this.find(name);
    if (index === -1)
      throw malformed(this.where, 'the columns', `one named ${name}`, this.columns.slice(0, 40));
    return index;
  }

  /** @throws CallError about one cell. */
  bad(row: number, column: string, wanted: string, found: unknown): CallError {
    return malformed(this.where, `row ${row}: ${column}`, wanted, found);
  }
}

/**
 * Reads the answer to one statement: the first result set, or undefined when the statement gives none. Errors are found by the
 * body and a header, not by the status alone: up to 0.7.0 they come with HTTP 200.
 *
 * @throws SqlError for what the frontend reports; CallError for an answer of another form.
 */
export function readSqlAnswer(response: TransportResponse, where: string): SqlRows | undefined {
  const text = findRowsText(response.body);
  if (!text && response.body.length > MAX_AT_ONCE) throw unexpected(where, WANTED_FORM, response);
  const body = text ? text.envelope : tryParse(response.body);
  const error = isObject(body) ? errorOf(body, response) : undefined;
  if (error) throw sqlError(error.text, error.code, response, where);
  if (response.status === 401 || response.status === 403) throw denied(response, where);
  if (!isObject(body)) throw unexpected(where, 'a JSON object', response);
  if (response.status !== 200) throw unexpected(where, 'HTTP 200', response);
  return rowsOrNothing(body, where, text);
}

function tryParse(text: string): unknown {
  try {
    return parseJsonExact(text);
  } catch {
    return undefined;
  }
}

function errorOf(body: JsonObject, response: TransportResponse): { text: string; code: number } | undefined {
  const code = Number(body['code'] ?? headerOf(response, 'x-greptime-err-code') ?? 0);
  const text = body['error'];
  if (typeof text === 'string' && text !== '') return { text, code };
  // 0 is success.
  if (Number.isFinite(code) && code !== 0)
    return { text: headerOf(response, 'x-greptime-err-msg') ?? '', code };
  return undefined;
}

function sqlError(text: string, code: number, response: TransportResponse, where: string): SqlError {
  const label = code === 0 ? '' : ` (code ${code})`;
  return new SqlError(`${where}: the frontend says${label}: ${excerpt(text, 300)}`, {
    status: response.status,
    serverText: text.slice(0, MAX_SERVER_TEXT),
    sqlCode: Number.isFinite(code) ? code : 0,
  });
}

function denied(response: TransportResponse, where: string): SqlError {
  return new SqlError(`${where}: access denied: HTTP ${response.status} with ${describeBody(response)}`, {
    status: response.status,
    serverText: response.body.slice(0, MAX_SERVER_TEXT),
    sqlCode: 0,
  });
}

function rowsOrNothing(body: JsonObject, where: string, text: RowsText | undefined): SqlRows | undefined {
  const output = requireArray(body['output'] ?? [], where, 'output');
  const first = output[0];
  if (!isObject(first) || !isObject(first['records'])) {
    if (first !== undefined && !(isObject(first) && 'affectedrows' in first))
      throw malformed(where, 'output[0]', 'records or affectedrows', first);
    return undefined;
  }
  return rowsOf(body, where, text);
}

function rowsOf(body: JsonObject, where: string, text: RowsText | undefined): SqlRows {
  const output = requireArray(body['output'], where, 'output');
  const records = requireObject(
    requireObject(output[0], where, 'output[0]')['records'],
    where,
    'output[0].records',
  );
  const schema = requireObject(records['schema'], where, 'records.schema');
  const columnSchemas = requireArray(schema['column_schemas'], where, 'records.schema.column_schemas');
  const columns = columnSchemas.map((column, index) => {
    const place = `column_schemas[${index}]`;
    return requireString(requireObject(column, where, place)['name'], where, `${place}.name`).toLowerCase();
  });
  const total = records['total_rows'] ?? undefined;
  if (text && (total === undefined || typeof total === 'number'))
    return new SqlRows(columns, text, where, total);
  const rows = checkRows(records['rows'] ?? [], columns.length, where);
  if (total !== undefined && total !== rows.length) throw miscounted(where, rows.length, total);
  return new SqlRows(columns, rows, where);
}

const WANTED_FORM = `rows as GreptimeDB writes them in an answer of more than ${MAX_AT_ONCE} characters`;

function notRows(where: string, index: number): CallError {
  const wanted = `an array of rows of at most ${MAX_AT_ONCE} characters each`;
  return malformed(where, 'records.rows', wanted, `something else after row ${index}`);
}

function miscounted(where: string, count: number, total: unknown): CallError {
  return malformed(where, 'total_rows', `${count}, the number of rows that came`, total);
}

/**
 * Every row is an array as wide as the schema. One plain loop: there may be a million rows.
 *
 * @param before the number of rows before these.
 */
function checkRows(value: unknown, width: number, where: string, before = 0): readonly Row[] {
  const rows = requireArray(value, where, 'records.rows');
  if (!areRows(rows, width)) {
    const bad = rows.findIndex((row) => !Array.isArray(row) || row.length !== width);
    throw malformed(where, `row ${before + bad}`, `an array of ${width} values`, rows[bad]);
  }
  return rows;
}

function areRows(rows: readonly unknown[], width: number): rows is readonly Row[] {
  for (const row of rows) if (!Array.isArray(row) || row.length !== width) return false;
  return true;
}

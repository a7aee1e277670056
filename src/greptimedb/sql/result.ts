import { decimalId, parseJsonExact } from '../../lib/json.ts';
import { CallError, describeBody, excerpt, headerOf, MAX_SERVER_TEXT, unexpected } from '../caller.ts';
import type { TransportResponse } from '../http.ts';
import { isObject, malformed, requireArray, requireObject, requireString } from '../wire.ts';
import type { JsonObject } from '../wire.ts';

/** What a frontend says went wrong. The code is GreptimeDB's status code (src/common/error/src/status_code.rs). */
export class SqlError extends CallError {
  /** 0 when the frontend named none. */
  readonly sqlCode: number;

  constructor(message: string, details: { status: number; serverText: string; sqlCode: number }) {
    const code = isDenial(details.sqlCode, details.status) ? { code: 'access-denied' } : {};
    super(message, { failure: 'server', sent: true, ...details, ...code });
    this.name = 'SqlError';
    this.sqlCode = details.sqlCode;
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

/** One result set. Columns are found by name: their order and number differ between versions. */
export class SqlRows {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly unknown[])[];
  readonly where: string;
  readonly #body: string;

  constructor(
    columns: readonly string[],
    rows: readonly (readonly unknown[])[],
    where: string,
    body: string,
  ) {
    this.columns = columns;
    this.rows = rows;
    this.where = where;
    this.#body = body;
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

  /**
   * Runs a reader over the rows. Integers above 2^53 were rounded when the body was parsed the fast way; a reader that meets one
   * ({@link idOf} throws) is run again over the same body parsed exactly. Deployments with table ids below 2 097 152 never pay.
   */
  readExactly<T>(read: (rows: SqlRows) => T): T {
    try {
      return read(this);
    } catch (error) {
      if (!isRounded(error)) throw error;
      return read(rowsOf(parseJsonExact(this.#body), this.where, this.#body));
    }
  }

  /**
   * The texts of the first column's integers, taken from the body: far cheaper than parsing all of it exactly. Undefined when a bracket
   * within some other cell could be taken for the beginning of a row.
   */
  firstColumnTexts(): string[] | undefined {
    if (this.rows.some(hasBracket)) return undefined;
    const texts = new Array<string>(this.rows.length);
    let at = Math.max(0, this.#body.indexOf('"rows"'));
    for (let index = 0; index < this.rows.length; index += 1) {
      let text: string;
      do {
        at = this.#body.indexOf('[', at) + 1;
        if (at === 0) return undefined;
        text = digitsAt(this.#body, at);
      } while (text === '');
      // A sample: were one row taken for another, all after it would be as well.
      const isSample = index % 1_024 === 0 || index === this.rows.length - 1;
      if (isSample && Number(text) !== this.rows[index]![0]) return undefined;
      texts[index] = text;
      at += text.length;
    }
    return texts;
  }
}

function hasBracket(row: readonly unknown[]): boolean {
  for (const cell of row) {
    if (typeof cell === 'string' ? cell.includes('[') : typeof cell === 'object' && cell !== null)
      return true;
  }
  return false;
}

function digitsAt(text: string, start: number): string {
  let from = start;
  while (text.charCodeAt(from) <= SPACE) from += 1;
  let to = from;
  while (isDigit(text.charCodeAt(to))) to += 1;
  return text.slice(from, to);
}

const SPACE = 0x20;

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

const ROUNDED = new Error('An integer above 2^53 was rounded');

/** Whether a reader met an integer that plain parsing rounds. */
export function isRounded(error: unknown): boolean {
  return error === ROUNDED;
}

/** An id cell's canonical text, undefined when it is none. To be called within {@link SqlRows.readExactly}. */
export function idOf(value: unknown): string | undefined {
  if (typeof value === 'number' && value > Number.MAX_SAFE_INTEGER) throw ROUNDED;
  return decimalId(value);
}

/**
 * Reads the answer to one statement: the first result set, or undefined when the statement gives none. Errors are found by the
 * body and a header, not by the status alone: up to 0.7.0 they come with HTTP 200.
 *
 * @throws SqlError for what the frontend reports; CallError for an answer of another form.
 */
export function readSqlAnswer(response: TransportResponse, where: string): SqlRows | undefined {
  const body = tryParse(response.body);
  if (!isObject(body)) {
    if (response.status === 401 || response.status === 403) throw denied(response, where);
    throw unexpected(where, 'a JSON object', response);
  }
  const error = errorOf(body, response);
  if (error) throw sqlError(error.text, error.code, response, where);
  if (response.status !== 200) throw unexpected(where, 'HTTP 200', response);
  return rowsOrNothing(body, where, response.body);
}

function tryParse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
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

function rowsOrNothing(body: JsonObject, where: string, text: string): SqlRows | undefined {
  const output = requireArray(body['output'] ?? [], where, 'output');
  const first = output[0];
  if (!isObject(first) || !isObject(first['records'])) {
    if (first !== undefined && !(isObject(first) && 'affectedrows' in first))
      throw malformed(where, 'output[0]', 'records or affectedrows', first);
    return undefined;
  }
  return rowsOf(body, where, text);
}

function rowsOf(body: unknown, where: string, text: string): SqlRows {
  const output = requireArray(requireObject(body, where, 'the body')['output'], where, 'output');
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
  const rows = checkRows(records['rows'], columns.length, where);
  const total = records['total_rows'];
  if (total !== undefined && total !== null && total !== rows.length)
    throw malformed(where, 'total_rows', `${rows.length}, the number of rows that came`, total);
  return new SqlRows(columns, rows, where, text);
}

/** Every row is an array as wide as the schema. One plain loop: there may be a million rows. */
function checkRows(value: unknown, width: number, where: string): readonly (readonly unknown[])[] {
  const rows = requireArray(value ?? [], where, 'records.rows');
  if (!areRows(rows, width)) {
    const bad = rows.findIndex((row) => !Array.isArray(row) || row.length !== width);
    throw malformed(where, `row ${bad}`, `an array of ${width} values`, rows[bad]);
  }
  return rows;
}

function areRows(rows: readonly unknown[], width: number): rows is readonly (readonly unknown[])[] {
  for (const row of rows) if (!Array.isArray(row) || row.length !== width) return false;
  return true;
}

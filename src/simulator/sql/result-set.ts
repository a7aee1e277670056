import type { SqlFacts } from '../profiles/profile.ts';

/** Values of SQL cells. Ids that are u64 are bigint; all other numbers fit a number. */
export type SqlValue = string | number | bigint | boolean | null;

export type SqlType =
  | 'String'
  | 'Boolean'
  | 'UInt64'
  | 'UInt32'
  | 'UInt8'
  | 'Int32'
  | 'Int64'
  | 'DateTime'
  | 'TimestampSecond'
  | 'TimestampMillisecond'
  | 'TimestampMicrosecond'
  | 'TimestampNanosecond';

export type Column = readonly [name: string, type: SqlType];
export type Row = readonly SqlValue[];

export interface ResultSet {
  readonly columns: readonly Column[];
  readonly rows: readonly Row[];
}

/** The body of a success: every integer bare, u64 too. Built by hand, as region ids do not fit `JSON.stringify`. */
export function encodeResult(
  result: ResultSet | { readonly affectedRows: number },
  facts: Pick<SqlFacts, 'totalRows' | 'codeInSuccess'>,
  executionMs: number,
): string {
  const output =
    'affectedRows' in result
      ? `{"affectedrows":${result.affectedRows}}`
      : `{"records":${encodeRecords(result, facts.totalRows)}}`;
  const head = facts.codeInSuccess ? '"code":0,' : '';
  return `{${head}"output":[${output}],"execution_time_ms":${executionMs}}`;
}

function encodeRecords({ columns, rows }: ResultSet, withTotal: boolean): string {
  const schemas = columns.map(([name, type]) => `{"name":${JSON.stringify(name)},"data_type":"${type}"}`);
  const total = withTotal ? `,"total_rows":${rows.length}` : '';
  return `{"schema":{"column_schemas":[${schemas.join(',')}]},"rows":[${encodeRows(rows)}]${total}}`;
}

/** Reuses one array for the cells of a row: a hundred thousand rows make no more garbage than their texts. */
function encodeRows(rows: readonly Row[]): string {
  const cells: string[] = [];
  const quoted = new QuotedTexts();
  return rows
    .map((row) => {
      for (let index = 0; index < row.length; index += 1) cells[index] = encodeCell(row[index]!, quoted);
      return `[${cells.join(',')}]`;
    })
    .join(',');
}

function encodeCell(cell: SqlValue, quoted: QuotedTexts): string {
  return typeof cell === 'string' ? quoted.of(cell) : String(cell);
}

const MAX_REMEMBERED = 4_096;

/** Remembers the JSON form of texts: names, addresses and states repeat in row after row. */
class QuotedTexts {
  readonly #known = new Map<string, string>();

  of(text: string): string {
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    const quoted = JSON.stringify(text);
    if (this.#known.size < MAX_REMEMBERED) this.#known.set(text, quoted);
    return quoted;
  }
}

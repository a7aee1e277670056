import type { Profile } from '../profiles.ts';

/** Values of SQL cells. Ids that are u64 are bigint; all other numbers fit a number. */
export type SqlValue = string | number | bigint | boolean | null;

export type SqlType =
  | 'String'
  | 'Boolean'
  | `UInt${64 | 32 | 8}`
  | `Int${32 | 64}`
  | 'DateTime'
  | `Timestamp${'Second' | 'Millisecond' | 'Microsecond' | 'Nanosecond'}`;

export type Column = readonly [name: string, type: SqlType];
export type Row = readonly SqlValue[];

export interface ResultSet {
  readonly columns: readonly Column[];
  readonly rows: readonly Row[];
}

/** The body of a success: every integer bare, u64 too. Built by hand, as region ids do not fit `JSON.stringify`. */
export function encodeResult(
  result: ResultSet | { readonly affectedRows: number },
  { totalRows, codeInSuccess }: Profile,
  executionMs: number,
): string {
  const output =
    'affectedRows' in result
      ? `{"affectedrows":${result.affectedRows}}`
      : `{"records":${encodeRecords(result, totalRows)}}`;
  const head = codeInSuccess ? '"code":0,' : '';
  return `{${head}"output":[${output}],"execution_time_ms":${executionMs}}`;
}

function encodeRecords({ columns, rows }: ResultSet, withTotal: boolean): string {
  const schemas = columns.map(([name, type]) => `{"name":${JSON.stringify(name)},"data_type":"${type}"}`);
  const texts = rows.map((row) => `[${row.map(encodeCell).join(',')}]`);
  const total = withTotal ? `,"total_rows":${rows.length}` : '';
  return `{"schema":{"column_schemas":[${schemas.join(',')}]},"rows":[${texts.join(',')}]${total}}`;
}

function encodeCell(cell: SqlValue): string {
  return typeof cell === 'string' ? JSON.stringify(cell) : String(cell);
}

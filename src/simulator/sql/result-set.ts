import type { Profile } from '../profiles.ts';
import { toJson } from '../serve/http.ts';

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

/** The body of a success. */
export function encodeResult(
  result: ResultSet | { readonly affectedRows: number },
  { totalRows, codeInSuccess }: Profile,
  executionMs: number,
): string {
  const output =
    'affectedRows' in result
      ? { affectedrows: result.affectedRows }
      : { records: recordsOf(result, totalRows) };
  return toJson({ ...(codeInSuccess && { code: 0 }), output: [output], execution_time_ms: executionMs });
}

function recordsOf({ columns, rows }: ResultSet, withTotal: boolean): object {
  const schemas = columns.map(([name, type]) => ({ name, data_type: type }));
  return { schema: { column_schemas: schemas }, rows, ...(withTotal && { total_rows: rows.length }) };
}

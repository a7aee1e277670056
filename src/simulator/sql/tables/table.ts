import type { ClusterCore, SimFrontend } from '../../cluster/core.ts';
import { SqlError } from '../errors.ts';
import type { Column, Row, SqlType, SqlValue } from '../result-set.ts';

/** `column = value` */
export interface Condition {
  readonly column: string;
  readonly value: SqlValue;
}

export interface ReadContext {
  readonly core: ClusterCore;
  readonly frontend: SimFrontend;
  /** Every table shows one catalog alone. */
  readonly catalog: string;
  /** What is pushed down. The result is filtered again afterwards. */
  readonly where: readonly Condition[];
}

export interface SqlTable {
  readonly columns: readonly Column[];
  readonly rows: (context: ReadContext) => Row[];
}

/** A column with the cell that it shows of a record. */
export type Field<T> = readonly [name: string, type: SqlType, cell: (record: T) => SqlValue];

/** A table that shows one row for each record. */
export function tableOf<T>(
  fields: readonly Field<T>[],
  records: (context: ReadContext) => Iterable<T>,
): SqlTable {
  return {
    columns: fields.map(([name, type]) => [name, type]),
    rows: (context) => Array.from(records(context), (record) => fields.map(([, , cell]) => cell(record))),
  };
}

/** Columns of one type that hold the same value in every row. */
export function constants(type: SqlType, names: string, value: SqlValue = null): Field<unknown>[] {
  return names.split(' ').map((name) => [name, type, () => value]);
}

/** Tables that metasrv fills fail while nobody leads. */
export function requireMetasrv(core: ClusterCore): void {
  if (core.meta.leader === null) throw new SqlError('internal', 'Internal error: 1003');
}

/** A text beside a number is read as a number. */
export function isEqual(cell: SqlValue, value: SqlValue): boolean {
  return cell !== null && String(cell) === String(value);
}

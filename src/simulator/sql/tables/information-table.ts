import type { ClusterCore, SimFrontend } from '../../cluster/core.ts';
import type { Profile } from '../../profiles/profile.ts';
import { SQL_CODES, SqlError } from '../errors.ts';
import type { Condition } from '../parse.ts';
import type { Column, Row, SqlValue } from '../result-set.ts';

export interface ReadContext {
  readonly core: ClusterCore;
  readonly frontend: SimFrontend;
  /** Every table shows one catalog alone. */
  readonly catalog: string;
  /** What is pushed down. The result is filtered again afterwards. */
  readonly where: readonly Condition[];
}

/** A table of information_schema. */
export interface InformationTable {
  readonly name: string;
  readonly columns: readonly Column[];
  rows(context: ReadContext): Row[];
}

/** Makes a table for a version, or null where the version has none. */
export type TableFactory = (profile: Profile) => InformationTable | null;

/** Tables that metasrv fills fail while nobody leads. */
export function requireMetasrv(core: ClusterCore): void {
  if (core.meta.leader === null) throw new SqlError(SQL_CODES.internal, 'Internal error: 1003');
}

/** A text beside a number is read as a number. */
export function isEqual(cell: SqlValue, value: SqlValue): boolean {
  return cell !== null && String(cell) === String(value);
}

import type { ClusterCore, SimFrontend } from '../../cluster/core.ts';
import type { Profile } from '../../profiles/profiles.ts';
import { SQL_CODES, SqlError } from '../errors.ts';
import type { Expression } from '../ast.ts';
import type { Row, SqlType } from '../evaluate.ts';

export type ColumnDefinition = readonly [name: string, type: SqlType];

export interface ReadContext {
  readonly core: ClusterCore;
  readonly frontend: SimFrontend;
  /** Every table shows one catalog alone. */
  readonly catalog: string;
  /** What is pushed down. The result is filtered again afterwards. */
  readonly filter: Expression | null;
}

/** A table of information_schema. */
export interface InformationTable {
  readonly name: string;
  readonly columns: readonly ColumnDefinition[];
  rows(context: ReadContext): Row[];
}

/** Makes a table for a version, or null where the version has none. */
export type TableFactory = (profile: Profile) => InformationTable | null;

/** Tables that metasrv fills fail while nobody leads. */
export function requireMetasrv(core: ClusterCore): void {
  if (core.meta.leader === null) throw new SqlError(SQL_CODES.internal, 'Internal error: 1003');
}

import type { ClusterCore, SimFrontend } from '../cluster/core.ts';
import type { ResultSet } from './result-set.ts';

/** Who sends a statement, and where. */
export interface Session {
  readonly core: ClusterCore;
  readonly frontend: SimFrontend;
  /** The server that was asked, for the journal. */
  readonly target: string;
  /** Where names without a catalog or a schema lie. */
  readonly catalog: string;
  readonly schema: string;
  /** May read but not call admin functions or write. */
  readonly readOnly: boolean;
}

/** A statement that was understood, to be run. @throws SqlError */
export type Statement = (session: Session) => ResultSet | { readonly affectedRows: number };

/** The parts of a name, with those of the session where it has none. */
export function nameIn(
  session: Session,
  path: readonly string[],
): { name: string; schema: string; catalog: string; fullName: string } {
  const [name = '', schema = session.schema, catalog = session.catalog] = path.toReversed();
  return { name, schema, catalog, fullName: `${catalog}.${schema}.${name}` };
}

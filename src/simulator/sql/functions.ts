import type { ClusterCore } from '../cluster/core.ts';
import { isUuid } from '../procedures/uuid.ts';
import type { Procedure } from '../procedures/manager.ts';
import { MetaError, STATUS_CODES } from '../procedures/errors.ts';
import { submitMigration } from '../procedures/submit.ts';
import type { MigrationSubmission } from '../procedures/submit.ts';
import { notAuthorized, SQL_CODES, SqlError } from './errors.ts';
import type { SqlValue } from './result-set.ts';

/** Who calls, for the journal and for permissions. */
export interface Caller {
  readonly target: string;
  readonly catalog: string;
  readonly readOnly: boolean;
}

/**
 * Runs an admin function and returns its one value; null: the region is there already (up to 0.14).
 *
 * @throws SqlError wrapped as the version wraps it.
 */
export function callAdminFunction(
  core: ClusterCore,
  caller: Caller,
  name: string,
  values: readonly SqlValue[],
): string | null {
  if (caller.readOnly) throw notAuthorized();
  if (name === 'migrate_region') return migrateRegion(core, caller, values);
  if (name === 'procedure_state') return procedureState(core, values);
  throw new SqlError(
    SQL_CODES.invalidArguments,
    `Failed to build admin function args: admin function not found ${name}`,
  );
}

function migrateRegion(core: ClusterCore, caller: Caller, values: readonly SqlValue[]): string | null {
  const submission = submissionFrom(core, values);
  const entry = {
    kind: 'mutating-request',
    target: caller.target,
    operation: 'migrate-region',
    detail: `migrate_region(${values.join(', ')})`,
    regionId: submission.regionKey.toString(),
    from: submission.from,
    to: submission.to,
  } as const;
  try {
    requireGreptimeCatalog(caller);
    requireLeader(core);
    const result = submitMigration(core, submission);
    if (result.kind === 'accepted') {
      core.journal.record({ ...entry, verdict: 'accepted', procedureId: result.procedureId });
      return result.procedureId;
    }
    core.journal.record({ ...entry, verdict: 'already-there' });
    return null;
  } catch (error) {
    if (error instanceof Error) core.journal.record({ ...entry, verdict: 'refused', message: error.message });
    throw error instanceof MetaError ? wrapped(core, 'migrate_region', error) : error;
  }
}

function submissionFrom(core: ClusterCore, values: readonly SqlValue[]): MigrationSubmission {
  const [regionKey, from, to, timeoutS] = values.map((value) => u64('migrate_region', value));
  if (regionKey === undefined || from === undefined || to === undefined || values.length > 4)
    throw new SqlError(
      SQL_CODES.invalidArguments,
      `Invalid function args: The length of the args is not correct, expect exactly 3 or 4, have: ${values.length}`,
    );
  const defaultTimeoutS = core.profile.sql.functions?.defaultTimeoutS ?? 10;
  const budgetMs = Number(timeoutS ?? defaultTimeoutS) * 1_000;
  return { regionKey, from: from.toString(), to: to.toString(), budgetMs };
}

function u64(name: string, value: SqlValue): bigint {
  if (typeof value === 'bigint' || (typeof value === 'number' && Number.isInteger(value))) {
    const number = BigInt(value);
    if (number >= 0n && number < 1n << 64n) return number;
  }
  throw new SqlError(
    SQL_CODES.invalidArguments,
    `Invalid function args: Unsupported input datatypes in function ${name}: ${typeof value}`,
  );
}

function procedureState(core: ClusterCore, values: readonly SqlValue[]): string {
  const [id] = values;
  if (typeof id !== 'string' || values.length !== 1)
    throw new SqlError(SQL_CODES.invalidArguments, 'Invalid function args: procedure_state needs one String');
  try {
    requireLeader(core);
    if (!isUuid(id))
      throw new MetaError(
        'InvalidArguments',
        `Failed to parse procedure id: ${id}: invalid length: expected length 32 for simple format, found ${id.length}`,
      );
    const procedure = core.procedures.find(id.toLowerCase());
    if (!procedure) throw new MetaError('InvalidArguments', `Procedure not found: ${id}`);
    return describeProcedure(core, procedure);
  } catch (error) {
    throw error instanceof MetaError ? wrapped(core, 'procedure_state', error) : error;
  }
}

/** Up to 0.13 only the outermost error is told. */
function describeProcedure(core: ClusterCore, { status, error }: Procedure): string {
  if (error === null) return JSON.stringify({ status });
  const wrapper = 'Failed to execute procedure due to external error';
  return JSON.stringify({ status, error: core.profile.migration.rootCauseErrors ? error : wrapper });
}

function requireGreptimeCatalog({ catalog }: Caller): void {
  if (catalog !== 'greptime')
    throw new SqlError(SQL_CODES.permissionDenied, 'Permission denied: catalog greptime wanted');
}

/** A frontend asks thrice for a leader and then gives up. */
function requireLeader(core: ClusterCore): void {
  if (core.meta.leader === null)
    throw new MetaError('Internal', 'Retry exceeded max times(3), message: no leader');
}

/** How metasrv's text arrives at the client of SQL in each version. */
function wrapped(core: ClusterCore, name: string, error: MetaError): SqlError {
  const { message, status } = error;
  switch (core.profile.sql.functions?.wrapping ?? 'bare') {
    case 'bare':
      return new SqlError(STATUS_CODES[status], status === 'Internal' ? 'Internal error: 1003' : message);
    case 'nested':
      return new SqlError(
        SQL_CODES.unexpected,
        `Failed to execute admin function: Failed to execute admin function ${name}, error: Execution error: ` +
          `Function execution error: ${message}: status: Internal, message: "${status}"`,
      );
    case 'plain':
      return new SqlError(
        SQL_CODES.unexpected,
        `Failed to execute admin function ${name}: Execution error: ${message}`,
      );
    case 'coded':
      return new SqlError(
        SQL_CODES.unexpected,
        `Failed to execute admin function ${name}: Execution error: ${message}, code: ${status}, tonic code: Internal error`,
      );
  }
}

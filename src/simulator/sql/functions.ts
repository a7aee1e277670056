import type { ClusterCore } from '../cluster/core.ts';
import type { Procedure } from '../procedures/manager.ts';
import { MetaError } from '../procedures/errors.ts';
import { requestMigration } from '../procedures/submit.ts';
import type { MigrationSubmission } from '../procedures/submit.ts';
import { isUuid } from '../procedures/uuid.ts';
import { notAuthorized, SqlError } from './errors.ts';
import type { SqlValue } from './result-set.ts';
import type { Session } from './session.ts';

/**
 * Runs an admin function and returns its one value; null: the region is there already (up to 0.14).
 *
 * @throws SqlError wrapped as the version wraps it.
 */
export function callAdminFunction(
  session: Session,
  name: string,
  values: readonly SqlValue[],
): string | null {
  if (session.readOnly) throw notAuthorized();
  try {
    if (name === 'migrate_region') return migrateRegion(session, values);
    if (name === 'procedure_state') return procedureState(session.core, values);
  } catch (error) {
    throw error instanceof MetaError ? wrapped(session.core, name, error) : error;
  }
  throw invalidArguments(`Failed to build admin function args: admin function not found ${name}`);
}

function migrateRegion({ core, target, catalog }: Session, values: readonly SqlValue[]): string | null {
  const submission = submissionFrom(core, values);
  const { regionKey, from, to } = submission;
  const detail = `migrate_region(${values.join(', ')})`;
  return requestMigration(core, { target, detail, regionId: regionKey.toString(), from, to }, () => {
    if (catalog !== 'greptime')
      throw new SqlError('permissionDenied', 'Permission denied: catalog greptime wanted');
    requireLeader(core);
    return submission;
  });
}

function submissionFrom(core: ClusterCore, values: readonly SqlValue[]): MigrationSubmission {
  const [regionKey, from, to, timeoutS] = values.map((value) => u64('migrate_region', value));
  if (regionKey === undefined || from === undefined || to === undefined || values.length > 4)
    throw invalidArguments(
      `Invalid function args: The length of the args is not correct, expect exactly 3 or 4, have: ${values.length}`,
    );
  const budgetMs = Number(timeoutS ?? core.profile.defaultTimeoutS) * 1_000;
  return { regionKey, from: from.toString(), to: to.toString(), budgetMs };
}

function u64(name: string, value: SqlValue): bigint {
  if (typeof value === 'bigint' || (typeof value === 'number' && Number.isInteger(value))) {
    const number = BigInt(value);
    if (number >= 0n && number < 1n << 64n) return number;
  }
  throw invalidArguments(
    `Invalid function args: Unsupported input datatypes in function ${name}: ${typeof value}`,
  );
}

function procedureState(core: ClusterCore, values: readonly SqlValue[]): string {
  const [id] = values;
  if (typeof id !== 'string' || values.length !== 1)
    throw invalidArguments('Invalid function args: procedure_state needs one String');
  requireLeader(core);
  if (!isUuid(id))
    throw new MetaError(
      'InvalidArguments',
      `Failed to parse procedure id: ${id}: invalid length: expected length 32 for simple format, found ${id.length}`,
    );
  const procedure = core.procedures.find(id.toLowerCase());
  if (!procedure) throw new MetaError('InvalidArguments', `Procedure not found: ${id}`);
  return describeProcedure(core, procedure);
}

/** Up to 0.13 only the outermost error is told. */
function describeProcedure(core: ClusterCore, { status, error }: Procedure): string {
  if (error === null) return JSON.stringify({ status });
  const wrapper = 'Failed to execute procedure due to external error';
  return JSON.stringify({ status, error: core.profile.rootCauseErrors ? error : wrapper });
}

/** A frontend asks thrice for a leader and then gives up. */
function requireLeader(core: ClusterCore): void {
  if (core.meta.leader === null)
    throw new MetaError('Internal', 'Retry exceeded max times(3), message: no leader');
}

function invalidArguments(message: string): SqlError {
  return new SqlError('invalidArguments', message);
}

const SQL_KINDS = {
  Unexpected: 'unexpected',
  Internal: 'internal',
  InvalidArguments: 'invalidArguments',
} as const;

/** How metasrv's text arrives at the client of SQL in each version. */
function wrapped(core: ClusterCore, name: string, { message, status }: MetaError): SqlError {
  const failed = `Failed to execute admin function ${name}`;
  switch (core.profile.errorWrapping) {
    case 'bare':
      return new SqlError(SQL_KINDS[status], status === 'Internal' ? 'Internal error: 1003' : message);
    case 'nested':
      return new SqlError(
        'unexpected',
        `Failed to execute admin function: ${failed}, error: Execution error: ` +
          `Function execution error: ${message}: status: Internal, message: "${status}"`,
      );
    case 'plain':
      return new SqlError('unexpected', `${failed}: Execution error: ${message}`);
    case 'coded':
      return new SqlError(
        'unexpected',
        `${failed}: Execution error: ${message}, code: ${status}, tonic code: Internal error`,
      );
  }
}

import { OperatingError } from '../../domain/errors.ts';
import { migrateStatement } from '../../domain/migrate-call.ts';
import type { FunctionForm, MigrationRequest } from '../../domain/migrate-call.ts';
import type { Datanode } from '../../domain/snapshot.ts';
import type { CallError } from '../call-error.ts';
import type { TransportResponse } from '../http.ts';
import type { CallOptions, SubmitOptions, SubmitResult } from '../port.ts';
import { procedureIdOf, recogniseRefusal, submitTo } from '../submission.ts';
import { readSqlAnswer, SqlError } from './result.ts';
import type { SqlSources } from './sources.ts';

type ReadDatanodes = (options: CallOptions) => Promise<readonly Datanode[]>;

/**
 * A frontend itself waits 10 s for metasrv and asks up to three times (GreptimeDB src/meta-client/src/client/procedure.rs): giving
 * up earlier would only leave the outcome unknown.
 */
const PATIENCE_FACTOR = 3;

/** Submits over SQL, in the form that calls of functions take; in the other one, when the statement was not understood. */
export async function submitOverSql(
  sources: SqlSources,
  readDatanodes: ReadDatanodes,
  request: MigrationRequest,
  options: SubmitOptions,
): Promise<SubmitResult> {
  const { client, features } = sources;
  const { signal, mayStart } = options;
  const explain = (error: CallError): Promise<SubmitResult> =>
    explainError(error, readDatanodes, request, signal);
  const submitAs = async (form: FunctionForm, classify: typeof explain): Promise<SubmitResult> => {
    const statement = migrateStatement(form, request);
    const call = {
      ...client.toCall({ operation: 'sql-migrate-region', statement, signal }),
      mayStart,
      timeoutMs: client.caller.requestTimeoutMs * PATIENCE_FACTOR,
    };
    const submission = { caller: client.caller, call, read: readSubmission, classify };
    return (await submitTo(client.inOrder(), submission)).result;
  };
  return submitAs(features.form, (error) => {
    if (!(error instanceof SqlError) || !isWrongForm(error)) return explain(error);
    // Nothing can have come of it.
    sources.doubt();
    return submitAs(features.form === 'ADMIN' ? 'SELECT' : 'ADMIN', explain);
  });
}

function isWrongForm(error: SqlError): boolean {
  if (error.isAccessDenied || recogniseRefusal(error)) return false;
  return error.isSyntaxError || (error.sqlCode === 3_000 && error.isUnknownName);
}

function readSubmission(response: TransportResponse, where: string): SubmitResult {
  const cell = readSqlAnswer(response, where)?.first?.[0];
  // Up to 0.9.2 null means that the target leads the region already.
  if (cell === null) return { kind: 'already-there' };
  const procedureId = procedureIdOf(cell);
  if (procedureId !== undefined) return { kind: 'accepted', procedureId };
  return { kind: 'unclear', message: `${where}: expected a procedure id in the first cell, got none` };
}

/** Codes that a statement gets before anything is done with it: unsupported, invalid arguments, invalid syntax, not plannable. */
const BEFORE_ANYTHING: ReadonlySet<number> = new Set([1_001, 1_004, 2_000, 3_000]);

async function explainError(
  error: CallError,
  readDatanodes: ReadDatanodes,
  request: MigrationRequest,
  signal: AbortSignal,
): Promise<SubmitResult> {
  const { message } = error;
  if (!(error instanceof SqlError)) return { kind: 'unclear', message };
  if (error.isAccessDenied) return { kind: 'refused', code: 'access-denied', message };
  const recognised = recogniseRefusal(error);
  if (recognised) return recognised;
  if (error.isMasked) return explainMasked(message, readDatanodes, request, signal);
  if (BEFORE_ANYTHING.has(error.sqlCode)) return { kind: 'refused', code: 'invalid', message };
  return { kind: 'unclear', message };
}

/**
 * Up to 0.16 a refusal because of a dead datanode arrives as `Internal error: 1003`, but so does any other internal error. It is
 * taken for that refusal only if one of the two is seen to be dead right away.
 */
async function explainMasked(
  message: string,
  readDatanodes: ReadDatanodes,
  { from, to }: MigrationRequest,
  signal: AbortSignal,
): Promise<SubmitResult> {
  try {
    const datanodes = await readDatanodes({ signal });
    const alive = new Set(datanodes.filter(({ status }) => status === 'alive').map(({ id }) => id));
    const dead = [from, to].filter((id) => !alive.has(id));
    if (dead.length === 0) return { kind: 'unclear', message };
    const text = `${message}; datanode ${dead.join(' and ')} is not alive`;
    return { kind: 'refused', code: 'peer-unavailable', message: text };
  } catch (error) {
    if (error instanceof OperatingError || signal.aborted) return { kind: 'unclear', message };
    throw error;
  }
}

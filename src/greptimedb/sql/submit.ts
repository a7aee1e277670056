import { OperatingError } from '../../domain/errors.ts';
import { migrateStatement } from '../../domain/migrate-call.ts';
import type { FunctionForm, MigrationRequest } from '../../domain/migrate-call.ts';
import type { Datanode } from '../../domain/snapshot.ts';
import { abortReason, CallError } from '../caller.ts';
import type { Endpoint } from '../endpoint.ts';
import type { CallOptions, SubmitOptions, SubmitResult } from '../port.ts';
import { neverArrived, procedureIdOf, recogniseRefusal } from '../refusals.ts';
import { isClusterError } from './client.ts';
import type { SqlClient } from './client.ts';
import { readSqlAnswer, SqlError } from './result.ts';

export interface SubmitDependencies {
  readonly client: SqlClient;
  readonly form: FunctionForm;
  /** Called when the cluster turns out to take the other form. */
  readonly onOtherForm: () => void;
  readonly readDatanodes: (options: CallOptions) => Promise<readonly Datanode[]>;
}

/**
 * A frontend itself waits 10 s for metasrv and asks up to three times (GreptimeDB src/meta-client/src/client/procedure.rs): giving
 * up earlier would only leave the outcome unknown.
 */
const PATIENCE_FACTOR = 3;

/** Submits over SQL, to one frontend. Another is asked only where no connection came about, so that nothing was sent. */
export async function submitOverSql(
  dependencies: SubmitDependencies,
  request: MigrationRequest,
  options: SubmitOptions,
): Promise<SubmitResult> {
  const { signal } = options;
  signal.throwIfAborted();
  const { form, onOtherForm } = dependencies;
  const first = await submitAs(form, dependencies, request, options);
  if (!(first instanceof CallError)) return first;
  if (!(first instanceof SqlError) || !isWrongForm(first))
    return classify(first, dependencies, request, signal);
  // The statement was not understood, so that nothing can have come of it.
  onOtherForm();
  const other = form === 'ADMIN' ? 'SELECT' : 'ADMIN';
  const second = await submitAs(other, dependencies, request, options);
  return second instanceof CallError ? classify(second, dependencies, request, signal) : second;
}

function isWrongForm(error: SqlError): boolean {
  if (error.isAccessDenied || recogniseRefusal(error.serverText, '')) return false;
  return error.isSyntaxError || (error.sqlCode === 3_000 && error.isUnknownName);
}

/** @throws OperatingError `not-sent`, or the signal's reason, when nothing reached the cluster. */
async function submitAs(
  form: FunctionForm,
  { client }: SubmitDependencies,
  request: MigrationRequest,
  options: SubmitOptions,
): Promise<SubmitResult | CallError> {
  const statement = migrateStatement(form, request);
  let unsent: OperatingError | undefined;
  for (const endpoint of client.inOrder()) {
    const result = await submitTo(client, endpoint, statement, options);
    if (!(result instanceof CallError)) return result;
    if (!result.sent && result.failure === 'aborted') throw abortReason(options.signal);
    const isDenied = result instanceof SqlError && result.isAccessDenied;
    unsent = isDenied ? undefined : neverArrived(result);
    if (!unsent) return result;
    if (result.sent) break;
  }
  throw unsent ?? new OperatingError('not-sent', 'The migration could not be sent: no frontend');
}

async function submitTo(
  client: SqlClient,
  endpoint: Endpoint,
  statement: string,
  { signal, mayStart }: SubmitOptions,
): Promise<SubmitResult | CallError> {
  const call = {
    ...client.toCall({ operation: 'sql-migrate-region', statement, signal }),
    freshConnection: true,
    mayStart,
    timeoutMs: client.caller.requestTimeoutMs * PATIENCE_FACTOR,
  };
  try {
    return await client.caller.exchange(endpoint, call, (response, where): SubmitResult => {
      const cell = readSqlAnswer(response, where)?.first?.[0];
      // Up to 0.9.2 null means that the target leads the region already.
      if (cell === null) return { kind: 'already-there' };
      const procedureId = procedureIdOf(cell);
      if (procedureId !== undefined) return { kind: 'accepted', procedureId };
      return { kind: 'unclear', message: `${where}: expected a procedure id in the first cell, got none` };
    });
  } catch (error) {
    if (error instanceof CallError) return error;
    throw error;
  }
}

/** Codes that a statement gets before anything is done with it: unsupported, invalid arguments, invalid syntax, not plannable. */
const BEFORE_ANYTHING: ReadonlySet<number> = new Set([1_001, 1_004, 2_000, 3_000]);

async function classify(
  error: CallError,
  dependencies: SubmitDependencies,
  request: MigrationRequest,
  signal: AbortSignal,
): Promise<SubmitResult> {
  const { message } = error;
  if (!(error instanceof SqlError)) return { kind: 'unclear', message };
  if (error.isAccessDenied) return { kind: 'refused', code: 'access-denied', message };
  const recognised = recogniseRefusal(error.serverText, message);
  if (recognised) return recognised;
  if (error.isMasked) return explainMasked(message, dependencies, request, signal);
  if (BEFORE_ANYTHING.has(error.sqlCode)) return { kind: 'refused', code: 'invalid', message };
  return { kind: 'unclear', message };
}

/**
 * Up to 0.16 a refusal because of a dead datanode arrives as `Internal error: 1003`, but so does any other internal error. It is
 * taken for that refusal only if one of the two is seen to be dead right away.
 */
async function explainMasked(
  message: string,
  { readDatanodes }: SubmitDependencies,
  { from, to }: MigrationRequest,
  signal: AbortSignal,
): Promise<SubmitResult> {
  try {
    const datanodes = await readDatanodes({ signal });
    const isAlive = (id: string): boolean =>
      datanodes.some((datanode) => datanode.id === id && datanode.status === 'alive');
    const dead = [from, to].filter((id) => !isAlive(id));
    if (dead.length === 0) return { kind: 'unclear', message };
    const text = `${message}; datanode ${dead.join(' and ')} is not alive`;
    return { kind: 'refused', code: 'peer-unavailable', message: text };
  } catch (error) {
    if (isClusterError(error) || signal.aborted) return { kind: 'unclear', message };
    throw error;
  }
}

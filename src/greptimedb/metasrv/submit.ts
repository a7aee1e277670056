import { OperatingError } from '../../domain/errors.ts';
import { migrationPath } from '../../domain/migrate-call.ts';
import type { MigrationRequest } from '../../domain/migrate-call.ts';
import { abortReason, CallError, unexpected } from '../caller.ts';
import type { Endpoint } from '../endpoint.ts';
import type { TransportResponse } from '../http.ts';
import type { SubmitOptions, SubmitResult } from '../port.ts';
import { neverArrived, procedureIdOf, recogniseRefusal } from '../refusals.ts';
import { isObject, jsonOf } from '../wire.ts';
import { requireSuccess } from './admin.ts';
import type { MetasrvSession } from './session.ts';

/** How long an answer to "who leads" may be old when a migration is submitted. */
const LEADER_MAX_AGE_MS = 1_000;
const MAX_SERVERS = 8;

/**
 * Submits over `/admin/region-migration`. Every metasrv but the leader refuses before it does anything, so that after such a
 * refusal, or when no connection came about, the next server may be asked. After anything else the result stands.
 *
 * The server ignores the method; POST keeps proxies from sending it again on their own.
 */
export async function submitOverAdmin(
  session: MetasrvSession,
  clusterId: number,
  request: MigrationRequest,
  options: SubmitOptions,
): Promise<SubmitResult> {
  const { signal } = options;
  signal.throwIfAborted();
  const path = migrationPath(request, clusterId);
  let refusal: SubmitResult | undefined;
  let unsent: OperatingError | undefined;
  for (const endpoint of await leaderFirst(session, signal)) {
    const result = await submitTo(session, endpoint, path, options);
    if (result instanceof OperatingError) unsent = result;
    else if (isNotLeader(result)) refusal = result;
    else {
      if (result.kind !== 'unclear') session.learnLeader(endpoint);
      return result;
    }
    signal.throwIfAborted();
  }
  const { leaderRefusal } = session;
  session.forget();
  if (refusal?.kind === 'refused' && leaderRefusal)
    return { ...refusal, message: `${refusal.message}; ${leaderRefusal.message}` };
  if (refusal) return refusal;
  throw unsent ?? new OperatingError('not-sent', 'The migration could not be sent: no metasrv');
}

function isNotLeader(result: SubmitResult): boolean {
  return result.kind === 'refused' && result.code === 'not-leader';
}

async function leaderFirst(session: MetasrvSession, signal: AbortSignal): Promise<readonly Endpoint[]> {
  const discovery = await session.discover(signal, LEADER_MAX_AGE_MS);
  return session.submitOrder(discovery).slice(0, MAX_SERVERS);
}

/** @returns an error when nothing was sent. @throws OperatingError `not-sent` when a proxy turned it away; the signal's reason. */
async function submitTo(
  session: MetasrvSession,
  endpoint: Endpoint,
  path: string,
  { signal, mayStart }: SubmitOptions,
): Promise<SubmitResult | OperatingError> {
  const call = {
    operation: 'region-migration',
    method: 'POST',
    path,
    signal,
    freshConnection: true,
    mayStart,
  } as const;
  try {
    return await session.caller.exchange(endpoint, call, readSubmission);
  } catch (error) {
    if (!(error instanceof CallError)) throw error;
    if (!error.sent && error.failure === 'aborted') throw abortReason(signal);
    const unsent = neverArrived(error);
    if (!unsent) return classify(error);
    if (error.sent) throw unsent;
    return unsent;
  }
}

function readSubmission(response: TransportResponse, where: string): SubmitResult {
  requireSuccess(response, where);
  const body = jsonOf(response, where, '{"procedure_id":…}', true);
  if (!isObject(body) || !('procedure_id' in body)) throw unexpected(where, '{"procedure_id":…}', response);
  // Null means that the route names the target as the leader already.
  if (body['procedure_id'] === null) return { kind: 'already-there' };
  const procedureId = procedureIdOf(body['procedure_id']);
  if (procedureId === undefined) throw unexpected(where, 'a procedure id', response);
  return { kind: 'accepted', procedureId };
}

function classify(error: CallError): SubmitResult {
  const { message } = error;
  if (error.failure === 'missing')
    return {
      kind: 'refused',
      code: 'invalid',
      message: `${message}; migrations over HTTP need GreptimeDB 0.5.1 to 0.7`,
    };
  if (error.failure === 'server')
    return recogniseRefusal(error.serverText, message) ?? { kind: 'unclear', message };
  return { kind: 'unclear', message };
}

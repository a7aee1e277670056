import { z } from 'zod';
import { migrationPath } from '../../domain/migrate-call.ts';
import type { MigrationRequest } from '../../domain/migrate-call.ts';
import type { CallError } from '../call-error.ts';
import { unexpected } from '../call-error.ts';
import type { Call } from '../caller.ts';
import type { TransportResponse } from '../http.ts';
import type { SubmitOptions, SubmitResult } from '../port.ts';
import { procedureIdOf, recogniseRefusal, submitTo } from '../submission.ts';
import { jsonOf } from '../wire.ts';
import { requireSuccess } from './admin.ts';
import type { MetasrvSession } from './session.ts';

/** How long an answer to "who leads" may be old when a migration is submitted. */
const LEADER_MAX_AGE_MS = 1_000;
const MAX_SERVERS = 8;

/**
 * Submits over `/admin/region-migration`. The server ignores the method; POST keeps proxies from sending it again on their own.
 */
export async function submitOverAdmin(
  session: MetasrvSession,
  clusterId: number,
  request: MigrationRequest,
  { signal, mayStart }: SubmitOptions,
): Promise<SubmitResult> {
  signal.throwIfAborted();
  const discovery = await session.discover(signal, LEADER_MAX_AGE_MS);
  const { leaderRefusal } = discovery;
  const servers = session.submitOrder(discovery).slice(0, MAX_SERVERS);
  const call: Call = {
    operation: 'region-migration',
    method: 'POST',
    path: migrationPath(request, clusterId),
    signal,
    mayStart,
  };
  try {
    const submission = { caller: session.caller, call, read: readSubmission, classify };
    const { result, server } = await submitTo(servers, submission);
    if (server && result.kind !== 'unclear') session.learnLeader(server);
    if (server || result.kind !== 'refused') return result;
    session.forget();
    const message = leaderRefusal ? `${result.message}; ${leaderRefusal.message}` : result.message;
    return { ...result, message };
  } catch (error) {
    session.forget();
    throw error;
  }
}

const WANTED = '{"procedure_id":…}';
const submitted = z.object({ procedure_id: z.unknown().optional() });

function readSubmission(response: TransportResponse, where: string): SubmitResult {
  requireSuccess(response, where);
  const body = submitted.safeParse(jsonOf(response, where, WANTED, true)).data;
  if (!body) throw unexpected(where, WANTED, response);
  // Null means that the route names the target as the leader already.
  if (body.procedure_id === null) return { kind: 'already-there' };
  const procedureId = procedureIdOf(body.procedure_id);
  if (procedureId === undefined) throw unexpected(where, 'a procedure id', response);
  return { kind: 'accepted', procedureId };
}

function classify(error: CallError): SubmitResult {
  const { message, failure } = error;
  if (failure === 'missing')
    return {
      kind: 'refused',
      code: 'invalid',
      message: `${message}; migrations over HTTP need GreptimeDB 0.5.1 to 0.7`,
    };
  const recognised = failure === 'server' ? recogniseRefusal(error) : undefined;
  return recognised ?? { kind: 'unclear', message };
}

import { OperatingError } from '../domain/errors.ts';
import { CallError } from './call-error.ts';
import type { AnswerReader, Call, Caller } from './caller.ts';
import type { Endpoint } from './endpoint.ts';
import type { RefusalCode, SubmitResult } from './port.ts';

/** A migration that is asked for. */
interface Submission {
  readonly caller: Caller;
  readonly call: Call;
  readonly read: AnswerReader<SubmitResult>;
  /** What an error of a request that may have arrived means. */
  readonly classify: (error: CallError) => SubmitResult | Promise<SubmitResult>;
}

interface Submitted {
  readonly result: SubmitResult;
  /** Who gave it; undefined when all refused because they do not lead. */
  readonly server: Endpoint | undefined;
}

/**
 * Submits to one of the servers, the first that can be reached. The next is asked only where no connection came about, or where metasrv refused
 * because it does not lead, which it does before anything else. After all else the result stands.
 *
 * @throws OperatingError `not-sent`, or the signal's reason, when nothing reached the cluster.
 */
export async function submitTo(servers: readonly Endpoint[], submission: Submission): Promise<Submitted> {
  const { signal } = submission.call;
  let refusal: SubmitResult | undefined;
  let unsent: OperatingError | undefined;
  for (const server of servers) {
    signal.throwIfAborted();
    const result = await submitOnce(server, submission);
    if (result instanceof OperatingError) unsent = result;
    else if (isNotLeader(result)) refusal = result;
    else return { result, server };
  }
  signal.throwIfAborted();
  if (refusal) return { result: refusal, server: undefined };
  throw unsent ?? new OperatingError('not-sent', 'The migration could not be sent: no server is known');
}

function isNotLeader(result: SubmitResult): boolean {
  return result.kind === 'refused' && result.code === 'not-leader';
}

/** @returns an error when no connection came about. */
async function submitOnce(
  server: Endpoint,
  { caller, call, read, classify }: Submission,
): Promise<SubmitResult | OperatingError> {
  try {
    return await caller.exchange(server, { ...call, freshConnection: true }, read);
  } catch (error) {
    if (!(error instanceof CallError)) throw error;
    if (!error.sent && error.failure === 'aborted') call.signal.throwIfAborted();
    const unsent = neverArrived(error);
    if (!unsent) return classify(error);
    // A proxy turned it away, as it would the next one.
    if (error.sent) throw unsent;
    return unsent;
  }
}

type Recognised =
  { readonly kind: 'already-there' } | { readonly kind: 'refused'; readonly code: RefusalCode };

/**
 * What metasrv says when it does not start a migration, in parts of its sentences: versions wrap them differently (GreptimeDB
 * src/meta-srv/src/error.rs and procedure/region_migration/manager.rs, 0.5.1 to 1.3). The order matters where one sentence
 * contains a part of another.
 */
const TEXTS: readonly (readonly [RegExp, Recognised])[] = [
  [/procedure is completed for region/i, { kind: 'already-there' }],
  // 0.9.3 to 0.14 put the null that means "already there" into a column that takes none.
  [/non-nullable|contains null values|create datafusion record batch/i, { kind: 'already-there' }],
  [/target peer is unavailable/i, refused('peer-unavailable')],
  [/Another migration procedure is running/i, refused('already-running')],
  [/non-leader meta server/i, refused('not-leader')],
  [/can't equal `?to_peer_id/i, refused('invalid')],
  [/on the logical table/i, refused('logical-table')],
  [/Failed to find table route for/i, refused('region-gone')],
  [/Table info not found/i, refused('region-gone')],
  [/has a region follower/i, refused('follower-on-target')],
  [
    /Invalid region migration `?from_peer|leader peer changed|is not the `?from_peer|leader peer is not found/i,
    refused('leader-changed'),
  ],
  [
    /Failed to parse (?:number|duration|bool)|Missing required parameter|Table metadata manager error/i,
    refused('invalid'),
  ],
];

function refused(code: RefusalCode): Recognised {
  return { kind: 'refused', code };
}

/** @returns undefined when the text is none of those that tell for certain that nothing was started. */
export function recogniseRefusal({ serverText, message }: CallError): SubmitResult | undefined {
  const result = TEXTS.find(([pattern]) => pattern.test(serverText))?.[1];
  return result?.kind === 'refused' ? { ...result, message } : result;
}

const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

/** The canonical form of a procedure id, or undefined when it is none. */
export function procedureIdOf(value: unknown): string | undefined {
  return typeof value === 'string' && UUID.test(value.trim()) ? value.trim().toLowerCase() : undefined;
}

/**
 * What a proxy answers before it passes a request on, so that GreptimeDB never heard of it. All other statuses of an answer that is not
 * GreptimeDB's leave open whether something was started: 2xx and 3xx may be a page in place of the real answer, 404 and 408 in place of a
 * time-out, and 5xx means that the proxy did ask.
 */
const TURNED_AWAY: ReadonlyMap<number, string> = new Map([
  [401, 'asks for credentials'],
  [403, 'forbids it'],
  [405, 'does not take the method'],
  [407, 'asks for credentials of its own'],
  [411, 'wants a length first'],
  [413, 'takes no body of this size'],
  [414, 'takes no address of this length'],
  [415, 'does not take the content type'],
  [417, 'does not take the headers'],
  [421, 'does not serve this host'],
  [425, 'does not take early data'],
  [426, 'wants another protocol'],
  [429, 'limits the rate of requests'],
  [431, 'takes no headers of this size'],
]);

/**
 * The error of a submission that never reached GreptimeDB: no connection came about, or a proxy turned it away. GreptimeDB's own answers
 * carry a header `x-greptime-…` or a code (src/servers/src/http.rs), and metasrv's have the status 200, 404 or 500.
 *
 * @returns undefined when it may have arrived.
 */
function neverArrived(error: CallError): OperatingError | undefined {
  const { sent, isFromGreptimeDb, status = 0, message, code } = error;
  const reason = TURNED_AWAY.get(status);
  if (sent && (isFromGreptimeDb || code === 'access-denied' || reason === undefined)) return undefined;
  const text = sent ? `${message}: a proxy ${reason}, and did not pass it on` : message;
  return new OperatingError('not-sent', `The migration could not be sent: ${text}`, { cause: error });
}

import { randomUUID } from 'node:crypto';
import type { Clock } from '../lib/clock.ts';
import { deadlineSignal } from '../lib/clock.ts';
import { createPrng } from '../lib/prng.ts';
import type { Prng } from '../lib/prng.ts';
import type { TlsOptions } from '../lib/tls.ts';
import { CallError, headerOf } from './call-error.ts';
import type { Endpoint } from './endpoint.ts';
import { TransportError } from './http.ts';
import type { Transport, TransportResponse } from './http.ts';
import { WHOLE_LIMITS } from './json-meter.ts';
import type { AnswerLimits } from './json-meter.ts';
import { DEFAULT_MAX_RESPONSE_BYTES, LARGE_MAX_RESPONSE_BYTES, LARGE_READ_FACTOR } from './options.ts';
import type { ClusterDependencies, ClusterOptions, OperationName, RequestOutcome } from './options.ts';

export interface Call {
  readonly operation: OperationName;
  readonly method: 'GET' | 'POST';
  /** Path and query. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Stands in messages in place of the path, for instance an SQL statement. */
  readonly title?: string;
  /** The answer holds a row per table or region: a larger cap, and more time once it has begun. */
  readonly large?: boolean | undefined;
  /** What the answer may hold. Default: what can be parsed in one go. */
  readonly limits?: AnswerLimits;
  readonly freshConnection?: boolean;
  readonly timeoutMs?: number;
  /** Asked right before the first byte leaves; after a "no" nothing is sent. */
  readonly mayStart?: (() => boolean) | undefined;
  readonly signal: AbortSignal;
}

/** Reads one answer. Throws a CallError, usually through `unexpected`, when it is not what was wanted. */
export type AnswerReader<T> = (response: TransportResponse, where: string) => T | Promise<T>;

/** Makes single calls with deadlines, limits, measured outcomes and errors that say what was asked and what came. */
export class Caller {
  readonly requestTimeoutMs: number;
  readonly clock: Clock;
  /** For the jitter of retries. */
  readonly prng: Prng;
  readonly #maxResponseBytes: number;
  readonly #dependencies: ClusterDependencies;
  readonly #transport: Transport;
  readonly #tls: TlsOptions | undefined;

  constructor(
    options: Pick<ClusterOptions, 'requestTimeoutMs' | 'maxResponseBytes'>,
    dependencies: ClusterDependencies & { readonly transport: Transport },
    tls?: TlsOptions,
  ) {
    this.requestTimeoutMs = options.requestTimeoutMs;
    this.#maxResponseBytes = options.maxResponseBytes ?? DEFAULT_MAX_RESPONSE_BYTES;
    this.clock = dependencies.clock;
    this.prng = dependencies.prng ?? createPrng(randomUUID());
    this.#dependencies = dependencies;
    this.#transport = dependencies.transport;
    this.#tls = tls;
  }

  /** Tells that a read is tried again after this failure. */
  noteRetry(failed: CallError): void {
    this.#dependencies.onRetry?.(failed);
  }

  /** One exchange. @throws CallError, or the signal's reason when that aborts. */
  async call<T>(endpoint: Endpoint, call: Call, read: AnswerReader<T>): Promise<T> {
    try {
      return await this.exchange(endpoint, call, read);
    } catch (error) {
      if (error instanceof CallError && error.failure === 'aborted') call.signal.throwIfAborted();
      throw error;
    }
  }

  /** The same, but being told to stop is a CallError too, which tells whether anything was sent. */
  async exchange<T>(endpoint: Endpoint, call: Call, read: AnswerReader<T>): Promise<T> {
    const startedMs = this.clock.monotonicMs();
    let outcome: RequestOutcome | 'aborted' = 'ok';
    let isAnswered = true;
    try {
      return await this.#attempt(endpoint, call, read);
    } catch (error) {
      outcome = outcomeOf(error);
      isAnswered = !(error instanceof CallError) || error.isAnswered;
      throw error;
    } finally {
      // A call that we gave up says nothing about the server.
      if (outcome !== 'aborted')
        this.#dependencies.onRequest?.({
          endpoint: call.operation,
          outcome,
          isAnswered,
          durationMs: this.clock.monotonicMs() - startedMs,
        });
    }
  }

  async #attempt<T>(endpoint: Endpoint, call: Call, read: AnswerReader<T>): Promise<T> {
    const where = describeCall(endpoint, call);
    const response = await this.#request(endpoint, call, where);
    if (response.status >= 300 && response.status < 400) throw redirected(response, where);
    try {
      return await read(response, where);
    } catch (error) {
      if (error instanceof CallError) {
        error.retryAfterMs = retryAfterMs(response, this.clock.now());
        error.isFromGreptimeDb ||= Object.keys(response.headers).some((name) =>
          name.startsWith('x-greptime-'),
        );
      }
      throw error;
    }
  }

  /** Sends, and waits `timeoutMs` for the answer; where that may be large, for its beginning. */
  async #request(endpoint: Endpoint, call: Call, where: string): Promise<TransportResponse> {
    const { large = false, timeoutMs = this.requestTimeoutMs, signal, body } = call;
    const totalMs = large ? timeoutMs * LARGE_READ_FACTOR : timeoutMs;
    const total = deadlineSignal(this.clock, totalMs, signal);
    const head = large ? deadlineSignal(this.clock, timeoutMs) : undefined;
    try {
      return await this.#transport.request({
        method: call.method,
        origin: endpoint.origin,
        path: `${endpoint.basePath}${call.path}`,
        headers: call.headers ?? {},
        maxResponseBytes: large ? LARGE_MAX_RESPONSE_BYTES : this.#maxResponseBytes,
        limits: call.limits ?? WHOLE_LIMITS,
        signal: head ? AbortSignal.any([total.signal, head.signal]) : total.signal,
        onHead: () => head?.release(),
        tls: this.#tls,
        freshConnection: call.freshConnection ?? false,
        ...(body === undefined ? {} : { body }),
        ...(call.mayStart ? { mayStart: call.mayStart } : {}),
      });
    } catch (error) {
      const sent = !(error instanceof TransportError) || error.sent;
      if (signal.aborted)
        throw new CallError(`${where}: stopped`, { failure: 'aborted', sent, cause: error });
      if (!head?.signal.aborted && !total.signal.aborted) throw transportFailure(error, where, sent);
      const waitedMs = head?.signal.aborted ? timeoutMs : totalMs;
      throw new CallError(`${where}: no answer within ${waitedMs} ms`, { failure: 'timeout', sent });
    } finally {
      head?.release();
      total.release();
    }
  }
}

function describeCall(endpoint: Endpoint, call: Pick<Call, 'method' | 'path' | 'title'>): string {
  const path = call.title === undefined ? call.path : `${call.path.split('?')[0]} (${call.title})`;
  return `${call.method} ${endpoint.label}${path}`;
}

function outcomeOf(error: unknown): RequestOutcome | 'aborted' {
  if (!(error instanceof CallError)) return 'error';
  const { failure } = error;
  return failure === 'timeout' || failure === 'refused' || failure === 'aborted' ? failure : 'error';
}

function transportFailure(error: unknown, where: string, sent: boolean): CallError {
  const message = error instanceof Error ? error.message || error.name : String(error);
  if (!sent)
    return new CallError(`${where}: no connection: ${message}`, { failure: 'refused', sent, cause: error });
  const failure = error instanceof TransportError && error.code === 'TOO_LARGE' ? 'answer' : 'network';
  const text = failure === 'answer' ? message : `the exchange broke off: ${message}`;
  return new CallError(`${where}: ${text}`, { failure, cause: error });
}

function redirected(response: TransportResponse, where: string): CallError {
  const location = headerOf(response, 'location') ?? 'nowhere';
  const target = location.replace(/\/\/[^/?#]*@/, '//***@').slice(0, 200);
  return new CallError(
    `${where}: expected an answer, got a redirect (HTTP ${response.status}) to ${target}; redirects are not followed`,
    { failure: 'answer', status: response.status },
  );
}

/** What `Retry-After` says: seconds, or a date. */
function retryAfterMs(response: TransportResponse, nowMs: number): number | undefined {
  const text = headerOf(response, 'retry-after') ?? '';
  const waitMs = /^\d{1,9}$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - nowMs;
  return Number.isNaN(waitMs) ? undefined : Math.max(0, waitMs);
}

import { OperatingError } from '../domain/errors.ts';
import type { Clock } from '../lib/clock.ts';
import type { Prng } from '../lib/prng.ts';
import type { TlsOptions } from '../lib/tls.ts';
import type { Endpoint } from './endpoint.ts';
import { TransportError } from './http.ts';
import type { Transport, TransportResponse } from './http.ts';
import { WHOLE_LIMITS } from './json-meter.ts';
import type { AnswerLimits } from './json-meter.ts';
import { LARGE_MAX_RESPONSE_BYTES, LARGE_READ_FACTOR } from './options.ts';
import type { OperationName, RequestOutcome, RequestSample } from './options.ts';

/**
 * How a call failed. `refused`: no connection, nothing was sent. `network`: the exchange broke off. `answer`: an answer that is
 * not what this server should give. `missing`: the server has no such path. `server`: the server says that it failed. `aborted`: we
 * were told to stop.
 */
export type Failure = 'refused' | 'timeout' | 'network' | 'answer' | 'missing' | 'server' | 'aborted';

const CODES: Readonly<Record<Failure, string>> = {
  refused: 'cluster-unreachable',
  timeout: 'cluster-timeout',
  network: 'cluster-unreachable',
  answer: 'cluster-answer',
  missing: 'api-mismatch',
  server: 'cluster-error',
  aborted: 'aborted',
};

const TRANSIENT: ReadonlySet<Failure> = new Set(['refused', 'timeout', 'network', 'server']);

/** A call that failed. The message names the call and the cause. */
export class CallError extends OperatingError {
  readonly failure: Failure;
  /** Whether a byte of the request may have left. False is certain. */
  readonly sent: boolean;
  /** HTTP status, where one came. */
  readonly status: number | undefined;
  /** What the server itself said, without our framing. */
  readonly serverText: string;
  /** Whether the same question may soon get an answer: the fault is with the network, a proxy or the server's present state. */
  readonly isTransient: boolean;
  /** How long the answer asks us to wait, in ms. */
  retryAfterMs: number | undefined;
  /** Whether the answer is certainly GreptimeDB's own, and no proxy's. */
  isFromGreptimeDb = false;

  constructor(
    message: string,
    details: {
      failure: Failure;
      sent: boolean;
      status?: number;
      serverText?: string;
      /** Instead of what the failure makes likely. */
      isTransient?: boolean;
      /** Instead of the code that goes with the failure. */
      code?: string;
      cause?: unknown;
    },
  ) {
    super(details.code ?? CODES[details.failure], message, { cause: details.cause });
    this.name = 'CallError';
    this.failure = details.failure;
    this.sent = details.sent;
    this.status = details.status;
    this.serverText = details.serverText ?? '';
    this.isTransient = details.isTransient ?? TRANSIENT.has(details.failure);
  }
}

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
  readonly large?: boolean;
  /** What the answer may hold. Default: what can be parsed in one go. */
  readonly limits?: AnswerLimits;
  readonly freshConnection?: boolean;
  readonly timeoutMs?: number;
  /** Asked right before the first byte leaves; after a "no" nothing is sent. */
  readonly mayStart?: (() => boolean) | undefined;
  readonly signal: AbortSignal;
}

/** Reads one answer. Throws a CallError, usually through {@link unexpected}, when it is not what was wanted. */
export type AnswerReader<T> = (response: TransportResponse, where: string) => T | Promise<T>;

export interface CallerOptions {
  readonly requestTimeoutMs: number;
  readonly maxResponseBytes: number;
  readonly tls?: TlsOptions | undefined;
}

export interface CallerDependencies {
  readonly clock: Clock;
  /** For the jitter of retries. */
  readonly prng: Prng;
  readonly transport: Transport;
  readonly onRequest?: ((sample: RequestSample) => void) | undefined;
  /** Told of the failures after which a read is tried again. */
  readonly onRetry?: ((error: CallError) => void) | undefined;
}

/** Makes single calls with deadlines, limits, measured outcomes and errors that say what was asked and what came. */
export class Caller {
  readonly #options: CallerOptions;
  readonly #dependencies: CallerDependencies;

  constructor(options: CallerOptions, dependencies: CallerDependencies) {
    this.#options = options;
    this.#dependencies = dependencies;
  }

  get clock(): Clock {
    return this.#dependencies.clock;
  }

  get prng(): Prng {
    return this.#dependencies.prng;
  }

  noteRetry(failed: CallError): void {
    this.#dependencies.onRetry?.(failed);
  }

  get requestTimeoutMs(): number {
    return this.#options.requestTimeoutMs;
  }

  /** One exchange. @throws CallError, or the signal's reason when that aborts. */
  async call<T>(endpoint: Endpoint, call: Call, read: AnswerReader<T>): Promise<T> {
    try {
      return await this.exchange(endpoint, call, read);
    } catch (error) {
      if (error instanceof CallError && error.failure === 'aborted') throw abortReason(call.signal);
      throw error;
    }
  }

  /** The same, but being told to stop is a CallError too, which tells whether anything was sent. */
  async exchange<T>(endpoint: Endpoint, call: Call, read: AnswerReader<T>): Promise<T> {
    const { clock, onRequest } = this.#dependencies;
    const startedMs = clock.monotonicMs();
    let outcome: RequestOutcome | 'aborted' = 'ok';
    try {
      return await this.#attempt(endpoint, call, read);
    } catch (error) {
      outcome = outcomeOf(error);
      throw error;
    } finally {
      // A call that we gave up says nothing about the server.
      if (outcome !== 'aborted')
        onRequest?.({ endpoint: call.operation, outcome, durationMs: clock.monotonicMs() - startedMs });
    }
  }

  async #attempt<T>(endpoint: Endpoint, call: Call, read: AnswerReader<T>): Promise<T> {
    const { clock, transport } = this.#dependencies;
    const headMs = call.timeoutMs ?? this.#options.requestTimeoutMs;
    const deadline = startDeadline(
      clock,
      headMs,
      call.large ? headMs * LARGE_READ_FACTOR : headMs,
      call.signal,
    );
    const where = describeCall(endpoint, call);
    let response: TransportResponse;
    try {
      response = await transport.request({
        method: call.method,
        origin: endpoint.origin,
        path: `${endpoint.basePath}${call.path}`,
        headers: call.headers ?? NO_HEADERS,
        maxResponseBytes: call.large ? LARGE_MAX_RESPONSE_BYTES : this.#options.maxResponseBytes,
        limits: call.limits ?? WHOLE_LIMITS,
        signal: deadline.signal,
        onHead: deadline.onHead,
        ...(call.body === undefined ? {} : { body: call.body }),
        tls: this.#options.tls,
        ...(call.freshConnection ? { freshConnection: true } : {}),
        ...(call.mayStart ? { mayStart: call.mayStart } : {}),
      });
    } catch (error) {
      throw transportFailure(error, where, call.signal, deadline);
    } finally {
      deadline.release();
    }
    if (response.status >= 300 && response.status < 400) throw redirected(response, where);
    try {
      return await read(response, where);
    } catch (error) {
      if (error instanceof CallError) {
        error.retryAfterMs = retryAfterMs(response, clock.now());
        error.isFromGreptimeDb ||= Object.keys(response.headers).some((name) =>
          name.startsWith('x-greptime-'),
        );
      }
      throw error;
    }
  }
}

const NO_HEADERS: Readonly<Record<string, string>> = {};

function describeCall(endpoint: Endpoint, call: Pick<Call, 'method' | 'path' | 'title'>): string {
  const path = call.title === undefined ? call.path : `${call.path.split('?')[0]} (${call.title})`;
  return `${call.method} ${endpoint.label}${path}`;
}

export function abortReason(signal: AbortSignal): Error {
  const reason: unknown = signal.reason;
  return reason instanceof Error ? reason : new DOMException('Aborted', 'AbortError');
}

function outcomeOf(error: unknown): RequestOutcome | 'aborted' {
  if (!(error instanceof CallError)) return 'error';
  const { failure } = error;
  return failure === 'timeout' || failure === 'refused' || failure === 'aborted' ? failure : 'error';
}

interface Deadline {
  readonly signal: AbortSignal;
  readonly onHead: () => void;
  readonly release: () => void;
  /** The limit that was hit, in ms; undefined while none was. */
  expiredMs(): number | undefined;
}

/** Aborts `headMs` from now unless `onHead` was called by then, and `totalMs` from now in any case. */
function startDeadline(clock: Clock, headMs: number, totalMs: number, parent: AbortSignal): Deadline {
  const controller = new AbortController();
  let expiredMs: number | undefined;
  const expireAfter = (limitMs: number): (() => void) =>
    clock.setTimer(limitMs, () => {
      expiredMs = limitMs;
      controller.abort(new DOMException(`No answer within ${limitMs} ms`, 'TimeoutError'));
    });
  const onParent = (): void => controller.abort(abortReason(parent));
  if (parent.aborted) onParent();
  else parent.addEventListener('abort', onParent, { once: true });
  const cancelHead = totalMs > headMs ? expireAfter(headMs) : noop;
  const cancelTotal = expireAfter(totalMs);
  return {
    signal: controller.signal,
    onHead: cancelHead,
    release: () => {
      cancelHead();
      cancelTotal();
      parent.removeEventListener('abort', onParent);
    },
    expiredMs: () => expiredMs,
  };
}

function noop(): void {
  // Nothing to cancel.
}

function transportFailure(error: unknown, where: string, parent: AbortSignal, deadline: Deadline): CallError {
  const sent = !(error instanceof TransportError) || error.sent;
  const message = error instanceof Error ? error.message || error.name : String(error);
  if (parent.aborted) return new CallError(`${where}: stopped`, { failure: 'aborted', sent, cause: error });
  const expiredMs = deadline.expiredMs();
  if (expiredMs !== undefined)
    return new CallError(`${where}: no answer within ${expiredMs} ms`, { failure: 'timeout', sent });
  if (!sent)
    return new CallError(`${where}: no connection: ${message}`, { failure: 'refused', sent, cause: error });
  const failure = error instanceof TransportError && error.code === 'TOO_LARGE' ? 'answer' : 'network';
  const text = failure === 'answer' ? message : `the exchange broke off: ${message}`;
  return new CallError(`${where}: ${text}`, { failure, sent, cause: error });
}

function redirected(response: TransportResponse, where: string): CallError {
  const location = headerOf(response, 'location') ?? 'nowhere';
  const target = location.replace(/\/\/[^/?#]*@/, '//***@').slice(0, 200);
  return new CallError(
    `${where}: expected an answer, got a redirect (HTTP ${response.status}) to ${target}; redirects are not followed`,
    { failure: 'answer', sent: true, status: response.status },
  );
}

/** The first value of a header; the name in lower case. */
export function headerOf(response: TransportResponse, name: string): string | undefined {
  const value = response.headers[name];
  return typeof value === 'string' ? value : value?.[0];
}

/** What `Retry-After` says: seconds, or a date. */
function retryAfterMs(response: TransportResponse, nowMs: number): number | undefined {
  const text = headerOf(response, 'retry-after') ?? '';
  const waitMs = /^\d{1,9}$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - nowMs;
  return Number.isNaN(waitMs) ? undefined : Math.max(0, waitMs);
}

/** Whether a request that gets such a status may soon be served: by a proxy with another server behind it, or by a server that is back. */
function isTransientStatus(status: number): boolean {
  return status === 200 || status >= 500 || [404, 408, 425, 429].includes(status);
}

/** The `Date` header, in ms since 1970: the beginning of the second in which the answer was made. */
export function dateOf(response: TransportResponse): number | undefined {
  const date = headerOf(response, 'date');
  const time = date === undefined ? Number.NaN : Date.parse(date);
  return Number.isFinite(time) ? time : undefined;
}

/** The error for an answer that is not what was wanted: a proxy's page, or one that was cut off. */
export function unexpected(where: string, wanted: string, response: TransportResponse): CallError {
  const status = response.status === 200 ? '' : `HTTP ${response.status} with `;
  return new CallError(`${where}: expected ${wanted}, got ${status}${describeBody(response)}`, {
    failure: 'answer',
    sent: true,
    status: response.status,
    serverText: response.body.slice(0, MAX_SERVER_TEXT),
    isTransient: isTransientStatus(response.status),
  });
}

/** More of a server's text than this is not worth keeping. */
export const MAX_SERVER_TEXT = 2_000;
const EXCERPT_LENGTH = 80;

/** What a body is and how it begins, in one line without control characters. */
export function describeBody(response: TransportResponse): string {
  const trimmed = response.body.slice(0, 4 * EXCERPT_LENGTH).trimStart();
  if (trimmed === '') {
    const grpc = headerOf(response, 'grpc-status');
    return grpc === undefined
      ? 'an empty body'
      : `an empty body with grpc-status ${grpc} (this is a gRPC port that has no such path)`;
  }
  const kind = trimmed.startsWith('<') ? 'HTML or XML' : /^[[{"]/.test(trimmed) ? 'JSON' : 'text';
  return `${kind} (${excerpt(response.body)})`;
}

/** The beginning of a text from outside, fit for a message. */
export function excerpt(text: string, length = EXCERPT_LENGTH): string {
  const line = text
    .slice(0, 4 * length)
    .replace(/[\p{Cc}\s]+/gu, ' ')
    .trim();
  return line.length > length || text.length > 4 * length ? `${line.slice(0, length)}…` : line;
}

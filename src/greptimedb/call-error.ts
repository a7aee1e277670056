import { OperatingError } from '../domain/errors.ts';
import type { TransportResponse } from './http.ts';

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

const UNANSWERED: ReadonlySet<Failure> = new Set(['refused', 'timeout', 'network', 'aborted']);
const GATEWAY_STATUSES: ReadonlySet<number> = new Set([502, 503, 504]);

interface CallErrorDetails {
  readonly failure: Failure;
  /** Default: it was. */
  readonly sent?: boolean;
  readonly status?: number;
  readonly serverText?: string;
  /** Instead of what the failure makes likely. */
  readonly isTransient?: boolean;
  /** Instead of the code that goes with the failure. */
  readonly code?: string;
  readonly cause?: unknown;
}

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

  constructor(message: string, details: CallErrorDetails) {
    super(details.code ?? CODES[details.failure], message, { cause: details.cause });
    this.name = 'CallError';
    this.failure = details.failure;
    this.sent = details.sent ?? true;
    this.status = details.status;
    this.serverText = (details.serverText ?? '').slice(0, MAX_SERVER_TEXT);
    this.isTransient = details.isTransient ?? TRANSIENT.has(details.failure);
  }

  /** Whether the server said anything. A proxy in front of one that does not says 502, 503 or 504. */
  get isAnswered(): boolean {
    if (UNANSWERED.has(this.failure)) return false;
    return this.isFromGreptimeDb || !GATEWAY_STATUSES.has(this.status ?? 200);
  }
}

/** The error for an answer that is not what was wanted: a proxy's page, or one that was cut off. */
export function unexpected(where: string, wanted: string, response: TransportResponse): CallError {
  const status = response.status === 200 ? '' : `HTTP ${response.status} with `;
  return new CallError(`${where}: expected ${wanted}, got ${status}${describeBody(response)}`, {
    failure: 'answer',
    status: response.status,
    serverText: response.body,
    isTransient: isTransientStatus(response.status),
  });
}

/** Whether a request that gets such a status may soon be served: by a proxy with another server behind it, or by a server that is back. */
function isTransientStatus(status: number): boolean {
  return status === 200 || status >= 500 || [404, 408, 425, 429].includes(status);
}

/** An error about one place in an otherwise readable answer. */
export function malformed(where: string, place: string, wanted: string, found: unknown): CallError {
  const text = found === undefined ? 'nothing' : excerpt(JSON.stringify(found));
  return new CallError(`${where}: ${place}: expected ${wanted}, got ${text}`, { failure: 'answer' });
}

/** More of a server's text than this is not worth keeping. */
const MAX_SERVER_TEXT = 2_000;
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

/** The first value of a header; the name in lower case. */
export function headerOf(response: TransportResponse, name: string): string | undefined {
  const value = response.headers[name];
  return typeof value === 'string' ? value : value?.[0];
}

/** The `Date` header, in ms since 1970: the beginning of the second in which the answer was made. */
export function dateOf(response: TransportResponse): number | undefined {
  const time = Date.parse(headerOf(response, 'date') ?? '');
  return Number.isFinite(time) ? time : undefined;
}

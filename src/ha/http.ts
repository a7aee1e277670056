import { Agent, buildConnector, request } from 'undici';
import { describeError, OperatingError } from '../domain/errors.ts';
import { readBoundedText } from '../lib/bounded-text.ts';
import type { TextLimits } from '../lib/bounded-text.ts';
import { deadlineSignal, type Clock } from '../lib/clock.ts';
import { nodeTlsOptions, type TlsOptions } from '../lib/tls.ts';

export interface JsonRequest {
  readonly method: 'GET' | 'POST' | 'PUT';
  /** `https://host:port/path` */
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

export interface JsonResponse {
  readonly status: number;
  readonly text: string;
}

/** Sends JSON, receives text. Nothing is retried, no redirect is followed. */
export interface JsonHttp {
  /** @throws OperatingError `lock-unreachable`, or the signal's reason. */
  send(request: JsonRequest): Promise<JsonResponse>;
  close(): Promise<void>;
}

const ANSWER_LIMITS: TextLimits = {
  maxBytes: 4_194_304,
  tooLarge: (message) => new Error(`the answer is ${message}`),
};

export function createJsonHttp(tls: TlsOptions, { clock }: { readonly clock: Clock }): JsonHttp {
  const agent = new Agent({
    connections: 4,
    pipelining: 1,
    headersTimeout: 0,
    bodyTimeout: 0,
    // Built for each connection: certificates may have been renewed since the last one.
    connect: (target, done) => buildConnector(nodeTlsOptions(tls))(target, done),
  });
  return {
    async send({ method, url, headers, body, timeoutMs, signal }) {
      const limit = deadlineSignal(clock, timeoutMs, signal);
      try {
        const response = await request(url, {
          dispatcher: agent,
          method,
          headers: { accept: 'application/json', 'content-type': 'application/json', ...headers },
          ...(body !== undefined && { body: JSON.stringify(body) }),
          signal: limit.signal,
        });
        return { status: response.statusCode, text: await readBoundedText(response.body, ANSWER_LIMITS) };
      } catch (error) {
        signal.throwIfAborted();
        throw new OperatingError('lock-unreachable', `${method} ${url}: ${describeError(error)}`, {
          cause: error,
        });
      } finally {
        limit.release();
      }
    },
    close: () => agent.destroy(),
  };
}

/** Parses an answer. @throws OperatingError that names the request and shows the beginning of the answer. */
export function parseAnswer<T>(
  where: string,
  text: string,
  parse: (value: unknown) => { readonly success: true; readonly data: T } | { readonly success: false },
): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  const parsed = parse(value);
  if (parsed.success) return parsed.data;
  throw new OperatingError(
    'lock-answer',
    `${where}: got an answer that is not understood: ${text.slice(0, 200)}`,
  );
}

import { Agent, buildConnector, request } from 'undici';
import type { z } from 'zod';
import { describeError, OperatingError } from '../domain/errors.ts';
import { readBoundedText } from '../lib/bounded-text.ts';
import type { TextLimits } from '../lib/bounded-text.ts';
import { deadlineSignal, type Clock } from '../lib/clock.ts';
import { parsedOrUndefined } from '../lib/json.ts';
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

/** How many times as long as the last answer took the next one may take. */
const SLACK = 4;

/**
 * Requests that wait a short time at first, so that a lost message, or an endpoint that is gone, costs little; twice as long after each
 * answer that did not come, up to what the request allows, so that a server that is only slow is heard as well.
 *
 * @param options.firstMs how long an answer is waited for at first, and again as soon as answers come fast.
 */
export function withPatience(
  http: JsonHttp,
  { firstMs }: { readonly firstMs: number },
  { clock }: { readonly clock: Clock },
): JsonHttp {
  /** By origin: one that is gone says nothing about the others. There are as many as are configured. */
  const patienceMs = new Map<string, number>();
  return {
    async send(request) {
      const { origin } = new URL(request.url);
      const timeoutMs = Math.min(request.timeoutMs, patienceMs.get(origin) ?? firstMs);
      const startedMs = clock.monotonicMs();
      try {
        const response = await http.send({ ...request, timeoutMs });
        patienceMs.set(origin, Math.max(firstMs, SLACK * (clock.monotonicMs() - startedMs)));
        return response;
      } catch (error) {
        patienceMs.set(origin, Math.max(firstMs, Math.min(request.timeoutMs, 2 * timeoutMs)));
        throw error;
      }
    },
    close: () => http.close(),
  };
}

/** Parses an answer. @throws OperatingError that names the request and shows the beginning of the answer. */
export function parseAnswer<T>(where: string, text: string, schema: z.ZodType<T>): T {
  const parsed = schema.safeParse(parsedOrUndefined(text));
  if (parsed.success) return parsed.data;
  throw new OperatingError(
    'lock-answer',
    `${where}: got an answer that is not understood: ${text.slice(0, 200)}`,
  );
}

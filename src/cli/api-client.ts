import { readFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import type { z } from 'zod';
import { COMMAND_VARIABLES } from '../config/command-variables.ts';
import { OperatingError, UsageError } from '../domain/errors.ts';
import { checkValue } from '../domain/schema-problems.ts';
import { readBoundedText } from '../lib/bounded-text.ts';
import type { TextLimits } from '../lib/bounded-text.ts';
import { deadlineSignal } from '../lib/clock.ts';
import type { Clock } from '../lib/clock.ts';
import { parsedOrUndefined } from '../lib/json.ts';
import { maskUserInfo } from '../lib/user-info.ts';
import type { Readiness } from '../server/api/answers.ts';
import type { AskDaemon, DaemonRequest } from './ask-daemon.ts';
import { printable } from './render/text.ts';

export interface ApiClientOptions {
  /** `http://127.0.0.1:9480` */
  readonly url: string;
  readonly tokenFile?: string | undefined;
  /** The file of the certificate that this very daemon shows; else the authorities that Node trusts decide. */
  readonly certFile?: string | undefined;
  readonly timeoutMs: number;
}

export interface ApiClientDependencies {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly ask: AskDaemon;
}

/** Calls a running daemon. All reject with an OperatingError that names the address and what went wrong. */
export interface ApiClient {
  get<T>(
    path: string,
    schema: z.ZodType<T>,
    query?: Readonly<Record<string, string | undefined>>,
  ): Promise<T>;
  /** @param action of `/api/v1/`, for which this user of the machine is named as who asks. */
  post<T>(action: string, schema: z.ZodType<T>, body?: object): Promise<T>;
  /** Whether the daemon can do its work, and what is missing. */
  readiness(): Promise<Readiness>;
}

/** Answers are short but for the history, which has at most 1 000 moves. */
const ANSWER_LIMITS: TextLimits = {
  maxBytes: 64 * 1_024 * 1_024,
  tooLarge: (message) => new OperatingError('answer-too-large', `The answer is ${message}`),
};

export function createApiClient(options: ApiClientOptions, dependencies: ApiClientDependencies): ApiClient {
  const base = baseUrl(options.url);
  const call = async <T>(
    target: string,
    schema: z.ZodType<T>,
    init: Pick<DaemonRequest, 'method' | 'body'>,
    alsoGood?: number,
  ): Promise<T> => {
    const headers: Record<string, string> = { accept: 'application/json' };
    if (options.tokenFile !== undefined) headers['authorization'] = await bearer(options.tokenFile);
    if (init.body !== undefined) headers['content-type'] = 'application/json';
    const certificate =
      options.certFile === undefined ? undefined : await readText('server.tls.certFile', options.certFile);
    const deadline = deadlineSignal(dependencies.clock, options.timeoutMs, dependencies.signal);
    try {
      const response = await dependencies.ask(target, {
        ...init,
        headers,
        certificate,
        signal: deadline.signal,
      });
      const text = response.body ? await readBoundedText(response.body, ANSWER_LIMITS) : '';
      const { status } = response;
      const isGood = (status >= 200 && status < 300) || status === alsoGood;
      return await readAnswer({ status, isGood }, text, schema, target);
    } catch (error) {
      if (dependencies.signal.aborted || error instanceof OperatingError) throw error;
      throw new OperatingError('unreachable', `${target} did not answer; is the daemon running there?`, {
        cause: error,
      });
    } finally {
      deadline.release();
    }
  };
  return {
    get: (path, schema, query = {}) => call(`${base}${path}${queryText(query)}`, schema, { method: 'GET' }),
    readiness: async () => {
      const { readinessSchema } = await import('../server/api/answers.ts');
      return call(`${base}/readyz`, readinessSchema, { method: 'GET' }, 503);
    },
    post: (action, schema, body = {}) => {
      const text = JSON.stringify({ ...body, by: actor() });
      return call(`${base}/api/v1/${action}`, schema, { method: 'POST', body: text });
    },
  };
}

/** Who acts, for the daemon's history. */
function actor(): string {
  try {
    return userInfo().username.slice(0, MAX_ACTOR);
  } catch {
    // A container may run as a user that has no name.
    return 'command line';
  }
}

const MAX_ACTOR = 100;

function baseUrl(text: string): string {
  const url = URL.parse(text);
  if (url && (url.protocol === 'http:' || url.protocol === 'https:') && !hasUserInfo(url))
    return `${url.origin}${url.pathname.replace(/\/+$/, '')}`;
  throw new UsageError(
    `--url: found ${JSON.stringify(maskUserInfo(text))}, wanted an address such as http://127.0.0.1:9480`,
  );
}

function hasUserInfo({ username, password }: URL): boolean {
  return username !== '' || password !== '';
}

async function bearer(tokenFile: string): Promise<string> {
  const token = (await readText('--token-file', tokenFile)).trim();
  if (/^[\x21-\x7e]+$/.test(token)) return `Bearer ${token}`;
  throw new UsageError(`--token-file: ${tokenFile} does not hold a token (one word of printable ASCII)`);
}

async function readText(option: string, path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new UsageError(`${option}: reading ${path} failed`, { cause: error });
  }
}

function queryText(query: Readonly<Record<string, string | undefined>>): string {
  const params = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) if (value !== undefined) params.set(key, value);
  return params.size === 0 ? '' : `?${params.toString()}`;
}

async function readAnswer<T>(
  { status, isGood }: { readonly status: number; readonly isGood: boolean },
  text: string,
  schema: z.ZodType<T>,
  target: string,
): Promise<T> {
  const body = parsedOrUndefined(text, JSON.parse);
  const answer = checkValue(schema, body);
  if (isGood && 'value' in answer) return answer.value;
  const { errorSchema } = await import('../server/api/answers.ts');
  const refusal = errorSchema.safeParse(body);
  if (refusal.success) {
    const { code, message } = refusal.data.error;
    const hint = status === 401 ? TOKEN_HINT : '';
    throw new OperatingError(
      code,
      `The daemon refused (${status} ${printable(code)}): ${printable(message)}${hint}`,
    );
  }
  if (!isGood) throw new OperatingError('http', `${target} answered with HTTP status ${status}`);
  const isJson = body !== undefined && 'problems' in answer;
  const fault = isJson ? `not what was expected: ${printable(answer.problems[0] ?? '')}` : 'not JSON';
  throw new OperatingError(
    'unexpected-answer',
    `The answer of ${target} is ${fault}; is it a greptime-rebalancer?`,
  );
}

const TOKEN_HINT = ` Give the token with --token-file FILE or ${COMMAND_VARIABLES.tokenFile}.`;

import { z } from 'zod';
import { OperatingError } from '../domain/errors.ts';
import { parsedOrUndefined } from '../lib/json.ts';
import type { Login } from '../lib/secret.ts';
import { parseAnswer, type JsonHttp, type JsonResponse } from './http.ts';

export interface EtcdClientOptions {
  /** Origins without a slash at the end. At least one. */
  readonly endpoints: readonly string[];
  readonly login?: Login | undefined;
  readonly requestTimeoutMs: number;
}

const authAnswer = z.object({ token: z.string().min(1) });
const problem = z.object({ message: z.string().optional(), error: z.string().optional() });

/**
 * Calls etcd's JSON gateway (v3.4 and later: `/v3/…`), at the endpoint that answered last, and at the others when that fails. Whatever is
 * asked here may be asked twice: transactions compare, and a lease too many runs out.
 */
export class EtcdClient {
  readonly #options: EtcdClientOptions;
  readonly #http: JsonHttp;
  #first = 0;
  #token: string | undefined;

  constructor(options: EtcdClientOptions, http: JsonHttp) {
    this.#options = options;
    this.#http = http;
  }

  /** @throws OperatingError when no endpoint gives a usable answer; the signal's reason. */
  async call<T>(path: string, body: object, schema: z.ZodType<T>, signal: AbortSignal): Promise<T> {
    const { endpoints } = this.#options;
    let failure: unknown;
    for (let tried = 0; tried < endpoints.length; tried += 1) {
      const index = (this.#first + tried) % endpoints.length;
      const where = `${endpoints[index] ?? ''}${path}`;
      try {
        const { text } = await this.#authorized(endpoints[index] ?? '', path, body, signal);
        this.#first = index;
        return parseAnswer(where, text, schema);
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof OperatingError)) throw error;
        failure = error;
      }
    }
    throw failure instanceof OperatingError ? failure : new OperatingError('lock-unreachable', 'No endpoint');
  }

  close(): Promise<void> {
    return this.#http.close();
  }

  /** A token lives for minutes (`--auth-token-ttl`); one that is refused is asked for anew, once. */
  async #authorized(origin: string, path: string, body: object, signal: AbortSignal): Promise<JsonResponse> {
    const hadToken = this.#token !== undefined;
    if (this.#options.login && !hadToken) this.#token = await this.#logIn(origin, signal);
    const answer = await this.#send(origin, path, body, signal);
    if (answer.status === 200) return answer;
    if (!hadToken || !isTokenRefused(answer)) throw etcdError(`${origin}${path}`, answer);
    this.#token = await this.#logIn(origin, signal);
    const second = await this.#send(origin, path, body, signal);
    if (second.status === 200) return second;
    throw etcdError(`${origin}${path}`, second);
  }

  async #logIn(origin: string, signal: AbortSignal): Promise<string | undefined> {
    const { login } = this.#options;
    if (!login) return undefined;
    this.#token = undefined;
    const path = '/v3/auth/authenticate';
    const body = { name: login.username, password: login.password.reveal() };
    const answer = await this.#send(origin, path, body, signal);
    if (answer.status !== 200) throw etcdError(`${origin}${path}`, answer);
    return parseAnswer(`${origin}${path}`, answer.text, authAnswer).token;
  }

  #send(origin: string, path: string, body: object, signal: AbortSignal): Promise<JsonResponse> {
    return this.#http.send({
      method: 'POST',
      url: `${origin}${path}`,
      ...(this.#token !== undefined && { headers: { authorization: this.#token } }),
      body,
      timeoutMs: this.#options.requestTimeoutMs,
      signal,
    });
  }
}

/** etcd: `rpctypes.ErrInvalidAuthToken`, or an old revision of the accounts. */
function isTokenRefused({ status, text }: JsonResponse): boolean {
  return status === 401 || text.includes('invalid auth token') || text.includes('auth revision');
}

function etcdError(where: string, { status, text }: JsonResponse): OperatingError {
  const parsed = problem.safeParse(parsedOrUndefined(text));
  const message = parsed.data?.message ?? parsed.data?.error ?? text;
  return new OperatingError('lock-error', `${where}: etcd answered HTTP ${status}: ${message.slice(0, 200)}`);
}

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { describeError, OperatingError } from '../domain/errors.ts';
import type { Clock } from '../lib/clock.ts';
import type { TlsOptions } from '../lib/tls.ts';
import { parseAnswer, type JsonHttp, type JsonResponse } from './http.ts';

/** What is needed of the API server. A value that is no error is an answer of its kind; anything else throws an OperatingError. */
export interface KubernetesClient {
  get(name: string, signal: AbortSignal): Promise<unknown>;
  /** @returns `conflict` when it exists already. */
  create(object: object, signal: AbortSignal): Promise<unknown>;
  /** @returns `conflict` when the object's resource version is not the newest any more. */
  replace(name: string, object: object, signal: AbortSignal): Promise<unknown>;
  close(): Promise<void>;
}

export interface KubernetesClientOptions {
  /** `https://kubernetes.default.svc` */
  readonly endpoint: string;
  /** Default: the pod's own, from a file beside the token. */
  readonly namespace?: string;
  /** The folder of the service account. Its token is renewed in place, hourly, and read again after a while. */
  readonly serviceAccount: string;
  readonly requestTimeoutMs: number;
}

export interface KubernetesClientDependencies {
  readonly clock: Clock;
  readonly createHttp: (tls: TlsOptions) => JsonHttp;
}

/** How long a token that was read is used: well below the time that the kubelet renews it before its end. */
const TOKEN_REREAD_MS = 60_000;
const answerSchema = z.record(z.string(), z.unknown());
const statusSchema = z.object({ message: z.string().default(''), reason: z.string().default('') });

interface Access {
  readonly token: string;
  readonly ca: string;
  readonly namespace: string;
  readonly readMs: number;
}

/** Leases over the API server's REST interface, with the pod's service account. */
export class ServiceAccountClient implements KubernetesClient {
  readonly #options: KubernetesClientOptions;
  readonly #dependencies: KubernetesClientDependencies;
  #access: Access | undefined;
  #http: { readonly ca: string; readonly http: JsonHttp } | undefined;

  constructor(options: KubernetesClientOptions, dependencies: KubernetesClientDependencies) {
    this.#options = options;
    this.#dependencies = dependencies;
  }

  async get(name: string, signal: AbortSignal): Promise<unknown> {
    const answer = await this.#send('GET', `/${name}`, undefined, signal);
    return answer.status === 404 ? 'absent' : this.#read('GET', name, answer);
  }

  async create(object: object, signal: AbortSignal): Promise<unknown> {
    const answer = await this.#send('POST', '', object, signal);
    return answer.status === 409 ? 'conflict' : this.#read('POST', '', answer);
  }

  async replace(name: string, object: object, signal: AbortSignal): Promise<unknown> {
    const answer = await this.#send('PUT', `/${name}`, object, signal);
    return answer.status === 409 ? 'conflict' : this.#read('PUT', name, answer);
  }

  async close(): Promise<void> {
    await this.#http?.http.close();
  }

  async #send(
    method: 'GET' | 'POST' | 'PUT',
    path: string,
    body: object | undefined,
    signal: AbortSignal,
  ): Promise<JsonResponse> {
    const { token, ca, namespace } = await this.#authorize();
    const http = await this.#httpFor(ca);
    const { endpoint, requestTimeoutMs: timeoutMs } = this.#options;
    const answer = await http.send({
      method,
      url: `${endpoint}/apis/coordination.k8s.io/v1/namespaces/${encodeURIComponent(namespace)}/leases${path}`,
      headers: { authorization: `Bearer ${token}` },
      ...(body && { body }),
      timeoutMs,
      signal,
    });
    if (answer.status === 401) this.#access = undefined;
    return answer;
  }

  #read(method: string, name: string, { status, text }: JsonResponse): unknown {
    const where = `${method} Lease ${name}`;
    if (status === 200 || status === 201)
      return parseAnswer(where, text, (value) => answerSchema.safeParse(value));
    const { message, reason } = parseAnswer(where, text, (value) => statusSchema.safeParse(value));
    throw new OperatingError(
      'lock-error',
      `${where}: the API server answered HTTP ${status} ${reason}: ${message.slice(0, 300)}`,
    );
  }

  async #authorize(): Promise<Access> {
    const nowMs = this.#dependencies.clock.monotonicMs();
    const known = this.#access;
    if (known && nowMs - known.readMs < TOKEN_REREAD_MS) return known;
    const { serviceAccount, namespace } = this.#options;
    this.#access = {
      token: await readLine(join(serviceAccount, 'token')),
      ca: await readText(join(serviceAccount, 'ca.crt')),
      namespace: namespace ?? (await readLine(join(serviceAccount, 'namespace'))),
      readMs: nowMs,
    };
    return this.#access;
  }

  async #httpFor(ca: string): Promise<JsonHttp> {
    if (this.#http?.ca === ca) return this.#http.http;
    await this.#http?.http.close();
    const http = this.#dependencies.createHttp({ ca });
    this.#http = { ca, http };
    return http;
  }
}

async function readLine(path: string): Promise<string> {
  const text = (await readText(path)).trim();
  if (text === '' || /\p{Cc}/u.test(text))
    throw new OperatingError('lock-credentials', `The file ${path} should hold one line of text`);
  return text;
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new OperatingError('lock-credentials', `Reading ${path}: ${describeError(cause)}`, { cause });
  }
}

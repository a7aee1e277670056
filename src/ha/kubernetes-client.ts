import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { describeError, OperatingError } from '../domain/errors.ts';
import type { Clock } from '../lib/clock.ts';
import type { TlsOptions } from '../lib/tls.ts';
import { parseAnswer, type JsonHttp, type JsonRequest, type JsonResponse } from './http.ts';

/** What is needed of the API server. */
export interface LeaseClient {
  /** Undefined where there is none. */
  get(name: string, signal: AbortSignal): Promise<unknown>;
  /**
   * Creates it, or replaces the version that it names.
   *
   * @returns what was written; undefined when it exists already, or the version is not the newest any more.
   */
  put(name: string, lease: LeaseObject, signal: AbortSignal): Promise<unknown>;
  close(): Promise<void>;
}

export interface LeaseObject {
  readonly metadata: { readonly resourceVersion?: string; readonly [field: string]: unknown };
  readonly [field: string]: unknown;
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
export class ServiceAccountClient implements LeaseClient {
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
    return answer.status === 404 ? undefined : read(`GET Lease ${name}`, answer);
  }

  async put(name: string, lease: LeaseObject, signal: AbortSignal): Promise<unknown> {
    const isNew = lease.metadata.resourceVersion === undefined;
    const method = isNew ? 'POST' : 'PUT';
    const answer = await this.#send(method, isNew ? '' : `/${name}`, lease, signal);
    return answer.status === 409 ? undefined : read(`${method} Lease ${isNew ? '' : name}`, answer);
  }

  async close(): Promise<void> {
    await this.#http?.http.close();
  }

  async #send(
    method: JsonRequest['method'],
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

function read(where: string, { status, text }: JsonResponse): unknown {
  if (status === 200 || status === 201) return parseAnswer(where, text, answerSchema);
  const { message, reason } = parseAnswer(where, text, statusSchema);
  throw new OperatingError(
    'lock-error',
    `${where}: the API server answered HTTP ${status} ${reason}: ${message.slice(0, 300)}`,
  );
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

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { describeError, OperatingError } from '../domain/errors.ts';
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
  /** The folder of the service account. Its token is renewed in place, hourly: each request reads it. */
  readonly serviceAccount: string;
  readonly requestTimeoutMs: number;
}

const answerSchema = z.record(z.string(), z.unknown());
const statusSchema = z.object({ message: z.string().default(''), reason: z.string().default('') });

/** Leases over the API server's REST interface, with the pod's service account. */
export class ServiceAccountClient implements LeaseClient {
  readonly #options: KubernetesClientOptions;
  readonly #http: JsonHttp;
  /** Each connection asks for it. */
  readonly #tls: { ca?: string } = {};

  constructor(
    options: KubernetesClientOptions,
    { createHttp }: { readonly createHttp: (tls: TlsOptions) => JsonHttp },
  ) {
    this.#options = options;
    this.#http = createHttp(this.#tls);
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

  close(): Promise<void> {
    return this.#http.close();
  }

  async #send(
    method: JsonRequest['method'],
    path: string,
    body: object | undefined,
    signal: AbortSignal,
  ): Promise<JsonResponse> {
    const { endpoint, serviceAccount, namespace, requestTimeoutMs: timeoutMs } = this.#options;
    const token = await readLine(join(serviceAccount, 'token'));
    this.#tls.ca = await readText(join(serviceAccount, 'ca.crt'));
    const space = encodeURIComponent(namespace ?? (await readLine(join(serviceAccount, 'namespace'))));
    return this.#http.send({
      method,
      url: `${endpoint}/apis/coordination.k8s.io/v1/namespaces/${space}/leases${path}`,
      headers: { authorization: `Bearer ${token}` },
      ...(body && { body }),
      timeoutMs,
      signal,
    });
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

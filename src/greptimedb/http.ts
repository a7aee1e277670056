import { StringDecoder } from 'node:string_decoder';
import { Agent, buildConnector, Client } from 'undici';
import type { Dispatcher } from 'undici';
import { nodeTlsOptions } from '../lib/tls.ts';
import type { TlsOptions } from '../lib/tls.ts';
import { JsonMeter } from './json-meter.ts';
import type { AnswerLimits } from './json-meter.ts';

/** One HTTP exchange. Nothing is retried, no redirect is followed. */
export interface Transport {
  /** Rejects with a {@link TransportError}, or with the signal's reason. Any other error counts as `sent`. */
  request(request: TransportRequest): Promise<TransportResponse>;
  close(): Promise<void>;
}

export interface TransportRequest {
  readonly method: 'GET' | 'POST';
  /** `scheme://host:port` */
  readonly origin: string;
  /** Path and query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Larger answers are an error, as soon as that is known. */
  readonly maxResponseBytes: number;
  /** The same for what the answer holds. */
  readonly limits: AnswerLimits;
  readonly signal: AbortSignal;
  readonly tls?: TlsOptions | undefined;
  /** Take a connection of its own, so that an idle one which the server just closed cannot lose the request. */
  readonly freshConnection?: boolean;
  /** Asked right before the first byte leaves; nothing is sent when it says no. */
  readonly mayStart?: () => boolean;
  /** Called when the head of the answer is there. */
  readonly onHead?: () => void;
}

export interface TransportResponse {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: string;
}

export class TransportError extends Error {
  /** Whether a byte of the request may have left. False is certain. */
  readonly sent: boolean;
  readonly code: string;

  constructor(message: string, options: { sent: boolean; code: string; cause?: unknown }) {
    super(message, { cause: options.cause });
    this.name = 'TransportError';
    this.sent = options.sent;
    this.code = options.code;
  }
}

/** Connections to one origin. More would not make metasrv or a frontend answer sooner. */
const MAX_CONNECTIONS = 16;

/** The network, over undici: one pool of keep-alive connections per origin and TLS setting. */
export function createHttpTransport(options: { connectTimeoutMs: number }): Transport {
  const agents = new Map<TlsOptions | undefined, Agent>();
  const agentFor = ({ tls }: TransportRequest): Agent => {
    const agent =
      agents.get(tls) ?? new Agent({ ...connectionOptions(tls, options), connections: MAX_CONNECTIONS });
    agents.set(tls, agent);
    return agent;
  };
  return {
    async request(request) {
      if (!request.freshConnection) return exchange(agentFor(request), request);
      const client = new Client(request.origin, connectionOptions(request.tls, options));
      try {
        return await exchange(client, request);
      } finally {
        void client.destroy().catch(() => undefined);
      }
    },
    async close() {
      const open = [...agents.values()];
      agents.clear();
      await Promise.allSettled(open.map((agent) => agent.destroy()));
    },
  };
}

/** The transport that was passed in, which is its owner's to close, or one of our own. */
export function transportOf(given: Transport | undefined, connectTimeoutMs: number): Transport {
  if (!given) return createHttpTransport({ connectTimeoutMs });
  return { request: (request) => given.request(request), close: () => Promise.resolve() };
}

function connectionOptions(
  tls: TlsOptions | undefined,
  options: { connectTimeoutMs: number },
): Client.Options {
  return {
    allowH2: false,
    pipelining: 1,
    // The caller's deadline bounds the whole call; these two would only add a second, coarser one.
    headersTimeout: 0,
    bodyTimeout: 0,
    maxHeaderSize: 64 * 1024,
    // Built for each connection: certificates may have been renewed since the last one.
    connect: (target, done) =>
      buildConnector({
        allowH2: false,
        timeout: options.connectTimeoutMs,
        ...(tls && nodeTlsOptions(tls)),
      })(target, done),
  };
}

function exchange(dispatcher: Dispatcher, request: TransportRequest): Promise<TransportResponse> {
  return new Promise((resolve, reject) => {
    const { signal } = request;
    if (signal.aborted) {
      const details = { sent: false, code: 'ABORTED', cause: signal.reason as unknown };
      reject(new TransportError('Stopped before it was sent', details));
      return;
    }
    dispatcher.dispatch(
      {
        origin: request.origin,
        method: request.method,
        path: request.path,
        headers: { ...request.headers },
        body: request.body ?? null,
      },
      new ExchangeHandler(request, resolve, reject),
    );
  });
}

/** Chunks of a large answer that are turned into text in one go: of 64 KiB each, where the network is fast. */
const CHUNKS_AT_ONCE = 16;

/** Collects one answer. A class rather than closures, because thousands of these live at once in a large read. */
class ExchangeHandler implements Dispatcher.DispatchHandler {
  readonly #request: TransportRequest;
  readonly #resolve: (response: TransportResponse) => void;
  readonly #reject: (error: Error) => void;
  readonly #onAbort: () => void;
  #controller: Dispatcher.DispatchController | undefined;
  #status = 0;
  #headers: TransportResponse['headers'] = {};
  /** The beginning of the answer; what came since is in the chunks. */
  #text = '';
  #chunks: Buffer[] = [];
  #bytes = 0;
  /** Keeps the beginning of a character that was cut in two. */
  readonly #decoder = new StringDecoder('utf8');
  readonly #meter: JsonMeter;
  #settled = false;

  constructor(
    request: TransportRequest,
    resolve: (response: TransportResponse) => void,
    reject: (error: Error) => void,
  ) {
    this.#request = request;
    this.#meter = new JsonMeter(request.limits);
    this.#resolve = resolve;
    this.#reject = reject;
    this.#onAbort = () =>
      this.#fail('ABORTED', 'Stopped while waiting for the answer', request.signal.reason);
    request.signal.addEventListener('abort', this.#onAbort, { once: true });
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    // Called right before the first byte is written: aborting here leaves nothing sent.
    if (this.#settled) controller.abort(new Error('Stopped before it was sent'));
    else if (this.#request.mayStart?.() === false) this.#refuse(controller);
    else this.#controller = controller;
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: TransportResponse['headers'],
  ): void {
    if (this.#settled) return;
    this.#status = status;
    this.#headers = headers;
    const announced = Number(headers['content-length'] ?? 0);
    if (announced > this.#request.maxResponseBytes) this.#tooManyBytes(`${announced} bytes announced`);
    this.#request.onHead?.();
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#settled) return;
    this.#bytes += chunk.length;
    if (this.#bytes > this.#request.maxResponseBytes) {
      this.#tooManyBytes(`stopped after ${this.#bytes} bytes`);
      return;
    }
    const excess = this.#meter.add(chunk);
    if (excess !== undefined) {
      this.#fail('TOO_LARGE', `the answer is too large: ${excess} (stopped after ${this.#bytes} bytes)`);
      return;
    }
    this.#chunks.push(chunk);
    // As it comes: all of a hundred megabytes at the end would hold up the thread.
    if (this.#chunks.length >= CHUNKS_AT_ONCE) this.#decode();
  }

  onResponseEnd(): void {
    if (this.#settled) return;
    this.#settle();
    this.#decode();
    const body = this.#text + this.#decoder.end();
    this.#resolve({ status: this.#status, headers: this.#headers, body });
  }

  onResponseError(_controller: unknown, error: Error): void {
    if (this.#settled) return;
    const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name;
    this.#fail(code, error.message || code, error);
  }

  #decode(): void {
    this.#text += this.#decoder.write(Buffer.concat(this.#chunks));
    this.#chunks = [];
  }

  #refuse(controller: Dispatcher.DispatchController): void {
    this.#fail('NOT_ALLOWED', 'Not allowed any more when it was about to be sent');
    controller.abort(new Error('Not allowed any more'));
  }

  #tooManyBytes(found: string): void {
    const limit = this.#request.maxResponseBytes;
    this.#fail('TOO_LARGE', `the answer is larger than the limit of ${limit} bytes (${found})`);
  }

  #fail(code: string, message: string, cause?: unknown): void {
    if (this.#settled) return;
    const sent = this.#controller !== undefined;
    this.#settle();
    this.#controller?.abort(new Error(message));
    this.#reject(new TransportError(message, { sent, code, cause }));
  }

  #settle(): void {
    this.#settled = true;
    this.#request.signal.removeEventListener('abort', this.#onAbort);
  }
}

import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { listenError } from '../../domain/listen-error.ts';
import { describeError, isAbort } from '../../domain/errors.ts';
import { sleep } from '../../lib/clock.ts';
import type { Clock } from '../../lib/clock.ts';
import type { SimulatedCluster } from '../cluster/cluster.ts';
import { answerControl } from './control.ts';
import { JSON_TYPE, SimulatedNetworkError } from './http.ts';
import type { SimExchange, SimRequest } from './http.ts';

export interface ServeOptions {
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Port by target name; absent or 0 takes a free one. */
  readonly ports?: Readonly<Record<string, number>>;
  /** Port of the control endpoint; absent or 0 takes a free one; null: no control endpoint. */
  readonly controlPort?: number | null;
}

export interface ServedCluster {
  /** URLs of the metasrvs' :3002-style ports. */
  readonly metasrv: readonly string[];
  /** URLs of the metasrvs' :4000-style ports; empty before 0.15.5. */
  readonly metasrvHttp: readonly string[];
  /** URLs of the frontends. */
  readonly frontend: readonly string[];
  /** URL of the control endpoint, or null. */
  readonly control: string | null;
  /** Stops listening and breaks every connection. Does not close the cluster itself. */
  close(): Promise<void>;
}

const MAX_REQUEST_BYTES = 4 * 1024 * 1024;

/** A request, whatever server it is for. */
type Received = Omit<Required<SimRequest>, 'target'>;
type Answer = (request: Received, signal: AbortSignal) => Promise<SimExchange>;

/**
 * Listens for every server of a cluster, and tells the cluster its real addresses.
 *
 * @throws Error of node:net when a port is taken.
 */
export async function serveSimulatedCluster(
  cluster: SimulatedCluster,
  { host = '127.0.0.1', ports = {}, controlPort = 0 }: ServeOptions,
  { clock }: { clock: Clock },
): Promise<ServedCluster> {
  const servers: Server[] = [];
  const open = (port: number, answer: Answer): Promise<string> => {
    const server = serverFor(answer, clock);
    servers.push(server);
    return listen(server, host, port);
  };
  const urls = new Map<string, string>();
  try {
    for (const target of cluster.targets) {
      const authority = await open(ports[target] ?? 0, (request, signal) =>
        cluster.exchange({ target, ...request }, signal),
      );
      cluster.setAddress(target, authority);
      urls.set(target, `http://${authority}`);
    }
    const control =
      controlPort === null
        ? null
        : `http://${await open(controlPort, (request) => controlled(cluster, request))}`;
    const matching = (pattern: RegExp): string[] =>
      [...urls].filter(([target]) => pattern.test(target)).map(([, url]) => url);
    return {
      metasrv: matching(/^metasrv-\d+$/),
      metasrvHttp: matching(/^metasrv-\d+-http$/),
      frontend: matching(/^frontend-\d+$/),
      control,
      close: () => closeAll(servers),
    };
  } catch (error) {
    await closeAll(servers);
    throw error;
  }
}

function controlled(cluster: SimulatedCluster, request: Received): Promise<SimExchange> {
  const { status, json } = answerControl(cluster, request);
  return Promise.resolve({ status, headers: JSON_TYPE, body: `${json}\n`, bodyDelayMs: 0 });
}

function serverFor(answer: Answer, clock: Clock): Server {
  return createServer((incoming, outgoing) => {
    const gone = new AbortController();
    outgoing.on('close', () => gone.abort(new DOMException('The client went away', 'AbortError')));
    readRequest(incoming)
      .then((request) => answer(request, gone.signal))
      .then((exchange) => send(outgoing, exchange, clock, gone.signal))
      .catch((error: unknown) => {
        // A broken connection is all that a client may see of a lost answer or a stopped server.
        incoming.socket.destroy();
        if (!(error instanceof SimulatedNetworkError) && !isAbort(error)) throw error;
      });
  });
}

async function send(
  outgoing: ServerResponse,
  { status, headers, body, bodyDelayMs }: SimExchange,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  const bytes = Buffer.from(body);
  outgoing.writeHead(status, { ...headers, 'content-length': bytes.length });
  if (bodyDelayMs > 0) {
    outgoing.write(bytes.subarray(0, 1));
    await sleep(clock, bodyDelayMs, signal);
  }
  outgoing.end(bodyDelayMs > 0 ? bytes.subarray(1) : bytes);
}

/** @throws SimulatedNetworkError when the client goes away in the middle or sends too much. */
async function readRequest(incoming: IncomingMessage): Promise<Received> {
  const { method = 'GET', url = '/' } = incoming;
  const [path = '/', ...query] = url.split('?');
  const headers = Object.entries(incoming.headers).map(([name, value]) => [name, String(value)] as const);
  try {
    const body = await readBody(incoming);
    return { method, path, query: query.join('?'), headers: Object.fromEntries(headers), body };
  } catch (error) {
    throw new SimulatedNetworkError('ECONNRESET', `Request body: ${describeError(error)}`);
  }
}

async function readBody(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming) {
    const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk));
    size += bytes.length;
    if (size > MAX_REQUEST_BYTES) throw new Error(`longer than ${MAX_REQUEST_BYTES} bytes`);
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString();
}

/** @returns `host:port`, an IPv6 host in brackets. @throws OperatingError `address-in-use` when the port is taken, else `listen-failed`. */
async function listen(server: Server, host: string, port: number): Promise<string> {
  server.listen(port, host);
  try {
    await once(server, 'listening');
  } catch (cause) {
    throw listenError({ host, port }, cause);
  }
  const at = server.address();
  if (at === null || typeof at === 'string') throw new Error('A TCP server has no port');
  return `${at.family === 'IPv6' ? `[${at.address}]` : at.address}:${at.port}`;
}

async function closeAll(servers: readonly Server[]): Promise<void> {
  await Promise.all(
    servers.map(async (server) => {
      server.closeAllConnections();
      if (server.listening) await new Promise<void>((resolve) => server.close(() => resolve()));
    }),
  );
}

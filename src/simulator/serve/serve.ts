import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describeError, isAbort } from '../../domain/errors.ts';
import { sleep } from '../../lib/clock.ts';
import type { Clock } from '../../lib/clock.ts';
import type { SimulatedCluster } from '../cluster/cluster.ts';
import { answerControl } from './control.ts';
import { SimulatedNetworkError } from './http.ts';
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

/**
 * Listens for every server of a cluster, and tells the cluster its real addresses.
 *
 * @throws Error of node:net when a port is taken.
 */
export async function serveSimulatedCluster(
  cluster: SimulatedCluster,
  options: ServeOptions,
  dependencies: { clock: Clock },
): Promise<ServedCluster> {
  const host = options.host ?? '127.0.0.1';
  const servers: Server[] = [];
  const urls = new Map<string, string>();
  try {
    for (const target of cluster.targets) {
      const server = targetServer(cluster, target, dependencies.clock);
      servers.push(server);
      const authority = await listen(server, host, options.ports?.[target] ?? 0);
      cluster.setAddress(target, authority);
      urls.set(target, `http://${authority}`);
    }
    const control = await openControl(cluster, host, options, servers);
    return describe(urls, control, () => closeAll(servers));
  } catch (error) {
    await closeAll(servers);
    throw error;
  }
}

function describe(
  urls: ReadonlyMap<string, string>,
  control: string | null,
  close: () => Promise<void>,
): ServedCluster {
  const matching = (pattern: RegExp): string[] =>
    [...urls].filter(([target]) => pattern.test(target)).map(([, url]) => url);
  return {
    metasrv: matching(/^metasrv-\d+$/),
    metasrvHttp: matching(/^metasrv-\d+-http$/),
    frontend: matching(/^frontend-\d+$/),
    control,
    close,
  };
}

async function openControl(
  cluster: SimulatedCluster,
  host: string,
  options: ServeOptions,
  servers: Server[],
): Promise<string | null> {
  if (options.controlPort === null) return null;
  const server = createServer((incoming, outgoing) => {
    readBody(incoming).then(
      (body) => {
        const { path, method } = partsOf(incoming);
        const { status, json } = answerControl(cluster, { method, path, body });
        outgoing.writeHead(status, { 'content-type': 'application/json' }).end(`${json}\n`);
      },
      () => outgoing.destroy(),
    );
  });
  servers.push(server);
  return `http://${await listen(server, host, options.controlPort ?? 0)}`;
}

function targetServer(cluster: SimulatedCluster, target: string, clock: Clock): Server {
  return createServer((incoming, outgoing) => {
    const gone = new AbortController();
    outgoing.on('close', () => gone.abort(new DOMException('The client went away', 'AbortError')));
    answer(cluster, target, incoming, outgoing, clock, gone.signal).catch((error: unknown) => {
      // A broken connection is all that a client may see of a lost answer or a stopped server.
      incoming.socket.destroy();
      if (!(error instanceof SimulatedNetworkError) && !isAbort(error)) throw error;
    });
  });
}

async function answer(
  cluster: SimulatedCluster,
  target: string,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  const body = await readBody(incoming);
  const headers = Object.fromEntries(
    Object.entries(incoming.headers).map(([name, value]) => [name, String(value)]),
  );
  const request: SimRequest = { target, ...partsOf(incoming), headers, body };
  await send(outgoing, await cluster.exchange(request, signal), clock, signal);
}

async function send(
  outgoing: ServerResponse,
  exchange: SimExchange,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  const { status, headers, body, bodyDelayMs } = exchange;
  const bytes = Buffer.from(body);
  outgoing.writeHead(status, { ...headers, 'content-length': bytes.length });
  if (bodyDelayMs > 0) {
    outgoing.write(bytes.subarray(0, 1));
    await sleep(clock, bodyDelayMs, signal);
    outgoing.end(bytes.subarray(1));
    return;
  }
  outgoing.end(bytes);
}

function partsOf(incoming: IncomingMessage): { method: string; path: string; query: string } {
  const url = incoming.url ?? '/';
  const mark = url.indexOf('?');
  const [path, query] = mark < 0 ? [url, ''] : [url.slice(0, mark), url.slice(mark + 1)];
  return { method: incoming.method ?? 'GET', path, query };
}

/** @throws SimulatedNetworkError when the client goes away in the middle or sends too much. */
async function readBody(incoming: IncomingMessage): Promise<string> {
  try {
    return await collect(incoming);
  } catch (error) {
    throw new SimulatedNetworkError('ECONNRESET', `Request body: ${describeError(error)}`);
  }
}

async function collect(incoming: IncomingMessage): Promise<string> {
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

function listen(server: Server, host: string, port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve(authorityOf(server.address()));
    });
  });
}

function authorityOf(address: AddressInfo | string | null): string {
  if (address === null || typeof address === 'string') throw new Error('A TCP server has no port');
  const host = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  return `${host}:${address.port}`;
}

async function closeAll(servers: readonly Server[]): Promise<void> {
  await Promise.all(
    servers.map(async (server) => {
      server.closeAllConnections();
      if (server.listening) await new Promise<void>((resolve) => server.close(() => resolve()));
    }),
  );
}

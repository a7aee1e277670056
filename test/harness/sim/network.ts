import { deadlineSignal, sleep, type Clock } from '../../../src/lib/clock.ts';
import type { Prng } from '../../../src/lib/prng.ts';
import { TransportError } from '../../../src/greptimedb/http.ts';
import type { Transport, TransportRequest, TransportResponse } from '../../../src/greptimedb/http.ts';
import {
  SimulatedNetworkError,
  type SimRequest,
  type SimulatedCluster,
} from '../../../src/simulator/index.ts';

/** A request for a migration, as it leaves our process. */
export interface LeavingRequest {
  readonly regionId: string;
  readonly from: string;
  readonly to: string;
}

/** `refused`: there was no connection. `lost`: whatever has not been heard of by now has not been executed. */
export type OnSettled = (fate: 'lost' | 'refused') => void;

export interface NetworkDependencies {
  readonly clock: Clock;
  readonly prng: Prng;
  /** Told of each request for a migration that leaves. What it returns is called once nothing can come of the request any more. */
  readonly onMigrationRequest: (request: LeavingRequest) => OnSettled;
}

/** Longer than a client waits, and shorter than a frontend's own four tries of 10 s each, doubled. */
const LATEST_MS = 60_000;
/** A connection whose client is dead is given up by the server too. */
const CONNECTION_LASTS_MS = 120_000;
/** What has not been executed so long after its late arrival never will be. */
const LATE_LASTS_MS = 5_000;

/** The network between our process and the simulated cluster. Looks into what leaves, and can hold a request back. */
export class SimNetwork implements Transport {
  /** How likely it is that a request for a migration arrives only when its sender has given up on it. */
  lateProbability = 0;
  readonly #cluster: SimulatedCluster;
  readonly #dependencies: NetworkDependencies;

  constructor(cluster: SimulatedCluster, dependencies: NetworkDependencies) {
    this.#cluster = cluster;
    this.#dependencies = dependencies;
  }

  async request(request: TransportRequest): Promise<TransportResponse> {
    const simRequest = simRequestFor(this.#cluster, request);
    if (request.mayStart?.() === false)
      throw new TransportError('The request may not start any more', { sent: false, code: 'NOT_ALLOWED' });
    const migration = migrationIn(simRequest);
    const onSettled = migration ? this.#dependencies.onMigrationRequest(migration) : noop;
    if (migration && this.#dependencies.prng.chance(this.lateProbability))
      return this.#late(simRequest, request.signal, onSettled);
    const deadline = deadlineSignal(this.#dependencies.clock, CONNECTION_LASTS_MS, request.signal);
    try {
      const response = await this.#cluster.handle(simRequest, deadline.signal);
      onSettled('lost');
      return response;
    } catch (error) {
      const failure = asTransportError(error);
      onSettled(failure instanceof TransportError && !failure.sent ? 'refused' : 'lost');
      throw failure;
    } finally {
      deadline.release();
    }
  }

  /** It arrives in the end, and nobody hears the answer. */
  async #late(request: SimRequest, signal: AbortSignal, onSettled: OnSettled): Promise<TransportResponse> {
    const { clock, prng } = this.#dependencies;
    clock.setTimer(prng.int(LATEST_MS), () => {
      const deadline = deadlineSignal(clock, LATE_LASTS_MS);
      this.#cluster
        .handle(request, deadline.signal)
        .catch(() => undefined)
        .finally(() => {
          deadline.release();
          onSettled('lost');
        });
    });
    await sleep(clock, 10 * LATEST_MS, signal);
    throw new TransportError('Connection was reset after a long silence', { sent: true, code: 'ECONNRESET' });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** A request as the cluster takes it. @throws TransportError when nobody listens at its origin. */
export function simRequestFor(cluster: SimulatedCluster, request: TransportRequest): SimRequest {
  const { host } = new URL(request.origin);
  const target = cluster.targets.includes(host) ? host : cluster.targetAt(host);
  if (target === undefined)
    throw new TransportError(`getaddrinfo ENOTFOUND ${host}`, { sent: false, code: 'ENOTFOUND' });
  const { method, headers, body } = request;
  const [path = '', query] = request.path.split('?');
  return {
    ...{ target, method, path, headers: { ...headers } },
    ...(query !== undefined && { query }),
    ...(body !== undefined && { body }),
  };
}

/** What a client is told of a connection that failed; any other error as it is. */
export function asTransportError(error: unknown): unknown {
  if (!(error instanceof SimulatedNetworkError)) return error;
  const sent = error.code === 'ECONNRESET';
  return new TransportError(error.message, { sent, code: error.code, cause: error });
}

/** What a request for a migration asks for, from its SQL or its parameters; undefined for any other request. */
export function migrationIn({ path, query = '', body = '' }: SimRequest): LeavingRequest | undefined {
  if (path === '/admin/region-migration') {
    const parameters = new URLSearchParams(query);
    const get = (name: string): string => parameters.get(name) ?? '';
    return { regionId: get('region_id'), from: get('from_peer_id'), to: get('to_peer_id') };
  }
  if (!body.includes('migrate_region')) return undefined;
  const sql = new URLSearchParams(body).get('sql') ?? '';
  const [, regionId = '', from = '', to = ''] = /migrate_region\((\d+), (\d+), (\d+)/.exec(sql) ?? [];
  return { regionId, from, to };
}

function noop(): void {
  // Reads are nobody's business.
}

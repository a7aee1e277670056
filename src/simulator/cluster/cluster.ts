import { sleep } from '../../lib/clock.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Prng } from '../../lib/prng.ts';
import { answerAdmin } from '../admin/endpoint.ts';
import type { ClusterCore, SimFrontend, SimUser } from './core.ts';
import { Disturbances } from '../faults/disturbances.ts';
import { FaultBox } from '../faults/faults.ts';
import { FrontendCache } from './frontend-cache.ts';
import { SimulatedNetworkError } from '../serve/http.ts';
import type { SimExchange, SimRequest, SimResponse } from '../serve/http.ts';
import { Journal } from './journal.ts';
import type { SimEvent, SimEventListener } from './journal.ts';
import { inRange, layOut } from './layout.ts';
import type { LayoutOptions } from './layout.ts';
import { MetaGroup } from './meta.ts';
import type { SimTable } from './model.ts';
import { ClusterOperator } from './operator.ts';
import { ProcedureManager } from '../procedures/manager.ts';
import { findProfile } from '../profiles.ts';
import type { Profile } from '../profiles.ts';
import { answerFrontend } from '../sql/endpoint.ts';
import { RegionLoads } from './region-loads.ts';
import { ClusterState } from './state.ts';
import { createServerTime } from './time.ts';
import { throughTheWire } from '../faults/wire-faults.ts';

export interface SimulatedClusterOptions {
  /** A version profile: `0.6`, `0.7.0`, `1.3`, `latest` … Default `1.3`. */
  readonly profile?: string;
  /** Default 1. */
  readonly metasrvs?: number;
  /** Whether metasrvs elect a leader; without, `/admin/leader` says `election info is None`. Default: with two or more. */
  readonly election?: boolean;
  /** Default 1. */
  readonly frontends?: number;
  /** What the cluster holds at the start. */
  readonly layout?: LayoutOptions;
  /** With any user, SQL demands Basic authentication. Default none. */
  readonly users?: readonly SimUser[];
  /** Mean duration of a migration. Default 1500. */
  readonly migrationMs?: number;
  /** False: metasrv's `event_recorder` is switched off, so that no table `greptime_private.events` appears. Default true. */
  readonly migrationEvents?: boolean;
  /** Move regions off a datanode that has been dead for this long; absent: no failover. */
  readonly failoverAfterMs?: number;
  /** Settings as `parseFaults` reads them. Default none. */
  readonly faults?: string;
  /** How far the servers' wall clocks are ahead of ours. Default 0. */
  readonly clockSkewMs?: number;
  /** Events that the journal keeps. Default 100 000. */
  readonly journalLimit?: number;
  /** Size of the body that the fault `huge-body` sends. Default 100 MB. */
  readonly hugeBodyBytes?: number;
}

interface SimulatedClusterDependencies {
  readonly clock: Clock;
  readonly prng: Prng;
}

/**
 * A GreptimeDB cluster without sockets. The same options, seed and virtual time give the same behaviour. `handle` is its wire; everything
 * else is for whoever directs the play.
 */
export class SimulatedCluster extends ClusterOperator {
  readonly #closing: AbortController;

  /** @throws UsageError when an option is out of range. */
  constructor(options: SimulatedClusterOptions, dependencies: SimulatedClusterDependencies) {
    const closing = new AbortController();
    const core = buildCore(options, dependencies, closing.signal);
    super(core);
    this.#closing = closing;
    const disturbances = new Disturbances(core, this);
    core.faults.onChange(() => disturbances.watch());
    layOut(core, options.layout ?? {}, dependencies.prng.fork('layout'), core.time.now());
    core.faults.set(options.faults ?? '');
  }

  get profile(): Profile {
    return this.core.profile;
  }

  get faults(): FaultBox {
    return this.core.faults;
  }

  /** The names of all servers that answer HTTP, as `SimRequest.target` takes them. */
  get targets(): readonly string[] {
    return [...this.core.addresses.keys()];
  }

  /** `host:port` of each target, as the cluster itself tells it. */
  get addresses(): ReadonlyMap<string, string> {
    return this.core.addresses;
  }

  /** Where a target can really be reached; `/admin/leader` and `cluster_info` tell it from now on. */
  setAddress(target: string, authority: string): void {
    this.core.addresses.set(target, authority);
  }

  /** Which server listens at `host:port`; undefined when nobody does. */
  targetAt(authority: string): string | undefined {
    return this.targets.find((target) => this.core.addresses.get(target) === authority);
  }

  /**
   * Answers one request, with all faults that are set, and waits for a slow body.
   *
   * @throws SimulatedNetworkError when the connection fails; the signal's reason when it aborts.
   */
  async handle(request: SimRequest, signal?: AbortSignal): Promise<SimResponse> {
    const { bodyDelayMs, ...response } = await this.exchange(request, signal);
    if (bodyDelayMs > 0) await sleep(this.core.clock, bodyDelayMs, this.#either(signal));
    return response;
  }

  /** As `handle`, but leaves it to the caller to send the body slowly. */
  async exchange(request: SimRequest, signal?: AbortSignal): Promise<SimExchange> {
    signal?.throwIfAborted();
    this.#closing.signal.throwIfAborted();
    return throughTheWire(
      this.core,
      request,
      () => this.#answer(request),
      () => this.#either(signal),
    );
  }

  #either(signal: AbortSignal | undefined): AbortSignal {
    return signal ? AbortSignal.any([signal, this.#closing.signal]) : this.#closing.signal;
  }

  #answer(request: SimRequest): SimResponse {
    const [, kind, number = '', http] = /^(metasrv|frontend)-(\d+)(-http)?$/.exec(request.target) ?? [];
    if (kind === 'frontend' && http === undefined) {
      const frontend = this.core.frontends[Number(number)];
      if (frontend?.diedAtMs === null) return answerFrontend(this.core, frontend, request);
    }
    const hasPort = http === undefined || this.profile.httpPort !== 'none';
    if (kind === 'metasrv' && hasPort && this.core.meta.servers[Number(number)]?.up)
      return answerAdmin(this.core, Number(number), http ? 'http' : 'grpc', request);
    throw new SimulatedNetworkError('ECONNREFUSED', `Connection refused by ${request.target}`);
  }

  /** Ends everything that is under way. Requests that wait are aborted. */
  close(): void {
    this.#closing.abort(new DOMException('The simulated cluster is closed', 'AbortError'));
  }

  /** The last events, the oldest first. */
  get journal(): readonly SimEvent[] {
    return this.core.journal.events;
  }

  /** The returned function unsubscribes. */
  onEvent(listener: SimEventListener): () => void {
    return this.core.journal.onEvent(listener);
  }

  /** The servers' wall clock, in ms since 1970. */
  get nowMs(): number {
    return this.core.time.now();
  }

  /** Tables, routes, datanodes and open copies as they really are. Do not change them. */
  get truth(): Pick<ClusterState, 'tables' | 'datanodes' | 'routeOf' | 'tableNamed' | 'sortedTables'> {
    return this.core.state;
  }

  /** The real leader of every region, by region id. */
  leaders(): Map<string, string | null> {
    const leaders = new Map<string, string | null>();
    for (const table of this.core.state.sortedTables())
      for (const { region, leader } of table.routes) leaders.set(region.id, leader);
    return leaders;
  }

  /** @throws OperatingError when there is no such region. */
  leaderOf(regionId: string): string | null {
    return this.route(regionId).leader;
  }

  /** How many regions each datanode really leads, empty datanodes included, ids ascending. */
  regionsPerDatanode(wanted?: (table: SimTable) => boolean): Map<string, number> {
    return this.core.state.regionsPerDatanode(wanted);
  }

  /** Index of the metasrv that leads; null while none does. */
  get metasrvLeader(): number | null {
    return this.core.meta.leader;
  }

  /** Migrations that were accepted and have not ended. */
  get migrationsUnderWay(): readonly { procedureId: string; regionId: string; from: string; to: string }[] {
    return [...this.core.migrations.tasks.values()].map(({ procedure, region, from, to }) => {
      return { procedureId: procedure.id, regionId: region.id, from, to };
    });
  }
}

const CLUSTER_AGE_MS = 2 * 3_600_000;

function buildCore(
  options: SimulatedClusterOptions,
  { clock, prng }: SimulatedClusterDependencies,
  closed: AbortSignal,
): ClusterCore {
  const profile = findProfile(options.profile ?? '1.3');
  const time = createServerTime(clock, options.clockSkewMs ?? 0);
  const startedAtMs = time.now() - CLUSTER_AGE_MS;
  const metasrvs = inRange('metasrvs', options.metasrvs ?? 1, 1, 100);
  const meta = new MetaGroup(
    {
      metasrvs,
      election: options.election ?? metasrvs > 1,
      statFlushBeats: profile.statFlushBeats,
      electedAtMs: startedAtMs,
    },
    { time },
  );
  const frontends = Array.from(
    { length: inRange('frontends', options.frontends ?? 1, 1, 100) },
    (_, index): SimFrontend => {
      return {
        index,
        hostname: `frontend-${index}`,
        startedAtMs,
        diedAtMs: null,
        cache: new FrontendCache({ time }),
      };
    },
  );
  const { maxRunning } = profile;
  return {
    profile,
    clock,
    time,
    prng: prng.fork('cluster'),
    meta,
    frontends,
    faults: new FaultBox({ monotonicMs: () => clock.monotonicMs(), prng: prng.fork('faults') }),
    loads: new RegionLoads(options.layout?.loads ?? '', prng.fork('loads')),
    state: new ClusterState({ time, memory: () => meta.memory() }),
    procedures: new ProcedureManager({ maxRunning, startedAtMs }, { time }),
    migrations: {
      meanMs: inRange('ms for a migration', options.migrationMs ?? 1_500, 0, 86_400_000),
      tasks: new Map(),
      leadership: new AbortController(),
    },
    migrationEvents: (options.migrationEvents ?? true) && profile.migrationEvents,
    failoverAfterMs: options.failoverAfterMs ?? null,
    journal: new Journal({ limit: options.journalLimit ?? 100_000 }, { now: () => time.now() }),
    users: options.users ?? [],
    addresses: defaultAddresses(profile, metasrvs, frontends.length),
    hugeBodyBytes: options.hugeBodyBytes ?? 100_000_000,
    closed,
  };
}

function defaultAddresses(profile: Profile, metasrvs: number, frontends: number): Map<string, string> {
  const addresses = new Map<string, string>();
  for (let index = 0; index < metasrvs; index += 1) {
    addresses.set(`metasrv-${index}`, `metasrv-${index}.sim:3002`);
    if (profile.httpPort !== 'none') addresses.set(`metasrv-${index}-http`, `metasrv-${index}.sim:4000`);
  }
  for (let index = 0; index < frontends; index += 1)
    addresses.set(`frontend-${index}`, `frontend-${index}.sim:4000`);
  return addresses;
}

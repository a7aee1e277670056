import { sleep } from '../../lib/clock.ts';
import { answerAdmin } from '../admin/endpoint.ts';
import { disturb } from '../faults/disturbances.ts';
import type { FaultBox } from '../faults/faults.ts';
import { throughTheWire } from '../faults/wire-faults.ts';
import type { Profile } from '../profiles.ts';
import { SimulatedNetworkError } from '../serve/http.ts';
import type { SimExchange, SimRequest, SimResponse } from '../serve/http.ts';
import { answerFrontend } from '../sql/endpoint.ts';
import { buildCore } from './core.ts';
import type { SimulatedClusterDependencies, SimulatedClusterOptions } from './core.ts';
import type { SimEvent, SimEventListener } from './journal.ts';
import { layOut } from './layout.ts';
import type { SimTable } from './model.ts';
import { ClusterOperator } from './operator.ts';
import type { ClusterState } from './state.ts';

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
    disturb(core, this);
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
    const answer = (): SimResponse => this.#answer(request);
    return throughTheWire(this.core, request, answer, () => this.#either(signal));
  }

  #either(signal: AbortSignal | undefined): AbortSignal {
    return signal ? AbortSignal.any([signal, this.#closing.signal]) : this.#closing.signal;
  }

  #answer(request: SimRequest): SimResponse {
    const { target } = request;
    const [, kind, number, http] = /^(metasrv|frontend)-(\d+)(-http)?$/.exec(target) ?? [];
    const frontend = kind === 'frontend' ? this.core.frontends[Number(number)] : undefined;
    const isUp = this.core.addresses.has(target);
    if (isUp && frontend?.diedAtMs === null) return answerFrontend(this.core, frontend, request);
    if (isUp && kind === 'metasrv' && this.core.meta.servers[Number(number)]?.up)
      return answerAdmin(this.core, Number(number), http ? 'http' : 'grpc', request);
    throw new SimulatedNetworkError('ECONNREFUSED', `Connection refused by ${target}`);
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
    const routes = this.core.state.sortedTables().flatMap((table) => table.routes);
    return new Map(routes.map(({ region, leader }) => [region.id, leader]));
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

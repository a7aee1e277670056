import type { DatanodeId, ProcedureId, RegionId } from '../../domain/ids.ts';
import { compareIds } from '../../domain/ids.ts';
import { isAbort, OperatingError } from '../../domain/errors.ts';
import type { MigrationRequest } from '../../domain/migrate-call.ts';
import type { Datanode, Region, Snapshot } from '../../domain/snapshot.ts';
import { WorkSlice, yieldToEventLoop } from '../../lib/event-loop.ts';
import type { Caller } from '../caller.ts';
import { DatanodeCollection } from '../datanodes.ts';
import { LeaseLiveness } from '../liveness.ts';
import { LoadTracker } from '../load.ts';
import type { WarningListener } from '../options.ts';
import type {
  CallOptions,
  Cluster,
  ClusterProfile,
  ClusterSafety,
  ProcedureReading,
  ReadSnapshotOptions,
  RegionReading,
  SubmitOptions,
  SubmitResult,
} from '../port.ts';
import type { HeartbeatReading } from './admin.ts';
import { MetasrvCatalog } from './catalog.ts';
import type { RoutedTable } from './catalog.ts';
import { MetasrvReads } from './reads.ts';
import type { RegionRoute } from './routes.ts';
import type { MetasrvSession } from './session.ts';
import { submitOverAdmin } from './submit.ts';

export interface MetasrvAdapterOptions {
  readonly name: string;
  readonly clusterId: number;
  readonly expectedDatanodes: readonly DatanodeId[];
}

export interface MetasrvAdapterDependencies {
  readonly session: MetasrvSession;
  readonly caller: Caller;
  readonly onWarning: WarningListener;
  /** Reads a procedure's state over SQL, where frontends of 0.7 are configured too. */
  readonly readProcedure?: (procedureId: ProcedureId, options: CallOptions) => Promise<ProcedureReading>;
  readonly close: () => Promise<void>;
}

/** GreptimeDB 0.5.1 to 0.7 over metasrv's admin interface. */
export class MetasrvCluster implements Cluster {
  readonly #options: MetasrvAdapterOptions;
  readonly #dependencies: MetasrvAdapterDependencies;
  readonly #catalog: MetasrvCatalog;
  readonly #reads: MetasrvReads;
  readonly #liveness: LeaseLiveness;
  readonly #load = new LoadTracker();
  /** Datanodes that the last snapshot's routes named. */
  #routed: ReadonlyMap<DatanodeId, string> = new Map();
  #version: string;

  constructor(options: MetasrvAdapterOptions, dependencies: MetasrvAdapterDependencies, version: string) {
    const { session, caller } = dependencies;
    this.#options = options;
    this.#dependencies = dependencies;
    this.#version = version;
    this.#catalog = new MetasrvCatalog(session);
    this.#reads = new MetasrvReads(session, options.clusterId);
    this.#liveness = new LeaseLiveness({
      clock: caller.clock,
      readLeases: (signal) => this.#reads.leases(signal),
      readOldestMs: async (signal) => (await this.#heartbeats(signal))?.oldestMs,
    });
  }

  get profile(): ClusterProfile {
    const hasProcedureState = this.#dependencies.readProcedure !== undefined;
    return {
      api: 'metasrv',
      version: this.#version,
      features: ['admin-http', ...(hasProcedureState ? ['procedure-state'] : [])],
      refusesDuplicates: false,
      hasProcedureState,
    };
  }

  async readSnapshot({ selector, signal }: ReadSnapshotOptions): Promise<Snapshot> {
    const { clock } = this.#dependencies.caller;
    await this.#dependencies.session.discover(signal);
    const takenAt = new Date(clock.now()).toISOString();
    const [catalog, heartbeats] = await Promise.all([
      this.#catalog.read(selector, signal),
      this.#heartbeats(signal),
    ]);
    if (catalog.doubleEncoded === false) this.#version ||= '0.7.0';
    if (catalog.doubleEncoded === true) this.#version = '0.5.1';
    this.#routed = peersOf(catalog.tables);
    const datanodes = await this.readDatanodes({ signal });
    const loads = await this.#readLoads(heartbeats, catalog.tables);
    return {
      formatVersion: 1,
      takenAt,
      cluster: { name: this.#options.name, api: 'metasrv', version: this.#version },
      datanodes,
      tables: catalog.tables.map(({ table }) => table),
      regions: await regionsOf(catalog.tables, loads),
    };
  }

  async readRegion(regionId: RegionId, { signal }: CallOptions): Promise<RegionReading> {
    const { route } = await this.#catalog.readRegionRoute(regionId, signal);
    if (route.kind !== 'physical') return { kind: 'gone' };
    const found = route.regions.find(({ id }) => id === regionId);
    if (!found) return { kind: 'gone' };
    return {
      kind: 'found',
      leader: found.leader?.id ?? null,
      followers: found.followers.map(({ id }) => id),
      status: found.status,
    };
  }

  async readDatanodes({ signal }: CallOptions): Promise<readonly Datanode[]> {
    const known = [...this.#routed.keys(), ...this.#options.expectedDatanodes];
    const live = await this.#liveness.read(known, signal);
    if (live.addrs.size === 0) throw this.#noDatanodes();
    const datanodes = new DatanodeCollection();
    datanodes.addListed(live);
    for (const [id, addr] of this.#routed) datanodes.add(id, addr);
    for (const id of this.#options.expectedDatanodes) datanodes.add(id, '');
    return datanodes.conclude((id) => live.alive.has(id));
  }

  readSafety({ signal }: CallOptions): Promise<ClusterSafety> {
    return this.#reads.safety(signal);
  }

  listProcedures(): Promise<'unsupported'> {
    return Promise.resolve('unsupported');
  }

  readProcedure(procedureId: ProcedureId, options: CallOptions): Promise<ProcedureReading> {
    const { readProcedure } = this.#dependencies;
    return readProcedure ? readProcedure(procedureId, options) : Promise.resolve({ kind: 'unsupported' });
  }

  submitMigration(request: MigrationRequest, options: SubmitOptions): Promise<SubmitResult> {
    return submitOverAdmin(this.#dependencies.session, this.#options.clusterId, request, options);
  }

  close(): Promise<void> {
    return this.#dependencies.close();
  }

  #noDatanodes(): OperatingError {
    const { clusterId } = this.#options;
    return new OperatingError(
      'no-datanodes',
      `Metasrv knows no datanode of cluster ${clusterId}: wanted at least one in /admin/node-lease?cluster_id=${clusterId}. ` +
        'Is the cluster id right, and has a datanode started?',
    );
  }

  /** Statistics are a help, not a need: without them load is unknown. */
  async #heartbeats(signal: AbortSignal): Promise<HeartbeatReading | undefined> {
    try {
      return await this.#reads.heartbeats(signal);
    } catch (error) {
      if (isAbort(error) || signal.aborted) throw error;
      this.#dependencies.onWarning('Load is unknown: the statistics could not be read', { error });
      return undefined;
    }
  }

  async #readLoads(heartbeats: HeartbeatReading | undefined, tables: readonly RoutedTable[]): Promise<Loads> {
    const loads = new Map<RegionId, NonNullable<Region['load']>>();
    const leaders = new Map<RegionId, DatanodeId | null>();
    const slice = new WorkSlice(REGIONS_PER_SLICE);
    for (const { regions } of tables) {
      for (const { id, leader } of regions) {
        if (slice.isOver()) await yieldToEventLoop();
        leaders.set(id, leader?.id ?? null);
      }
    }
    this.#load.begin();
    for (const node of heartbeats?.nodes ?? []) {
      for (const region of node.regions) {
        if (slice.isOver()) await yieldToEventLoop();
        // A former leader is listed until its next statistics; only the present one's numbers count.
        if (region.role !== 'Leader' || leaders.get(region.id) !== node.id) continue;
        const load = this.#load.note(region.id, node.id, region, node.timestampMs);
        if (load) loads.set(region.id, load);
      }
    }
    this.#load.end();
    return loads;
  }
}

type Loads = ReadonlyMap<RegionId, NonNullable<Region['load']>>;

/** Below a millisecond of work. */
const REGIONS_PER_SLICE = 250;

async function regionsOf(tables: readonly RoutedTable[], loads: Loads): Promise<Region[]> {
  const all: Region[] = [];
  const slice = new WorkSlice(REGIONS_PER_SLICE);
  for (const { table, regions } of tables) {
    for (const route of [...regions].sort((a, b) => compareIds(a.id, b.id))) {
      if (slice.isOver()) await yieldToEventLoop();
      all.push(toRegion(route, table.id, loads.get(route.id)));
    }
  }
  return all;
}

function peersOf(tables: readonly RoutedTable[]): ReadonlyMap<DatanodeId, string> {
  const peers = new Map<DatanodeId, string>();
  for (const { regions } of tables) {
    for (const { leader, followers } of regions) {
      if (leader) peers.set(leader.id, leader.addr);
      for (const follower of followers) peers.set(follower.id, follower.addr);
    }
  }
  return peers;
}

function toRegion(route: RegionRoute, tableId: string, load: Region['load']): Region {
  return {
    id: route.id,
    tableId,
    leader: route.leader?.id ?? null,
    ...(route.followers.length > 0 ? { followers: route.followers.map(({ id }) => id) } : {}),
    status: route.status,
    ...(load ? { load } : {}),
  };
}

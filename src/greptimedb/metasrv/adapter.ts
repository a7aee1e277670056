import type { DatanodeId, RegionId } from '../../domain/ids.ts';
import { OperatingError } from '../../domain/errors.ts';
import type { MigrationRequest } from '../../domain/migrate-call.ts';
import type { Datanode, Region, RegionLoad, Snapshot } from '../../domain/snapshot.ts';
import { WorkSlice, yieldToEventLoop } from '../../lib/event-loop.ts';
import { Datanodes } from '../datanodes.ts';
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
import { toRegion } from '../tables.ts';
import { MetasrvCatalog } from './catalog.ts';
import type { RoutedTable } from './catalog.ts';
import type { NodeStat } from './heartbeats.ts';
import { MetasrvReads } from './reads.ts';
import { regionIn } from './routes.ts';
import type { MetasrvSession } from './session.ts';
import { submitOverAdmin } from './submit.ts';

interface MetasrvAdapterOptions {
  readonly name: string;
  readonly clusterId: number;
  readonly expectedDatanodes: readonly DatanodeId[];
  readonly session: MetasrvSession;
  /** As far as it is known. */
  readonly version: string;
  readonly onWarning: WarningListener;
  readonly close: () => Promise<void>;
}

/** GreptimeDB 0.5.1 to 0.7 over metasrv's admin interface. */
export class MetasrvCluster implements Cluster {
  readonly close: () => Promise<void>;
  readonly #options: MetasrvAdapterOptions;
  readonly #catalog: MetasrvCatalog;
  readonly #reads: MetasrvReads;
  readonly #datanodes: Datanodes;
  readonly #load = new LoadTracker();
  /** Datanodes that the last snapshot's routes named. */
  #routed: ReadonlyMap<DatanodeId, string> = new Map();
  #version: string;

  constructor(options: MetasrvAdapterOptions) {
    const { session, clusterId, onWarning } = options;
    this.close = options.close;
    this.#options = options;
    this.#version = options.version;
    this.#catalog = new MetasrvCatalog(session);
    this.#reads = new MetasrvReads(session, clusterId);
    this.#datanodes = new Datanodes({
      expected: options.expectedDatanodes,
      leases: this.#reads.watchLeases(),
      clusterInfo: () => undefined,
      nobody:
        `Metasrv knows no datanode of cluster ${clusterId}: wanted at least one in /admin/node-lease?cluster_id=${clusterId}. ` +
        'Is the cluster id right, and has a datanode started?',
      onWarning,
    });
  }

  get profile(): ClusterProfile {
    return {
      api: 'metasrv',
      version: this.#version,
      features: ['admin-http'],
      refusesDuplicates: false,
    };
  }

  async readSnapshot({ selector, signal }: ReadSnapshotOptions): Promise<Snapshot> {
    const { name, session } = this.#options;
    await session.discover(signal);
    const takenAt = new Date(session.caller.clock.now()).toISOString();
    const [{ tables, addrs, doubleEncoded }, stats] = await Promise.all([
      this.#catalog.read(selector, signal),
      this.#readStats(signal),
    ]);
    if (doubleEncoded === false) this.#version ||= '0.7.0';
    if (doubleEncoded === true) this.#version = '0.5.1';
    this.#routed = addrs;
    return {
      formatVersion: 1,
      takenAt,
      cluster: { name, api: 'metasrv', version: this.#version },
      datanodes: await this.#datanodes.read(this.#routed, signal),
      tables: tables.map(({ table }) => table),
      regions: await this.#toRegions(tables, stats),
    };
  }

  async readRegion(regionId: RegionId, { signal }: CallOptions): Promise<RegionReading> {
    return regionIn(await this.#catalog.readRegionRoute(regionId, signal), regionId);
  }

  readDatanodes({ signal }: CallOptions): Promise<readonly Datanode[]> {
    return this.#datanodes.read(this.#routed, signal);
  }

  readSafety({ signal }: CallOptions): Promise<ClusterSafety> {
    return this.#reads.safety(signal);
  }

  listProcedures(): Promise<'unsupported'> {
    return Promise.resolve('unsupported');
  }

  readProcedure(): Promise<ProcedureReading> {
    return Promise.resolve({ kind: 'unsupported' });
  }

  submitMigration(request: MigrationRequest, options: SubmitOptions): Promise<SubmitResult> {
    return submitOverAdmin(this.#options.session, this.#options.clusterId, request, options);
  }

  /** Statistics are a help, not a need: without them load is unknown. */
  async #readStats(signal: AbortSignal): Promise<readonly NodeStat[]> {
    try {
      return (await this.#reads.heartbeats(signal)).nodes;
    } catch (error) {
      if (!(error instanceof OperatingError)) throw error;
      this.#options.onWarning('Load is unknown: the statistics could not be read', { error });
      return [];
    }
  }

  async #toRegions(tables: readonly RoutedTable[], stats: readonly NodeStat[]): Promise<Region[]> {
    const leaders = new Map(
      tables.flatMap(({ regions }) => regions.map(({ id, leader }) => [id, leader] as const)),
    );
    const slice = new WorkSlice(REGIONS_PER_SLICE);
    const note = this.#load.begin();
    const loads = new Map<RegionId, RegionLoad | undefined>();
    for (const node of stats) {
      for (const region of node.regions) {
        if (slice.isOver()) await yieldToEventLoop();
        // A former leader is listed until its next statistics; only the present one's numbers count.
        if (region.role === 'Leader' && leaders.get(region.id) === node.id)
          loads.set(region.id, note(region.id, node.id, region, node.timestampMs));
      }
    }
    const all: Region[] = [];
    for (const { table, regions } of tables) {
      for (const region of regions) {
        if (slice.isOver()) await yieldToEventLoop();
        all.push(toRegion(region.id, table.id, region, loads.get(region.id)));
      }
    }
    return all;
  }
}

/** Below a millisecond of work. */
const REGIONS_PER_SLICE = 250;

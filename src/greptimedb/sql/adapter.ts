import { compareIds } from '../../domain/ids.ts';
import type { DatanodeId, ProcedureId, RegionId, TableId } from '../../domain/ids.ts';
import type { MigrationRequest } from '../../domain/migrate-call.ts';
import { WorkSlice, yieldToEventLoop } from '../../lib/event-loop.ts';
import type { Datanode, Region, Snapshot, Table } from '../../domain/snapshot.ts';
import { Datanodes } from '../datanodes.ts';
import { NodeWatch } from '../liveness.ts';
import { LoadTracker } from '../load.ts';
import type { MetasrvCatalog } from '../metasrv/catalog.ts';
import type { MetasrvReads } from '../metasrv/reads.ts';
import { regionIn } from '../metasrv/routes.ts';
import type { WarningListener } from '../options.ts';
import type {
  CallOptions,
  Cluster,
  ClusterProfile,
  ClusterSafety,
  ProcedureReading,
  ReadSnapshotOptions,
  RegionProcedure,
  RegionReading,
  SubmitOptions,
  SubmitResult,
} from '../port.ts';
import { toRegion } from '../tables.ts';
import { EvidenceCollector, loadsIn, unlistedRegions } from './evidence.ts';
import type { Evidence } from './evidence.ts';
import { toProfile } from './features.ts';
import { stalenessMs } from './reconcile.ts';
import { findPeerEntry } from './region-peers.ts';
import type { PeerEntry } from './region-peers.ts';
import type { SqlSources } from './sources.ts';
import { submitOverSql } from './submit.ts';
import { resolveTables } from './tables.ts';
import type { TableRow } from './tables.ts';

interface SqlAdapterOptions {
  readonly name: string;
  readonly expectedDatanodes: readonly DatanodeId[];
  readonly sources: SqlSources;
  /** Metasrv's admin interface, where it is configured too. */
  readonly metasrv: MetasrvReads | undefined;
  /** Routes from metasrv: 0.7 has them beside SQL, and they are never stale. */
  readonly routes: MetasrvCatalog | undefined;
  readonly onWarning: WarningListener;
  readonly close: () => Promise<void>;
}

/** Routes that are read one by one to settle a disagreement; the rest of the regions rests. */
const MAX_ROUTES = 200;
const REGIONS_PER_SLICE = 250;

/** GreptimeDB 0.7 to 1.3 over the SQL interface of its frontends. */
export class SqlCluster implements Cluster {
  readonly close: () => Promise<void>;
  readonly #options: SqlAdapterOptions;
  readonly #evidence: EvidenceCollector;
  readonly #datanodes: Datanodes;
  readonly #load = new LoadTracker();
  /** Datanodes that routes named when last read. */
  #routed: ReadonlyMap<DatanodeId, string> | undefined;

  constructor(options: SqlAdapterOptions) {
    const { sources, metasrv, onWarning, close } = options;
    const { clock } = sources.client.caller;
    const clusterInfo = new NodeWatch(clock, () => (signal) => sources.clusterInfo(signal));
    this.close = close;
    this.#options = options;
    this.#evidence = new EvidenceCollector({ sources, metasrv, onWarning });
    this.#datanodes = new Datanodes({
      expected: options.expectedDatanodes,
      leases: metasrv?.watchLeases(),
      clusterInfo: () => (sources.has('cluster_info') ? clusterInfo : undefined),
      nobody:
        'The cluster lists no datanode: wanted at least one in information_schema.cluster_info. Has a datanode started?',
      onWarning,
    });
  }

  get profile(): ClusterProfile {
    return toProfile(this.#options.sources.features);
  }

  async readSnapshot({ selector, signal }: ReadSnapshotOptions): Promise<Snapshot> {
    const { sources, name } = this.#options;
    await sources.refresh(signal);
    const takenAt = new Date(sources.client.caller.clock.now()).toISOString();
    const [peers, rows, evidence] = await Promise.all([
      sources.regionPeers(signal),
      sources.tables(signal),
      this.#evidence.gather(signal),
    ]);
    this.#routed = peers.addrs;
    const datanodes = await this.#datanodes.read(peers.addrs, signal);
    const unlisted = await unlistedRegions(peers, evidence);
    const withRegions = new Set([...peers.byTable.keys(), ...unlisted.keys()]);
    const all = await this.#resolveTables(rows, withRegions, evidence, signal);
    const tables = all.filter((table) => selector.selects(table) && withRegions.has(table.id));
    // A table that came or went between the two readings, or is missing in an answer: its regions are there, and must not be taken for none.
    const named = new Set(rows.map(({ id }) => id));
    const unnamed = [...withRegions].filter((id) => !named.has(id)).sort(compareIds);
    const entries = [...tables.map(({ id }) => id), ...unnamed].map((tableId) => {
      const [known, more] = [peers.byTable.get(tableId)?.inOrder ?? [], unlisted.get(tableId)];
      return { tableId, regions: more ? [...known, ...more] : known };
    });
    return {
      formatVersion: 1,
      takenAt,
      cluster: { name, api: 'sql', version: sources.features.version },
      datanodes,
      tables,
      regions: await this.#readRegions(entries, evidence, signal),
    };
  }

  async readRegion(regionId: RegionId, { signal }: CallOptions): Promise<RegionReading> {
    const { sources, routes } = this.#options;
    if (routes) return regionIn(await routes.readRegionRoute(regionId, signal), regionId);
    const [peers, evidence] = await Promise.all([
      sources.regionPeersOf(regionId, signal),
      this.#evidence.gather(signal, regionId),
    ]);
    const copies = evidence.info?.get(regionId);
    const entry = findPeerEntry(peers, regionId) ?? entryFromCopies(regionId, copies?.writableOn);
    if (!entry) return { kind: 'gone' };
    const { leader, followers, status, disagree } = this.#evidence.join(entry, evidence);
    if (disagree) this.#warnOfDisagreement([regionId]);
    const staleMs = stalenessMs({
      hasCopies: copies !== undefined,
      // A datanode that says nothing of the region (its successor may have died before its first word) leaves only the cache.
      hasHeartbeat: evidence.reports.get(regionId)?.leader === leader,
    });
    return {
      kind: 'found',
      leader,
      followers,
      status,
      ...(evidence.info ? { writableOn: copies?.writableOn ?? [] } : {}),
      ...(staleMs === undefined ? {} : { staleByAtMostMs: staleMs }),
    };
  }

  async readDatanodes({ signal }: CallOptions): Promise<readonly Datanode[]> {
    // Without a list of datanodes the routes are all that names them, and they change.
    if (!this.#routed || !this.#datanodes.hasList)
      this.#routed = (await this.#options.sources.regionPeers(signal)).addrs;
    return this.#datanodes.read(this.#routed, signal);
  }

  async readSafety({ signal }: CallOptions): Promise<ClusterSafety> {
    const { metasrv } = this.#options;
    return metasrv ? metasrv.safety(signal) : { maintenance: 'unknown', procedureManager: 'unknown' };
  }

  async listProcedures({ signal }: CallOptions): Promise<readonly RegionProcedure[] | 'unsupported'> {
    const { sources } = this.#options;
    return sources.has('procedure_info') ? sources.procedures(signal) : 'unsupported';
  }

  readProcedure(procedureId: ProcedureId, { signal }: CallOptions): Promise<ProcedureReading> {
    return this.#options.sources.procedureState(procedureId, signal);
  }

  async submitMigration(request: MigrationRequest, options: SubmitOptions): Promise<SubmitResult> {
    const { sources } = this.#options;
    const result = await submitOverSql(sources, (call) => this.readDatanodes(call), request, options);
    if (result.kind !== 'refused') this.#evidence.noteMove(request.regionId, request.to);
    return result;
  }

  async #resolveTables(
    rows: readonly TableRow[],
    withRegions: ReadonlySet<TableId>,
    evidence: Evidence,
    signal: AbortSignal,
  ): Promise<readonly Table[]> {
    const { tables, orphans } = resolveTables(rows, {
      withRegions,
      withStatistics: evidence.physicalTables,
      owners: await this.#readOwners(rows, withRegions, signal),
    });
    if (orphans.length > 0)
      this.#options.onWarning('The physical tables of some logical tables are not known', {
        count: orphans.length,
        first: orphans[0]?.name,
      });
    return tables;
  }

  /** Only 0.7 and 0.8 have logical tables whose options do not name their physical table; the routes of 0.7 tell it. */
  async #readOwners(
    rows: readonly TableRow[],
    withRegions: ReadonlySet<TableId>,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<TableId, TableId>> {
    const { routes } = this.#options;
    const unclear = rows
      .filter((row) => row.engine === 'metric' && row.createOptions === undefined && !withRegions.has(row.id))
      .map(({ id }) => id);
    return unclear.length === 0 || !routes ? new Map() : routes.readOwners(unclear, signal);
  }

  async #readRegions(
    tables: readonly { readonly tableId: TableId; readonly regions: readonly PeerEntry[] }[],
    evidence: Evidence,
    signal: AbortSignal,
  ): Promise<Region[]> {
    const nowMs = this.#options.sources.client.caller.clock.monotonicMs();
    const loadOf = loadsIn(evidence);
    const note = this.#load.begin();
    const regions: Region[] = [];
    const disagreeing: number[] = [];
    const slice = new WorkSlice(REGIONS_PER_SLICE);
    for (const { tableId, regions: entries } of tables) {
      for (const entry of entries) {
        if (slice.isOver()) await yieldToEventLoop();
        const joined = this.#evidence.join(entry, evidence);
        if (joined.disagree) disagreeing.push(regions.length);
        const load = loadOf(entry.id, joined.leader);
        regions.push(toRegion(entry.id, tableId, joined, load && note(entry.id, joined.leader, load, nowMs)));
      }
    }
    if (disagreeing.length > 0) await this.#settle(regions, disagreeing, signal);
    return regions;
  }

  /** Where sources disagree about a leader, metasrv's own route decides, if there is one to read. */
  async #settle(regions: Region[], disagreeing: readonly number[], signal: AbortSignal): Promise<void> {
    const { routes } = this.#options;
    const readable = routes ? disagreeing.slice(0, MAX_ROUTES) : [];
    for (const index of readable) {
      const region = regions[index]!;
      const reading = regionIn(await routes!.readRegionRoute(region.id, signal), region.id);
      if (reading.kind === 'found')
        regions[index] = { ...region, leader: reading.leader, status: reading.status };
    }
    const left = disagreeing.slice(readable.length).map((index) => regions[index]!.id);
    if (left.length > 0) this.#warnOfDisagreement(left);
  }

  #warnOfDisagreement(regionIds: readonly RegionId[]): void {
    this.#options.onWarning('Sources disagree about the leaders of regions: they are left alone for now', {
      count: regionIds.length,
      first: regionIds[0],
    });
  }
}

/** A region that a frontend does not know yet, and that a datanode holds. */
function entryFromCopies(
  regionId: RegionId,
  writableOn: readonly DatanodeId[] | undefined,
): PeerEntry | undefined {
  const leader = writableOn?.[0];
  if (leader === undefined) return undefined;
  return { id: regionId, leader, status: 'alive', followers: undefined, hasLeaderRow: true };
}

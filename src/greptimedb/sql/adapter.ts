import { compareIds } from '../../domain/ids.ts';
import type { DatanodeId, ProcedureId, RegionId } from '../../domain/ids.ts';
import { OperatingError } from '../../domain/errors.ts';
import type { MigrationRequest } from '../../domain/migrate-call.ts';
import { WorkSlice, yieldToEventLoop } from '../../lib/event-loop.ts';
import type { Datanode, Region, RegionLoad, Snapshot, Table } from '../../domain/snapshot.ts';
import { LeaseLiveness } from '../liveness.ts';
import { LoadTracker } from '../load.ts';
import type { MetasrvCatalog } from '../metasrv/catalog.ts';
import type { MetasrvReads } from '../metasrv/reads.ts';
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
import { procedureIdOf } from '../refusals.ts';
import { isClusterError } from './client.ts';
import { EvidenceCollector } from './evidence.ts';
import type { Evidence } from './evidence.ts';
import { toProfile } from './features.ts';
import { SqlLoads } from './loads.ts';
import { SqlNodes } from './nodes.ts';
import { isProcedureUnknown, readProcedureState } from './procedures.ts';
import { stalenessMs } from './reconcile.ts';
import type { Reconciled } from './reconcile.ts';
import { findPeerEntry } from './region-peers.ts';
import type { PeerEntry, PeerTable } from './region-peers.ts';
import { SqlError } from './result.ts';
import type { SqlSources } from './sources.ts';
import { submitOverSql } from './submit.ts';
import { resolveTables } from './tables.ts';
import type { TableRow } from './tables.ts';

export interface SqlAdapterOptions {
  readonly name: string;
  readonly expectedDatanodes: readonly DatanodeId[];
}

export interface SqlAdapterDependencies {
  readonly sources: SqlSources;
  /** Metasrv's admin interface, where it is configured too. */
  readonly metasrv?: MetasrvReads;
  /** Routes from metasrv: 0.7 has them beside SQL, and they are never stale. */
  readonly routes?: MetasrvCatalog;
  readonly onWarning: WarningListener;
  readonly close: () => Promise<void>;
}

/** Routes that are read one by one to settle a disagreement; the rest of the regions rests. */
const MAX_ROUTES = 200;
const REGIONS_PER_SLICE = 250;

/** GreptimeDB 0.7 to 1.3 over the SQL interface of its frontends. */
export class SqlCluster implements Cluster {
  readonly #options: SqlAdapterOptions;
  readonly #dependencies: SqlAdapterDependencies;
  readonly #evidence: EvidenceCollector;
  readonly #nodes: SqlNodes;
  readonly #load = new LoadTracker();
  /** Datanodes that routes named when last read. */
  #routed: ReadonlyMap<DatanodeId, string> | undefined;

  constructor(options: SqlAdapterOptions, dependencies: SqlAdapterDependencies) {
    const { sources, metasrv, onWarning } = dependencies;
    this.#options = options;
    this.#dependencies = dependencies;
    this.#evidence = new EvidenceCollector({ sources, metasrv, onWarning });
    this.#nodes = new SqlNodes(options.expectedDatanodes, {
      sources,
      onWarning,
      leases: metasrv && leaseLiveness(sources, metasrv),
    });
  }

  get profile(): ClusterProfile {
    return toProfile(this.#dependencies.sources.features);
  }

  async readSnapshot({ selector, signal }: ReadSnapshotOptions): Promise<Snapshot> {
    const { sources } = this.#dependencies;
    await sources.refresh(signal);
    const takenAt = new Date(sources.client.caller.clock.now()).toISOString();
    const [peers, rows, evidence] = await Promise.all([
      sources.regionPeers(signal),
      sources.tables(signal),
      this.#evidence.gather(signal),
    ]);
    this.#routed = peers.addrs;
    const datanodes = await this.#nodes.read(peers.addrs, signal);
    const all = await this.#resolveTables(rows, peers, evidence, signal);
    const tables = all.filter((table) => selector.selects(table) && peers.byTable.has(Number(table.id)));
    return {
      formatVersion: 1,
      takenAt,
      cluster: { name: this.#options.name, api: 'sql', version: sources.features.version },
      datanodes,
      tables,
      regions: await this.#readRegions(tables, peers, evidence, signal),
    };
  }

  async readRegion(regionId: RegionId, { signal }: CallOptions): Promise<RegionReading> {
    const { sources, routes } = this.#dependencies;
    if (routes) return readFromRoute(routes, regionId, signal);
    const [peers, evidence] = await Promise.all([
      sources.regionPeersOf(regionId, signal),
      this.#evidence.gather(signal, regionId),
    ]);
    const cached = findPeerEntry(peers, regionId);
    const copies = evidence.info?.get(regionId);
    const entry = cached ?? entryFromCopies(regionId, copies?.writableOn);
    if (!entry) return { kind: 'gone' };
    const joined = this.#evidence.join(entry, evidence);
    if (joined.disagree) this.#warnOfDisagreement([regionId]);
    const staleMs = stalenessMs({
      hasCopies: copies !== undefined,
      // A datanode that says nothing of the region (its successor may have died before its first word) leaves only the cache.
      hasHeartbeat: evidence.reports.get(regionId)?.leader === joined.leader,
    });
    return {
      kind: 'found',
      leader: joined.leader,
      followers: joined.followers,
      status: joined.status,
      ...(evidence.info ? { writableOn: copies?.writableOn ?? [] } : {}),
      ...(staleMs === undefined ? {} : { staleByAtMostMs: staleMs }),
    };
  }

  async readDatanodes({ signal }: CallOptions): Promise<readonly Datanode[]> {
    // Without a list of datanodes the routes are all that names them, and they change.
    if (!this.#routed || !this.#nodes.hasList)
      this.#routed = (await this.#dependencies.sources.regionPeers(signal)).addrs;
    return this.#nodes.read(this.#routed, signal);
  }

  readSafety({ signal }: CallOptions): Promise<ClusterSafety> {
    const { metasrv } = this.#dependencies;
    return (
      metasrv?.safety(signal) ?? Promise.resolve({ maintenance: 'unknown', procedureManager: 'unknown' })
    );
  }

  async listProcedures({ signal }: CallOptions): Promise<readonly RegionProcedure[] | 'unsupported'> {
    const { sources } = this.#dependencies;
    return sources.has('procedure_info') ? sources.procedures(signal) : 'unsupported';
  }

  readProcedure(procedureId: ProcedureId, { signal }: CallOptions): Promise<ProcedureReading> {
    return readProcedureOverSql(this.#dependencies.sources, procedureId, signal);
  }

  async submitMigration(request: MigrationRequest, options: SubmitOptions): Promise<SubmitResult> {
    const { sources } = this.#dependencies;
    const result = await submitOverSql(
      {
        client: sources.client,
        form: sources.features.form,
        onOtherForm: () => sources.doubt(),
        readDatanodes: (callOptions) => this.readDatanodes(callOptions),
      },
      request,
      options,
    );
    if (result.kind !== 'refused') this.#evidence.noteMove(request.regionId, request.to);
    return result;
  }

  close(): Promise<void> {
    return this.#dependencies.close();
  }

  async #resolveTables(
    rows: readonly TableRow[],
    peers: PeerTable,
    evidence: Evidence,
    signal: AbortSignal,
  ): Promise<Table[]> {
    const withRegions = new Set([...peers.byTable.keys()].map(String));
    const { tables, orphans } = resolveTables(rows, {
      withRegions,
      withStatistics: evidence.physicalTables,
      owners: await this.#readOwners(rows, withRegions, signal),
    });
    if (orphans.length > 0)
      this.#dependencies.onWarning('The physical tables of some logical tables are not known', {
        count: orphans.length,
        first: orphans[0]?.name,
      });
    return [...tables.values()].sort((a, b) => compareIds(a.id, b.id));
  }

  /** Only 0.7 and 0.8 have logical tables whose options do not name their physical table. */
  async #readOwners(
    rows: readonly TableRow[],
    withRegions: ReadonlySet<string>,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, string>> {
    const unclear = rows.filter(
      (row) => row.engine === 'metric' && row.createOptions === undefined && !withRegions.has(row.id),
    );
    if (unclear.length === 0) return new Map();
    const { sources, routes } = this.#dependencies;
    try {
      const ids = unclear.map(({ id }) => id);
      return await (routes ? routes.readOwners(ids, signal) : sources.owners(rows, signal));
    } catch (error) {
      if (!isClusterError(error)) throw error;
      return new Map();
    }
  }

  async #readRegions(
    tables: readonly Table[],
    peers: PeerTable,
    evidence: Evidence,
    signal: AbortSignal,
  ): Promise<Region[]> {
    const nowMs = this.#dependencies.sources.client.caller.clock.monotonicMs();
    const loads = new SqlLoads(this.#load, evidence, nowMs);
    const regions: Region[] = [];
    const slice = new WorkSlice(REGIONS_PER_SLICE);
    const disagreeing: number[] = [];
    this.#load.begin();
    for (const table of tables) {
      for (const entry of inOrder(peers.byTable.get(Number(table.id)) ?? [])) {
        if (slice.isOver()) await yieldToEventLoop();
        const joined = this.#evidence.join(entry, evidence);
        if (joined.disagree) disagreeing.push(regions.length);
        regions.push(toRegion(entry, table.id, joined, loads.read(entry.id, joined.leader)));
      }
    }
    this.#load.end();
    if (disagreeing.length > 0) await this.#settle(regions, disagreeing, signal);
    return regions;
  }

  /** Where sources disagree about a leader, metasrv's own route decides, if there is one to read. */
  async #settle(regions: Region[], disagreeing: readonly number[], signal: AbortSignal): Promise<void> {
    const { routes } = this.#dependencies;
    const readable = routes ? disagreeing.slice(0, MAX_ROUTES) : [];
    for (const index of readable) {
      const region = regions[index]!;
      const reading = await readFromRoute(routes!, region.id, signal);
      if (reading.kind === 'found')
        regions[index] = { ...region, leader: reading.leader, status: reading.status };
    }
    const left = disagreeing.slice(readable.length).map((index) => regions[index]!.id);
    if (left.length > 0) this.#warnOfDisagreement(left);
  }

  #warnOfDisagreement(regionIds: readonly RegionId[]): void {
    this.#dependencies.onWarning(
      'Sources disagree about the leaders of regions: they are left alone for now',
      { count: regionIds.length, first: regionIds[0] },
    );
  }
}

/** @throws OperatingError when the id is no procedure id, or the state cannot be read. */
export async function readProcedureOverSql(
  sources: SqlSources,
  procedureId: ProcedureId,
  signal: AbortSignal,
): Promise<ProcedureReading> {
  const id = procedureIdOf(procedureId);
  if (id === undefined)
    throw new OperatingError('procedure-id', `Expected a procedure id, got ${JSON.stringify(procedureId)}`);
  const statement = `${sources.features.form} procedure_state('${id}')`;
  try {
    const query = {
      operation: 'sql-procedure-state',
      statement,
      signal,
      isFinal: isProcedureUnknown,
    } as const;
    return readProcedureState(await sources.client.select(query));
  } catch (error) {
    if (!(error instanceof SqlError)) throw error;
    if (isProcedureUnknown(error)) return { kind: 'not-found' };
    if (error.isSyntaxError || error.isUnknownName) sources.doubt();
    throw error;
  }
}

function leaseLiveness(sources: SqlSources, metasrv: MetasrvReads): LeaseLiveness {
  return new LeaseLiveness({
    clock: sources.client.caller.clock,
    readLeases: (signal) => metasrv.leases(signal),
    readOldestMs: async (signal) => (await metasrv.heartbeats(signal)).oldestMs,
  });
}

async function readFromRoute(
  routes: MetasrvCatalog,
  regionId: RegionId,
  signal: AbortSignal,
): Promise<RegionReading> {
  const { route } = await routes.readRegionRoute(regionId, signal);
  const found = route.kind === 'physical' ? route.regions.find(({ id }) => id === regionId) : undefined;
  if (!found) return { kind: 'gone' };
  const { leader, followers, status } = found;
  return { kind: 'found', leader: leader?.id ?? null, followers: followers.map(({ id }) => id), status };
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

function inOrder(entries: readonly PeerEntry[]): readonly PeerEntry[] {
  const isOrdered = entries.every(
    (entry, index) => index === 0 || compareIds(entries[index - 1]!.id, entry.id) < 0,
  );
  return isOrdered ? entries : [...entries].sort((a, b) => compareIds(a.id, b.id));
}

function toRegion(
  entry: PeerEntry,
  tableId: string,
  joined: Reconciled,
  load: RegionLoad | undefined,
): Region {
  return {
    id: entry.id,
    tableId,
    leader: joined.leader,
    ...(joined.followers.length > 0 ? { followers: joined.followers } : {}),
    status: joined.status,
    ...(load ? { load } : {}),
  };
}

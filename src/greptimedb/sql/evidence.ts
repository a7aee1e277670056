import { OperatingError } from '../../domain/errors.ts';
import { compareIds, tableIdOf } from '../../domain/ids.ts';
import type { DatanodeId, RegionId, TableId } from '../../domain/ids.ts';
import { WorkSlice, yieldToEventLoop } from '../../lib/event-loop.ts';
import type { LoadReading } from '../load.ts';
import type { MetasrvReads } from '../metasrv/reads.ts';
import type { HeartbeatReading } from '../metasrv/heartbeats.ts';
import type { WarningListener } from '../options.ts';
import { heldRegions, lastMigrationEnds } from './procedures.ts';
import { HeartbeatOpinions, heartbeatReports, reconcile, ROUTE_CACHE_TTL_MS } from './reconcile.ts';
import type { HeartbeatReport, Reconciled } from './reconcile.ts';
import type { RegionInfo } from './region-info.ts';
import { findPeerEntry } from './region-peers.ts';
import type { PeerEntry, PeerTable } from './region-peers.ts';
import type { SqlSources } from './sources.ts';
import type { StatisticsReading } from './statistics.ts';

export interface EvidenceDependencies {
  readonly sources: SqlSources;
  readonly metasrv: MetasrvReads | undefined;
  readonly onWarning: WarningListener;
}

/** One round of everything that bears on where regions are. */
export interface Evidence {
  readonly info: RegionInfo | undefined;
  readonly heartbeats: HeartbeatReading | undefined;
  readonly reports: ReadonlyMap<RegionId, HeartbeatReport>;
  readonly held: ReadonlySet<RegionId>;
  readonly migrationEnds: ReadonlyMap<RegionId, number>;
  readonly others: readonly PeerTable[];
  readonly statistics: StatisticsReading | undefined;
  /** Tables that own regions by the statistics, by the last ones when these could not be read; empty when unknown. */
  readonly physicalTables: ReadonlySet<string>;
}

const MAX_RECENT = 1_000;
/** A little longer than a frontend may keep an old route. */
const RECENT_MS = ROUTE_CACHE_TTL_MS + 60_000;
const MAX_SECOND_OPINIONS = 7;

/** Gathers what a cluster can tell about regions besides one frontend's route cache, and joins it. */
export class EvidenceCollector {
  readonly #dependencies: EvidenceDependencies;
  readonly #opinions = new HeartbeatOpinions();
  #physicalTables: ReadonlySet<string> = new Set();
  /** Where we asked the cluster to move regions lately. */
  readonly #moves = new Map<RegionId, { readonly to: DatanodeId; readonly atMs: number }>();

  constructor(dependencies: EvidenceDependencies) {
    this.#dependencies = dependencies;
  }

  noteMove(regionId: RegionId, to: DatanodeId): void {
    this.#moves.delete(regionId);
    this.#moves.set(regionId, { to, atMs: this.#nowMs() });
    const oldest = this.#moves.keys().next();
    if (this.#moves.size > MAX_RECENT && !oldest.done) this.#moves.delete(oldest.value);
  }

  /** @param regionId limits the reading to one region where the cluster can. */
  async gather(signal: AbortSignal, regionId?: RegionId): Promise<Evidence> {
    const { sources } = this.#dependencies;
    const [info, procedures] = await Promise.all([
      sources.has('region_info')
        ? this.#optional('region_info', sources.regionInfo(signal, regionId))
        : undefined,
      sources.has('procedure_info') ? sources.procedures(signal) : [],
    ]);
    // The datanodes' own words leave nothing for the others to add, unless load is read from them.
    const needsHeartbeats = regionId === undefined ? !sources.has('region_statistics') || !info : !info;
    const [heartbeats, others, statistics] = await Promise.all([
      needsHeartbeats ? this.#heartbeats(signal) : undefined,
      info ? [] : this.#secondOpinions(signal),
      regionId === undefined && sources.has('region_statistics')
        ? this.#optional('region_statistics: load is unknown', sources.statistics(signal))
        : undefined,
    ]);
    this.#physicalTables = statistics?.tableIds ?? this.#physicalTables;
    return {
      info,
      physicalTables: this.#physicalTables,
      heartbeats,
      others,
      statistics,
      reports: heartbeatReports(info ? [] : (heartbeats?.nodes ?? [])),
      held: heldRegions(procedures),
      migrationEnds: lastMigrationEnds(procedures),
    };
  }

  join(entry: PeerEntry, evidence: Evidence): Reconciled {
    return reconcile({
      cached: entry,
      others: evidence.others.flatMap((table) => findPeerEntry(table, entry.id) ?? []),
      copies: evidence.info?.get(entry.id),
      heartbeat: this.#opinions.opinion(
        entry.id,
        evidence.reports.get(entry.id),
        entry.leader,
        evidence.migrationEnds.get(entry.id),
        this.#nowMs(),
      ),
      reported: evidence.statistics?.regions.get(entry.id)?.status,
      isHeld: evidence.held.has(entry.id),
      movedTo: this.#movedTo(entry.id),
    });
  }

  #movedTo(regionId: RegionId): DatanodeId | undefined {
    const move = this.#moves.get(regionId);
    return move && this.#nowMs() - move.atMs < RECENT_MS ? move.to : undefined;
  }

  #heartbeats(signal: AbortSignal): Promise<HeartbeatReading | undefined> | undefined {
    const { metasrv } = this.#dependencies;
    return metasrv && this.#optional('the heartbeats of metasrv', metasrv.heartbeats(signal));
  }

  /** The route caches of other frontends. One that fails is no witness. */
  async #secondOpinions(signal: AbortSignal): Promise<PeerTable[]> {
    const { sources } = this.#dependencies;
    const endpoints = sources.client.others().slice(0, MAX_SECOND_OPINIONS);
    const tables = await Promise.all(
      endpoints.map((endpoint) =>
        this.#optional(`the routes of ${endpoint.label}`, sources.regionPeers(signal, endpoint)),
      ),
    );
    return tables.filter((table) => table !== undefined);
  }

  async #optional<T>(what: string, reading: Promise<T>): Promise<T | undefined> {
    try {
      return await reading;
    } catch (error) {
      if (!(error instanceof OperatingError)) throw error;
      this.#dependencies.onWarning('A source that is not needed, but helps, could not be read', {
        what,
        error,
      });
      return undefined;
    }
  }

  #nowMs(): number {
    return this.#dependencies.sources.client.caller.clock.monotonicMs();
  }
}

/**
 * Regions that the frontend does not list and another witness does: a datanode that leads one, or another frontend. The table is new, or that
 * frontend has lost its route. They are there, are left alone, and their datanode is not empty.
 */
export async function unlistedRegions(
  peers: PeerTable,
  { info, others }: Evidence,
): Promise<ReadonlyMap<TableId, readonly PeerEntry[]>> {
  const found = new Map<RegionId, PeerEntry>();
  const slice = new WorkSlice(REGIONS_PER_SLICE);
  const note = (id: RegionId, leader: DatanodeId | null | undefined): void => {
    if (leader === undefined || found.has(id) || findPeerEntry(peers, id)) return;
    found.set(id, { id, leader, status: 'migrating', followers: undefined, hasLeaderRow: true });
  };
  // Nearly always all of them are listed. That is counted, because to look for each of a million takes several times as long.
  let listed = 0;
  for (const { inOrder } of info ? peers.byTable.values() : []) {
    for (const { id } of inOrder) {
      if (slice.isOver()) await yieldToEventLoop();
      if (info?.has(id)) listed += 1;
    }
  }
  for (const [id, { writableOn }] of listed === info?.size ? [] : (info ?? [])) {
    if (slice.isOver()) await yieldToEventLoop();
    note(id, writableOn[0]);
  }
  for (const table of others.flatMap(({ byTable }) => [...byTable.values()])) {
    for (const { id, leader } of table.inOrder) {
      if (slice.isOver()) await yieldToEventLoop();
      note(id, leader);
    }
  }
  return Map.groupBy(
    [...found.values()].sort((a, b) => compareIds(a.id, b.id)),
    ({ id }) => tableIdOf(id),
  );
}

const REGIONS_PER_SLICE = 250;

/** Reads the load of regions from region_statistics, else from the heartbeat of the datanode that leads. */
export function loadsIn({
  statistics,
  heartbeats,
}: Evidence): (regionId: RegionId, leader: DatanodeId | null) => LoadReading | undefined {
  const byNode = new Map(
    heartbeats?.nodes.map((node) => [node.id, new Map(node.regions.map((region) => [region.id, region]))]),
  );
  return (regionId, leader) => {
    const reported = statistics?.regions.get(regionId);
    const region = leader === null ? undefined : byNode.get(leader)?.get(regionId);
    return reported?.load ?? (region?.role === 'Leader' ? region : undefined);
  };
}

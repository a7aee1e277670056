import type { DatanodeId, RegionId } from '../../domain/ids.ts';
import type { RegionStatus } from '../../domain/snapshot.ts';
import type { NodeStat } from '../metasrv/heartbeats.ts';
import type { PeerEntry } from './region-peers.ts';
import type { RegionCopies } from './region-info.ts';

/** Everything that was heard of one region. Only `cached` is always there. */
export interface RegionViews {
  /** The route as one frontend has it cached. */
  readonly cached: Pick<PeerEntry, 'leader' | 'status' | 'followers'>;
  /** The same from other frontends. */
  readonly others: readonly Pick<PeerEntry, 'leader' | 'status'>[];
  /** The datanodes' own words (1.1 and later). */
  readonly copies?: RegionCopies | undefined;
  /** The datanode that last reported to metasrv that it leads the region, and whether it has said so for long. */
  readonly heartbeat?: HeartbeatOpinion | undefined;
  /** The leader's state by region_statistics. */
  readonly reported?: RegionStatus | undefined;
  /** Whether a procedure holds the region or waits for it. */
  readonly isHeld: boolean;
  /** Where we ourselves asked the cluster to move it lately. A cache that names this datanode cannot be the older one. */
  readonly movedTo?: DatanodeId | undefined;
}

export interface HeartbeatOpinion {
  readonly leader: DatanodeId;
  readonly isSettled: boolean;
}

export interface Reconciled {
  readonly leader: DatanodeId | null;
  readonly status: RegionStatus;
  readonly followers: readonly DatanodeId[];
  /** Whether the sources name different leaders and nothing decides between them: the region is left alone. */
  readonly disagree: boolean;
}

/** Joins what several sources say of one region. The rules and their reasons are in docs/compatibility.md. */
export function reconcile(views: RegionViews): Reconciled {
  const { leader, status, disagree } = views.copies ? byCopies(views, views.copies) : byOpinions(views);
  const followers = (views.cached.followers ?? []).filter((follower) => follower !== leader);
  return { leader, followers, disagree, status: finalStatus(status, views) };
}

type Decision = Pick<Reconciled, 'leader' | 'status' | 'disagree'>;

function byCopies({ cached }: RegionViews, { writableOn, hasIdleLeader }: RegionCopies): Decision {
  const [only, second] = writableOn;
  if (second !== undefined) return { leader: cached.leader, status: 'migrating', disagree: true };
  if (only === undefined)
    return { ...cached, status: hasIdleLeader ? held(cached.status) : cached.status, disagree: false };
  // The cached state belongs to the leader that the cache names.
  return only === cached.leader
    ? { ...cached, disagree: false }
    : { leader: only, status: 'alive', disagree: false };
}

function byOpinions({ cached, others, heartbeat, movedTo }: RegionViews): Decision {
  const opinions = [cached, ...others];
  const isUnanimous =
    others.every((other) => other.leader === cached.leader) &&
    (heartbeat === undefined || heartbeat.leader === cached.leader);
  if (isUnanimous) {
    const status = opinions.find((opinion) => opinion.status !== 'alive')?.status ?? 'alive';
    return { leader: cached.leader, status, disagree: false };
  }
  const newer = opinions.find((opinion) => movedTo !== undefined && opinion.leader === movedTo);
  if (newer) return { leader: newer.leader, status: newer.status, disagree: false };
  if (heartbeat && (heartbeat.isSettled || heartbeat.leader === movedTo))
    return { leader: heartbeat.leader, status: 'alive', disagree: false };
  return { leader: cached.leader, status: held(cached.status), disagree: true };
}

function held(status: RegionStatus): RegionStatus {
  return status === 'alive' ? 'migrating' : status;
}

function finalStatus(status: RegionStatus, { reported, isHeld }: RegionViews): RegionStatus {
  if (status === 'staging' || reported === 'staging') return 'staging';
  return isHeld || reported === 'migrating' ? 'migrating' : status;
}

/** Datanodes flush statistics at least this often (10 heartbeats up to 0.9). Older ones belong to nodes that went silent. */
const FLUSH_MS = 30_000;
/** A leader that the heartbeats name for this long, against a route cache, is right: the cache is the one that lags. */
const SETTLED_MS = 2 * FLUSH_MS;

/** What a live datanode said of a region that it leads, and when, by the servers' clocks. */
export interface HeartbeatReport {
  readonly leader: DatanodeId;
  readonly atMs: number;
}

/**
 * What the datanodes say that they lead. Of two that claim a region the later word holds: each was true at its time. A datanode that
 * went silent is not heard.
 */
export function heartbeatReports(nodes: readonly NodeStat[]): ReadonlyMap<RegionId, HeartbeatReport> {
  const newestMs = nodes.reduce((newest, node) => Math.max(newest, node.timestampMs), 0);
  const reports = new Map<RegionId, HeartbeatReport>();
  for (const node of nodes) {
    if (newestMs - node.timestampMs > SETTLED_MS) continue;
    for (const region of node.regions) {
      if (region.role !== 'Leader' || (reports.get(region.id)?.atMs ?? -1) >= node.timestampMs) continue;
      reports.set(region.id, { leader: node.id, atMs: node.timestampMs });
    }
  }
  return reports;
}

interface Contradiction {
  readonly leader: DatanodeId;
  readonly reportedAtMs: number;
  readonly sinceMs: number;
}

/** Weighs heartbeats against route caches, and remembers for how long they have contradicted each other. */
export class HeartbeatOpinions {
  readonly #contradictions = new Map<RegionId, Contradiction>();

  /**
   * @param movedAtMs when the last migration of the region ended, by the servers' clocks; undefined when none is known.
   * @returns undefined when the heartbeats have nothing to say, or spoke before that migration ended.
   */
  opinion(
    regionId: RegionId,
    report: HeartbeatReport | undefined,
    cachedLeader: DatanodeId | null,
    movedAtMs: number | undefined,
    nowMs: number,
  ): HeartbeatOpinion | undefined {
    if (!report || report.leader === cachedLeader) {
      this.#contradictions.delete(regionId);
      return report && { leader: report.leader, isSettled: true };
    }
    // A cache that contradicts what was so before the migration has seen it; one that contradicts what was so after it has not.
    if (movedAtMs !== undefined)
      return report.atMs > movedAtMs ? { leader: report.leader, isSettled: true } : undefined;
    const known = this.#contradictions.get(regionId);
    if (known?.leader !== report.leader) {
      const contradiction = { leader: report.leader, reportedAtMs: report.atMs, sinceMs: nowMs };
      this.#contradictions.set(regionId, contradiction);
      return { leader: report.leader, isSettled: false };
    }
    const isSettled = nowMs - known.sinceMs >= SETTLED_MS && report.atMs > known.reportedAtMs;
    return { leader: report.leader, isSettled };
  }
}

/** What a reading that rests on caches may lag by, given the sources behind it. */
export function stalenessMs(sources: { hasCopies: boolean; hasHeartbeat: boolean }): number | undefined {
  if (sources.hasCopies) return undefined;
  return sources.hasHeartbeat ? FLUSH_MS : ROUTE_CACHE_TTL_MS;
}

/** How long a frontend keeps a route (GreptimeDB src/catalog/src/kvbackend/client.rs). */
export const ROUTE_CACHE_TTL_MS = 600_000;

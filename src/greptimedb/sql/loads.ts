import type { DatanodeId, RegionId } from '../../domain/ids.ts';
import type { RegionLoad } from '../../domain/snapshot.ts';
import type { LoadTracker } from '../load.ts';
import type { RegionStat } from '../metasrv/admin.ts';
import type { Evidence } from './evidence.ts';

/** Load from region_statistics, else from the heartbeat of the datanode that leads. */
export class SqlLoads {
  readonly #tracker: LoadTracker;
  readonly #evidence: Evidence;
  readonly #nowMs: number;
  readonly #byNode = new Map<DatanodeId, ReadonlyMap<RegionId, RegionStat>>();

  constructor(tracker: LoadTracker, evidence: Evidence, nowMs: number) {
    this.#tracker = tracker;
    this.#evidence = evidence;
    this.#nowMs = nowMs;
    for (const node of evidence.heartbeats?.nodes ?? [])
      this.#byNode.set(node.id, new Map(node.regions.map((region) => [region.id, region])));
  }

  read(regionId: RegionId, leader: DatanodeId | null): RegionLoad | undefined {
    const reported = this.#evidence.statistics?.regions.get(regionId);
    if (reported) return this.#tracker.note(regionId, leader, reported.load, this.#nowMs);
    const region = leader === null ? undefined : this.#byNode.get(leader)?.get(regionId);
    return region?.role === 'Leader' ? this.#tracker.note(regionId, leader, region, this.#nowMs) : undefined;
  }
}

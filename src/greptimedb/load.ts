import type { DatanodeId, RegionId } from '../domain/ids.ts';
import type { RegionLoad } from '../domain/snapshot.ts';

/** What a server says of one region. Absent is unknown. */
export interface LoadReading {
  readonly memtableBytes?: number | undefined;
  readonly diskBytes?: number | undefined;
  readonly rows?: number | undefined;
  /** Counts up from when the region was opened on its leader. */
  readonly writtenBytes?: number | undefined;
}

interface Sample {
  readonly leader: DatanodeId | null;
  readonly writtenBytes: number;
  readonly atMs: number;
  readonly bytesPerSecond: number | undefined;
}

/**
 * Servers refresh the counters every 9 s (3 heartbeats, GreptimeDB src/meta-srv/src/handler/collect_stats_handler.rs). Two readings
 * closer than about two such periods may see the same value and would look like no writes at all.
 */
const MIN_INTERVAL_MS = 20_000;

/** Turns counters into rates, from one snapshot to the next. A counter that fell, or a leader that changed, starts anew. */
export class LoadTracker {
  #samples: ReadonlyMap<RegionId, Sample> = new Map();

  /**
   * Begins a snapshot. Regions that are not noted in it are forgotten.
   *
   * @returns what notes a region's counters, and gives its load; undefined when nothing is known.
   */
  begin(): (
    regionId: RegionId,
    leader: DatanodeId | null,
    reading: LoadReading,
    atMs: number,
  ) => RegionLoad | undefined {
    const before = this.#samples;
    const now = new Map<RegionId, Sample>();
    this.#samples = now;
    return (regionId, leader, { writtenBytes, memtableBytes, diskBytes, rows }, atMs) => {
      const sample =
        writtenBytes === undefined
          ? undefined
          : nextSample(before.get(regionId), { leader, writtenBytes, atMs, bytesPerSecond: undefined });
      if (sample) now.set(regionId, sample);
      const load = {
        ...(sample?.bytesPerSecond === undefined ? {} : { writeBytesPerSecond: sample.bytesPerSecond }),
        ...(memtableBytes === undefined ? {} : { memtableBytes }),
        ...(diskBytes === undefined ? {} : { diskBytes }),
        ...(rows === undefined ? {} : { rows }),
      };
      return Object.keys(load).length === 0 ? undefined : load;
    };
  }
}

function nextSample(before: Sample | undefined, now: Sample): Sample {
  if (before?.leader !== now.leader || now.writtenBytes < before.writtenBytes) return now;
  const elapsedMs = now.atMs - before.atMs;
  if (elapsedMs < MIN_INTERVAL_MS) return before;
  return { ...now, bytesPerSecond: ((now.writtenBytes - before.writtenBytes) * 1_000) / elapsedMs };
}

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
  #samples = new Map<RegionId, Sample>();
  #next = new Map<RegionId, Sample>();

  /** Regions that are not noted until the next `begin` are forgotten. */
  begin(): void {
    this.#next = new Map();
  }

  end(): void {
    this.#samples = this.#next;
  }

  /** @returns undefined when nothing is known. */
  note(
    regionId: RegionId,
    leader: DatanodeId | null,
    reading: LoadReading,
    atMs: number,
  ): RegionLoad | undefined {
    const bytesPerSecond = this.#rate(regionId, leader, reading.writtenBytes, atMs);
    const { memtableBytes, diskBytes, rows } = reading;
    const load = {
      ...(bytesPerSecond === undefined ? {} : { writeBytesPerSecond: bytesPerSecond }),
      ...(memtableBytes === undefined ? {} : { memtableBytes }),
      ...(diskBytes === undefined ? {} : { diskBytes }),
      ...(rows === undefined ? {} : { rows }),
    };
    return Object.keys(load).length === 0 ? undefined : load;
  }

  #rate(
    regionId: RegionId,
    leader: DatanodeId | null,
    writtenBytes: number | undefined,
    atMs: number,
  ): number | undefined {
    if (writtenBytes === undefined) return undefined;
    const previous = this.#samples.get(regionId);
    if (previous?.leader !== leader || writtenBytes < previous.writtenBytes) {
      this.#next.set(regionId, { leader, writtenBytes, atMs, bytesPerSecond: undefined });
      return undefined;
    }
    const elapsedMs = atMs - previous.atMs;
    if (elapsedMs < MIN_INTERVAL_MS) {
      this.#next.set(regionId, previous);
      return previous.bytesPerSecond;
    }
    const bytesPerSecond = ((writtenBytes - previous.writtenBytes) * 1_000) / elapsedMs;
    this.#next.set(regionId, { leader, writtenBytes, atMs, bytesPerSecond });
    return bytesPerSecond;
  }
}

import type { DatanodeId, RegionId } from '../../domain/ids.ts';
import type { Snapshot } from '../../domain/snapshot.ts';
import type { Clock } from '../../lib/clock.ts';
import type { EventSource, StampedEvent } from '../../observability/events.ts';

/** Looked at afresh after this time: a follower may have been taken away. */
const KEPT_MS = 3_600_000;
/** The most regions that are remembered; the oldest are forgotten first. */
const MAX_REGIONS = 10_000;

interface Learned {
  readonly datanodes: ReadonlySet<DatanodeId>;
  readonly atMs: number;
}

/**
 * Followers that only the check of a single move could see: before GreptimeDB 0.14 no list tells them (`region_peers` has leaders only), but
 * a route, or a refusal, does. Without remembering them the same impossible move would be planned in every cycle.
 */
export class LearnedFollowers {
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  readonly #learned = new Map<RegionId, Learned>();

  constructor(dependencies: { readonly clock: Pick<Clock, 'monotonicMs'>; readonly events: EventSource }) {
    this.#clock = dependencies.clock;
    dependencies.events.subscribe((event) => this.#note(event));
  }

  #note(event: StampedEvent): void {
    if (event.type !== 'move-finished') return;
    const { cause, regionId, to } = event.move;
    if (cause !== 'follower-on-target') return;
    const datanodes = new Set([...(this.#learned.get(regionId)?.datanodes ?? []), to]);
    this.#learned.delete(regionId);
    this.#learned.set(regionId, { datanodes, atMs: this.#clock.monotonicMs() });
    const [oldest] = this.#learned.keys();
    if (this.#learned.size > MAX_REGIONS && oldest !== undefined) this.#learned.delete(oldest);
  }

  /** The snapshot with what was learned; the same object when that is nothing. */
  addTo(snapshot: Snapshot): Snapshot {
    this.#forgetOld();
    if (this.#learned.size === 0) return snapshot;
    return {
      ...snapshot,
      regions: snapshot.regions.map((region) => {
        const learned = this.#learned.get(region.id);
        if (!learned) return region;
        return { ...region, followers: [...new Set([...(region.followers ?? []), ...learned.datanodes])] };
      }),
    };
  }

  #forgetOld(): void {
    const beforeMs = this.#clock.monotonicMs() - KEPT_MS;
    for (const [regionId, { atMs }] of this.#learned) if (atMs < beforeMs) this.#learned.delete(regionId);
  }
}

import type { DatanodeId, RegionId } from '../../domain/ids.ts';
import type { Plan } from '../../domain/plan.ts';
import { STALE_ROUTE_MS, type ForeignMove } from '../../executor/foreign.ts';
import type { Clock } from '../../lib/clock.ts';
import type { EventSource, StampedEvent } from '../../observability/events.ts';
import type { Store } from '../../store/port.ts';

export interface OtherMoversDependencies {
  readonly events: EventSource;
  readonly clock: Pick<Clock, 'now'>;
  /** Our own moves, which may show as somebody else's: one without a known end, and one that caches do not know yet. */
  readonly store: Pick<Store, 'unresolvedMoves' | 'lastSuccess'>;
  /** Whether we move regions ourselves: by hand, in a pause or a dry run, anybody may carry out what we plan. */
  readonly isMoving: () => boolean;
}

/** What the check right before a request finds when somebody else makes, or has made, the move. */
const OF_OTHERS: readonly (string | undefined)[] = ['already-there', 'migrating'];

/**
 * Finds out that somebody else carries out our own plan: two rebalancers with state folders of their own plan the same moves, and neither
 * lock nor lease keeps them apart. What shows it is a region that we planned to move and that others move, or have moved to where we wanted it: found at the
 * check before its request, or in the next snapshot. One may be chance (an operator, a failover); several within the window are not. Before
 * GreptimeDB 0.9, which accepts a second migration of a region that migrates, the executor waits now and then for the first of the two.
 */
export class OtherMovers {
  readonly #dependencies: OtherMoversDependencies;
  #planned: ReadonlyMap<RegionId, DatanodeId> = new Map();
  readonly #made = new Map<RegionId, { readonly to: DatanodeId; readonly atMs: number }>();

  constructor(dependencies: OtherMoversDependencies) {
    this.#dependencies = dependencies;
    dependencies.events.subscribe((event) => this.#noteEvent(event));
  }

  /** @param foreign what others moved since the snapshot that the last plan was made from. */
  noteForeign(foreign: readonly ForeignMove[]): void {
    for (const { regionId, to } of foreign) if (this.#planned.get(regionId) === to) this.#note(regionId, to);
  }

  /** Our moves that others made within the last `windowMs`, with the newest of them for a person to read. */
  within(windowMs: number): { readonly count: number; readonly example: string } {
    const sinceMs = this.#dependencies.clock.now() - windowMs;
    for (const [regionId, { atMs }] of this.#made) if (atMs < sinceMs) this.#made.delete(regionId);
    const last = [...this.#made].at(-1);
    const example = last ? `region ${last[0]} to datanode ${last[1].to}` : '';
    return { count: this.#made.size, example };
  }

  #noteEvent(event: StampedEvent): void {
    if (event.type === 'resumed') this.#made.clear();
    if (event.type === 'planned')
      this.#planned = this.#dependencies.isMoving() ? targetsOf(event.plan) : new Map();
    if (event.type !== 'move-finished' || !OF_OTHERS.includes(event.move.cause)) return;
    const { regionId, to } = event.move;
    if (!this.#isOurDoing(regionId)) this.#note(regionId, to);
  }

  #isOurDoing(regionId: RegionId): boolean {
    const { store, clock } = this.#dependencies;
    if (store.unresolvedMoves().some((move) => move.regionId === regionId)) return true;
    const last = store.lastSuccess(regionId);
    return clock.now() - (last?.late?.atMs ?? last?.endedAtMs ?? 0) < STALE_ROUTE_MS;
  }

  #note(regionId: RegionId, to: DatanodeId): void {
    if (!this.#dependencies.isMoving()) return;
    this.#made.delete(regionId);
    this.#made.set(regionId, { to, atMs: this.#dependencies.clock.now() });
  }
}

function targetsOf({ moves }: Plan): ReadonlyMap<RegionId, DatanodeId> {
  return new Map(moves.map(({ regionId, to }) => [regionId, to]));
}

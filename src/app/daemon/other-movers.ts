import type { DatanodeId, RegionId } from '../../domain/ids.ts';
import type { Snapshot } from '../../domain/snapshot.ts';
import {
  describeForeignMoves,
  findForeignMoves,
  STALE_ROUTE_MS,
  undoneMoves,
} from '../../executor/foreign.ts';
import type { Clock } from '../../lib/clock.ts';
import type { EventBus, StampedEvent } from '../../observability/events.ts';
import type { Store } from '../../store/port.ts';

interface OtherMoversDependencies {
  readonly events: EventBus;
  readonly clock: Pick<Clock, 'now'>;
  /** Our own moves, which may show as somebody else's: one without a known end, and one that caches do not know yet. */
  readonly store: Pick<Store, 'unresolvedMoves' | 'lastSuccess' | 'listMoves' | 'markUndone'>;
  /** Whether this replica leads. What the leader moves is no business of a standby's. */
  readonly isActing: () => boolean;
  /** Whether we move regions ourselves: by hand, in a pause or a dry run, anybody may carry out what we plan. */
  readonly isMoving: () => boolean;
}

/** Longer than any route is cached and any migration takes. */
const OWN_MOVES_LOOKED_BACK_MS = 3_600_000;
const OWN_MOVES_LOOKED_AT = 10_000;

/** What the check right before a request finds when somebody else makes, or has made, the move. */
const OF_OTHERS: readonly (string | undefined)[] = ['already-there', 'migrating'];

/**
 * Follows what others move. Also finds out that somebody else carries out our own plan: two rebalancers with state folders of their own plan the same moves, and neither
 * lock nor lease keeps them apart. What shows it is a region that we planned to move and that others move, or have moved to where we wanted it: found at the
 * check before its request, or in the next snapshot. One may be chance (an operator, a failover); several within the window are not. Before
 * GreptimeDB 0.9, which accepts a second migration of a region that migrates, the executor waits now and then for the first of the two.
 */
export class OtherMovers {
  readonly #dependencies: OtherMoversDependencies;
  #planned: ReadonlyMap<RegionId, DatanodeId> = new Map();
  readonly #made = new Map<RegionId, { readonly to: DatanodeId; readonly atMs: number }>();
  #lastSnapshot: Snapshot | undefined;

  constructor(dependencies: OtherMoversDependencies) {
    this.#dependencies = dependencies;
    dependencies.events.subscribe((event) => this.#noteEvent(event));
  }

  /** Tells what others moved since the last snapshot, and remembers which of it undid our own moves. */
  noteSnapshot(snapshot: Snapshot): void {
    const { store, clock, events, isActing } = this.#dependencies;
    const before = this.#lastSnapshot;
    this.#lastSnapshot = isActing() ? snapshot : undefined;
    if (!before || !this.#lastSnapshot) return;
    const sinceMs = Date.parse(before.takenAt) - OWN_MOVES_LOOKED_BACK_MS;
    const ours = store
      .listMoves({ limit: OWN_MOVES_LOOKED_AT })
      .filter((move) => move.createdAtMs >= sinceMs);
    const foreign = findForeignMoves(before, snapshot, ours);
    if (foreign.length === 0) return;
    for (const { regionId, to } of foreign) if (this.#planned.get(regionId) === to) this.#note(regionId, to);
    const undone = undoneMoves(foreign);
    for (const move of undone) store.markUndone(move.id, clock.now());
    const detail = describeForeignMoves(foreign);
    events.emit({ type: 'foreign-moves', count: foreign.length, undone: undone.length, detail });
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
      this.#planned = new Map(
        this.#dependencies.isMoving() ? event.plan.moves.map(({ regionId, to }) => [regionId, to]) : [],
      );
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

import type { DatanodeId, RegionId } from '../domain/ids.ts';
import { compareIds } from '../domain/ids.ts';
import type { MoveRecord } from '../domain/move.ts';
import type { Region, Snapshot } from '../domain/snapshot.ts';
import { count } from '../lib/number.ts';

/** A change of leader that we did not make. */
export interface ForeignMove {
  readonly regionId: RegionId;
  readonly from: DatanodeId;
  readonly to: DatanodeId;
  /** The move of ours that it undid: it took the region back to where we had taken it from. */
  readonly undid?: MoveRecord;
}

/**
 * A reading this soon after one of our moves that shows the region where it was counts for nothing: frontends may answer from
 * routes that they cached before, for up to 10 minutes (GreptimeDB kvbackend/client.rs). Looked at again next time.
 */
export const STALE_ROUTE_MS = 600_000;

/**
 * What others moved between two snapshots, by region id. A region whose leader changed through one of our moves, or through one of
 * which we do not know for certain that it failed, is not among them.
 *
 * @param ours our moves that were, or may have been, submitted, from well before `before` until `after`.
 */
export function findForeignMoves(
  before: Snapshot,
  after: Snapshot,
  ours: readonly MoveRecord[],
): readonly ForeignMove[] {
  const leadersBefore = new LeadersBefore(before.regions);
  const takenBeforeMs = Date.parse(before.takenAt);
  const takenAfterMs = Date.parse(after.takenAt);
  const byRegion = Map.groupBy(ours, (move) => move.regionId);
  const times = { takenBeforeMs, takenAfterMs };
  const found: ForeignMove[] = [];
  for (let index = 0; index < after.regions.length; index += 1) {
    const region = after.regions[index]!;
    const known = leadersBefore.of(region.id, index);
    const moves = byRegion.get(region.id);
    // A million regions mostly are where they were, and not because of us.
    if (known === null || known === undefined || (known === region.leader && !moves)) continue;
    const move = foreignMove(region, known, moves ?? [], times);
    if (move) found.push(move);
  }
  return found.sort((a, b) => compareIds(a.regionId, b.regionId));
}

/** Our moves that others undid, each once. */
export function undoneMoves(foreign: readonly ForeignMove[]): readonly MoveRecord[] {
  return foreign.flatMap(({ undid }) => (undid && undid.undoneAtMs === undefined ? [undid] : []));
}

/** One sentence for log and alert. */
export function describeForeignMoves(foreign: readonly ForeignMove[]): string {
  const examples = foreign
    .slice(0, 5)
    .map(
      ({ regionId, from, to, undid }) => `${regionId} from ${from} to ${to}${undid ? ' (undoing ours)' : ''}`,
    );
  const more = foreign.length > examples.length ? `, and ${foreign.length - examples.length} more` : '';
  return `Others moved ${count(foreign.length, 'region')}: ${examples.join(', ')}${more}.`;
}

function foreignMove(
  region: Region,
  leaderBefore: DatanodeId,
  ours: readonly MoveRecord[],
  { takenBeforeMs, takenAfterMs }: { readonly takenBeforeMs: number; readonly takenAfterMs: number },
): ForeignMove | undefined {
  const { leader } = region;
  if (leader === null || region.status !== 'alive') return undefined;
  const last = ours.filter(hasSucceeded).reduce<MoveRecord | undefined>(later, undefined);
  const lastMs = last ? endOf(last) : 0;
  // A move of ours shortly before the first snapshot may not have been visible in it.
  const expected = last && lastMs > takenBeforeMs - STALE_ROUTE_MS ? last.to : leaderBefore;
  if (leader === expected || leader === last?.to) return undefined;
  // What a third datanode took was told of when it was first seen.
  if (leader === leaderBefore && leader !== last?.from) return undefined;
  if (ours.some((move) => move !== last && move.to === leader && isInDoubt(move))) return undefined;
  const undid = last?.from === leader && last.to === expected ? last : undefined;
  if (undid && takenAfterMs - lastMs < STALE_ROUTE_MS) return undefined;
  return { regionId: region.id, from: expected, to: leader, ...(undid && { undid }) };
}

function hasSucceeded(move: MoveRecord): boolean {
  return move.state === 'succeeded' || move.late?.outcome === 'succeeded';
}

/** A move that was sent and that we do not believe to have succeeded: we may have been shown an old route. */
function isInDoubt(move: MoveRecord): boolean {
  return move.state !== 'abandoned' && !hasSucceeded(move);
}

function later(a: MoveRecord | undefined, b: MoveRecord): MoveRecord {
  return a && endOf(a) >= endOf(b) ? a : b;
}

function endOf(move: MoveRecord): number {
  return move.late?.atMs ?? move.endedAtMs ?? 0;
}

/** Who led a region. Two snapshots mostly list the same regions in the same order: only where they do not is a map worth its time. */
class LeadersBefore {
  readonly #regions: readonly Region[];
  #map: ReadonlyMap<RegionId, DatanodeId | null> | undefined;

  constructor(regions: readonly Region[]) {
    this.#regions = regions;
  }

  /** @param index where the region stands in the later snapshot. */
  of(id: RegionId, index: number): DatanodeId | null | undefined {
    const neighbour = this.#regions[index];
    if (neighbour?.id === id) return neighbour.leader;
    this.#map ??= new Map(this.#regions.map((region) => [region.id, region.leader]));
    return this.#map.get(id);
  }
}

import type { DatanodeId, RegionId, TableId } from '../../domain/ids.ts';
import type { Move, Plan } from '../../domain/plan.ts';
import type { Region } from '../../domain/snapshot.ts';
import { WorkSlice, yieldToEventLoop } from '../../lib/event-loop.ts';
import type { LiveState } from '../../observability/live-state.ts';
import type { RegionsView, RegionView } from './answers.ts';
import type { RegionsQuery } from './inputs.ts';

/** The part of the live state that says where regions are and go. */
export type Placement = Pick<LiveState, 'snapshot' | 'plan' | 'ended' | 'currentMove'>;

/** Where the regions are now: as the snapshot found them, with the moves that succeeded since. */
function leaderNow(
  { id, leader }: Region,
  move: Move | undefined,
  ended: Placement['ended'],
): DatanodeId | null {
  return move !== undefined && ended.get(id) === 'succeeded' ? move.to : leader;
}

/** @param tableId only those of one table. */
async function movesByRegion(plan: Plan | null, tableId?: TableId): Promise<ReadonlyMap<RegionId, Move>> {
  const moves = new Map<RegionId, Move>();
  const slice = new WorkSlice(REGIONS_PER_SLICE);
  for (const move of plan?.moves ?? []) {
    if (slice.isOver()) await yieldToEventLoop();
    if (tableId === undefined || move.tableId === tableId) moves.set(move.regionId, move);
  }
  return moves;
}

/** A millisecond or two of work. */
const REGIONS_PER_SLICE = 1_000;

/** Undefined without a snapshot. Looks through all regions, in turns. */
export async function buildRegions(
  { snapshot, plan, ended }: Placement,
  { limit, datanode, table }: RegionsQuery,
): Promise<RegionsView | undefined> {
  if (!snapshot) return undefined;
  const moves = await movesByRegion(plan, table);
  const slice = new WorkSlice(REGIONS_PER_SLICE);
  const regions: RegionView[] = [];
  let total = 0;
  for (const region of snapshot.regions) {
    if (slice.isOver()) await yieldToEventLoop();
    if (table !== undefined && region.tableId !== table) continue;
    const move = ended.has(region.id) ? undefined : moves.get(region.id);
    const leader = leaderNow(region, moves.get(region.id), ended);
    if (datanode !== undefined && leader !== datanode && move?.to !== datanode) continue;
    total += 1;
    if (regions.length < limit) regions.push(toRegionView(region, leader, move));
  }
  return { total, regions };
}

function toRegionView(region: Region, leader: DatanodeId | null, move: Move | undefined): RegionView {
  const { id, tableId, status, load } = region;
  return {
    id,
    tableId,
    leader,
    target: move?.to ?? null,
    reason: move?.reason ?? null,
    status,
    writeBytesPerSecond: load?.writeBytesPerSecond ?? null,
    diskBytes: load?.diskBytes ?? null,
  };
}

import type { DatanodeId, RegionId } from '../domain/ids.ts';
import type { MoveState } from '../domain/move.ts';
import type { Move, Plan } from '../domain/plan.ts';
import { compareIds } from '../domain/ids.ts';
import { fullTableName } from '../domain/snapshot.ts';
import type { Region, Snapshot } from '../domain/snapshot.ts';
import { isoTime } from '../observability/event-view.ts';
import type { LiveState } from '../observability/live-state.ts';
import type { QueueQuery, RegionsQuery, SeriesQuery } from './overview-ports.ts';
import type { MatrixView, QueueView, RegionsView, RegionView, SeriesView } from './overview-schemas.ts';

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

/** A move is still wanted unless it ended without success; then its region stays where it is, for this plan. */
function leaderAfter(
  { leader }: Region,
  move: Move | undefined,
  state: MoveState | undefined,
): DatanodeId | null {
  if (move === undefined) return leader;
  return state === undefined || state === 'succeeded' ? move.to : leader;
}

function movesByRegion(plan: Plan | null): ReadonlyMap<RegionId, Move> {
  return new Map(plan?.moves.map((move) => [move.regionId, move]));
}

/** Counts regions by table and datanode; takes time in proportion to the number of regions. Undefined without a snapshot. */
export function buildMatrix({ snapshot, plan, ended }: Placement): MatrixView | undefined {
  if (!snapshot) return undefined;
  const columns = columnsOf(snapshot, plan);
  const moves = movesByRegion(plan);
  const rows = new Map<string, Map<number, [now: number, after: number]>>();
  const count = (row: Map<number, [number, number]>, datanode: DatanodeId | null, when: 0 | 1): void => {
    const column = datanode === null ? undefined : columns.get(datanode);
    if (column === undefined) return;
    const cell = row.get(column) ?? [0, 0];
    cell[when] += 1;
    row.set(column, cell);
  };
  for (const region of snapshot.regions) {
    const row = rows.get(region.tableId) ?? new Map<number, [number, number]>();
    rows.set(region.tableId, row);
    const move = moves.get(region.id);
    count(row, leaderNow(region, move, ended), 0);
    count(row, leaderAfter(region, move, ended.get(region.id)), 1);
  }
  const tables = snapshot.tables.map((table) => ({
    id: table.id,
    name: fullTableName(table),
    cells: [...(rows.get(table.id) ?? [])]
      .sort(([a], [b]) => a - b)
      .flatMap(([column, [now, after]]) => [column, now, after]),
  }));
  return {
    takenAt: snapshot.takenAt,
    planId: plan?.planId ?? null,
    datanodes: [...columns.keys()],
    tables: tables.sort((a, b) => (a.name < b.name ? -1 : 1)),
  };
}

/** Datanodes with their position, in the order of the plan. */
function columnsOf(snapshot: Snapshot, plan: Plan | null): ReadonlyMap<DatanodeId, number> {
  const ids = (plan?.before.datanodes ?? snapshot.datanodes).map(({ id }) => id).sort(compareIds);
  return new Map(ids.map((id, index) => [id, index]));
}

/** Undefined without a snapshot. */
export function buildRegions(
  { snapshot, plan, ended }: Placement,
  { limit, datanodeId, tableId, regionId, moving }: RegionsQuery,
): RegionsView | undefined {
  if (!snapshot) return undefined;
  const moves = movesByRegion(plan);
  const regions: RegionView[] = [];
  let total = 0;
  for (const region of snapshot.regions) {
    if (tableId !== undefined && region.tableId !== tableId) continue;
    if (regionId !== undefined && region.id !== regionId) continue;
    const move = ended.has(region.id) ? undefined : moves.get(region.id);
    if (moving && move === undefined) continue;
    const leader = leaderNow(region, moves.get(region.id), ended);
    if (datanodeId !== undefined && leader !== datanodeId && move?.to !== datanodeId) continue;
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

export function buildQueue(
  { plan, ended, currentMove }: Placement,
  { limit, offset, datanodeId, text }: QueueQuery,
): QueueView {
  const underWay = currentMove?.move.planId === plan?.planId ? currentMove?.move.regionId : undefined;
  const moves: Move[] = [];
  let total = 0;
  for (const move of plan?.moves ?? []) {
    if (ended.has(move.regionId) || move.regionId === underWay) continue;
    if (datanodeId !== undefined && move.from !== datanodeId && move.to !== datanodeId) continue;
    if (text !== undefined && !move.table.includes(text) && !move.regionId.includes(text)) continue;
    total += 1;
    if (total > offset && moves.length < limit) moves.push(move);
  }
  return { total, moves };
}

/** One finished cycle of the stored history. Times in ms since 1970. */
export interface PastCycle {
  readonly endedAtMs: number;
  readonly failed: boolean;
  readonly moved: number;
  readonly tableSkewMax?: number | undefined;
  readonly nodeSkew?: number | undefined;
}

/** How many regions each datanode led at one time. */
export interface PastSample {
  readonly atMs: number;
  readonly regions: Readonly<Record<DatanodeId, number>>;
}

type Point = { -readonly [Key in keyof SeriesView['points'][number]]: SeriesView['points'][number][Key] };

/** Joins cycles and samples into steps of equal length: sums of what was done, the greatest of what was seen. */
export function buildSeries(
  { rangeMs, points }: SeriesQuery,
  nowMs: number,
  cycles: readonly PastCycle[],
  samples: readonly PastSample[],
): SeriesView {
  const sinceMs = nowMs - rangeMs;
  const stepMs = rangeMs / points;
  const steps = new Map<number, Point>();
  const stepAt = (atMs: number): Point => {
    const index = Math.min(points - 1, Math.max(0, Math.floor((atMs - sinceMs) / stepMs)));
    const known = steps.get(index) ?? emptyPoint(isoTime(sinceMs + index * stepMs));
    steps.set(index, known);
    return known;
  };
  for (const { endedAtMs, failed, moved, tableSkewMax, nodeSkew } of cycles) {
    const point = stepAt(endedAtMs);
    point.cycles += 1;
    point.failed += failed ? 1 : 0;
    point.moved += moved;
    point.tableSkewMax = greater(point.tableSkewMax, tableSkewMax);
    point.nodeSkew = greater(point.nodeSkew, nodeSkew);
  }
  for (const { atMs, regions } of samples) {
    const counts = Object.values(regions);
    if (counts.length === 0) continue;
    const point = stepAt(atMs);
    const least = counts.reduce((a, b) => Math.min(a, b));
    point.least = point.least === null ? least : Math.min(point.least, least);
    point.most = greater(
      point.most,
      counts.reduce((a, b) => Math.max(a, b)),
    );
  }
  const inOrder = [...steps].sort(([a], [b]) => a - b).map(([, point]) => point);
  return { since: isoTime(sinceMs), until: isoTime(nowMs), stepSeconds: stepMs / 1_000, points: inOrder };
}

function emptyPoint(at: string): Point {
  return { at, cycles: 0, failed: 0, moved: 0, tableSkewMax: null, nodeSkew: null, least: null, most: null };
}

function greater(a: number | null, b: number | undefined): number | null {
  if (b === undefined) return a;
  return a === null ? b : Math.max(a, b);
}

import type { DatanodeId, RegionId, TableId } from '../../domain/ids.ts';
import type { Move, Plan } from '../../domain/plan.ts';
import { compareIds } from '../../domain/ids.ts';
import { fullTableName } from '../../domain/snapshot.ts';
import type { Region, Snapshot } from '../../domain/snapshot.ts';
import { WorkSlice, yieldToEventLoop } from '../../lib/event-loop.ts';
import { isoTime } from '../../observability/event-view.ts';
import type { LiveState } from '../../observability/live-state.ts';
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
const TABLES_PER_SLICE = 50;

type Counts = Map<number, [now: number, after: number]>;

/** The counts that a plan was made from: what has to be counted only once for each plan. */
export interface MatrixBase {
  readonly snapshot: Snapshot;
  readonly plan: Plan | null;
  readonly columns: ReadonlyMap<DatanodeId, number>;
  readonly rows: ReadonlyMap<TableId, Counts>;
  /** The tables as they are shown before any move. */
  readonly tables: MatrixView['tables'];
}

/** Counts regions by table and datanode; takes time in proportion to the number of regions, in turns. */
export async function countMatrix(snapshot: Snapshot, plan: Plan | null): Promise<MatrixBase> {
  const columns = columnsOf(snapshot, plan);
  const moves = await movesByRegion(plan);
  const slice = new WorkSlice(REGIONS_PER_SLICE);
  const rows = new Map<TableId, Counts>(snapshot.tables.map(({ id }) => [id, new Map()]));
  for (const { id, tableId, leader } of snapshot.regions) {
    if (slice.isOver()) await yieldToEventLoop();
    const row = rows.get(tableId);
    if (!row) continue;
    count(row, columns, leader, 0, 1);
    count(row, columns, moves.get(id)?.to ?? leader, 1, 1);
  }
  const tables: MatrixView['tables'][number][] = [];
  const tableSlice = new WorkSlice(TABLES_PER_SLICE);
  for (const table of snapshot.tables) {
    if (tableSlice.isOver()) await yieldToEventLoop();
    tables.push({ id: table.id, name: fullTableName(table), cells: cellsOf(rows.get(table.id)) });
  }
  tables.sort((a, b) => (a.name < b.name ? -1 : 1));
  return { snapshot, plan, columns, rows, tables };
}

/** The counts with what has been moved since the plan was made. Only the tables of ended moves are written anew. */
export function buildMatrix(base: MatrixBase, ended: Placement['ended']): MatrixView {
  const { snapshot, plan, columns } = base;
  const changed = new Map<TableId, Counts>();
  for (const { regionId, tableId, from, to } of plan?.moves ?? []) {
    const state = ended.get(regionId);
    const known = base.rows.get(tableId);
    if (state === undefined || !known) continue;
    const row = changed.get(tableId) ?? new Map([...known].map(([column, cell]) => [column, [...cell]]));
    changed.set(tableId, row);
    // A move that ended without success leaves its region where it is, for this plan.
    const [column, leaves, comes] =
      state === 'succeeded' ? ([0, from, to] as const) : ([1, to, from] as const);
    count(row, columns, leaves, column, -1);
    count(row, columns, comes, column, 1);
  }
  return {
    takenAt: snapshot.takenAt,
    planId: plan?.planId ?? null,
    datanodes: [...columns.keys()],
    tables: base.tables.map((table) => {
      const row = changed.get(table.id);
      return row ? { ...table, cells: cellsOf(row) } : table;
    }),
  };
}

function count(
  row: Counts,
  columns: ReadonlyMap<DatanodeId, number>,
  datanode: DatanodeId | null,
  when: 0 | 1,
  by: 1 | -1,
): void {
  const column = datanode === null ? undefined : columns.get(datanode);
  if (column === undefined) return;
  const cell = row.get(column) ?? [0, 0];
  cell[when] = Math.max(0, cell[when] + by);
  row.set(column, cell);
}

function cellsOf(row: Counts = new Map()): number[] {
  return [...row].sort(([a], [b]) => a - b).flatMap(([column, [now, after]]) => [column, now, after]);
}

/** Datanodes with their position, in the order of the plan. */
function columnsOf(snapshot: Snapshot, plan: Plan | null): ReadonlyMap<DatanodeId, number> {
  const ids = (plan?.before.datanodes ?? snapshot.datanodes).map(({ id }) => id).sort(compareIds);
  return new Map(ids.map((id, index) => [id, index]));
}

/** Undefined without a snapshot. Looks through all regions, in turns. */
export async function buildRegions(
  { snapshot, plan, ended }: Placement,
  { limit, datanodeId, tableId, regionId, moving }: RegionsQuery,
): Promise<RegionsView | undefined> {
  if (!snapshot) return undefined;
  const moves = await movesByRegion(plan, tableId);
  const slice = new WorkSlice(REGIONS_PER_SLICE);
  const regions: RegionView[] = [];
  let total = 0;
  for (const region of snapshot.regions) {
    if (slice.isOver()) await yieldToEventLoop();
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

import { sortByKey } from '../../lib/sort.ts';
import { byMoveCost } from '../choose/load.ts';
import { ceilShare, floorShare } from '../../domain/quotas.ts';
import type { Problem } from '../problem.ts';
import { hasTarget } from '../targets.ts';
import { NO_CEIL } from './rows.ts';

/**
 * A table in which followers forbid some regions some of the columns, or all such tables of a single region together. Numbers per column
 * are not enough here, so each movable region is in a list of the cell where it is to be led. A step takes a region from a cell to another one
 * that it may be in; it costs one move to leave the home, gains one to come back to it, and costs nothing between other cells.
 *
 * Equal to a flow network with a vertex for each region between the cells: the steps are its paths from cell to cell, and as many regions as
 * stand in a cell may be tried for a step.
 */
export interface FollowerRow {
  readonly regions: RegionLists;
  /** Cells: one for each column that leads, must lead or got a region. Without one, a column has none and needs none. */
  readonly column: number[];
  readonly cellOf: Map<number, number>;
  readonly floor: number[];
  readonly ceil: number[];
  readonly newCeil: number;
  /** Regions of each cell, those included that must stay. */
  readonly count: number[];
  /** First of the movable regions that are where they were, and of those that came from elsewhere; or {@link NONE}. */
  readonly atHome: number[];
  readonly away: number[];
  /** Of a cheapest path to the cell that ends with a region to be taken out of it. */
  readonly distance: number[];
  /** Of a cheapest path to the cell that brings a region home. */
  readonly homecoming: number[];
}

/** Movable regions of all follower rows, by the snapshot's index. */
export interface RegionLists {
  /** The next region in the list of its cell, or {@link NONE}. */
  readonly next: Int32Array;
  /** The column that leads the region at the start; {@link OUTSIDE} for a draining datanode. */
  readonly home: Int32Array;
  /** Columns that hold a follower of region r: `forbidden[first[r] .. first[r + 1])`. */
  readonly first: Int32Array;
  readonly forbidden: Int32Array;
}

export const NONE = -1;

/** In the place of a column: the draining datanodes, where nothing stays. Each row's first cell is there. */
export const OUTSIDE = -1;

/** Tables that have a movable region which followers forbid a target. */
function tablesWithFollowers({ first }: RegionLists, problem: Problem): ReadonlySet<number> {
  const tables = new Set<number>();
  for (let region = 0; region < problem.hold.length; region += 1) {
    if (first[region + 1]! > first[region]!) tables.add(problem.tableOf[region]!);
  }
  return tables;
}

/** What followers forbid the regions that may be moved. */
function listRegions(problem: Problem): RegionLists {
  const { snapshot, hold, nodeOf, columnOf, nodes } = problem;
  const columnOfId = new Map(nodes.map(({ id }, node) => [id, columnOf[node]!]));
  const size = hold.length;
  const first = new Int32Array(size + 1);
  const forbidden: number[] = [];
  const home = new Int32Array(size);
  for (let region = 0; region < size; region += 1) {
    home[region] = columnOf[nodeOf[region]!] ?? OUTSIDE;
    const { followers } = snapshot.regions[region]!;
    if (followers !== undefined && hold[region] === 0) {
      for (const id of followers) {
        const column = columnOfId.get(id) ?? OUTSIDE;
        if (column !== OUTSIDE && column !== home[region]) forbidden.push(column);
      }
    }
    first[region + 1] = forbidden.length;
  }
  return { next: new Int32Array(size).fill(NONE), home, first, forbidden: Int32Array.from(forbidden) };
}

/** The tables in which followers forbid something, and their rows: one for each, and one for all of a single region. */
export function buildFollowerRows(problem: Problem): {
  readonly tables: ReadonlySet<number>;
  readonly rows: FollowerRow[];
} {
  if (!problem.hasFollowers) return { tables: new Set(), rows: [] };
  const { start, regionsOfTable } = problem;
  const regions = listRegions(problem);
  const tables = tablesWithFollowers(regions, problem);
  const rows: FollowerRow[] = [];
  const singles: number[] = [];
  for (const table of [...tables].sort((a, b) => a - b)) {
    const members = regionsOfTable.subarray(start[table], start[table + 1]);
    if (members.length === 1) singles.push(members[0]!);
    else rows.push(buildRow(problem, regions, members, true));
  }
  if (singles.length > 0) rows.push(buildRow(problem, regions, singles, false));
  return { tables, rows };
}

function buildRow(
  problem: Problem,
  regions: RegionLists,
  members: Int32Array | readonly number[],
  isBounded: boolean,
): FollowerRow {
  const { weights, totalWeight, hold } = problem;
  const row: FollowerRow = {
    regions,
    column: [],
    cellOf: new Map(),
    floor: [],
    ceil: [],
    newCeil: isBounded ? 1 : NO_CEIL,
    count: [],
    atHome: [],
    away: [],
    distance: [],
    homecoming: [],
  };
  const addBounded = (column: number): number => {
    if (column === OUTSIDE || !isBounded) return addCell(row, column, 0, NO_CEIL);
    const weight = weights[column]!;
    const floor = floorShare(members.length, weight, totalWeight);
    return addCell(row, column, floor, ceilShare(members.length, weight, totalWeight));
  };
  addBounded(OUTSIDE);
  const isThere = new Set<number>();
  for (const region of members) isThere.add(regions.home[region]!);
  for (let column = 0; column < weights.length; column += 1) {
    if (isThere.has(column) || (isBounded && members.length * weights[column]! >= totalWeight))
      addBounded(column);
  }
  const movable: number[] = [];
  for (const region of members) {
    const cell = row.cellOf.get(regions.home[region]!)!;
    const isOutside = regions.home[region] === OUTSIDE;
    if (hold[region] === 0 && (!isOutside || hasTarget(problem, region))) movable.push(region);
    else if (isOutside) continue;
    row.count[cell]! += 1;
  }
  // The cheapest to move come first in their lists, and leave first.
  sortByKey(movable, byMoveCost(problem));
  for (const region of movable.reverse()) push(row, row.cellOf.get(regions.home[region]!)!, region);
  return row;
}

function addCell(row: FollowerRow, column: number, floor: number, ceil: number): number {
  const cell = row.column.push(column) - 1;
  row.cellOf.set(column, cell);
  row.floor.push(floor);
  row.ceil.push(ceil);
  row.count.push(0);
  row.atHome.push(NONE);
  row.away.push(NONE);
  row.distance.push(Infinity);
  row.homecoming.push(Infinity);
  return cell;
}

/** Whether a region can be taken out of a cell. */
export function canGive({ atHome, away }: FollowerRow, cell: number): boolean {
  return atHome[cell] !== NONE || away[cell] !== NONE;
}

export function isForbidden({ first, forbidden }: RegionLists, region: number, column: number): boolean {
  for (let index = first[region]!; index < first[region + 1]!; index += 1)
    if (forbidden[index] === column) return true;
  return false;
}

/** Moves a region from a cell to a column's. */
export function moveRegion(row: FollowerRow, region: number, from: number, column: number): void {
  const to = row.cellOf.get(column) ?? addCell(row, column, 0, row.newCeil);
  drop(row, from, region);
  push(row, to, region);
  row.count[from]! -= 1;
  row.count[to]! += 1;
}

/** Calls back for every region that is to be led by another column than it was. */
export function forEachAway(
  { regions, column, away }: FollowerRow,
  callback: (region: number, column: number) => void,
): void {
  for (let cell = 0; cell < column.length; cell += 1) {
    for (let region = away[cell]!; region !== NONE; region = regions.next[region]!)
      callback(region, column[cell]!);
  }
}

/** The list of a cell that the region belongs into. */
function listOf(row: FollowerRow, cell: number, region: number): number[] {
  return row.regions.home[region] === row.column[cell] ? row.atHome : row.away;
}

function push(row: FollowerRow, cell: number, region: number): void {
  const list = listOf(row, cell, region);
  row.regions.next[region] = list[cell]!;
  list[cell] = region;
}

function drop(row: FollowerRow, cell: number, region: number): void {
  const { next } = row.regions;
  const list = listOf(row, cell, region);
  if (list[cell] === region) {
    list[cell] = next[region]!;
    return;
  }
  let before = list[cell]!;
  while (next[before] !== region) before = next[before]!;
  next[before] = next[region]!;
}

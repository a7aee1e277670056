import type { Units } from './costs.ts';
import { canGive, isForbidden, NONE, OUTSIDE } from './follower-row.ts';
import type { FollowerRow, RegionLists } from './follower-row.ts';
import type { Search } from './search.ts';

/** Table-spread cost of one region more in a cell. Moves are paid between cells. */
export function raiseSpread({ count, floor, ceil }: FollowerRow, cell: number, units: Units): number {
  return spreadStep(count[cell]!, floor[cell]!, ceil[cell]!, units);
}

/** Table-spread cost of one region less in a cell. */
export function lowerSpread({ count, floor, ceil }: FollowerRow, cell: number, units: Units): number {
  return -spreadStep(count[cell]! - 1, floor[cell]!, ceil[cell]!, units);
}

function spreadStep(count: number, floor: number, ceil: number, units: Units): number {
  if (count < floor) return -units.table;
  return count < ceil ? 0 : units.table;
}

/** How near the columns are to the cells of a row: to all but a few as near as to any. */
export interface Reach {
  /** Distance to every column into which some nearest region may go. */
  readonly nearest: number;
  /** The columns into which none of the nearest regions may go. */
  readonly exceptions: readonly number[];
}

/**
 * Settles the distances of a row's cells, given where they may be entered: cheapest paths over steps from cell to cell.
 *
 * A region may go nearly everywhere, so the nearest regions reach nearly all columns, and only the exceptions are looked at one by one.
 * Steps between cells never lower a distance by more than the one move of a homecoming, which ends in the cell of a region's home.
 */
export function settleCells(row: FollowerRow): Reach {
  const { distance, homecoming, column } = row;
  homecoming.fill(Infinity);
  for (;;) {
    relaxHomecomings(row);
    const reach = findReach(row);
    let improved = false;
    for (let cell = 0; cell < column.length; cell += 1) {
      if (column[cell] === OUTSIDE || !canGive(row, cell)) continue;
      const reached = reachOf(row, reach, column[cell]!, cell);
      if (reached >= distance[cell]!) continue;
      distance[cell] = reached;
      improved = true;
    }
    if (!improved) return reach;
  }
}

/** How cheaply a region is brought into a column's cell (-1: the column has none). */
export function reachOf(
  row: FollowerRow,
  { nearest, exceptions }: Reach,
  column: number,
  cell: number,
): number {
  const direct = exceptions.includes(column) ? nearestAllowed(row, column) : nearest;
  return cell === NONE ? direct : Math.min(direct, row.homecoming[cell]!);
}

function relaxHomecomings({ regions, column, cellOf, away, distance, homecoming }: FollowerRow): void {
  for (let cell = 0; cell < column.length; cell += 1) {
    const reached = distance[cell]! - 1;
    for (let region = away[cell]!; region !== NONE; region = regions.next[region]!) {
      const home = regions.home[region]!;
      if (home === OUTSIDE) continue;
      const homeCell = cellOf.get(home)!;
      if (reached < homecoming[homeCell]!) homecoming[homeCell] = reached;
    }
  }
}

function findReach(row: FollowerRow): Reach {
  const { regions, column, atHome, away, distance } = row;
  let nearest = Infinity;
  for (let cell = 0; cell < column.length; cell += 1) {
    if (away[cell] !== NONE) nearest = Math.min(nearest, distance[cell]!);
    if (atHome[cell] !== NONE) nearest = Math.min(nearest, distance[cell]! + 1);
  }
  let exceptions: number[] | undefined;
  for (let cell = 0; cell < column.length && exceptions?.length !== 0; cell += 1) {
    if (distance[cell] === nearest) exceptions = forbiddenToAll(regions, away[cell]!, exceptions);
    if (distance[cell]! + 1 === nearest) exceptions = forbiddenToAll(regions, atHome[cell]!, exceptions);
  }
  return { nearest, exceptions: exceptions ?? [] };
}

/** Columns of `among` (at first all) that are forbidden to every region of a list. */
function forbiddenToAll(
  regions: RegionLists,
  list: number,
  among: number[] | undefined,
): number[] | undefined {
  let left = among;
  for (let region = list; region !== NONE && left?.length !== 0; region = regions.next[region]!) {
    left = left
      ? left.filter((column) => isForbidden(regions, region, column))
      : [...regions.forbidden.subarray(regions.first[region], regions.first[region + 1])];
  }
  return left;
}

function nearestAllowed(row: FollowerRow, target: number): number {
  const { regions, column, atHome, away, distance } = row;
  let nearest = Infinity;
  for (let cell = 0; cell < column.length; cell += 1) {
    if (distance[cell]! < nearest && firstAllowed(regions, away[cell]!, target) !== NONE)
      nearest = distance[cell]!;
    if (distance[cell]! + 1 < nearest && firstAllowed(regions, atHome[cell]!, target) !== NONE)
      nearest = distance[cell]! + 1;
  }
  return nearest;
}

/** The first region of a list that may be led by a column. */
function firstAllowed(regions: RegionLists, list: number, column: number): number {
  let region = list;
  while (region !== NONE && isForbidden(regions, region, column)) region = regions.next[region]!;
  return region;
}

/** Where a step may lead: to a column, at the end of a path or into the column's cell, out of which another region must go in turn. */
export interface StepEnd {
  readonly column: number;
  /** {@link NONE} where the row has no cell there. */
  readonly cell: number;
  /** The distance with which the path may end here; Infinity: with none. */
  readonly exit: number;
  /** Whether the path may go on out of the cell. */
  readonly isOpen: boolean;
}

/** A region that may go on from its cell at the price that the distances promise. */
export interface Step {
  readonly region: number;
  readonly isExit: boolean;
}

/** A step out of a cell that continues a cheapest path, if there is one to this end. */
export function findStep(
  row: FollowerRow,
  from: number,
  { column, cell, exit, isOpen }: StepEnd,
): Step | undefined {
  const { regions, atHome, away, distance } = row;
  if (cell === from) return undefined;
  const inner = isOpen ? distance[cell]! : Infinity;
  // Moves that a step adds: one undone for a region that comes home, none for one that is away already, one for one that is at home.
  for (let cost = -1; cost <= 1; cost += 1) {
    const length = distance[from]! + cost;
    if (length !== exit && length !== inner) continue;
    const list = cost === 1 ? atHome[from]! : away[from]!;
    const region = cost === -1 ? firstOf(regions, list, column) : firstAllowed(regions, list, column);
    if (region !== NONE) return { region, isExit: length === exit };
  }
  return undefined;
}

/** The first region of a list whose home is the column. */
function firstOf({ next, home }: RegionLists, list: number, column: number): number {
  let region = list;
  while (region !== NONE && home[region] !== column) region = next[region]!;
  return region;
}

/**
 * Regions of a row, among those that are at home, whose followers forbid them a step that would lower the distance of a column or of a cell: the
 * distances, which prove that the placement is optimal, would prove it no more without those followers.
 */
export function keptRegions(row: FollowerRow, { potentials, units }: Search): number[] {
  const { regions, column, cellOf, atHome, distance } = row;
  const isNearer = (reached: number, to: number): boolean => {
    const cell = cellOf.get(to) ?? NONE;
    const raise = cell === NONE ? 0 : raiseSpread(row, cell, units);
    return (
      reached + raise < potentials.column[to]! ||
      (cell !== NONE && canGive(row, cell) && reached < distance[cell]!)
    );
  };
  const kept: number[] = [];
  for (let cell = 0; cell < column.length; cell += 1) {
    const reached = distance[cell]! + 1;
    for (let region = atHome[cell]!; region !== NONE; region = regions.next[region]!) {
      const forbidden = regions.forbidden.subarray(regions.first[region], regions.first[region + 1]);
      if (forbidden.some((to) => isNearer(reached, to))) kept.push(region);
    }
  }
  return kept;
}

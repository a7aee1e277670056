import type { Budget } from '../budget.ts';
import { columnLowerCost, columnRaiseCost, IMPLICIT_RAISE_COST, lowerCost, raiseCost } from './costs.ts';
import { lowerSpread, raiseSpread, reachOf, settleCells } from './follower-paths.ts';
import { canGive, NONE, OUTSIDE } from './follower-row.ts';
import type { FollowerRow } from './follower-row.ts';
import type { Search } from './search.ts';

/**
 * Shortest distances from the hub, by sweeping over the rows until nothing improves (Bellman and Ford). Paths are short and
 * rows are contiguous in memory, so this takes a handful of linear passes where a heap would take millions of steps.
 *
 * @returns false when the budget ended it.
 * @throws Error when it does not settle: then the placement had a negative cycle, which the search rules out.
 */
export function findDistances(search: Search, budget: Budget): boolean {
  const { totals, bounds, units, potentials, rows, followerRows } = search;
  for (let column = 0; column < totals.length; column += 1) {
    const [floor, ceil] = [bounds.columnFloor[column]!, bounds.columnCeil[column]!];
    potentials.column[column] = columnLowerCost(totals[column]!, floor, ceil, units);
  }
  for (const { distance } of followerRows) distance.fill(Infinity);
  const cells = followerRows.reduce((sum, { column }) => sum + column.length, 0);
  const stepsPerSweep = rows.column.length + cells + totals.length;
  const limit = 2 * (totals.length + rows.count + cells) + 2;
  const seenInRow = new Int32Array(totals.length).fill(-1);
  for (let sweep = 0; ; sweep += 1) {
    const improved = sweepRows(search, seenInRow);
    if (!sweepFollowerRows(search) && !improved) return true;
    if (sweep > limit) throw new Error('The distances do not settle: the placement has a negative cycle');
    if (budget.spend(stepsPerSweep)) return false;
  }
}

/** The cost of the best way to take a region from one column and give it, through any tables, to another. */
export function cheapestReturn({ potentials, totals, bounds, units }: Search): number {
  let best = Infinity;
  for (let column = 0; column < totals.length; column += 1) {
    const [floor, ceil] = [bounds.columnFloor[column]!, bounds.columnCeil[column]!];
    const cost = potentials.column[column]! + columnRaiseCost(totals[column]!, floor, ceil, units);
    if (cost < best) best = cost;
  }
  return best;
}

function farthestOf(distance: Float64Array): number {
  let farthest = -Infinity;
  for (const value of distance) if (value > farthest) farthest = value;
  return farthest;
}

/** Relaxes every row once. Returns whether anything improved. */
function sweepRows({ rows, bounds, units, potentials }: Search, seenInRow: Int32Array): boolean {
  const distance = potentials.column;
  const { column: columnOf, want: wants, have: haves, fixed: fixeds } = rows;
  const { slotFloor, slotCeil } = bounds;
  let improved = false;
  const farthest = farthestOf(distance);

  for (let row = 0; row < rows.count; row += 1) {
    const from = rows.start[row]!;
    const to = rows.end[row]!;
    let nearest = Infinity;
    let cheapestStep = 0;
    for (let slot = from; slot < to; slot += 1) {
      const want = wants[slot]!;
      if (want < slotFloor[slot]!) cheapestStep = -units.table;
      if (want <= fixeds[slot]!) continue;
      const step = lowerCost(want, haves[slot]!, slotFloor[slot]!, slotCeil[slot]!, units);
      const reached = distance[columnOf[slot]!]! + step;
      if (reached < nearest) nearest = reached;
    }
    potentials.row[row] = nearest;
    // Most rows end here.
    if (nearest + cheapestStep >= farthest) continue;
    for (let slot = from; slot < to; slot += 1) {
      const column = columnOf[slot]!;
      const reached =
        nearest + raiseCost(wants[slot]!, haves[slot]!, slotFloor[slot]!, slotCeil[slot]!, units);
      if (reached < distance[column]!) {
        distance[column] = reached;
        improved = true;
      }
    }
    if (nearest + IMPLICIT_RAISE_COST >= farthest) continue;
    for (let slot = from; slot < to; slot += 1) seenInRow[columnOf[slot]!] = row;
    for (let column = 0; column < distance.length; column += 1) {
      if (nearest + IMPLICIT_RAISE_COST < distance[column]! && seenInRow[column] !== row) {
        distance[column] = nearest + IMPLICIT_RAISE_COST;
        improved = true;
      }
    }
  }
  return improved;
}

/** The same for the rows with followers. */
function sweepFollowerRows(search: Search): boolean {
  const { followerRows, potentials } = search;
  let improved = false;
  let farthest = farthestOf(potentials.column);
  for (const row of followerRows) {
    if (!enterCells(search, row, farthest) || !leaveCells(search, row)) continue;
    improved = true;
    farthest = farthestOf(potentials.column);
  }
  return improved;
}

/** Relaxes the ways from columns to a row's cells. Returns whether anything beyond could become nearer. */
function enterCells({ potentials, units }: Search, row: FollowerRow, farthest: number): boolean {
  const { column, distance, away, floor, count } = row;
  let nearest = Infinity;
  let farthestCell = -Infinity;
  let lacks = false;
  for (let cell = 0; cell < column.length; cell += 1) {
    if (column[cell] === OUTSIDE) continue;
    lacks ||= count[cell]! < floor[cell]!;
    if (!canGive(row, cell)) continue;
    const entered = potentials.column[column[cell]!]! + lowerSpread(row, cell, units);
    if (entered < distance[cell]!) distance[cell] = entered;
    // A region that is away may gain its move back.
    nearest = Math.min(nearest, distance[cell]! + (away[cell] === NONE ? 1 : -1));
    farthestCell = Math.max(farthestCell, distance[cell]!);
  }
  return nearest < farthestCell || nearest - (lacks ? units.table : 0) < farthest;
}

/** Relaxes the ways within a row and from its cells to columns. Returns whether any column became nearer. */
function leaveCells({ potentials, units }: Search, row: FollowerRow): boolean {
  const { column, cellOf } = row;
  const distance = potentials.column;
  const reach = settleCells(row);
  let improved = false;
  const relax = (to: number, cell: number, raise: number): void => {
    const reached = reachOf(row, reach, to, cell) + raise;
    if (reached >= distance[to]!) return;
    distance[to] = reached;
    improved = true;
  };
  for (let cell = 0; cell < column.length; cell += 1)
    if (column[cell] !== OUTSIDE) relax(column[cell]!, cell, raiseSpread(row, cell, units));
  for (let to = 0; to < distance.length; to += 1)
    if (distance[to]! > reach.nearest && !cellOf.has(to)) relax(to, NONE, 0);
  return improved;
}

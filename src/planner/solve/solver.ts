import {
  columnLowerCost,
  columnRaiseCost,
  IMPLICIT_RAISE_COST,
  lowerCost,
  raiseCost,
  slotBounds,
  unitsFor,
} from './costs.ts';
import type { Bounds, Units } from './costs.ts';
import { augment } from './augment.ts';
import type { Problem } from '../problem.ts';
import type { Rows } from './rows.ts';
import type { Potentials, Search } from './search.ts';
import { greedyStart } from './start.ts';

/**
 * A placement in numbers, with the proof of how good it is.
 *
 * The problem is a transportation problem with convex costs: rows ship their regions to columns; a cell pays for table-spread
 * violation and for moves, a column for node-spread violation. A placement is optimal exactly when its residual graph has no
 * negative cycle, and the shortest distances in that graph are a certificate of it: see {@link Potentials}. (Ahuja, Magnanti,
 * Orlin: Network Flows, 1993, theorem 9.1 and chapter 14.)
 */
export interface Solution {
  readonly units: Units;
  readonly bounds: Bounds;
  /** Regions per column in the solution. */
  readonly totals: Int32Array;
  /** True when the potentials prove that no placement is better; false when the time budget ended the search. */
  readonly proven: boolean;
  readonly potentials: Potentials;
  /** Moves of the placement. */
  readonly moves: number;
  /** A lower bound on the moves of any placement that is as balanced as can be. Equal to `moves` when proven. */
  readonly minimumMoves: number;
}

/**
 * Finds `rows.want` such that, in this order, table-spread violation, node-spread violation and moves are the least possible.
 *
 * Starts greedily, then repairs the columns along cheapest augmenting paths, all of one cost at a time, until none improves.
 *
 * @param shouldStop asked between steps; when true, the best placement so far is returned with `proven: false`.
 */
export function solve(problem: Problem, rows: Rows, shouldStop: () => boolean): Solution {
  const units = unitsFor(problem.columns.length);
  const bounds = slotBounds(problem, rows);
  const totals = greedyStart(problem, rows, bounds);
  const lowerBound = countMoves(rows);
  const potentials = {
    column: new Float64Array(problem.columns.length),
    row: new Float64Array(rows.count),
  };
  const search: Search = { problem, rows, bounds, units, totals, potentials };
  const proven = problem.columns.length === 0 || improve(search, shouldStop);
  const moves = countMoves(rows);
  return { units, bounds, totals, proven, potentials, moves, minimumMoves: proven ? moves : lowerBound };
}

function improve(search: Search, shouldStop: () => boolean): boolean {
  for (;;) {
    if (shouldStop()) return false;
    findDistances(search);
    const best = cheapestReturn(search);
    if (best >= 0) return true;
    augment(search, best);
  }
}

/** The cost of the best way to take a region from one column and give it, through any tables, to another. */
function cheapestReturn({ potentials, totals, bounds, units }: Search): number {
  let best = Infinity;
  for (let column = 0; column < totals.length; column += 1) {
    const cost =
      potentials.column[column]! +
      columnRaiseCost(totals[column]!, bounds.columnFloor[column]!, bounds.columnCeil[column]!, units);
    if (cost < best) best = cost;
  }
  return best;
}

/**
 * Shortest distances from the hub, by sweeping over the rows until nothing improves (Bellman and Ford). Paths are short and
 * rows are contiguous in memory, so this takes a handful of linear passes where a heap would take millions of steps.
 *
 * @throws Error when it does not settle: then the placement had a negative cycle, which the search rules out.
 */
function findDistances(search: Search): void {
  const { totals, bounds, units, potentials, rows } = search;
  for (let column = 0; column < totals.length; column += 1) {
    potentials.column[column] = columnLowerCost(
      totals[column]!,
      bounds.columnFloor[column]!,
      bounds.columnCeil[column]!,
      units,
    );
  }
  const seenInRow = new Int32Array(totals.length).fill(-1);
  const limit = 2 * (totals.length + rows.count) + 2;
  for (let sweep = 0; sweepRows(search, seenInRow); sweep += 1) {
    if (sweep > limit) throw new Error('The distances do not settle: the placement has a negative cycle');
  }
}

/** Relaxes every row once. Returns whether anything improved. */
function sweepRows({ rows, bounds, units, potentials }: Search, seenInRow: Int32Array): boolean {
  const distance = potentials.column;
  const { column: columnOf, want: wants, have: haves, fixed: fixeds } = rows;
  const { slotFloor, slotCeil } = bounds;
  let improved = false;
  let farthest = -Infinity;
  for (const value of distance) if (value > farthest) farthest = value;

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

function countMoves(rows: Rows): number {
  let moves = 0;
  for (let row = 0; row < rows.count; row += 1) {
    for (let slot = rows.start[row]!; slot < rows.end[row]!; slot += 1) {
      moves += Math.max(0, rows.want[slot]! - rows.have[slot]!);
    }
  }
  return moves;
}

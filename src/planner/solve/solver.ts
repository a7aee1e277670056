import type { Budget } from '../budget.ts';
import type { Problem } from '../problem.ts';
import { hasTarget } from '../targets.ts';
import { augment } from './augment.ts';
import { slotBounds, unitsFor } from './costs.ts';
import { cheapestReturn, findDistances } from './distances.ts';
import { forEachAway, OUTSIDE } from './follower-row.ts';
import type { FollowerRow } from './follower-row.ts';
import { placeFollowerRow } from './follower-start.ts';
import type { Rows } from './rows.ts';
import type { Search, Solution } from './search.ts';
import { nodeViolation } from './objective.ts';
import { greedyStart } from './start.ts';

/**
 * Finds the numbers in `rows`, and the places of the regions in `followerRows`, such that, in this order, regions left on draining
 * datanodes, table-spread violation, node-spread violation and moves are the least possible.
 *
 * Starts with every table at its own best, then repairs the columns along cheapest augmenting paths, all of one cost at a time, until none
 * improves: the primal-dual method (Network Flows, chapter 9.8).
 *
 * @param budget ends the search early, with the best placement so far. Drain and table spread are the best possible by then.
 */
export function solve(
  problem: Problem,
  rows: Rows,
  followerRows: readonly FollowerRow[],
  budget: Budget,
): Solution {
  const columnCount = problem.columns.length;
  const units = unitsFor(columnCount);
  const bounds = slotBounds(problem, rows);
  const totals = new Int32Array(columnCount);
  for (const row of followerRows) {
    placeFollowerRow(row, units, columnCount);
    row.column.forEach((column, cell) => {
      if (column !== OUTSIDE) totals[column]! += row.count[cell]!;
    });
  }
  greedyStart(rows, bounds, totals);
  const potentials = { column: new Float64Array(columnCount), row: new Float64Array(rows.count) };
  const search: Search = { problem, rows, followerRows, units, bounds, totals, potentials };
  const movesOfRows = countMoves(search);
  const proven = columnCount === 0 || improve(search, budget);
  const moves = countMoves(search);
  const minimumMoves = proven ? moves : Math.max(movesOfRows, movesForTotals(search));
  return { problem, rows, followerRows, units, bounds, totals, potentials, proven, moves, minimumMoves };
}

/** Returns whether the end is proven. */
function improve(search: Search, budget: Budget): boolean {
  for (;;) {
    if (!findDistances(search, budget)) return false;
    const best = cheapestReturn(search);
    if (best >= 0) return true;
    if (augment(search, best, budget)) return false;
  }
}

function countMoves({ rows, followerRows }: Search): number {
  let moves = 0;
  for (let row = 0; row < rows.count; row += 1) {
    for (let slot = rows.start[row]!; slot < rows.end[row]!; slot += 1) {
      moves += Math.max(0, rows.want[slot]! - rows.have[slot]!);
    }
  }
  for (const row of followerRows) forEachAway(row, () => (moves += 1));
  return moves;
}

/**
 * The fewest moves after which the totals can be as even as they are now: what has to leave draining datanodes, each of which mends one
 * column at most, and moves between columns, each of which mends two. The best placement is at least as even; where every region may go
 * anywhere it is wholly even, whatever the tables are (a matrix can be rounded in both directions at once).
 */
function movesForTotals({ problem, followerRows, totals, bounds }: Search): number {
  const { regionsOfTable, columnOf, nodeOf, hold } = problem;
  const before = new Int32Array(totals.length);
  let leaving = 0;
  let isFree = followerRows.length === 0;
  for (const region of regionsOfTable) {
    const column = columnOf[nodeOf[region]!]!;
    isFree &&= hold[region] === 0;
    if (column !== -1) before[column]! += 1;
    else if (hold[region] === 0 && hasTarget(problem, region)) leaving += 1;
  }
  const gain = nodeViolation(before, bounds) - (isFree ? 0 : nodeViolation(totals, bounds));
  return leaving + Math.max(0, Math.ceil((gain - leaving) / 2));
}

import type { Units } from './costs.ts';
import { canGive, moveRegion, NONE, OUTSIDE } from './follower-row.ts';
import type { FollowerRow } from './follower-row.ts';
import { findStep, lowerSpread, raiseSpread, reachOf, settleCells } from './follower-paths.ts';
import type { Reach } from './follower-paths.ts';

/**
 * The greedy start of a row with followers: takes its regions off draining datanodes and brings it to its best spread with the fewest
 * moves, ignoring the datanodes' totals: along cheapest paths (Ahuja, Magnanti, Orlin: Network Flows, chapter 9.7), all of one cost at a
 * time. Starts from where the regions are, where no circle of steps is cheaper than nothing.
 */
export function placeFollowerRow(row: FollowerRow, units: Units, columns: number): void {
  for (;;) {
    for (let cell = 0; cell < row.column.length; cell += 1)
      row.distance[cell] = canGive(row, cell) ? entryCost(row, cell, units) : Infinity;
    const reach = settleCells(row);
    const best = cheapestExit(row, reach, units, columns);
    if (best >= 0) return;
    shipRound(row, best, units, columns);
  }
}

function entryCost(row: FollowerRow, cell: number, units: Units): number {
  return row.column[cell] === OUTSIDE ? -units.drain : lowerSpread(row, cell, units);
}

function cheapestExit(row: FollowerRow, reach: Reach, units: Units, columns: number): number {
  let best = Infinity;
  for (let cell = 0; cell < row.column.length; cell += 1) {
    const column = row.column[cell]!;
    if (column !== OUTSIDE)
      best = Math.min(best, reachOf(row, reach, column, cell) + raiseSpread(row, cell, units));
  }
  // Cells that are not there yet need a region of no other cell's.
  if (reach.nearest >= Math.min(0, best)) return best;
  for (let column = 0; column < columns; column += 1)
    if (!row.cellOf.has(column)) best = Math.min(best, reachOf(row, reach, column, NONE));
  return best;
}

/** A region that goes to a column; `cell` is the one out of which another region goes in turn, or {@link NONE}. */
interface PathStep {
  readonly region: number;
  readonly column: number;
  readonly cell: number;
}

/** Moves regions along paths of this cost until the row leads to no more of them. */
function shipRound(row: FollowerRow, cost: number, units: Units, columns: number): void {
  const isClosed = new Uint8Array(row.column.length);
  let shipped = 0;
  /** Columns take turns. */
  let turn = 0;
  const nextStep = (from: number): PathStep | undefined => {
    for (let tried = 0; tried < columns; tried += 1) {
      turn = turn + 1 === columns ? 0 : turn + 1;
      const cell = row.cellOf.get(turn) ?? NONE;
      const exit = cell === NONE ? cost : cost - raiseSpread(row, cell, units);
      const isOpen = cell !== NONE && isClosed[cell] === 0;
      const step = findStep(row, from, { column: turn, cell, exit, isOpen });
      if (step) return { region: step.region, column: turn, cell: step.isExit ? NONE : cell };
    }
    return undefined;
  };
  const findPath = (source: number): PathStep[] | undefined => {
    const cells = [source];
    const steps: PathStep[] = [];
    isClosed[source] = 1;
    while (cells.length > 0) {
      const step = nextStep(cells.at(-1)!);
      if (!step) {
        cells.pop();
        steps.pop();
        continue;
      }
      steps.push(step);
      if (step.cell === NONE) {
        for (const cell of cells) isClosed[cell] = 0;
        return steps;
      }
      isClosed[step.cell] = 1;
      cells.push(step.cell);
    }
    return undefined;
  };
  for (let source = 0; source < isClosed.length; source += 1) {
    while (
      isClosed[source] === 0 &&
      canGive(row, source) &&
      entryCost(row, source, units) === row.distance[source]
    ) {
      const steps = findPath(source);
      if (!steps) break;
      let from = source;
      for (const { region, column, cell } of steps) {
        moveRegion(row, region, from, column);
        from = cell;
      }
      shipped += 1;
    }
  }
  if (shipped === 0) throw new Error('The distances promise a step that is not there');
}

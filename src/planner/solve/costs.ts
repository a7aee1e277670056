import type { Problem } from '../problem.ts';
import { ceilShare, floorShare } from '../../domain/quotas.ts';
import { NO_CEIL, regionsOf } from './rows.ts';
import type { Rows, SlotBounds } from './rows.ts';

/**
 * The objective, as one number per unit step. In order of importance: regions left on draining datanodes, table-spread violation,
 * node-spread violation, moves. A simple path through N columns has less than N * N moves (in a table with followers a region may have to make
 * room for another one in each cell), changes the totals of two columns at most, and passes each column's cells of one table at most twice.
 * So no sum of the less important reaches one of the more important, nor does the difference of two such sums, and comparing sums is
 * comparing the four in order: exactly, in the integers of a double (for 10 000 columns the largest sum is below 2^49).
 */
export interface Units {
  readonly move: 1;
  readonly node: number;
  readonly table: number;
  readonly drain: number;
}

export function unitsFor(columnCount: number): Units {
  const node = 8 * (columnCount + 2) ** 2;
  const table = 16 * node;
  return { move: 1, node, table, drain: 16 * table };
}

/** Floor and ceil of every slot and every column, computed once. */
export interface Bounds extends SlotBounds {
  readonly columnFloor: Int32Array;
  readonly columnCeil: Int32Array;
}

export function slotBounds(problem: Problem, rows: Rows): Bounds {
  const { weights, totalWeight, evenTotals } = problem;
  const slotFloor = new Int32Array(rows.column.length);
  const slotCeil = new Int32Array(rows.column.length);
  for (let row = 0; row < rows.count; row += 1) {
    const regions = regionsOf(rows, row);
    const isBounded = row !== rows.unbounded;
    // Neighbours mostly weigh the same, and have the same share.
    let latest = -1;
    let floor = 0;
    let ceil = NO_CEIL;
    for (let slot = rows.start[row]!; slot < rows.end[row]!; slot += 1) {
      const weight = weights[rows.column[slot]!]!;
      if (isBounded && weight !== latest) {
        latest = weight;
        floor = floorShare(regions, weight, totalWeight);
        ceil = ceilShare(regions, weight, totalWeight);
      }
      slotFloor[slot] = floor;
      slotCeil[slot] = ceil;
    }
  }
  const all = problem.regionsOfTable.length;
  return {
    slotFloor,
    slotCeil,
    columnFloor: Int32Array.from(weights, (weight) =>
      evenTotals ? floorShare(all, weight, totalWeight) : 0,
    ),
    columnCeil: Int32Array.from(weights, (weight) =>
      evenTotals ? ceilShare(all, weight, totalWeight) : all,
    ),
  };
}

/** What it costs to lead one region of the table more than `want` there. */
export function raiseCost(want: number, have: number, floor: number, ceil: number, units: Units): number {
  const spread = want < floor ? -units.table : want < ceil ? 0 : units.table;
  return want < have ? spread : spread + units.move;
}

/** What it costs to lead one region of the table less than `want` there: the step back. */
export function lowerCost(want: number, have: number, floor: number, ceil: number, units: Units): number {
  return -raiseCost(want - 1, have, floor, ceil, units);
}

/** What it costs a column, in node spread alone, to lead one region more than `total`. */
export function columnRaiseCost(total: number, floor: number, ceil: number, units: Units): number {
  if (total < floor) return -units.node;
  return total < ceil ? 0 : units.node;
}

/** What it costs a column, in node spread alone, to lead one region less than `total`. */
export function columnLowerCost(total: number, floor: number, ceil: number, units: Units): number {
  return -columnRaiseCost(total - 1, floor, ceil, units);
}

/** The cost of a first region in an implicit cell: none there now, none needed, one allowed; so one move and no violation. */
export const IMPLICIT_RAISE_COST = 1;

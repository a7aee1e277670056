import type { Problem } from '../problem.ts';
import { ceilShare, floorShare, violation } from '../../domain/quotas.ts';
import type { Rows, SlotBounds } from './rows.ts';

/**
 * The objective, as one number per unit step. In order of importance: table-spread violation, node-spread violation, moves.
 * A step changes each by at most one, and a shortest path visits each column at most once, so with N columns a path's sum of
 * moves stays below `node` and its sum of node-spread violation times `node` below `table`. Comparing sums is therefore
 * comparing the three in order, exactly, in the integers of a double (for 10 000 columns the largest sum is below 2^46).
 */
export interface Units {
  readonly move: 1;
  readonly node: number;
  readonly table: number;
}

export function unitsFor(columnCount: number): Units {
  const node = 4 * columnCount + 8;
  return { move: 1, node, table: node * node };
}

/** Floor and ceil of every slot and every column, computed once. */
export interface Bounds extends SlotBounds {
  readonly columnFloor: Int32Array;
  readonly columnCeil: Int32Array;
}

export function slotBounds(problem: Problem, rows: Rows): Bounds {
  const { weights, totalWeight } = problem;
  const slotFloor = new Int32Array(rows.column.length);
  const slotCeil = new Int32Array(rows.column.length);
  let all = 0;
  for (let row = 0; row < rows.count; row += 1) {
    const regions = rows.regions[row]!;
    all += regions;
    for (let slot = rows.start[row]!; slot < rows.end[row]!; slot += 1) {
      const weight = weights[rows.column[slot]!]!;
      slotFloor[slot] = floorShare(regions, weight, totalWeight);
      slotCeil[slot] = ceilShare(regions, weight, totalWeight);
    }
  }
  return {
    slotFloor,
    slotCeil,
    columnFloor: Int32Array.from(weights, (weight) => floorShare(all, weight, totalWeight)),
    columnCeil: Int32Array.from(weights, (weight) => ceilShare(all, weight, totalWeight)),
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

/**
 * The three parts of the objective as one comparable text, for a placement with the given number of moves (which classes know
 * and plain rows do not, since a table with followers may need two regions to change places).
 */
export function measureObjective(
  { rows, bounds, totals }: { rows: Rows; bounds: Bounds; totals: Int32Array },
  moves: number,
): string {
  let table = 0;
  for (let row = 0; row < rows.count; row += 1) {
    for (let slot = rows.start[row]!; slot < rows.end[row]!; slot += 1) {
      table += violation(rows.want[slot]!, bounds.slotFloor[slot]!, bounds.slotCeil[slot]!);
    }
  }
  let node = 0;
  totals.forEach((total, column) => {
    node += violation(total, bounds.columnFloor[column]!, bounds.columnCeil[column]!);
  });
  return `${table} ${node} ${moves}`;
}

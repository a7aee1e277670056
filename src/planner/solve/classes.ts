import { hasTarget, mayLead } from '../choose/choose.ts';
import { raiseCost } from './costs.ts';
import type { Problem } from '../problem.ts';
import { findSlot, floorOf } from './rows.ts';
import type { Rows } from './rows.ts';
import { ceilShare } from '../../domain/quotas.ts';
import type { Search } from './search.ts';

/**
 * A table whose followers matter, split into *classes*: the movable regions that share source and followers are alike, and only
 * they. Where a plain row knows one number per column, this knows one per class and column.
 */
export interface ClassRow {
  readonly row: number;
  readonly classes: readonly RegionClass[];
  readonly floor: Int32Array;
  readonly ceil: Int32Array;
  /** Regions per column: the ones that must stay, plus all classes'. */
  readonly count: Int32Array;
}

interface RegionClass {
  readonly regions: readonly number[];
  /** Column of the source, or -1 when it is draining. */
  readonly home: number;
  readonly mayLead: Uint8Array;
  /** Regions of this class that the column shall lead. */
  readonly placed: Int32Array;
}

/** What it costs that a column leads a region of the class: a move unless it does already. */
function placeCost({ home }: RegionClass, column: number): number {
  return column === home ? 0 : 1;
}

/** Table-spread cost of one region more in a column. Moves are paid between class and column. */
export function spreadRaiseCost(row: ClassRow, column: number, search: Search): number {
  return raiseCost(row.count[column]!, Infinity, row.floor[column]!, row.ceil[column]!, search.units);
}

/** Splits a row. All its movable regions still have to be placed: see {@link placeClasses}. */
export function splitRow(problem: Problem, rows: Rows, row: number): ClassRow {
  const table = rows.table[row]!;
  const columnCount = problem.columns.length;
  const regions = rows.regions[row]!;
  const byKey = new Map<string, number[]>();
  for (let index = problem.start[table]!; index < problem.start[table + 1]!; index += 1) {
    const region = problem.regionsOfTable[index]!;
    if (problem.hold[region] !== 0) continue;
    const home = problem.columnOf[problem.nodeOf[region]!]!;
    if (home === -1 && !hasTarget(problem, region)) continue;
    const followers = [...(problem.snapshot.regions[region]!.followers ?? [])].sort();
    const key = `${problem.nodeOf[region]!}|${followers.join()}`;
    const known = byKey.get(key);
    if (known) known.push(region);
    else byKey.set(key, [region]);
  }
  const count = new Int32Array(columnCount);
  for (let column = 0; column < columnCount; column += 1) {
    const slot = findSlot(rows, row, column);
    count[column] = slot === -1 ? 0 : rows.fixed[slot]!;
  }
  return {
    row,
    classes: [...byKey.keys()].sort().map((key) => toClass(problem, byKey.get(key)!)),
    floor: Int32Array.from({ length: columnCount }, (_, column) => floorOf(problem, regions, column)),
    ceil: Int32Array.from({ length: columnCount }, (_, column) =>
      ceilShare(regions, problem.weights[column]!, problem.totalWeight),
    ),
    count,
  };
}

function toClass(problem: Problem, regions: readonly number[]): RegionClass {
  const home = problem.columnOf[problem.nodeOf[regions[0]!]!]!;
  return {
    regions,
    home,
    mayLead: Uint8Array.from(problem.columns, (_, column) =>
      column === home || mayLead(problem, regions[0]!, column) ? 1 : 0,
    ),
    placed: new Int32Array(problem.columns.length),
  };
}

/**
 * Places the regions of a split row one after the other along cheapest paths, at the prices that the search has found for the
 * columns. The result has no negative cycle at those prices, so the search can go on from it.
 */
export function placeClasses(search: Search, row: ClassRow): void {
  for (const [index, { regions }] of row.classes.entries()) {
    regions.forEach(() => placeOne(search, row, index));
  }
}

function placeOne(search: Search, row: ClassRow, source: number): void {
  const prices = search.potentials.column;
  const columns = prices.length;
  const classDistance = new Float64Array(row.classes.length).fill(Infinity);
  const cellDistance = new Float64Array(columns).fill(Infinity);
  const classFrom = new Int32Array(row.classes.length).fill(-1);
  const cellFrom = new Int32Array(columns).fill(-1);
  classDistance[source] = 0;
  relaxClasses(row, classDistance, cellDistance, classFrom, cellFrom);
  let best = -1;
  let bestCost = Infinity;
  for (let column = 0; column < columns; column += 1) {
    const cost = cellDistance[column]! + spreadRaiseCost(row, column, search) - prices[column]!;
    if (cost < bestCost) {
      best = column;
      bestCost = cost;
    }
  }
  if (best === -1) throw new Error('A region that may move has no column to go to');
  row.count[best]! += 1;
  for (let column = best; ;) {
    const through = cellFrom[column]!;
    row.classes[through]!.placed[column]! += 1;
    const previous = classFrom[through]!;
    if (previous === -1) return;
    row.classes[through]!.placed[previous]! -= 1;
    column = previous;
  }
}

/**
 * Shortest distances between the cells and classes of one row: a cell hands a class's region back, the class puts it into another
 * cell. Improves the given distances in place, strictly, so that the `from` links never form a circle. Returns whether any did.
 *
 * `cellFrom[n]` is the class that reaches cell n (or stays at -1 when the column itself does), `classFrom[q]` the cell that reaches class q.
 */
export function relaxClasses(
  row: ClassRow,
  classDistance: Float64Array,
  cellDistance: Float64Array,
  classFrom: Int32Array,
  cellFrom: Int32Array,
): boolean {
  let improvedAtAll = false;
  for (let improved = true; improved;) {
    improved = false;
    for (const [index, regionClass] of row.classes.entries()) {
      for (let cell = 0; cell < cellDistance.length; cell += 1) {
        const reached = cellDistance[cell]! - placeCost(regionClass, cell);
        if (regionClass.placed[cell]! > 0 && reached < classDistance[index]!) {
          classDistance[index] = reached;
          classFrom[index] = cell;
          improved = true;
        }
      }
      for (let cell = 0; cell < cellDistance.length; cell += 1) {
        const reached = classDistance[index]! + placeCost(regionClass, cell);
        if (regionClass.mayLead[cell] === 1 && reached < cellDistance[cell]!) {
          cellDistance[cell] = reached;
          cellFrom[cell] = index;
          improved = true;
        }
      }
    }
    improvedAtAll ||= improved;
  }
  return improvedAtAll;
}

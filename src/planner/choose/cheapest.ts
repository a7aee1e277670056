import { sortByKey } from '../../lib/sort.ts';
import {
  columnLowerCost,
  columnRaiseCost,
  IMPLICIT_RAISE_COST,
  lowerCost,
  raiseCost,
} from '../solve/costs.ts';
import { inRow, leadingMeasure, moveCostParts, writeMoveCost } from './load.ts';
import type { Problem } from '../problem.ts';
import { lowerCell, raiseCell, type Rows } from '../solve/rows.ts';
import type { Search } from '../solve/search.ts';

/** Beyond so many cells (tables times targets) the cheapest regions are chosen table by table alone. */
const MAX_CELLS = 20_000;
/** Sums of costs along a path stay exact up to here. */
const MAX_VERTICES = 8_192;
/** Looks at a step of the graph: some tens of milliseconds. */
const MAX_STEPS = 1_000_000;

/**
 * Among the placements that are as balanced with as few moves, goes on to one whose regions are cheapest to move: cancels cycles of the
 * residual graph that keep the objective and lower the cost, until there is none (Klein's algorithm; then no such placement is
 * cheaper). Tables with followers keep their numbers. Ends early, at a placement just as good, when it takes too long.
 */
export function preferCheapest(search: Search): void {
  const { problem, rows } = search;
  const cells = rows.count * problem.columns.length;
  if (cells > MAX_CELLS || rows.count + problem.columns.length >= MAX_VERTICES) return;
  if (leadingMeasure(problem.snapshot.regions) === undefined && !problem.previous) return;
  const graph = new ResidualGraph(search);
  while (graph.steps < MAX_STEPS) {
    const cycles = graph.findCheaperCycles();
    if (cycles.length === 0) return;
    for (const cycle of cycles) graph.cancel(cycle);
  }
}

/**
 * Vertices are columns, rows and a hub. A step from a column to a row takes a region of the table away from the column, one from a row to a
 * column gives it one; the hub stands for the columns' totals.
 */
class ResidualGraph {
  steps = 0;
  readonly #search: Search;
  readonly #columns: number;
  readonly #hub: number;
  readonly #costs: MovableCosts;
  /** How many regions the previous plan moves to a cell. */
  readonly #arrivals: ReadonlyMap<number, number>;
  /** What is one less arrival that the previous plan has: nothing but the last part. */
  readonly #arrival: Float64Array;
  /** The objective first, then what the migrations cost: compared in this order. */
  readonly #parts: number;
  readonly #distance: Float64Array;
  readonly #parent: Int32Array;
  readonly #step: Float64Array;

  constructor(search: Search) {
    const { problem, rows } = search;
    this.#search = search;
    this.#columns = problem.columns.length;
    this.#hub = this.#columns + rows.count;
    this.#costs = movableCosts(problem, rows);
    this.#arrivals = previousArrivals(problem, rows);
    this.#parts = 1 + moveCostParts(problem);
    this.#arrival = new Float64Array(this.#parts - 1).fill(1, -1);
    this.#step = new Float64Array(this.#parts);
    this.#distance = new Float64Array((this.#hub + 1) * this.#parts);
    this.#parent = new Int32Array(this.#hub + 1);
  }

  /**
   * Cycles that lower the cost and have no vertex in common, each as its vertices in the order of its steps; none when there is no such
   * cycle at all (Bellman and Ford).
   */
  findCheaperCycles(): readonly (readonly number[])[] {
    this.#distance.fill(0);
    this.#parent.fill(-1);
    while (this.steps < MAX_STEPS && this.#sweep()) {
      const cycles = this.#cyclesOfParents();
      if (cycles.length > 0) return cycles;
    }
    return [];
  }

  cancel(cycle: readonly number[]): void {
    const { rows, bounds, totals } = this.#search;
    const steps = cycle.map((from, index) => ({ from, to: cycle[(index + 1) % cycle.length]! }));
    for (const { from, to } of steps) {
      if (from === this.#hub) totals[to]! -= 1;
      else if (to === this.#hub) totals[from]! += 1;
      else if (from < this.#columns) lowerCell(rows, bounds, to - this.#columns, from);
    }
    for (const { from, to } of steps) {
      if (from >= this.#columns && from !== this.#hub) raiseCell(rows, bounds, from - this.#columns, to);
    }
  }

  /** Relaxes every step once. Returns whether anything improved. */
  #sweep(): boolean {
    const { totals, bounds, units } = this.#search;
    let improved = false;
    for (let column = 0; column < this.#columns; column += 1) {
      const { columnFloor, columnCeil } = bounds;
      const [total, floor, ceil] = [totals[column]!, columnFloor[column]!, columnCeil[column]!];
      if (this.#relax(this.#hub, column, columnLowerCost(total, floor, ceil, units))) improved = true;
      if (this.#relax(column, this.#hub, columnRaiseCost(total, floor, ceil, units))) improved = true;
    }
    for (let row = 0; row < this.#search.rows.count; row += 1) if (this.#relaxRow(row)) improved = true;
    return improved;
  }

  #relaxRow(row: number): boolean {
    const { rows, bounds, units } = this.#search;
    const vertex = this.#columns + row;
    const isImplicit = new Uint8Array(this.#columns).fill(1);
    let improved = false;
    for (let slot = rows.start[row]!; slot < rows.end[row]!; slot += 1) {
      const [want, have, column] = [rows.want[slot]!, rows.have[slot]!, rows.column[slot]!];
      isImplicit[column] = 0;
      if (want <= rows.fixed[slot]!) continue;
      const objective = lowerCost(want, have, bounds.slotFloor[slot]!, bounds.slotCeil[slot]!, units);
      const rank = have - want;
      const costs = rank >= 0 ? this.#costs.values : this.#arrivalOf(row, column, -rank);
      const at = rank >= 0 ? this.#placeOf(row, column, rank) : 0;
      if (this.#relax(column, vertex, objective, costs, at)) improved = true;
    }
    for (let slot = rows.start[row]!; slot < rows.end[row]!; slot += 1) {
      const [want, have, column] = [rows.want[slot]!, rows.have[slot]!, rows.column[slot]!];
      const objective = raiseCost(want, have, bounds.slotFloor[slot]!, bounds.slotCeil[slot]!, units);
      const rank = have - want - 1;
      const costs = rank >= 0 ? this.#costs.values : this.#arrivalOf(row, column, -rank);
      const at = rank >= 0 ? this.#placeOf(row, column, rank) : 0;
      if (this.#relax(vertex, column, objective, costs, at, -1)) improved = true;
    }
    for (let column = 0; column < this.#columns; column += 1) {
      if (isImplicit[column] !== 1) continue;
      const costs = this.#arrivalOf(row, column, 1);
      if (this.#relax(vertex, column, IMPLICIT_RAISE_COST, costs, 0, -1)) improved = true;
    }
    return improved;
  }

  /** Where the costs of a cell's region of this rank stand, the cheapest being 0. */
  #placeOf(row: number, column: number, rank: number): number {
    const { first, count } = this.#costs;
    const cell = row * this.#columns + column;
    if (rank >= count[cell]!)
      throw new Error(`Row ${row} has no region of rank ${rank} to move in column ${column}`);
    return (first[cell]! + rank) * (this.#parts - 1);
  }

  /** What it costs to give up the last of so many regions that a cell receives; undefined where the previous plan has fewer. */
  #arrivalOf(row: number, column: number, received: number): Float64Array | undefined {
    const arrivals = this.#arrivals.get(row * this.#columns + column) ?? 0;
    return received <= arrivals ? this.#arrival : undefined;
  }

  /** One step, which adds the migration costs that begin at a place, or takes them off (`sign` -1). */
  #relax(from: number, to: number, objective: number, costs?: Float64Array, at = 0, sign = 1): boolean {
    this.steps += 1;
    const distance = this.#distance;
    const parts = this.#parts;
    const source = from * parts;
    const target = to * parts;
    const first = distance[source]! + objective;
    if (first > distance[target]!) return false;
    const step = this.#step;
    step[0] = first;
    let isLess = first < distance[target]!;
    for (let part = 1; part < parts; part += 1) {
      const cost = costs ? sign * costs[at + part - 1]! : 0;
      const value = distance[source + part]! + cost;
      const known = distance[target + part]!;
      if (!isLess && value > known) return false;
      isLess ||= value < known;
      step[part] = value;
    }
    if (!isLess) return false;
    distance.set(step, target);
    this.#parent[to] = from;
    return true;
  }

  /** A cycle among the parents costs less than nothing, wherever in a sweep it closes. */
  #cyclesOfParents(): readonly (readonly number[])[] {
    const cycles: number[][] = [];
    const seenFrom = new Int32Array(this.#hub + 1).fill(-1);
    for (let start = 0; start <= this.#hub; start += 1) {
      let vertex = start;
      while (vertex !== -1 && seenFrom[vertex] === -1) {
        seenFrom[vertex] = start;
        vertex = this.#parent[vertex]!;
      }
      if (vertex === -1 || seenFrom[vertex] !== start) continue;
      const cycle = [vertex];
      for (let at = this.#parent[vertex]!; at !== vertex; at = this.#parent[at]!) cycle.push(at);
      cycles.push(cycle.reverse());
    }
    return cycles;
  }
}

/** How many regions of a row the previous plan moves to a column. */
function previousArrivals({ previous, columns }: Problem, rows: Rows): ReadonlyMap<number, number> {
  const arrivals = new Map<number, number>();
  if (!previous) return arrivals;
  for (let row = 0; row < rows.count; row += 1) {
    for (let index = rows.first[row]!; index < rows.first[row + 1]!; index += 1) {
      const move = previous.get(rows.members[index]!);
      if (!move) continue;
      const cell = row * columns.length + move.column;
      arrivals.set(cell, (arrivals.get(cell) ?? 0) + 1);
    }
  }
  return arrivals;
}

/** What the movable regions of each cell (row by row, column by column) cost, the cheapest first. */
interface MovableCosts {
  /** Of each cell the first region, and how many there are. */
  readonly first: Int32Array;
  readonly count: Int32Array;
  /** By region, part after part. */
  readonly values: Float64Array;
}

/** Sorts the members of each row, so that whoever chooses among them afterwards finds them in order. */
function movableCosts(problem: Problem, rows: Rows): MovableCosts {
  const { nodeOf, columnOf, columns, hold } = problem;
  const cells = rows.count * columns.length;
  const [first, count] = [new Int32Array(cells), new Int32Array(cells)];
  const parts = moveCostParts(problem);
  const values = new Float64Array(rows.members.length * parts);
  const keys = inRow(problem);
  let regions = 0;
  for (let row = 0; row < rows.count; row += 1) {
    const start = rows.first[row]!;
    // Copied one by one, which takes a tenth of the time of a spread and `set`.
    const members: number[] = [];
    for (let index = start; index < rows.first[row + 1]!; index += 1) members.push(rows.members[index]!);
    sortByKey(members, keys);
    for (let place = 0; place < members.length; place += 1) {
      const region = members[place]!;
      rows.members[start + place] = region;
      const column = columnOf[nodeOf[region]!]!;
      if (column === -1 || hold[region] !== 0) continue;
      const cell = row * columns.length + column;
      if (count[cell] === 0) first[cell] = regions;
      count[cell]! += 1;
      writeMoveCost(problem, region, values, regions * parts);
      regions += 1;
    }
  }
  return { first, count, values };
}

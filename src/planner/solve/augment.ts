import type { Budget } from '../budget.ts';
import { columnLowerCost, columnRaiseCost, IMPLICIT_RAISE_COST, lowerCost, raiseCost } from './costs.ts';
import { findStep, lowerSpread, raiseSpread } from './follower-paths.ts';
import { canGive, moveRegion, NONE, OUTSIDE } from './follower-row.ts';
import type { FollowerRow } from './follower-row.ts';
import { regionsAlong } from './repeat.ts';
import { findSlot, lowerCell, raiseCell } from './rows.ts';
import type { Search } from './search.ts';

/**
 * Ships regions along all paths of this cost: of those with the fewest steps as many as fit, then of longer ones, until none is left (Dinic's
 * algorithm; Network Flows, chapter 7.5).
 *
 * A path leads from a column that gives (hub to column) through tables to a column that takes. Only *tight* steps are used: those
 * on which the distances say that the path stays a cheapest one.
 *
 * @returns whether the budget ended it.
 * @throws Error when no path is found, although the distances say that there is one.
 */
export function augment(search: Search, pathCost: number, budget: Budget): boolean {
  for (let isFirst = true; ; isFirst = false) {
    const takers = search.totals.reduce(
      (sum, _, column) => sum + (takes(search, column, pathCost) ? 1 : 0),
      0,
    );
    const flow = takers > 0 ? new BlockingFlow(search, pathCost) : undefined;
    if (!flow || flow.ship(takers) === 0) {
      if (isFirst) throw new Error('The distances promise a path that is not there');
      return false;
    }
    if (budget.spend(flow.looks)) return true;
  }
}

const UNSEEN = -1;
const DEAD = -2;

/** A row with followers, the first of its vertices, and how many cells it had when the flow began. */
interface CellRow {
  readonly row: FollowerRow;
  readonly firstOf: number;
  readonly cells: number;
}

/** Vertices are the columns, then the rows, then the cells of the rows with followers. */
class BlockingFlow {
  /** Steps that were looked at. */
  looks = 0;
  readonly #search: Search;
  readonly #pathCost: number;
  readonly #columns: number;
  readonly #firstCell: number;
  readonly #cellRows: readonly CellRow[];
  /** The row of each cell, by its place in `cellRows`. */
  readonly #cellRowOf: number[] = [];
  /** The fewest steps to each vertex from a column that gives. */
  readonly #level: Int32Array;
  /** What each vertex tries next: a column its givers, a row its slots, a cell the cells of its row and then the columns. */
  readonly #next: Int32Array;
  readonly #nextImplicit: Int32Array;
  /** Tight steps out of each column: `givers[first[c] .. first[c + 1])` are rows and cells. */
  readonly #first: Int32Array;
  readonly #givers: Int32Array;
  /** Columns by their distance. */
  readonly #columnsAt: ReadonlyMap<number, readonly number[]>;
  readonly #path: number[] = [];
  /** The region that leaves each cell on the path, and the one of the step that was found last. */
  readonly #regions: number[] = [];
  #region = NONE;

  constructor(search: Search, pathCost: number) {
    const { totals, rows, followerRows } = search;
    this.#search = search;
    this.#pathCost = pathCost;
    this.#columns = totals.length;
    this.#firstCell = totals.length + rows.count;
    this.#cellRows = followerRows.map((row, index): CellRow => {
      const cells = row.column.length;
      const firstOf = this.#firstCell + this.#cellRowOf.length;
      for (let cell = 0; cell < cells; cell += 1) this.#cellRowOf.push(index);
      return { row, firstOf, cells };
    });
    const vertices = this.#firstCell + this.#cellRowOf.length;
    this.#level = new Int32Array(vertices).fill(UNSEEN);
    this.#next = new Int32Array(vertices);
    this.#nextImplicit = new Int32Array(rows.count);
    const { first, givers } = tightGivers(search);
    this.#first = first;
    this.#givers = givers;
    this.#columnsAt = Map.groupBy(totals.keys(), (column) => search.potentials.column[column]!);
    this.#resetNext();
  }

  /**
   * Ships from every column that gives. Returns the units shipped.
   *
   * @param takers how many columns take.
   */
  ship(takers: number): number {
    const length = this.#findLevels(takers);
    let shipped = 0;
    for (let source = 0; source < this.#columns; source += 1) {
      while (this.#level[source] === 0 && this.#gives(source) && this.#findPath(source, length)) {
        // The next search would find the same path, at one look a step.
        const regions = regionsAlong(this.#search, this.#path);
        this.#shipPath(regions);
        this.looks += (regions - 1) * (this.#path.length - 1);
        shipped += regions;
      }
    }
    return shipped;
  }

  /** Breadth-first search up to the nearest columns that take. Returns how many steps away those are. */
  #findLevels(takers: number): number {
    const queue: number[] = [];
    for (let column = 0; column < this.#columns; column += 1) {
      if (!this.#gives(column)) continue;
      this.#level[column] = 0;
      queue.push(column);
    }
    let length = Infinity;
    // The queue grows while it is walked.
    for (const vertex of queue) {
      const level = this.#level[vertex]! + 1;
      if (level > length || takers === 0) break;
      for (let to = this.#following(vertex, UNSEEN); to !== NONE; to = this.#following(vertex, UNSEEN)) {
        this.#level[to] = level;
        queue.push(to);
        if (to >= this.#columns || !takes(this.#search, to, this.#pathCost)) continue;
        length = level;
        takers -= 1;
      }
    }
    this.#resetNext();
    return length;
  }

  #resetNext(): void {
    this.#next.fill(0);
    this.#next.set(this.#first.subarray(0, this.#columns));
    this.#nextImplicit.fill(0);
  }

  /** Depth-first search for a taking column so many steps away. Leaves the path behind. */
  #findPath(source: number, length: number): boolean {
    const path = this.#path;
    path.length = this.#regions.length = 0;
    path.push(source);
    for (;;) {
      const vertex = path[path.length - 1]!;
      const level = path.length - 1;
      if (level === length && vertex < this.#columns && takes(this.#search, vertex, this.#pathCost))
        return true;
      const next = level < length ? this.#following(vertex, level + 1) : NONE;
      if (next !== NONE) {
        this.#regions[level] = this.#region;
        path.push(next);
        continue;
      }
      this.#level[vertex] = DEAD;
      path.pop();
      if (path.length === 0) return false;
    }
  }

  /** The next vertex of this level to which a tight step leads. */
  #following(vertex: number, level: number): number {
    if (vertex < this.#columns) return this.#nextGiver(vertex, level);
    return vertex < this.#firstCell ? this.#nextTaker(vertex, level) : this.#nextOfCell(vertex, level);
  }

  /** Whether the column begins a path of the wanted cost. */
  #gives(column: number): boolean {
    const { totals, bounds, units, potentials } = this.#search;
    const [floor, ceil] = [bounds.columnFloor[column]!, bounds.columnCeil[column]!];
    return columnLowerCost(totals[column]!, floor, ceil, units) === potentials.column[column];
  }

  /** The next row or cell out of which the column can give a region. */
  #nextGiver(column: number, level: number): number {
    const end = this.#first[column + 1]!;
    for (; this.#next[column]! < end; this.#next[column]! += 1) {
      this.looks += 1;
      const giver = this.#givers[this.#next[column]!]!;
      if (this.#level[giver] === level && this.#stillGives(giver, column)) return giver;
    }
    return NONE;
  }

  #stillGives(giver: number, column: number): boolean {
    if (giver >= this.#firstCell) {
      const { row, firstOf } = this.#cellRows[this.#cellRowOf[giver - this.#firstCell]!]!;
      return cellGivesTightly(this.#search, row, giver - firstOf);
    }
    const row = giver - this.#columns;
    const slot = findSlot(this.#search.rows, row, column);
    return slot !== -1 && givesTightly(this.#search, row, slot);
  }

  /** The next column that the row can give a region to on a cheapest path. */
  #nextTaker(vertex: number, level: number): number {
    const { rows, potentials } = this.#search;
    const row = vertex - this.#columns;
    const from = rows.start[row]!;
    for (; from + this.#next[vertex]! < rows.end[row]!; this.#next[vertex]! += 1) {
      this.looks += 1;
      const slot = from + this.#next[vertex]!;
      const column = rows.column[slot]!;
      if (this.#level[column] === level && takesTightly(this.#search, row, slot)) return column;
    }
    const reached = potentials.row[row]! + IMPLICIT_RAISE_COST;
    for (; this.#nextImplicit[row]! < this.#columns; this.#nextImplicit[row]! += 1) {
      this.looks += 1;
      const column = this.#nextImplicit[row]!;
      const isTight = potentials.column[column] === reached && this.#level[column] === level;
      if (isTight && findSlot(rows, row, column) === -1) return column;
    }
    return NONE;
  }

  /** The next cell of the same row, or column, that can get one of the cell's regions. */
  #nextOfCell(vertex: number, wanted: number): number {
    const { row, firstOf, cells } = this.#cellRows[this.#cellRowOf[vertex - this.#firstCell]!]!;
    const { units, potentials } = this.#search;
    const from = vertex - firstOf;
    // Where the row has no cell yet, a region that is away already goes on without a move, one that is at home with one.
    const same = row.away[from] === NONE ? [] : (this.#columnsAt.get(row.distance[from]!) ?? []);
    const movedTo = row.distance[from]! + IMPLICIT_RAISE_COST;
    const farther = row.atHome[from] === NONE ? [] : (this.#columnsAt.get(movedTo) ?? []);
    const end = cells + same.length + farther.length;
    // Looked at hundreds of millions of times: what does not change is read from the object once.
    const [levels, columns] = [this.#level, row.column];
    const home = columns[from]!;
    const first = this.#next[vertex]!;
    for (let tried = first; tried < end; tried += 1) {
      const isCell = tried < cells;
      const beyond = tried - cells;
      const column = isCell
        ? columns[tried]!
        : beyond < same.length
          ? same[beyond]!
          : farther[beyond - same.length]!;
      if (column === OUTSIDE || column === home) continue;
      const mayExit = levels[column] === wanted;
      if (!isCell && (!mayExit || row.cellOf.has(column))) continue;
      const cell = isCell ? tried : NONE;
      const isOpen = isCell && levels[firstOf + tried] === wanted;
      if (!mayExit && !isOpen) continue;
      const raise = isCell ? raiseSpread(row, cell, units) : 0;
      const exit = mayExit ? potentials.column[column]! - raise : Infinity;
      const step = findStep(row, from, { column, cell, exit, isOpen });
      if (!step) continue;
      this.#region = step.region;
      this.looks += tried - first + 1;
      this.#next[vertex] = tried;
      return step.isExit ? column : firstOf + cell;
    }
    this.looks += Math.max(0, end - first);
    this.#next[vertex] = Math.max(first, end);
    return NONE;
  }

  /** Moves regions along the path that was found. */
  #shipPath(regions: number): void {
    const { rows, bounds, totals } = this.#search;
    const path = this.#path;
    for (let hop = 0; hop < path.length; hop += 1) {
      const vertex = path[hop]!;
      if (vertex < this.#columns) continue;
      const to = path[hop + 1]!;
      if (vertex < this.#firstCell) {
        lowerCell(rows, bounds, vertex - this.#columns, path[hop - 1]!, regions);
        raiseCell(rows, bounds, vertex - this.#columns, to, regions);
        continue;
      }
      const { row, firstOf } = this.#cellRows[this.#cellRowOf[vertex - this.#firstCell]!]!;
      const column = to < this.#columns ? to : row.column[to - firstOf]!;
      moveRegion(row, this.#regions[hop]!, vertex - firstOf, column);
    }
    totals[path[0]!]! -= regions;
    totals[path[path.length - 1]!]! += regions;
  }
}

function tightGivers(search: Search): { first: Int32Array; givers: Int32Array } {
  const columns = search.totals.length;
  const first = new Int32Array(columns + 1);
  forEachGiver(search, (column) => (first[column + 1]! += 1));
  for (let column = 0; column < columns; column += 1) first[column + 1]! += first[column]!;
  const next = first.slice();
  const givers = new Int32Array(first[columns]!);
  forEachGiver(search, (column, vertex) => (givers[next[column]!++] = vertex));
  return { first, givers };
}

function forEachGiver(search: Search, callback: (column: number, vertex: number) => void): void {
  const { rows, followerRows, totals } = search;
  for (let row = 0; row < rows.count; row += 1) {
    for (let slot = rows.start[row]!; slot < rows.end[row]!; slot += 1)
      if (givesTightly(search, row, slot)) callback(rows.column[slot]!, totals.length + row);
  }
  let vertex = totals.length + rows.count;
  for (const row of followerRows) {
    for (let cell = 0; cell < row.column.length; cell += 1, vertex += 1)
      if (cellGivesTightly(search, row, cell)) callback(row.column[cell]!, vertex);
  }
}

/** Whether the column ends a path of this cost. */
function takes({ totals, bounds, units, potentials }: Search, column: number, pathCost: number): boolean {
  const [floor, ceil] = [bounds.columnFloor[column]!, bounds.columnCeil[column]!];
  return potentials.column[column]! + columnRaiseCost(totals[column]!, floor, ceil, units) === pathCost;
}

/** Whether taking a region out of this cell continues a cheapest path. */
function givesTightly({ rows, bounds, units, potentials }: Search, row: number, slot: number): boolean {
  const want = rows.want[slot]!;
  if (want <= rows.fixed[slot]!) return false;
  const step = lowerCost(want, rows.have[slot]!, bounds.slotFloor[slot]!, bounds.slotCeil[slot]!, units);
  return potentials.column[rows.column[slot]!]! + step === potentials.row[row];
}

function cellGivesTightly({ units, potentials }: Search, row: FollowerRow, cell: number): boolean {
  const column = row.column[cell]!;
  if (column === OUTSIDE || !canGive(row, cell)) return false;
  return potentials.column[column]! + lowerSpread(row, cell, units) === row.distance[cell];
}

/** Whether putting a region into this cell continues a cheapest path. */
function takesTightly({ rows, bounds, units, potentials }: Search, row: number, slot: number): boolean {
  const step = raiseCost(
    rows.want[slot]!,
    rows.have[slot]!,
    bounds.slotFloor[slot]!,
    bounds.slotCeil[slot]!,
    units,
  );
  return potentials.row[row]! + step === potentials.column[rows.column[slot]!];
}

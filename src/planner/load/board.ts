import { ceilShare, floorShare } from '../../domain/quotas.ts';
import { compareIds } from '../../domain/ids.ts';
import { mayLead } from '../targets.ts';
import type { Problem } from '../problem.ts';
import { highFor } from './band.ts';
import type { Band, Placed } from './band.ts';
import type { Loads } from './loads.ts';

/** A table's regions by column, each list from the least to the most load, and its share. */
interface TableCells extends TableShare {
  readonly lists: number[][];
}

/** A region with the target that shall lead it. */
export interface Place {
  readonly region: number;
  readonly column: number;
}

interface TableShare {
  readonly floor: Int32Array;
  readonly ceil: Int32Array;
}

/** Stands for the many lists in which nothing is. Never changed. */
const NONE: number[] = [];

function ownList(lists: number[][], column: number): number[] {
  if (lists[column] === NONE) lists[column] = [];
  return lists[column]!;
}

/**
 * A placement under change: which column leads each region, and what the columns carry. Tables are counted when they are first asked for, so
 * that a million regions cost little where few of them matter.
 */
export class Board {
  readonly problem: Problem;
  readonly loads: Loads;
  readonly band: Band;
  /** Column of each counted region, or -1: it counts, and no target leads it. */
  readonly at: Int32Array;
  /** The same before any move. */
  readonly home: Int32Array;
  readonly carriedAtHome: Float64Array;
  /** Load of each column. */
  readonly carried: Float64Array;
  /** Regions that are not where they were. */
  moves = 0;
  /** Load for its weight above which no target outside its band shall end: what the plain way of balancing reaches. */
  ceiling = Infinity;
  readonly #tables = new Map<number, TableCells>();
  readonly #shares = new Map<number, TableShare>();
  /** Regions too heavy for any column's band, by column. */
  readonly #heavy: number[][];
  readonly #isHeavy: Uint8Array;
  /** The most that each column should carry as it is. */
  readonly #high: Float64Array;
  /** Where the regions were when the board was made, and those that are elsewhere now. */
  readonly #first: Int32Array;
  readonly #moved = new Set<number>();
  readonly #journal: { readonly region: number; readonly from: number }[] = [];

  /** @param home before any move. @param placed once the base is moved. @param moves of the base. */
  constructor(problem: Problem, loads: Loads, band: Band, home: Placed, placed = home, moves = 0) {
    this.problem = problem;
    this.loads = loads;
    this.band = band;
    this.home = home.at;
    this.carriedAtHome = home.carried;
    this.at = placed.at.slice();
    this.carried = placed.carried.slice();
    this.moves = moves;
    this.#heavy = problem.columns.map(() => []);
    this.#isHeavy = new Uint8Array(this.at.length);
    for (const region of band.heavy) {
      this.#isHeavy[region] = 1;
      this.#heavy[this.at[region]!]!.push(region);
    }
    this.#high = Float64Array.from(problem.columns, (_, column) => this.#highOf(column, -1, -1));
    this.#first = placed.at;
  }

  /** The most that a column should carry, were `without` not there and `plus` there. */
  high(column: number, without = -1, plus = -1): number {
    const isSame =
      (without === -1 || this.#isHeavy[without] === 0) && (plus === -1 || this.#isHeavy[plus] === 0);
    return isSame ? this.#high[column]! : this.#highOf(column, without, plus);
  }

  #highOf(column: number, without: number, plus: number): number {
    const { band, problem } = this;
    const own = this.#heaviest(column, without, plus);
    return highFor(band, problem.weights[column]!, band.fixed[column]!, own);
  }

  /** The same if every load were known well enough: what the trigger goes by. */
  highIfSure(column: number): number {
    const { band, problem } = this;
    const sure = band.fixed[column]! - band.unsure[column]!;
    return highFor(band, problem.weights[column]!, sure, this.#heaviest(column, -1, -1));
  }

  #heaviest(column: number, without: number, plus: number): number {
    const { loads } = this;
    let heaviest = 0;
    for (const region of this.#heavy[column]!)
      if (region !== without) heaviest = Math.max(heaviest, loads.of[region]!);
    if (plus !== -1 && this.#isHeavy[plus] === 1) heaviest = Math.max(heaviest, loads.of[plus]!);
    return heaviest;
  }

  low(column: number): number {
    return this.band.low * this.problem.weights[column]!;
  }

  isHeavy(region: number): boolean {
    return this.#isHeavy[region] === 1;
  }

  cells(table: number): TableCells {
    let cells = this.#tables.get(table);
    if (cells) return cells;
    const { start, regionsOfTable, columns } = this.problem;
    const lists = Array.from(columns, () => NONE);
    for (let index = start[table]!; index < start[table + 1]!; index += 1) {
      const region = regionsOfTable[index]!;
      if (this.at[region] !== -1) ownList(lists, this.at[region]!).push(region);
    }
    for (const list of lists) if (list.length > 1) list.sort((a, b) => this.compare(a, b));
    cells = { lists, ...this.#shareOf(start[table + 1]! - start[table]!) };
    this.#tables.set(table, cells);
    return cells;
  }

  /** Tables of one size share it. */
  #shareOf(regions: number): TableShare {
    let share = this.#shares.get(regions);
    if (share) return share;
    const { weights, totalWeight } = this.problem;
    share = {
      floor: Int32Array.from(weights, (weight) => floorShare(regions, weight, totalWeight)),
      ceil: Int32Array.from(weights, (weight) => ceilShare(regions, weight, totalWeight)),
    };
    this.#shares.set(regions, share);
    return share;
  }

  /** By load, the least first, then by id. */
  compare(a: number, b: number): number {
    const { snapshot } = this.problem;
    return (
      this.loads.of[a]! - this.loads.of[b]! || compareIds(snapshot.regions[a]!.id, snapshot.regions[b]!.id)
    );
  }

  canLeave(region: number): boolean {
    const column = this.at[region]!;
    const { lists, floor } = this.cells(this.problem.tableOf[region]!);
    return lists[column]!.length > floor[column]!;
  }

  canEnter(region: number, column: number): boolean {
    const { lists, ceil } = this.cells(this.problem.tableOf[region]!);
    return lists[column]!.length < ceil[column]!;
  }

  mayLead(region: number, column: number): boolean {
    return column === this.home[region] || mayLead(this.problem, region, column);
  }

  /** Moves added (or saved) if a column led the region. */
  costOf(region: number, column: number): number {
    return Number(column !== this.home[region]) - Number(this.at[region] !== this.home[region]);
  }

  place(region: number, column: number): void {
    this.#journal.push({ region, from: this.at[region]! });
    this.#put(region, column);
  }

  /** A point to go back to. */
  mark(): number {
    return this.#journal.length;
  }

  undo(mark: number): void {
    while (this.#journal.length > mark) {
      const { region, from } = this.#journal.pop()!;
      this.#put(region, from);
    }
  }

  /** Regions that were placed elsewhere since the board was made. */
  moved(): number[] {
    return [...this.#moved];
  }

  /** Where the regions are that were placed since a mark. */
  placesSince(mark: number): Place[] {
    return this.touchedSince(mark).map((region) => ({ region, column: this.at[region]! }));
  }

  /** Goes back to a mark, and on to these places. */
  restore(mark: number, places: readonly Place[]): void {
    this.undo(mark);
    for (const { region, column } of places) this.place(region, column);
  }

  /** Regions that were placed since a mark. */
  touchedSince(mark: number): number[] {
    return [...new Set(this.#journal.slice(mark).map(({ region }) => region))];
  }

  #put(region: number, column: number): void {
    const { at, carried, loads, problem } = this;
    const from = at[region]!;
    if (from === column) return;
    this.moves += this.costOf(region, column);
    const { lists } = this.cells(problem.tableOf[region]!);
    lists[from]!.splice(lists[from]!.indexOf(region), 1);
    this.#insert(ownList(lists, column), region);
    carried[from]! -= loads.of[region]!;
    carried[column]! += loads.of[region]!;
    at[region] = column;
    this.#note(region);
    if (this.#isHeavy[region] === 0) return;
    this.#heavy[from] = this.#heavy[from]!.filter((other) => other !== region);
    this.#heavy[column]!.push(region);
    for (const end of [from, column]) this.#high[end] = this.#highOf(end, -1, -1);
  }

  #note(region: number): void {
    if (this.at[region] === this.#first[region]) this.#moved.delete(region);
    else this.#moved.add(region);
  }

  #insert(list: number[], region: number): void {
    let [low, high] = [0, list.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.compare(list[middle]!, region) < 0) low = middle + 1;
      else high = middle;
    }
    list.splice(low, 0, region);
  }
}

import { highFor } from './band.ts';
import type { Board } from './board.ts';
import { MAKES_ROOM, MAY_MOVE } from './loads.ts';
import { isBetterScore, NOISE, scoreOf, stepsOver } from './score.ts';
import type { Score } from './score.ts';

/** What the search may take: placements that are looked at. Counted, so that the same input gives the same plan on every machine. */
interface Effort {
  steps: number;
  readonly shouldStop: () => boolean;
}

/** So many regions and targets are searched exactly. */
const MOST_REGIONS = 16;
const MOST_TARGETS = 6;

interface Item {
  readonly region: number;
  readonly load: number;
  readonly home: number;
  readonly table: number;
  readonly columns: readonly number[];
}

/** A search through all placements, made before the board changes: the tables' shares as the balance left them are what binds it. */
export interface ExactSearch {
  /** Leaves the board at the best placement. Returns whether the search came to its end, so that no better one exists. */
  run(effort: Effort): boolean;
}

/** @returns undefined where there are too many regions or targets. */
export function prepareExact(board: Board, roles: Uint8Array): ExactSearch | undefined {
  const { problem } = board;
  if (problem.columns.length > MOST_TARGETS) return undefined;
  const items: Item[] = [];
  for (const region of problem.regionsOfTable) {
    const columns = columnsFor(board, roles, region);
    if (columns.length < 2) continue;
    if (items.length === MOST_REGIONS) return undefined;
    items.push({
      region,
      load: board.loads.of[region]!,
      home: board.home[region]!,
      table: problem.tableOf[region]!,
      columns,
    });
  }
  items.sort((a, b) => board.compare(b.region, a.region));
  return new BranchAndBound(board, roles, items);
}

/** Where a region may be: the home first. */
function columnsFor(board: Board, roles: Uint8Array, region: number): number[] {
  const { problem, home, at } = board;
  const [first, now] = [home[region]!, at[region]!];
  if (now === -1) return [];
  const isFree = problem.hold[region] === 0 && (roles[region] !== 0 || first === -1);
  if (!isFree) return first === -1 || first === now ? [now] : [first, now];
  const others = [...problem.columns.keys()].filter(
    (column) => column !== first && board.mayLead(region, column),
  );
  return first === -1 ? others : [first, ...others];
}

/** Depth first over the regions from the heaviest to the lightest; branches that cannot beat the best placement are cut. */
class BranchAndBound implements ExactSearch {
  readonly #board: Board;
  readonly #roles: Uint8Array;
  readonly #items: readonly Item[];
  readonly #carried: Float64Array;
  readonly #high: Float64Array;
  /** By table and column: regions placed, how few and how many there may be. */
  readonly #cells = new Map<
    number,
    { count: Int32Array; least: Int32Array; most: Int32Array; left: number }
  >();
  readonly #tablesThatMove: ReadonlySet<number>;
  readonly #chosen: Int32Array;
  /** Load of the items from a depth on that are at home in a column, and the heaviest of them. */
  readonly #homeLoad: readonly Float64Array[];
  readonly #homeMost: readonly Float64Array[];
  readonly #restLoad: Float64Array;
  readonly #heavies: number;
  #moves = 0;
  #best!: Score;
  #bestChoice: Int32Array | undefined;
  #effort!: Effort;

  constructor(board: Board, roles: Uint8Array, items: readonly Item[]) {
    const { problem } = board;
    const count = problem.columns.length;
    this.#board = board;
    this.#roles = roles;
    this.#items = items;
    this.#carried = board.carried.slice();
    this.#chosen = new Int32Array(items.length).fill(-1);
    for (const { region, load, table } of items) {
      this.#carried[board.at[region]!]! -= load;
      if (this.#cells.has(table)) continue;
      const { lists, floor, ceil } = board.cells(table);
      const now = Int32Array.from(lists, ({ length }) => length);
      this.#cells.set(table, {
        count: now.slice(),
        least: now.map((value, column) => Math.min(value, floor[column]!)),
        most: now.map((value, column) => Math.max(value, ceil[column]!)),
        left: 0,
      });
    }
    for (const { region, table } of items) {
      const cell = this.#cells.get(table)!;
      cell.count[board.at[region]!]! -= 1;
      cell.left += 1;
    }
    const areItems = new Set(items.map(({ region }) => region));
    this.#high = Float64Array.from(problem.weights, (weight, column) =>
      highFor(board.band, weight, board.band.fixed[column]!, 0),
    );
    this.#heavies = items.findLastIndex(({ region }) => board.isHeavy(region)) + 1;
    this.#tablesThatMove = new Set(
      [...problem.regionsOfTable]
        .filter((region) => board.at[region] !== board.home[region])
        .map((region) => problem.tableOf[region]!),
    );
    for (const region of problem.regionsOfTable)
      if (!areItems.has(region) && board.at[region] !== -1 && board.at[region] !== board.home[region])
        this.#moves += 1;
    [this.#homeLoad, this.#homeMost] = homeSums(items, count);
    this.#restLoad = new Float64Array(items.length + 1);
    for (let depth = items.length - 1; depth >= 0; depth -= 1)
      this.#restLoad[depth] = this.#restLoad[depth + 1]! + items[depth]!.load;
  }

  run(effort: Effort): boolean {
    this.#best = scoreOf(this.#board);
    this.#effort = effort;
    this.#visit(0);
    const isDone = effort.steps > 0 && !effort.shouldStop();
    this.#bestChoice?.forEach((column, index) => this.#board.place(this.#items[index]!.region, column));
    return isDone;
  }

  #addHeavy(region: number, column: number): void {
    const { band, loads, problem } = this.#board;
    const high = highFor(band, problem.weights[column]!, band.fixed[column]!, loads.of[region]!);
    this.#high[column] = Math.max(this.#high[column]!, high);
  }

  #visit(depth: number): void {
    this.#effort.steps -= 1;
    if (this.#effort.steps <= 0 || (this.#effort.steps % 4096 === 0 && this.#effort.shouldStop())) return;
    if (this.#isHopeless(depth)) return;
    if (depth === this.#items.length) {
      this.#finish();
      return;
    }
    const { region, load, home, table, columns } = this.#items[depth]!;
    const cell = this.#cells.get(table)!;
    for (const column of columns) {
      if (cell.count[column]! >= cell.most[column]!) continue;
      const high = this.#high[column]!;
      const cost = Number(column !== home);
      if (this.#board.isHeavy(region)) this.#addHeavy(region, column);
      this.#chosen[depth] = column;
      this.#carried[column]! += load;
      this.#moves += cost;
      cell.count[column]! += 1;
      cell.left -= 1;
      if (canFillFloors(cell)) this.#visit(depth + 1);
      cell.left += 1;
      cell.count[column]! -= 1;
      this.#moves -= cost;
      this.#carried[column]! -= load;
      this.#high[column] = high;
    }
  }

  /** Whether nothing below can be better than what is known. */
  #isHopeless(depth: number): boolean {
    if (depth < this.#heavies) return false;
    const { above, over, under } = this.#leastOutside(depth);
    const best = this.#best;
    if (above !== best.above) return above > best.above;
    if (over !== best.over) return over > best.over;
    if (under !== best.under) return under > best.under;
    return this.#moves + this.#leastMoves(depth, best.under === 0, best.over === 0) >= best.moves;
  }

  /** What the loads that are placed, and the rest as if it could be poured, leave outside at least. */
  #leastOutside(depth: number): Pick<Score, 'above' | 'over' | 'under'> {
    const slack = NOISE * this.#board.band.mean;
    let [above, over, lack] = [0, 0, 0];
    for (let column = 0; column < this.#carried.length; column += 1) {
      const load = this.#carried[column]!;
      const steps = stepsOver(this.#board, column, load, this.#high[column]);
      above = Math.max(above, steps);
      over += steps;
      lack += Math.max(0, this.#board.low(column) - load - slack);
    }
    return { above, over, under: Number(lack > this.#restLoad[depth]! * (1 + NOISE)) };
  }

  /** Regions that must still leave, or arrive, for every target to come into its band. */
  #leastMoves(depth: number, noneUnder: boolean, noneOver: boolean): number {
    const heaviest = this.#items[depth]?.load ?? 0;
    const [load, most] = [this.#homeLoad[depth]!, this.#homeMost[depth]!];
    const slack = 1e-9 * this.#board.band.mean;
    let [leave, arrive] = [0, 0];
    for (let column = 0; column < this.#carried.length; column += 1) {
      const all = this.#carried[column]! + load[column]!;
      const over = all - this.#high[column]! - slack;
      if (over > 0) leave += most[column]! > 0 ? Math.ceil(over / most[column]! - 1e-9) : Infinity;
      const under = this.#board.low(column) - all - slack;
      if (under > 0) arrive += heaviest > 0 ? Math.ceil(under / heaviest - 1e-9) : Infinity;
    }
    return Math.max(noneOver ? leave : 0, noneUnder ? arrive : 0);
  }

  #finish(): void {
    if (!this.#keepsSmallOnes()) return;
    const board = this.#board;
    const mark = board.mark();
    this.#items.forEach(({ region }, index) => board.place(region, this.#chosen[index]!));
    const score = scoreOf(board);
    if (isBetterScore(score, this.#best)) {
      this.#best = score;
      this.#bestChoice = this.#chosen.slice();
    }
    board.undo(mark);
  }

  /** A small region moves only to make room for a larger one of its table, or where the table's spread wants it. */
  #keepsSmallOnes(): boolean {
    const larger = new Map<number, number>();
    this.#items.forEach(({ region, home, table }, index) => {
      if (home === -1 || this.#chosen[index] === home) return;
      const step = this.#roles[region] === MAY_MOVE ? 1 : this.#roles[region] === MAKES_ROOM ? -1 : 0;
      larger.set(table, (larger.get(table) ?? 0) + step);
    });
    return [...larger].every(([table, count]) => count >= 0 || this.#tablesThatMove.has(table));
  }
}

function homeSums(items: readonly Item[], columns: number): [Float64Array[], Float64Array[]] {
  const load = [new Float64Array(columns)];
  const most = [new Float64Array(columns)];
  for (const item of items.toReversed()) {
    const [nextLoad, nextMost] = [load[0]!.slice(), most[0]!.slice()];
    if (item.home !== -1) {
      nextLoad[item.home]! += item.load;
      nextMost[item.home] = Math.max(nextMost[item.home]!, item.load);
    }
    load.unshift(nextLoad);
    most.unshift(nextMost);
  }
  return [load, most];
}

function canFillFloors(cell: { count: Int32Array; least: Int32Array; left: number }): boolean {
  let lacks = 0;
  for (let column = 0; column < cell.count.length; column += 1)
    lacks += Math.max(0, cell.least[column]! - cell.count[column]!);
  return lacks <= cell.left;
}

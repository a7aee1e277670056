import type { Prng } from '../../lib/prng.ts';
import type { Board, Place } from './board.ts';
import { MAY_MOVE } from './loads.ts';
import { forEachStep, isBetterStep, someRegions } from './options.ts';
import type { Step } from './options.ts';
import { isBetterScore, isWorsePlan, scoreOf, isUnder, stepsOver } from './score.ts';
import type { Score } from './score.ts';

/** Targets that are asked for a region when one carries too little. */
const MOST_DONORS = 12;
/** A start after the first leaves out this part of the steps, so that it comes to another end. */
const SKIPPED = 0.25;

interface SearchOptions {
  readonly steps: number;
  /** Starts after the first, at most. */
  readonly rounds: number;
  /** Whether targets that carry too little are filled too. */
  readonly fills: boolean;
  /** The search ends as soon as it is as good as this. Default: it looks for the best. */
  readonly goal?: Score;
}

/**
 * Local search: takes load from the target that carries most too much, step by step, each with the most gain for its moves. Then takes parts
 * of that back, begins again from there with other choices, and keeps what is better (large neighbourhood search, Shaw 1998).
 */
export class LoadSearch {
  readonly #board: Board;
  readonly #roles: Uint8Array;
  readonly #shouldStop: () => boolean;
  #steps = 0;
  /** Whether targets that carry too little are filled too. */
  #fills = false;
  /** Regions that may move, by the column of the start, from the most load to the least. Sorted when first asked for. */
  readonly #atStart: number[][];
  readonly #isSorted: Uint8Array;
  readonly #arrived: Set<number>[];
  readonly #order: number[];
  readonly #level: Float64Array;

  constructor(board: Board, roles: Uint8Array, shouldStop: () => boolean) {
    const { columns, regionsOfTable } = board.problem;
    this.#board = board;
    this.#roles = roles;
    this.#shouldStop = shouldStop;
    this.#atStart = columns.map(() => []);
    for (const region of regionsOfTable)
      if (roles[region] === MAY_MOVE && board.at[region] !== -1)
        this.#atStart[board.at[region]!]!.push(region);
    this.#isSorted = new Uint8Array(columns.length);
    this.#arrived = columns.map(() => new Set());
    this.#order = columns.map((_, column) => column);
    this.#level = new Float64Array(columns.length);
  }

  /** The first descent, and as many others as the effort allows. Leaves the board at the best end. */
  run(prng: Prng, { steps, rounds, fills, goal }: SearchOptions): void {
    [this.#steps, this.#fills] = [steps, fills];
    if (goal) this.#takeBackNeedless(0);
    this.#descend(undefined);
    this.#takeBackNeedless(0);
    let best = this.#score();
    let [current, bestMark] = [best, this.#board.mark()];
    // Where not all can be filled at once, more attempts seldom fill them.
    if (this.#fills && best.under > 0) return;
    const isReached = (): boolean => goal !== undefined && !isWorsePlan(best, this.#seen(goal));
    for (let round = 0; round < rounds && !this.#isOver() && !isReached(); round += 1) {
      const mark = this.#board.mark();
      this.#takeBackSome(prng);
      this.#descend(prng);
      this.#takeBackNeedless(mark);
      const score = this.#score();
      if (isWorsePlan(score, current)) {
        this.#board.undo(mark);
        continue;
      }
      current = score;
      if (isBetterScore(score, best)) [best, bestMark] = [score, this.#board.mark()];
    }
    this.#board.undo(bestMark);
  }

  #score(): Score {
    return this.#seen(scoreOf(this.#board));
  }

  /** Who fills nobody does not mind who carries too little. */
  #seen(score: Score): Score {
    return this.#fills ? score : { ...score, under: 0 };
  }

  /**
   * From the fullest target the heaviest region to the emptiest, where that makes the fuller of the two less full; else to the next emptiest, else from
   * the next fullest. It goes on until all are within the band for all, or nothing helps.
   */
  descendPlainly(steps: number): void {
    this.#steps = steps;
    while (!this.#isOver()) {
      const place = this.#plainPlace();
      if (place === undefined) return;
      this.#take({ places: [place] });
    }
  }

  #plainPlace(): Place | undefined {
    const board = this.#board;
    const { band, carried, loads, problem } = board;
    const level = (column: number, more = 0): number => (carried[column]! + more) / problem.weights[column]!;
    const order = this.#emptiestFirst();
    if (level(order.at(-1)!) <= band.high && level(order[0]!) >= band.low) return undefined;
    for (const from of order.toReversed()) {
      if (level(from) <= band.mean) return undefined;
      const leaving = this.#movable(from).filter((region) => board.canLeave(region));
      for (const to of order) {
        if (level(to) >= band.mean) break;
        this.#steps -= 1;
        const region = leaving.find(
          (candidate) =>
            level(to, loads.of[candidate]) < level(from) &&
            board.canEnter(candidate, to) &&
            board.mayLead(candidate, to),
        );
        if (region !== undefined) return { region, column: to };
      }
    }
    return undefined;
  }

  #isOver(): boolean {
    return this.#steps <= 0 || this.#shouldStop();
  }

  #descend(prng: Prng | undefined): void {
    const { columns } = this.#board.problem;
    const isStuck = new Uint8Array(columns.length);
    let progress = false;
    while (!this.#isOver()) {
      const column = this.#worst(isStuck);
      if (column === -1) {
        if (!progress) return;
        // What was stuck may have become free.
        isStuck.fill(0);
        progress = false;
        continue;
      }
      const step = this.#bestStep(column, prng);
      if (step === undefined) {
        isStuck[column] = 1;
        continue;
      }
      progress = true;
      this.#take(step);
    }
  }

  #take({ places }: Pick<Step, 'places'>): void {
    for (const { region, column } of places) {
      this.#board.place(region, column);
      this.#arrived[column]!.add(region);
    }
  }

  /** The column that lies farthest outside its band for its weight, those with too much first; -1 when none is. */
  #worst(isStuck: Uint8Array): number {
    const { carried, problem, band } = this.#board;
    const least = 1e-9 * band.mean;
    let [most, worst, isOver] = [0, -1, false];
    for (let column = 0; column < carried.length; column += 1) {
      if (isStuck[column] === 1) continue;
      const over = (carried[column]! - this.#board.high(column)) / problem.weights[column]!;
      const under = (this.#board.low(column) - carried[column]!) / problem.weights[column]!;
      if (over > least && (!isOver || over > most)) [most, worst, isOver] = [over, column, true];
      else if (this.#fills && !isOver && under > least && under > most) [most, worst] = [under, column];
    }
    return worst;
  }

  #bestStep(column: number, prng: Prng | undefined): Step | undefined {
    const board = this.#board;
    let best: Step | undefined;
    const tell = (step: Step): void => {
      if (prng?.chance(SKIPPED)) return;
      if (isBetterStep(step, best)) best = step;
    };
    const order = this.#emptiestFirst();
    const over = board.carried[column]! - board.high(column);
    if (over > 0) {
      const regions = someRegions(board, this.#movable(column), over);
      this.#steps -= forEachStep(board, column, regions, order, this.#roles, tell);
      return best;
    }
    const lacks = board.low(column) - board.carried[column]!;
    for (const donor of order.slice(-MOST_DONORS).reverse()) {
      if (donor === column) continue;
      const regions = someRegions(board, this.#movable(donor), lacks);
      this.#steps -= forEachStep(board, donor, regions, [column], this.#roles, tell);
    }
    return best;
  }

  /** Columns by what they carry for their weight. Nearly sorted already: an insertion sort. */
  #emptiestFirst(): readonly number[] {
    const { carried, problem } = this.#board;
    const [order, level] = [this.#order, this.#level];
    for (let column = 0; column < level.length; column += 1)
      level[column] = carried[column]! / problem.weights[column]!;
    for (let end = 1; end < order.length; end += 1) {
      const column = order[end]!;
      const own = level[column]!;
      let place = end;
      for (; place > 0; place -= 1) {
        const other = order[place - 1]!;
        if (level[other]! < own || (level[other] === own && other < column)) break;
        order[place] = other;
      }
      order[place] = column;
    }
    return order;
  }

  /** Regions of a column that may move, from the most load to the least. */
  #movable(column: number): number[] {
    const { at } = this.#board;
    const list = this.#atStart[column]!;
    if (this.#isSorted[column] === 0) {
      list.sort((a, b) => this.#board.compare(b, a));
      this.#isSorted[column] = 1;
    }
    const here = list.filter((region) => at[region] === column);
    const known = new Set(this.#arrived[column]!.size > 0 ? here : []);
    const others = [...this.#arrived[column]!].filter(
      (region) => at[region] === column && !known.has(region) && this.#roles[region] === MAY_MOVE,
    );
    return others.length === 0 ? here : [...here, ...others].sort((a, b) => this.#board.compare(b, a));
  }

  /** Takes back the moves of a target or two, where the tables allow it. */
  #takeBackSome(prng: Prng): void {
    const { at, home } = this.#board;
    const moved = this.#board.moved().filter((region) => home[region] !== -1 && at[region] !== home[region]);
    if (moved.length === 0) return;
    const chosen = new Set<number>();
    for (let count = 1 + prng.int(2); count > 0; count -= 1) {
      const region = prng.pick(moved);
      chosen.add(prng.chance(0.5) ? home[region]! : at[region]!);
    }
    for (const region of moved)
      if (chosen.has(home[region]!) || chosen.has(at[region]!)) this.#goHome(region);
  }

  /** Takes back what was moved since a mark and is not needed, the lightest first. */
  #takeBackNeedless(since: number): void {
    const board = this.#board;
    const { at, home } = board;
    const moved = board
      .touchedSince(since)
      .filter((region) => home[region] !== -1 && at[region] !== home[region]);
    for (const region of moved.sort((a, b) => board.compare(a, b))) {
      if (at[region] === home[region]) continue;
      const [from, to, mark] = [at[region]!, home[region]!, board.mark()];
      const before = this.#outside(from, to);
      if (!this.#goHome(region)) continue;
      if (this.#outside(from, to).some((value, part) => value > before[part]!)) board.undo(mark);
    }
  }

  /** How far two targets lie outside their bands: the worse of them above, both above, and how many below. */
  #outside(a: number, b: number): [above: number, over: number, under: number] {
    const board = this.#board;
    const [x, y] = [board.carried[a]!, board.carried[b]!];
    const [overA, overB] = [stepsOver(board, a, x), stepsOver(board, b, y)];
    const under = Number(isUnder(board, a, x)) + Number(isUnder(board, b, y));
    return [Math.max(overA, overB), overA + overB, this.#fills ? under : 0];
  }

  /** Puts a region back, alone or together with one that took its place. Returns whether it could. */
  #goHome(region: number): boolean {
    const { home, at, problem } = this.#board;
    const [from, to] = [at[region]!, home[region]!];
    if (from === to) return false;
    if (this.#board.canLeave(region) && this.#board.canEnter(region, to)) {
      this.#take({ places: [{ region, column: to }] });
      return true;
    }
    const { lists } = this.#board.cells(problem.tableOf[region]!);
    const partner = lists[to]!.find((other) => home[other] === from);
    if (partner === undefined) return false;
    const places = [
      { region, column: to },
      { region: partner, column: from },
    ];
    this.#take({ places });
    return true;
  }
}

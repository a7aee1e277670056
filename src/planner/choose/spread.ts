import { sortByKey } from '../../lib/sort.ts';
import type { Problem } from '../problem.ts';
import { compareMoveCost } from './load.ts';
import type { NodeLoad } from './load.ts';

/** A target that lacks so many regions of a row. */
export interface Taker {
  readonly column: number;
  readonly lack: number;
}

/** What one row moves. */
export interface Exchange {
  /** The regions that leave. */
  readonly leaving: readonly number[];
  /** Columns that lack regions, and how many. */
  readonly takers: readonly Taker[];
}

interface Assignment {
  readonly region: number;
  readonly column: number;
}

/** Targets of the previous plan are kept while the highest load stays within this of what a fresh choice reaches. */
const KEEP_WITHIN = 1.1;

/**
 * The heaviest region goes where least is carried for the weight. Regions that the previous plan moves keep their targets where the load is
 * spread about as well so.
 */
export function spreadLoad(problem: Problem, exchange: Exchange, load: NodeLoad): readonly Assignment[] {
  const fresh = new Spread(problem, exchange, load);
  fresh.fill(exchange.leaving);
  if (!problem.previous) return fresh.assignments;
  const limit = KEEP_WITHIN * fresh.highest();
  const kept = new Spread(problem, exchange, load);
  const takerOf = new Map(exchange.takers.map(({ column }, taker) => [column, taker]));
  const rest = keepTargets(
    problem,
    exchange,
    (region, column) => kept.give(region, takerOf.get(column)!),
    (region, column) => kept.with(region, takerOf.get(column)!) <= limit,
  );
  kept.fill(rest.leaving);
  return kept.highest() <= limit ? kept.assignments : fresh.assignments;
}

/**
 * Gives regions to the targets that the previous plan gave them, as far as those still lack any.
 *
 * @returns what is left to exchange.
 */
export function keepTargets(
  problem: Problem,
  exchange: Exchange,
  give: (region: number, column: number) => void,
  mayKeep: (region: number, column: number) => boolean = () => true,
): Exchange {
  const { previous } = problem;
  if (!previous) return exchange;
  const lacks = new Map(exchange.takers.map(({ column, lack }) => [column, lack]));
  const leaving = exchange.leaving.filter((region) => {
    const column = previous.get(region)?.column;
    const lack = column === undefined ? undefined : lacks.get(column);
    if (column === undefined || !lack || !mayKeep(region, column)) return true;
    lacks.set(column, lack - 1);
    give(region, column);
    return false;
  });
  const takers = [...lacks].flatMap(([column, lack]) => (lack > 0 ? [{ column, lack }] : []));
  return { leaving, takers };
}

/** What the targets of one row carry while it is decided who takes what. They are named by their place among the takers. */
class Spread {
  readonly assignments: Assignment[] = [];
  readonly #problem: Problem;
  readonly #load: NodeLoad;
  readonly #takers: readonly Taker[];
  readonly #lack: number[];
  readonly #carried: number[];
  readonly #perWeight: number[];

  constructor(problem: Problem, { takers }: Exchange, load: NodeLoad) {
    this.#problem = problem;
    this.#load = load;
    this.#takers = takers;
    this.#lack = takers.map(({ lack }) => lack);
    this.#carried = takers.map(({ column }) => load.byNode[problem.columns[column]!]!);
    this.#perWeight = takers.map((_, taker) => this.#carried[taker]! / this.#weightOf(taker));
  }

  give(region: number, taker: number): void {
    this.#perWeight[taker] = this.with(region, taker);
    this.#carried[taker]! += this.#load.byRegion[region]!;
    this.#lack[taker]! -= 1;
    this.assignments.push({ region, column: this.#takers[taker]!.column });
  }

  /** What a target would carry for its weight with one region more. */
  with(region: number, taker: number): number {
    return (this.#carried[taker]! + this.#load.byRegion[region]!) / this.#weightOf(taker);
  }

  highest(): number {
    return this.#perWeight.reduce((most, value) => Math.max(most, value), 0);
  }

  /**
   * Gives the heaviest region first, to the target that carries least of those that lack any, among equals the first: the top of a heap.
   *
   * @throws Error when there are more than are lacking.
   */
  fill(leaving: readonly number[]): void {
    const lightestFirst = sortByKey([...leaving], {
      key: this.#load.byRegion,
      compareEqual: (a, b) => compareMoveCost(this.#problem, b, a),
    });
    const heap = this.#lack.flatMap((lack, taker) => (lack > 0 ? [taker] : []));
    for (let place = (heap.length >> 1) - 1; place >= 0; place -= 1) this.#sink(heap, place);
    for (let place = lightestFirst.length - 1; place >= 0; place -= 1) {
      const region = lightestFirst[place]!;
      const taker = heap[0];
      if (taker === undefined) throw new Error('More regions leave than are lacking');
      this.give(region, taker);
      if (this.#lack[taker] === 0) {
        heap[0] = heap.at(-1)!;
        heap.pop();
      }
      this.#sink(heap, 0);
    }
  }

  #sink(heap: number[], start: number): void {
    for (let place = start; ;) {
      let child = 2 * place + 1;
      if (child >= heap.length) return;
      if (child + 1 < heap.length && this.#isLess(heap[child + 1]!, heap[child]!)) child += 1;
      if (!this.#isLess(heap[child]!, heap[place]!)) return;
      [heap[place], heap[child]] = [heap[child]!, heap[place]!];
      place = child;
    }
  }

  #isLess(a: number, b: number): boolean {
    const difference = this.#perWeight[a]! - this.#perWeight[b]!;
    return difference < 0 || (difference === 0 && a < b);
  }

  #weightOf(taker: number): number {
    return this.#problem.weights[this.#takers[taker]!.column]!;
  }
}

import { sortFew } from '../../lib/sort.ts';
import type { Problem } from '../problem.ts';
import { compareMoveCost } from './load.ts';
import type { NodeLoad } from './load.ts';
import { TakerQueue } from './taker-queue.ts';
import type { Taker } from './taker-queue.ts';

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
  fresh.fill(exchange);
  if (!problem.previous) return fresh.assignments;
  const limit = KEEP_WITHIN * fresh.highest();
  const kept = new Spread(problem, exchange, load);
  const keep = (region: number, column: number): void => kept.give(region, column);
  kept.fill(keepTargets(problem, exchange, keep, (region, column) => kept.with(region, column) <= limit));
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

/** What the targets of one row carry while it is decided who takes what. */
class Spread {
  readonly assignments: Assignment[] = [];
  readonly #problem: Problem;
  readonly #load: NodeLoad;
  readonly #carried: Map<number, number>;

  constructor(problem: Problem, { takers }: Exchange, load: NodeLoad) {
    this.#problem = problem;
    this.#load = load;
    this.#carried = new Map(takers.map(({ column }) => [column, load.byNode[problem.columns[column]!]!]));
  }

  give(region: number, column: number): void {
    this.#carried.set(column, this.#carried.get(column)! + this.#load.of(region));
    this.assignments.push({ region, column });
  }

  /** What a target would carry for its weight with one region more. */
  with(region: number, column: number): number {
    return (this.#carried.get(column)! + this.#load.of(region)) / this.#problem.weights[column]!;
  }

  highest(): number {
    return [...this.#carried.keys()].reduce((most, column) => Math.max(most, this.#perWeight(column)), 0);
  }

  /** Gives the heaviest region first, to the target that carries least. */
  fill({ leaving, takers }: Exchange): void {
    const heaviestFirst = sortFew(
      [...leaving],
      (a, b) => this.#load.of(b) - this.#load.of(a) || compareMoveCost(this.#problem, a, b),
    );
    const queue = new TakerQueue(takers, (column) => this.#perWeight(column));
    for (const region of heaviestFirst) {
      queue.serve((column) => {
        this.give(region, column);
        return this.#perWeight(column);
      });
    }
  }

  #perWeight(column: number): number {
    return this.#carried.get(column)! / this.#problem.weights[column]!;
  }
}

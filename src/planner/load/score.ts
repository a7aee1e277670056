import type { Board } from './board.ts';

/**
 * How good a placement is, the first part first; less is better. Out of the band whole tolerances count, so that no moves are spent to gain a hair.
 * But what plain balancing reaches is always reached: no target outside its band ends above the {@link Board.ceiling}.
 */
export interface Score {
  /** How far the worst target lies above its band, in tolerances begun. */
  readonly above: number;
  /** The same of all targets in sum. */
  readonly over: number;
  /** 1 where a target lies below its band: either none does, or it does not count how many. */
  readonly under: number;
  readonly moves: number;
  /** The highest load for its weight, and the sum of the squares: which of placements that are equal so far. */
  readonly highest: number;
  readonly squares: number;
}

/** Less than this part of the mean is the error of a sum. */
export const NOISE = 1e-9;

export function scoreOf(board: Board): Score {
  const { carried, problem } = board;
  let [above, over, under, highest, squares] = [0, 0, 0, 0, 0];
  for (let column = 0; column < carried.length; column += 1) {
    const load = carried[column]!;
    const steps = stepsOver(board, column, load);
    over += steps;
    above = Math.max(above, steps);
    if (isUnder(board, column, load)) under = 1;
    highest = Math.max(highest, load / problem.weights[column]!);
    squares += (load * load) / problem.weights[column]!;
  }
  return { above, over, under, moves: board.moves, highest, squares };
}

/** More than any number of tolerances. */
const BEYOND_CEILING = 2 ** 32;

/** How many tolerances a target lies above its band; a started one counts. Above the ceiling it is worse than any that is not. */
export function stepsOver(board: Board, column: number, load: number, high = board.high(column)): number {
  const { mean, tolerance } = board.band;
  const each = (load - high) / board.problem.weights[column]!;
  if (each <= NOISE * mean) return 0;
  const isBeyond = load / board.problem.weights[column]! - board.ceiling > NOISE * mean;
  return Math.ceil(each / (tolerance * mean) - NOISE) + (isBeyond ? BEYOND_CEILING : 0);
}

/** How far a load lies outside a band. */
export function outside(load: number, low: number, high: number): number {
  return Math.max(0, load - high) + Math.max(0, low - load);
}

export function isUnder(board: Board, column: number, load: number): boolean {
  return board.low(column) - load > NOISE * board.band.mean;
}

/** Whether the one lies farther outside the bands, or takes more moves for the same. */
export function isWorsePlan(a: Score, b: Score): boolean {
  return comparePlans(a, b) > 0;
}

function comparePlans(a: Score, b: Score): number {
  return a.above - b.above || a.over - b.over || a.under - b.under || a.moves - b.moves;
}

export function isBetterScore(a: Score, b: Score): boolean {
  const order = comparePlans(a, b);
  if (order !== 0) return order < 0;
  const isSame = Math.abs(a.highest - b.highest) <= NOISE * b.highest;
  return isSame ? a.squares < b.squares * (1 - NOISE) : a.highest < b.highest;
}

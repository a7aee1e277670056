import { createPrng } from '../../lib/prng.ts';
import type { Placement } from '../place.ts';
import type { Problem } from '../problem.ts';
import type { Board } from './board.ts';
import { boundMoves } from './bound.ts';
import { prepareExact } from './exact.ts';
import { keepBetter, keepPrevious } from './keep-better.ts';
import { isBetterScore, scoreOf } from './score.ts';
import type { Score } from './score.ts';
import { LoadSearch } from './search.ts';

/** Ways that a search looks at; and placements of the exact search. */
const SEARCH_STEPS = 300_000;
const EXACT_STEPS = 400_000;
/** Starts after the first: fewer where each takes long. */
const EFFORT = { steps: SEARCH_STEPS, rounds: 1_000 };
/** How many times the bound the moves have to be before another start is tried. */
const WORTH_ANOTHER_START = 1.01;
const SEED = 'load';

export interface EvenOutOptions {
  readonly roles: Uint8Array;
  /** What the board was made with. */
  readonly base: Pick<Placement, 'minimumMoves' | 'optimal'>;
  readonly previous?: Problem['previous'];
  /** Asked now and then; once true, the best so far is taken. */
  readonly shouldStop: () => boolean;
}

/**
 * Brings the targets as near to their bands as it can, with as few moves as it can find.
 *
 * @returns so many moves at least has every plan that brings them as near.
 */
export function evenOut(board: Board, { roles, base, previous, shouldStop }: EvenOutOptions): number {
  const exact = prepareExact(board, roles);
  const before = scoreOf(board);
  const start = board.mark();
  const searcher = new LoadSearch(board, roles, shouldStop);
  const search = (fills: boolean, goal?: Score): void =>
    searcher.run(createPrng(SEED), { ...EFFORT, fills, ...(goal && { goal }) });
  const bounds = new Map<string, number>();
  const bound = (): number => {
    const score = scoreOf(board);
    const key = `${score.above} ${score.over} ${score.under}`;
    const known = bounds.get(key) ?? Math.max(base.minimumMoves, boundMoves(board, score));
    bounds.set(key, known);
    return known;
  };
  search(false);
  // Where not all that carry too little can be filled, none is: what is moved for nothing costs as much.
  keepBetter(board, start, () => search(true));
  if (scoreOf(board).above > 0 || board.moves > WORTH_ANOTHER_START * bound())
    keepBetter(board, start, () => {
      board.undo(start);
      searcher.descendPlainly(SEARCH_STEPS);
      board.ceiling = scoreOf(board).highest;
      search(true);
    });
  const isExact = exact?.run({ steps: EXACT_STEPS, shouldStop }) ?? false;
  // Nothing is moved for load unless it helps.
  if (!isBetterScore(scoreOf(board), before)) board.undo(start);
  else if (previous) keepPrevious(board, start, previous, (goal) => search(goal.under === 0, goal));
  return isExact && base.optimal ? board.moves : bound();
}

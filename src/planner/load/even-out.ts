import { createPrng } from '../../lib/prng.ts';
import type { Problem } from '../problem.ts';
import type { Board } from './board.ts';
import { boundMoves } from './bound.ts';
import { prepareExact } from './exact.ts';
import { keepBetter, keepPrevious } from './keep-better.ts';
import { isBetterScore, scoreOf } from './score.ts';
import { LoadSearch } from './search.ts';

/** Ways that a search looks at; and placements of the exact search. */
const SEARCH_STEPS = 300_000;
const EXACT_STEPS = 400_000;
/** Starts after the first: fewer where each takes long. */
const ROUNDS = 1_000;
const SEED = 'load';

export interface EvenOutOptions {
  readonly roles: Uint8Array;
  /** Whether the moves that the board was made with are the fewest that drains and table spread need. */
  readonly isBaseOptimal: boolean;
  readonly previous?: Problem['previous'];
  /** Asked now and then; once true, the best so far is taken. */
  readonly shouldStop: () => boolean;
}

/**
 * Brings the targets as near to their bands as it can, with as few moves as it can find.
 *
 * @returns so many moves at least has every plan that brings them as near.
 */
export function evenOut(
  board: Board,
  { roles, isBaseOptimal, previous, shouldStop }: EvenOutOptions,
): number {
  const exact = prepareExact(board, roles);
  const before = scoreOf(board);
  const start = board.mark();
  const searcher = (fills: boolean): LoadSearch =>
    new LoadSearch(board, roles, { steps: SEARCH_STEPS, shouldStop }, fills);
  const search = (from: LoadSearch): void => from.run(createPrng(SEED), ROUNDS);
  search(searcher(false));
  // Where not all that carry too little can be filled, none is: what is moved for nothing costs as much.
  keepBetter(board, start, () => search(searcher(true)));
  if (scoreOf(board).above > 0 || board.moves > boundMoves(board))
    keepBetter(board, start, () => {
      board.undo(start);
      const plain = searcher(true);
      plain.descendPlainly();
      board.ceiling = scoreOf(board).highest;
      search(plain);
    });
  const isExact = exact?.run({ steps: EXACT_STEPS, shouldStop }) ?? false;
  // Nothing is moved for load unless it helps.
  if (!isBetterScore(scoreOf(board), before)) board.undo(start);
  else if (previous) keepPrevious(board, start, previous, (fills) => searcher(fills).finish());
  return isExact && isBaseOptimal ? board.moves : Math.min(board.moves, boundMoves(board));
}

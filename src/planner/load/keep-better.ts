import { violation } from '../../domain/quotas.ts';
import type { PreviousMove } from '../problem.ts';
import type { Board } from './board.ts';
import { isBetterScore, isWorsePlan, scoreOf } from './score.ts';
import type { Score } from './score.ts';

type Previous = ReadonlyMap<number, PreviousMove>;

/**
 * Keeps the better of what was found since a mark and what else is found.
 *
 * @param findOther changes what was found, or begins again.
 */
export function keepBetter(
  board: Board,
  mark: number,
  findOther: () => void,
  isBetter: (other: Score, found: Score) => boolean = isBetterScore,
): void {
  const found = board.placesSince(mark);
  findOther();
  const [other, score] = [board.placesSince(mark), scoreOf(board)];
  board.restore(mark, found);
  if (isBetter(score, scoreOf(board))) board.restore(mark, other);
}

/**
 * Puts what the previous plan makes of it in place of what was found, where that is as good: people read one plan while the next is made.
 *
 * @param start of what was found. @param finish takes away what of the previous plan is not needed any more, and adds what is.
 */
export function keepPrevious(
  board: Board,
  start: number,
  previous: Previous,
  finish: (fills: boolean) => void,
): void {
  const fills = scoreOf(board).under === 0;
  const followPrevious = (): void => {
    board.undo(start);
    follow(board, previous);
    finish(fills);
  };
  keepBetter(board, start, followPrevious, (other, found) => !isWorsePlan(other, found));
}

/** Moves what the previous plan moves and nothing else, in each table whose spread that leaves as good as it is. */
function follow(board: Board, previous: Previous): void {
  const { problem, at, home } = board;
  const differ = [...previous].filter(([region, { column }]) => at[region] !== column);
  const tables = new Set(differ.map(([region]) => problem.tableOf[region]!));
  for (const table of tables) {
    const { lists, floor, ceil } = board.cells(table);
    const regions = lists.flat();
    const columns = regions.map((region) => {
      const wanted = previous.get(region)?.column ?? home[region]!;
      return wanted === -1 || !board.mayLead(region, wanted) ? at[region]! : wanted;
    });
    const counts = new Int32Array(lists.length);
    for (const column of columns) counts[column]! += 1;
    const spread = (count: (column: number) => number): number =>
      lists.reduce((sum, _, column) => sum + violation(count(column), floor[column]!, ceil[column]!), 0);
    if (spread((column) => counts[column]!) > spread((column) => lists[column]!.length)) continue;
    for (const [index, region] of regions.entries())
      if (at[region] !== columns[index]) board.place(region, columns[index]!);
  }
}

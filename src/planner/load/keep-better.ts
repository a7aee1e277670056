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
 * @param start of what was found. @param search takes away what of the previous plan is not needed any more, and adds what is, until it is as good as a goal.
 */
export function keepPrevious(
  board: Board,
  start: number,
  previous: Previous,
  search: (goal: Score) => void,
): void {
  const goal = scoreOf(board);
  const isAsGood = (other: Score): boolean => !isWorsePlan(other, goal);
  const searchFromPrevious = (): void => {
    board.undo(start);
    followTables(board, previous, () => true);
    search(goal);
  };
  keepBetter(board, start, searchFromPrevious, isAsGood);
  followTables(board, previous, () => isAsGood(scoreOf(board)));
}

/** Moves what the previous plan moves of each table, if that is as good. */
function followTables(board: Board, previous: Previous, isAsGood: () => boolean): void {
  for (const table of tablesThatDiffer(board, previous)) {
    const mark = board.mark();
    follow(board, previous, table);
    if (!isAsGood()) board.undo(mark);
  }
}

/** Tables of which the previous plan moves a region to where it is not. */
function tablesThatDiffer({ problem, at }: Board, previous: Previous): ReadonlySet<number> {
  const differ = [...previous].filter(([region, { column }]) => at[region] !== column);
  return new Set(differ.map(([region]) => problem.tableOf[region]!));
}

/** Moves what the previous plan moves of a table and nothing else, if that leaves its spread as good as it is. */
function follow(board: Board, previous: Previous, table: number): void {
  const { at, home } = board;
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
  if (spread((column) => counts[column]!) > spread((column) => lists[column]!.length)) return;
  for (const [index, region] of regions.entries())
    if (at[region] !== columns[index]) board.place(region, columns[index]!);
}

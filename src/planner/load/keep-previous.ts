import { violation } from '../../domain/quotas.ts';
import type { PreviousMove } from '../problem.ts';
import type { Board } from './board.ts';
import { isWorsePlan, scoreOf } from './score.ts';

type Previous = ReadonlyMap<number, PreviousMove>;

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
  const found = scoreOf(board);
  const places = board.touchedSince(start).map((region) => ({ region, column: board.at[region]! }));
  board.undo(start);
  follow(board, previous);
  finish(found.under === 0);
  if (!isWorsePlan(scoreOf(board), found)) return;
  board.undo(start);
  for (const { region, column } of places) board.place(region, column);
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

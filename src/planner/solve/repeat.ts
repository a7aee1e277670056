import type { Search } from './search.ts';
import { findSlot } from './rows.ts';

/**
 * How many regions can take a path one after the other, each as cheaply as the one before. Costs are the same between the numbers at which a
 * bound, or what a cell has, is passed. Always 1 for paths through followers' cells, where each region differs, and through cells that are new.
 *
 * @param path columns and, between them, vertices of rows, which follow the columns.
 */
export function regionsAlong({ totals, rows, bounds }: Search, path: readonly number[]): number {
  const columns = totals.length;
  const { columnFloor, columnCeil, slotFloor, slotCeil } = bounds;
  const [source, end] = [path[0]!, path[path.length - 1]!];
  let most = Math.min(
    stepsDown(totals[source]!, columnFloor[source]!, columnCeil[source]!),
    stepsUp(totals[end]!, columnFloor[end]!, columnCeil[end]!),
  );
  for (let hop = 1; hop < path.length && most > 1; hop += 2) {
    const row = path[hop]! - columns;
    if (row >= rows.count) return 1;
    const giver = findSlot(rows, row, path[hop - 1]!);
    const taker = findSlot(rows, row, path[hop + 1]!);
    if (giver === -1 || taker === -1) return 1;
    const [given, taken] = [rows.want[giver]!, rows.want[taker]!];
    most = Math.min(
      most,
      given - rows.fixed[giver]!,
      stepsDown(given, slotFloor[giver]!, slotCeil[giver]!, rows.have[giver]),
      stepsUp(taken, slotFloor[taker]!, slotCeil[taker]!, rows.have[taker]),
    );
  }
  return most;
}

/** How far a number may sink until it reaches the next of these. */
function stepsDown(from: number, floor: number, ceil: number, have = from): number {
  let steps = Infinity;
  if (floor < from) steps = from - floor;
  if (ceil < from) steps = Math.min(steps, from - ceil);
  return have < from ? Math.min(steps, from - have) : steps;
}

/** How far a number may rise until it reaches the next of these. */
function stepsUp(from: number, floor: number, ceil: number, have = from): number {
  let steps = Infinity;
  if (floor > from) steps = floor - from;
  if (ceil > from) steps = Math.min(steps, ceil - from);
  return have > from ? Math.min(steps, have - from) : steps;
}

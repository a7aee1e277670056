import { violation } from '../../domain/quotas.ts';
import { OUTSIDE } from './follower-row.ts';
import type { Bounds } from './costs.ts';
import type { Search, Solution } from './search.ts';

/** Whether two placements are as balanced with as many moves. */
export function isSameObjective(a: Solution, b: Solution): boolean {
  return (
    a.moves === b.moves &&
    tableViolation(a) === tableViolation(b) &&
    nodeViolation(a.totals, a.bounds) === nodeViolation(b.totals, b.bounds)
  );
}

function tableViolation({ rows, followerRows, bounds }: Search): number {
  let sum = 0;
  for (let row = 0; row < rows.count; row += 1) {
    for (let slot = rows.start[row]!; slot < rows.end[row]!; slot += 1)
      sum += violation(rows.want[slot]!, bounds.slotFloor[slot]!, bounds.slotCeil[slot]!);
  }
  for (const { column, count, floor, ceil } of followerRows) {
    for (let cell = 0; cell < column.length; cell += 1)
      if (column[cell] !== OUTSIDE) sum += violation(count[cell]!, floor[cell]!, ceil[cell]!);
  }
  return sum;
}

/** Regions above ceil or below floor of the columns' totals, summed. */
export function nodeViolation(totals: Int32Array, bounds: Bounds): number {
  return totals.reduce(
    (sum, total, column) => sum + violation(total, bounds.columnFloor[column]!, bounds.columnCeil[column]!),
    0,
  );
}

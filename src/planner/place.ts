import { chooseRegions, hasTarget } from './choose.ts';
import type { Relocation } from './choose.ts';
import type { Problem } from './problem.ts';
import { buildRows } from './rows.ts';
import { solve } from './solver.ts';

/** Where every region should be led, as changes to where it is. */
export interface Placement {
  readonly relocations: readonly Relocation[];
  readonly minimumMoves: number;
  readonly optimal: boolean;
  /** Regions whose followers kept the plan from a better balance or from fewer moves. */
  readonly followerConflicts: ReadonlySet<number>;
}

export function placeRegions(problem: Problem, shouldStop: () => boolean): Placement {
  const rows = buildRows(problem, (region) => hasTarget(problem, region));
  const solution = solve(problem, rows, shouldStop);
  const { relocations } = chooseRegions(problem, rows);
  return {
    relocations,
    minimumMoves: solution.minimumMoves,
    optimal: solution.proven && relocations.length === solution.minimumMoves,
    followerConflicts: new Set(),
  };
}

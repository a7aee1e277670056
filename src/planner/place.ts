import { Budget } from './budget.ts';
import { preferCheapest } from './choose/cheapest.ts';
import { chooseRegions } from './choose/choose.ts';
import type { Relocation } from './choose/choose.ts';
import { evictUnselected } from './evict.ts';
import type { Problem } from './problem.ts';
import { keptRegions } from './solve/follower-paths.ts';
import { buildFollowerRows } from './solve/follower-row.ts';
import { isSameObjective } from './solve/objective.ts';
import { buildRows } from './solve/rows.ts';
import type { Solution } from './solve/search.ts';
import { solve } from './solve/solver.ts';

/** Where every region should be led, as changes to where it is. */
export interface Placement {
  readonly relocations: readonly Relocation[];
  readonly minimumMoves: number;
  readonly optimal: boolean;
  /** Regions whose followers kept the plan from a better balance or from fewer moves. */
  readonly followerConflicts: ReadonlySet<number>;
}

/** Balances what counts, and takes everything off the datanodes that drain. */
export function placeRegions(problem: Problem, budget: Budget): Placement {
  const balanced = balanceRegions(problem, budget);
  const evicted = evictUnselected(problem, balanced.relocations);
  return {
    ...balanced,
    relocations: [...balanced.relocations, ...evicted],
    minimumMoves: balanced.minimumMoves + evicted.length,
  };
}

/**
 * Tables whose followers matter know where each region is to be led; for the others numbers are enough, for which the cheapest regions are
 * chosen afterwards.
 */
function balanceRegions(problem: Problem, budget: Budget): Placement {
  const followers = buildFollowerRows(problem);
  const rows = buildRows(problem, followers.tables);
  const solution = solve(problem, rows, followers.rows, budget);
  if (solution.proven && solution.moves > 0) preferCheapest(solution);
  return {
    relocations: chooseRegions(problem, rows, solution.followerRows),
    minimumMoves: solution.minimumMoves,
    optimal: solution.proven,
    followerConflicts: findConflicts(solution),
  };
}

/**
 * Regions that their followers keep from a step that the prices would pay for; none where the plan would be no better without any followers.
 */
function findConflicts(solution: Solution): ReadonlySet<number> {
  if (!solution.proven) return new Set();
  const kept = new Set(solution.followerRows.flatMap((row) => keptRegions(row, solution)));
  if (kept.size === 0) return kept;
  const { problem } = solution;
  const relaxed = solve(problem, buildRows(problem, new Set()), [], new Budget());
  return isSameObjective(solution, relaxed) ? new Set() : kept;
}

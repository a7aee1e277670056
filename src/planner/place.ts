import { preferCheapest } from './choose/cheapest.ts';
import { chooseRegions, hasTarget } from './choose/choose.ts';
import type { Relocation } from './choose/choose.ts';
import type { ClassRow } from './solve/classes.ts';
import { measureObjective } from './solve/costs.ts';
import { closeClassRow, openClassRow, solveWithClasses } from './solve/followers.ts';
import { evictUnselected } from './evict.ts';
import { compareMoveCost } from './choose/load.ts';
import type { Problem } from './problem.ts';
import { buildRows } from './solve/rows.ts';
import { solve } from './solve/solver.ts';
import type { Search } from './solve/search.ts';

/** Where every region should be led, as changes to where it is. */
export interface Placement {
  readonly relocations: readonly Relocation[];
  readonly minimumMoves: number;
  readonly optimal: boolean;
  /** Regions whose followers kept the plan from a better balance or from fewer moves. */
  readonly followerConflicts: ReadonlySet<number>;
}

/** Balances what counts, and takes everything off the datanodes that drain. */
export function placeRegions(problem: Problem, shouldStop: () => boolean): Placement {
  const balanced = balanceRegions(problem, shouldStop);
  const evicted = evictUnselected(problem, balanced.relocations);
  return {
    ...balanced,
    relocations: [...balanced.relocations, ...evicted],
    minimumMoves: balanced.minimumMoves + evicted.length,
  };
}

/**
 * Solves for the numbers first, as if followers did not matter, and looks for regions that fit them. Where followers forbid every
 * choice, the tables concerned are solved again class by class, together with all others, until each table has its regions.
 * What the numbers alone allow bounds what is possible at all, so a choice that fits them is optimal.
 */
function balanceRegions(problem: Problem, shouldStop: () => boolean): Placement {
  const rows = buildRows(problem, (region) => hasTarget(problem, region));
  const solution = solve(problem, rows, shouldStop);
  const search: Search = { problem, rows, ...solution };
  const relaxed = measureObjective(search, solution.moves);
  if (solution.proven && solution.moves > 0) preferCheapest(search, shouldStop);
  const classRows: ClassRow[] = [];
  let proven = solution.proven;
  for (;;) {
    const split = new Set(classRows.map(({ row }) => row));
    const { relocations, conflicts } = chooseRegions(problem, rows, split);
    if (conflicts.length === 0) {
      relocations.push(...classRows.flatMap((classRow) => relocationsOf(problem, classRow)));
      return finish(search, classRows, relocations, { proven, relaxed, lowerBound: solution.minimumMoves });
    }
    for (const row of conflicts) classRows.push(openClassRow(search, row));
    proven = solveWithClasses(search, classRows, shouldStop) && solution.proven;
    for (const classRow of classRows) closeClassRow(search, classRow);
  }
}

interface Verdict {
  readonly proven: boolean;
  readonly relaxed: string;
  readonly lowerBound: number;
}

function finish(
  search: Search,
  classRows: readonly ClassRow[],
  relocations: readonly Relocation[],
  { proven, relaxed, lowerBound }: Verdict,
): Placement {
  if (classRows.length === 0) {
    return { relocations, minimumMoves: lowerBound, optimal: proven, followerConflicts: new Set() };
  }
  const { problem } = search;
  const isWorse = measureObjective(search, relocations.length) !== relaxed;
  // Followers may also make fewer moves the best, so that the relaxed minimum bounds nothing: what must leave, must leave.
  const leaving = relocations.filter(({ from }) => problem.nodes[from]!.state === 'draining').length;
  return {
    relocations,
    minimumMoves: proven ? relocations.length : leaving,
    optimal: proven,
    followerConflicts: new Set(isWorse ? stayingWithFollowers(classRows, relocations) : []),
  };
}

function relocationsOf(problem: Problem, { classes }: ClassRow): Relocation[] {
  const all = problem.snapshot.regions;
  return classes.flatMap(({ regions, home, placed }) => {
    const cheapestFirst = [...regions].sort((a, b) => compareMoveCost(all[a]!, all[b]!));
    const columns = [...placed].flatMap((count, column) =>
      column === home ? [] : Array.from({ length: count }, () => column),
    );
    return columns.map((column, index): Relocation => {
      const region = cheapestFirst[index]!;
      return { region, from: problem.nodeOf[region]!, to: problem.columns[column]! };
    });
  });
}

function stayingWithFollowers(classRows: readonly ClassRow[], relocations: readonly Relocation[]): number[] {
  const moving = new Set(relocations.map(({ region }) => region));
  return classRows.flatMap(({ classes }) =>
    classes
      .filter(({ mayLead }) => mayLead.includes(0))
      .flatMap(({ regions }) => regions.filter((region) => !moving.has(region))),
  );
}

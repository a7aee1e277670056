import type { Problem } from './problem.ts';

/** Whether a region may be led by a column: not where one of its followers is. */
export function mayLead(problem: Problem, region: number, column: number): boolean {
  const { followers } = problem.snapshot.regions[region]!;
  return !followers?.includes(problem.nodes[problem.columns[column]!]!.id);
}

/** Whether any target may lead the region. */
export function hasTarget(problem: Problem, region: number): boolean {
  const { followers } = problem.snapshot.regions[region]!;
  if (!followers || followers.length === 0) return problem.columns.length > 0;
  return problem.columns.some((_, column) => mayLead(problem, region, column));
}

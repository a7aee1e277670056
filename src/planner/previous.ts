import type { Move } from '../domain/plan.ts';
import { PREVIOUS_COST } from './choose/load.ts';
import type { PreviousMove, Problem } from './problem.ts';

/** The moves of a plan, in their order. */
export type PreviousMoves = readonly Pick<Move, 'regionId' | 'from' | 'to'>[];

/** The problem with those moves of the previous plan that can still be made: the region is where it was, and may be led by the target. */
export function withPrevious(problem: Problem, moves: PreviousMoves = []): Problem {
  if (moves.length === 0) return problem;
  const { nodes, nodeOf, columnOf, hold, snapshot } = problem;
  const columns = new Map(nodes.map(({ id }, node) => [id, columnOf[node]!]));
  const wanted = new Map(moves.map((move, position) => [move.regionId, { ...move, position }]));
  const previous = new Map<number, PreviousMove>();
  for (const [region, { id }] of snapshot.regions.entries()) {
    const move = wanted.get(id);
    if (!move || hold[region] !== 0 || nodes[nodeOf[region]!]?.id !== move.from) continue;
    const column = columns.get(move.to) ?? -1;
    if (column !== -1) previous.set(region, { column, position: move.position });
  }
  if (previous.size === 0) return problem;
  const moveRate = problem.writeRate.slice();
  for (const region of previous.keys()) moveRate[region]! *= PREVIOUS_COST;
  return { ...problem, previous, moveRate };
}

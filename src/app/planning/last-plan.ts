import type { PlanInput } from '../../planner/plan.ts';
import type { Planner } from './planner.ts';

/** Later moves of a plan are hours away, and are copied to the planning thread in this one. */
const MOST_KEPT = 10_000;

/** A planner that keeps the choices of its last plan where they are about as good: people read one plan while the next is made. */
export function withLastPlan(planner: Planner): Planner {
  let previous: PlanInput['previous'];
  return async (input, options, signal) => {
    const planned = await planner({ ...input, previous }, options, signal);
    previous = planned.plan.moves
      .slice(0, MOST_KEPT)
      .map(({ regionId, from, to }) => ({ regionId, from, to }));
    return planned;
  };
}

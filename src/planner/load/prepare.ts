import type { Warning } from '../../domain/plan.ts';
import type { Memory, Policy } from '../../domain/policy.ts';
import type { CountedLoad } from '../../domain/counted-load.ts';
import type { OrderedMove } from '../choose/order.ts';
import type { Counts } from '../counts.ts';
import type { Budget } from '../budget.ts';
import type { Placement } from '../place.ts';
import type { Problem } from '../problem.ts';
import { describeLoadMoves } from './describe-load.ts';
import { areKnown, readLoads } from './loads.ts';
import type { GivenLoads } from './loads.ts';
import { planForLoad } from './plan-load.ts';
import type { LoadPlan } from './plan-load.ts';

/** A plan for load whose moves can be told. */
export interface TellableLoadPlan extends Omit<LoadPlan, 'load'> {
  /** The moves for load in their order, made in the counts. */
  readonly order: (counts: Counts) => OrderedMove[];
  /** @param moved the regions of all moves of the plan, in their order. */
  readonly load: (moved: readonly number[]) => CountedLoad;
}

export interface Prepared {
  /** What drains and table spread are solved for. */
  readonly problem: Problem;
  /** Present where load is evened out instead of totals. */
  readonly plan?: (placement: Placement, previous: Problem['previous'], budget: Budget) => TellableLoadPlan;
  readonly warnings: readonly Warning[];
}

/** Whether loads can be balanced by, as the policy asks; where too little is known of them regions are counted, and that is said. */
export function prepareLoad(
  {
    policy,
    memory,
    loads: given,
  }: {
    readonly policy: Policy;
    readonly memory: Memory;
    readonly loads?: GivenLoads | undefined;
  },
  problem: Problem,
): Prepared {
  const { load: wanted } = policy;
  // Who only wants datanodes emptied has no wish about the others.
  if (policy.objective !== 'load' || wanted === undefined || policy.onlyDrain)
    return { problem, warnings: [] };
  const loads = readLoads(problem, wanted, given);
  if (!areKnown(loads)) {
    const { unknown, regions } = loads;
    const detail = `The ${wanted.by} of ${unknown} of ${regions} regions are not known: regions are counted instead (objective count).`;
    return { problem, warnings: [{ code: 'load-unknown', key: 'balance.objective', name: 'load', detail }] };
  }
  const withoutTotals: Problem = { ...problem, evenTotals: false };
  return {
    problem: withoutTotals,
    warnings: [],
    plan(placement, previous, budget) {
      const input = {
        problem: withoutTotals,
        loads,
        policy: wanted,
        memory: memory.load,
        placement,
        previous,
      };
      const plan = planForLoad(input, budget);
      const order = (counts: Counts): OrderedMove[] =>
        describeLoadMoves(
          ...([withoutTotals, loads, plan.band, wanted.by, plan.forLoad, counts] as const),
          plan.base.length,
        );
      const load = (moved: readonly number[]): CountedLoad => {
        return { ...plan.load, ofMove: Float64Array.from(moved, (region) => loads.of[region]!) };
      };
      return { ...plan, order, load };
    },
  };
}

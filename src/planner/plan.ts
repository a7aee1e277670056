import { measureBalance } from '../domain/balance.ts';
import type { Move, Plan, Warning } from '../domain/plan.ts';
import type { Memory, Policy } from '../domain/policy.ts';
import type { RegionCounts } from '../domain/region-counts.ts';
import type { Snapshot } from '../domain/snapshot.ts';
import { Budget } from './budget.ts';
import { createBlockerCosts } from './explain/blocker-costs.ts';
import { listBlockers } from './explain/blockers.ts';
import { createCounts } from './counts.ts';
import { createMoveWriter } from './explain/describe.ts';
import { orderMoves } from './choose/order.ts';
import type { OrderedMove } from './choose/order.ts';
import type { GivenLoads } from './load/loads.ts';
import { prepareLoad } from './load/prepare.ts';
import type { Prepared, TellableLoadPlan } from './load/prepare.ts';
import { placeRegions } from './place.ts';
import type { Placement } from './place.ts';
import { withPrevious } from './previous.ts';
import type { PreviousMoves } from './previous.ts';
import { buildProblem } from './problem.ts';
import type { Problem } from './problem.ts';

export interface PlanInput {
  readonly snapshot: Snapshot;
  readonly policy: Policy;
  readonly memory: Memory;
  /** What somebody knows of the loads who watches them; otherwise they are those of the snapshot. Only for the objective `load`. */
  readonly loads?: GivenLoads | undefined;
  /**
   * The moves of the last plan, in their order. Of those that can still be made, region and target are chosen again where they are about as
   * good; the number of moves and the balance are the same without it. Default: none.
   */
  readonly previous?: PreviousMoves | undefined;
  /** Names in the configuration that nothing has. Default: none. */
  readonly warnings?: readonly Warning[];
  /** ms since 1970: decides which cooldowns and quarantines still hold. */
  readonly nowMs: number;
}

/** A plan but for its id and date, which need a hash and a clock. */
export type PlanDraft = Omit<Plan, 'planId' | 'createdAt'>;

/** A plan with what was counted for it, which is no part of the plan file. */
export interface Planned<P extends PlanDraft = PlanDraft> {
  readonly plan: P;
  readonly counts: RegionCounts;
}

/**
 * Plans the fewest moves that balance a cluster on both levels. The same input gives the same draft, whatever the order in which
 * the snapshot lists things.
 *
 * @param budget once it is spent, the best plan so far is returned with `optimal: false`, its bound, and what ended the search.
 */
export function makePlan(input: PlanInput, budget = new Budget()): Planned {
  const { snapshot, policy, memory, nowMs } = input;
  const byLoad = prepareLoad(input, buildProblem(snapshot, policy, memory, nowMs));
  const problem = withPrevious(byLoad.problem, input.previous);
  const { placement, forLoad } = placeByLoad(byLoad, problem, budget);
  const live = createCounts(problem);
  const write = createMoveWriter(problem, live);
  const moves: Move[] = [];
  const moved: number[] = [];
  const append = (move: OrderedMove): void => {
    moves.push(write(move, moves.length + 1));
    moved.push(move.region);
  };
  orderMoves(problem, forLoad?.base ?? placement.relocations, live, append);
  forLoad?.order(live).forEach(append);
  const counted = live.result();
  const counts = forLoad ? { ...counted, load: forLoad.load(moved) } : counted;
  const plan: PlanDraft = {
    formatVersion: 1,
    snapshotTakenAt: snapshot.takenAt,
    cluster: snapshot.cluster,
    objective: forLoad ? 'load' : 'count',
    moves,
    minimumMoves: (forLoad ?? placement).minimumMoves,
    optimal: (forLoad ?? placement).optimal,
    ...(budget.endedBy === undefined ? {} : { cutShortBy: budget.endedBy }),
    before: measureBalance(counts, 'now'),
    after: measureBalance(counts, 'after'),
    warnings: [...(input.warnings ?? []), ...byLoad.warnings],
    blocked: listBlockers(problem, placement.followerConflicts, createBlockerCosts(problem, live, counts)),
  };
  return { plan, counts };
}

interface Placed {
  readonly placement: Placement;
  readonly forLoad?: TellableLoadPlan;
}

/**
 * Where load is evened out, the search for that keeps the choices of the previous plan where they are as good. Where it is not, or not yet, the first
 * placement is as for any other plan.
 */
function placeByLoad(byLoad: Prepared, problem: Problem, budget: Budget): Placed {
  const placeFor = (base: Problem): Placed => {
    const placement = placeRegions(base, budget);
    return { placement, ...(byLoad.plan && { forLoad: byLoad.plan(placement, problem.previous, budget) }) };
  };
  if (!byLoad.plan || !problem.previous) return placeFor(problem);
  const planned = placeFor(byLoad.problem);
  return planned.forLoad?.isPlanned ? planned : placeFor(problem);
}

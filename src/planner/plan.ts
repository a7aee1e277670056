import { measureBalance } from '../domain/balance.ts';
import type { Plan, Warning } from '../domain/plan.ts';
import type { Memory, Policy } from '../domain/policy.ts';
import type { RegionCounts } from '../domain/region-counts.ts';
import type { Snapshot } from '../domain/snapshot.ts';
import { Budget } from './budget.ts';
import { createBlockerCosts } from './explain/blocker-costs.ts';
import { listBlockers } from './explain/blockers.ts';
import { createCounts } from './counts.ts';
import { createMoveWriter } from './explain/describe.ts';
import { orderMoves } from './choose/order.ts';
import { placeRegions } from './place.ts';
import { buildProblem } from './problem.ts';

export interface PlanInput {
  readonly snapshot: Snapshot;
  readonly policy: Policy;
  readonly memory: Memory;
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
  const problem = buildProblem(snapshot, policy, memory, nowMs);
  const placement = placeRegions(problem, budget);
  const live = createCounts(problem);
  const write = createMoveWriter(problem, live);
  const moves = orderMoves(problem, placement.relocations, live).map((move, index) => write(move, index + 1));
  const counts = live.result();
  const plan: PlanDraft = {
    formatVersion: 1,
    snapshotTakenAt: snapshot.takenAt,
    cluster: snapshot.cluster,
    objective: policy.objective,
    moves,
    minimumMoves: placement.minimumMoves,
    optimal: placement.optimal,
    ...(budget.endedBy === undefined ? {} : { cutShortBy: budget.endedBy }),
    before: measureBalance(counts, 'now'),
    after: measureBalance(counts, 'after'),
    warnings: [...(input.warnings ?? [])],
    blocked: listBlockers(problem, placement.followerConflicts, createBlockerCosts(problem, live, counts)),
  };
  return { plan, counts };
}

import type { Plan } from '../domain/plan.ts';
import type { Memory, Policy } from '../domain/policy.ts';
import type { Snapshot } from '../domain/snapshot.ts';
import { measureBalance } from './balance.ts';
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
  /** ms since 1970: decides which cooldowns and quarantines still hold. */
  readonly nowMs: number;
}

/** A plan but for its identity and date, which need a hash and a clock. */
export type PlanDraft = Omit<Plan, 'planId' | 'createdAt'>;

/**
 * Plans the fewest moves that balance a cluster on both levels. The same input gives the same draft, whatever the order in which
 * the snapshot lists things.
 *
 * @param shouldStop asked now and then; once true, the best plan so far is returned with `optimal: false` and its bound.
 */
export function makePlan(input: PlanInput, shouldStop: () => boolean = () => false): PlanDraft {
  const { snapshot, policy, memory, nowMs } = input;
  const problem = buildProblem(snapshot, policy, memory, nowMs);
  const placement = placeRegions(problem, shouldStop);
  const counts = createCounts(problem);
  const before = measureBalance(problem, counts);
  const write = createMoveWriter(problem, counts);
  const moves = orderMoves(problem, placement.relocations, counts).map((move, index) =>
    write(move, index + 1),
  );
  return {
    formatVersion: 1,
    snapshotTakenAt: snapshot.takenAt,
    objective: policy.objective,
    moves,
    minimumMoves: placement.minimumMoves,
    optimal: placement.optimal,
    before,
    after: measureBalance(problem, counts),
    blocked: listBlockers(problem, placement.followerConflicts),
  };
}

import type { Move, Plan } from '../domain/plan.ts';
import type { Memory, Policy } from '../domain/policy.ts';
import { fullTableName } from '../domain/snapshot.ts';
import type { Snapshot } from '../domain/snapshot.ts';
import { measureBalance } from './balance.ts';
import { listBlockers } from './blockers.ts';
import { createCounts } from './counts.ts';
import type { Counts } from './counts.ts';
import { orderMoves } from './order.ts';
import type { OrderedMove } from './order.ts';
import { placeRegions } from './place.ts';
import { buildProblem } from './problem.ts';
import type { Problem } from './problem.ts';

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
  const moves = orderMoves(problem, placement.relocations, counts).map((move, index) =>
    describeMove(problem, counts, move, index + 1),
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

function describeMove(problem: Problem, counts: Counts, move: OrderedMove, seq: number): Move {
  const region = problem.snapshot.regions[move.region]!;
  const table = problem.tables[problem.tableOf[move.region]!]!;
  return {
    seq,
    regionId: region.id,
    tableId: region.tableId,
    table: fullTableName(table),
    from: problem.nodes[move.from]!.id,
    to: problem.nodes[move.to]!.id,
    reason: move.reason,
    detail: explainMove(problem, counts, move),
  };
}

function explainMove(problem: Problem, counts: Counts, move: OrderedMove): string {
  const from = problem.nodes[move.from]!.id;
  const to = problem.nodes[move.to]!.id;
  if (move.reason === 'drain') {
    return `Datanode ${from} is draining and leads ${plural(move.totalAtFrom)}; datanode ${to} has room in its share.`;
  }
  if (move.reason === 'table-spread') {
    const table = problem.tableOf[move.region]!;
    return (
      `Of the table's ${plural(counts.regionsOf(table))} datanode ${from} leads ${move.tableAtFrom} ` +
      `(share ${range(counts.tableShare(table, move.from))}) and datanode ${to} leads ${move.tableAtTo} ` +
      `(share ${range(counts.tableShare(table, move.to))}).`
    );
  }
  return (
    `Datanode ${from} leads ${plural(move.totalAtFrom)} in total (share ${range(counts.nodeShare(move.from))}) and datanode ${to} ` +
    `leads ${move.totalAtTo} (share ${range(counts.nodeShare(move.to))}); the table's own spread stays within its share.`
  );
}

function plural(regions: number): string {
  return regions === 1 ? '1 region' : `${regions} regions`;
}

function range({ floor, ceil }: { floor: number; ceil: number }): string {
  return floor === ceil ? String(floor) : `${floor} to ${ceil}`;
}

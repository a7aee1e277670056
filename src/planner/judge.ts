import { measureBalance } from '../domain/balance.ts';
import { BLOCKERS } from '../domain/codes.ts';
import type { Balance, Move } from '../domain/plan.ts';
import type { RegionCounts } from '../domain/region-counts.ts';
import { mayLead } from './targets.ts';
import { createCounts } from './counts.ts';
import type { Counts } from './counts.ts';
import type { Relocation } from './choose/choose.ts';
import { evensLoad } from './load/evens.ts';
import type { PlanInput } from './plan.ts';
import { buildProblem, holdOf } from './problem.ts';
import type { Problem } from './problem.ts';

/** What has become of an approved plan. */
export interface Judgement {
  /** Moves that are done already: the region is led by its target. */
  readonly done: readonly Move[];
  readonly open: readonly Move[];
  /** Why the open moves cannot be executed as they were approved: one sentence each. Empty when they can. */
  readonly faults: readonly string[];
  /** Whether the open moves, all together, still make the cluster more even. */
  readonly helps: boolean;
  /** Regions now, and after the open moves. */
  readonly counts: RegionCounts;
}

/** Looks at an approved plan again, against what the cluster is now. */
export function judgePlan(input: PlanInput, moves: readonly Move[]): Judgement {
  const problem = buildProblem(input.snapshot, input.policy, input.memory, input.nowMs);
  const live = createCounts(problem);
  const regionIndex = new Map(input.snapshot.regions.map(({ id }, index) => [id, index]));
  const nodeIndex = new Map(problem.nodes.map(({ id }, index) => [id, index]));
  const done: Move[] = [];
  const open: Move[] = [];
  const faults: string[] = [];
  const shifted: Relocation[] = [];
  for (const move of moves) {
    const region = regionIndex.get(move.regionId);
    const to = nodeIndex.get(move.to);
    if (region !== undefined && input.snapshot.regions[region]!.leader === move.to) {
      done.push(move);
      continue;
    }
    const fault = faultOf(problem, move, region, to);
    if (fault !== undefined) faults.push(`Move ${move.seq}, region ${move.regionId}: ${fault}`);
    else {
      shift(problem, live, region!, to!);
      shifted.push({ region: region!, from: problem.nodeOf[region!]!, to: to! });
    }
    open.push(move);
  }
  const counts = live.result();
  const [before, after] = [measureBalance(counts, 'now'), measureBalance(counts, 'after')];
  const { load } = input.policy;
  if (!load || !open.some(({ reason }) => reason === 'load'))
    return { done, open, faults, helps: isBetter(after, before), counts };
  // In place of the totals, and after drains and tables.
  const evens = evensLoad(problem, load, input.loads, shifted);
  const helps = isBetter(
    { ...after, nodeSpreadViolation: evens ? 0 : 1 },
    { ...before, nodeSpreadViolation: evens ? 1 : 0 },
  );
  return { done, open, faults, helps, counts };
}

function shift(problem: Problem, counts: Counts, region: number, to: number): void {
  const table = problem.tableOf[region]!;
  const from = problem.nodeOf[region]!;
  counts.move({ region, from, fromCell: counts.cell(table, from), to, toCell: counts.cell(table, to) });
}

function faultOf(
  problem: Problem,
  move: Move,
  region: number | undefined,
  to: number | undefined,
): string | undefined {
  if (region === undefined) return 'it does not exist any more, or its table is not selected.';
  const { leader } = problem.snapshot.regions[region]!;
  if (leader !== move.from)
    return `it is led by ${leader ?? 'nobody'}, and the plan moves it from datanode ${move.from}.`;
  const hold = holdOf(problem.hold[region]!);
  if (hold !== undefined) return BLOCKERS[hold];
  if (to === undefined) return `the cluster has no datanode ${move.to}.`;
  const { state } = problem.nodes[to]!;
  if (state !== 'target') return `its target, datanode ${move.to}, is ${state}.`;
  return mayLead(problem, region, problem.columnOf[to]!) ? undefined : BLOCKERS['follower-on-target'];
}

/** In the order of importance: draining datanodes, tables, totals. */
function isBetter(after: Balance, before: Balance): boolean {
  const parts = (balance: Balance): number[] => [
    balance.regionsOnDraining,
    balance.tableSpreadViolation,
    balance.nodeSpreadViolation,
  ];
  const [now, then] = [parts(after), parts(before)];
  const differs = now.findIndex((value, index) => value !== then[index]);
  return differs >= 0 && now[differs]! < then[differs]!;
}

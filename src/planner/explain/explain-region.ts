import { BLOCKERS } from '../../domain/codes.ts';
import type { Explanation, ExplanationReason } from '../../domain/explanation.ts';
import type { Move } from '../../domain/plan.ts';
import { fullTableName } from '../../domain/snapshot.ts';
import { compareMoveCost } from '../choose/load.ts';
import { blockerOf } from './blockers.ts';
import { mayLead } from '../targets.ts';
import { whyNotForLoad } from './explain-load.ts';
import { reason, shareText } from './explain-parts.ts';
import type { ExplainContext } from './explain-parts.ts';
import { hasToLeave, holdOf } from '../problem.ts';
import type { Problem } from '../problem.ts';

export function explainRegion(context: ExplainContext, id: string): Explanation | undefined {
  const { problem, plan } = context;
  const region = problem.snapshot.regions.findIndex((candidate) => candidate.id === id);
  if (region === -1) return undefined;
  const move = plan.moves.find(({ regionId }) => regionId === id);
  const { answer, reasons } = move ? whyItMoves(context, region, move) : whyItStays(context, region);
  return { kind: 'region', id, answer, reasons, facts: regionFacts(context, region, move) };
}

interface Why {
  readonly answer: string;
  readonly reasons: readonly ExplanationReason[];
}

function whyItMoves({ problem, counts, plan }: ExplainContext, region: number, move: Move): Why {
  const table = problem.tableOf[region]!;
  const from = problem.nodeOf[region]!;
  const leaving = plan.moves.filter(
    ({ tableId, from: source }) => tableId === move.tableId && source === move.from,
  );
  // Of a plan that is carried out only the moves that are left are here, with their numbers.
  const total = plan.moves.at(-1)?.seq ?? 0;
  const answer = `It moves from datanode ${move.from} to ${move.to}, as move ${move.seq} of ${total}. ${move.detail}`;
  if (hasToLeave(problem.hold[region]!) || move.reason === 'load')
    return { answer, reasons: [{ code: move.reason, detail: move.detail }] };
  const lacking = problem.columns.filter(
    (node) => counts.ofTable(table, node) < counts.tableShare(table, node).ceil && node !== from,
  );
  return {
    answer,
    reasons: [
      { code: move.reason, detail: move.detail },
      reason(
        'cheapest-to-move',
        `${leaving.length} of the ${counts.ofTable(table, from)} regions that datanode ${move.from} has of this table move: those with the ` +
          'lowest write rate, then the smallest memtable, then the smallest size on disk.',
      ),
      reason(
        'target-choice',
        `${lacking.length === 1 ? '1 datanode is' : `${lacking.length} datanodes are`} below the fair share of this table; datanode ${move.to} has ` +
          `${counts.ofTable(table, nodeOf(problem.nodes, move.to))} of its regions.`,
      ),
    ],
  };
}

function whyItStays(context: ExplainContext, region: number): Why {
  const { problem, counts, plan } = context;
  const { id, leader, tableId } = problem.snapshot.regions[region]!;
  const code =
    holdOf(problem.hold[region]!) ??
    blockerOf(problem, region) ??
    plan.blocked.find((b) => b.regionId === id)?.code;
  if (code !== undefined) {
    return {
      answer: `It stays on datanode ${leader ?? 'unknown'}. ${BLOCKERS[code]}`,
      reasons: [{ code, detail: BLOCKERS[code] }],
    };
  }
  const table = problem.tableOf[region]!;
  const node = problem.nodeOf[region]!;
  const share = shareText(counts.tableShare(table, node));
  const forLoad = whyNotForLoad(context, region);
  if (forLoad) return { answer: `It stays. ${forLoad.detail}`, reasons: [forLoad] };
  const others = plan.moves.filter((move) => move.tableId === tableId && move.from === leader);
  if (others.length > 0) {
    const why = areCheaper(problem, others, region)
      ? 'they are cheaper to move than this one'
      : 'the previous plan chose them, and this one would be hardly cheaper to move';
    const detail = `${others.length} of the ${counts.ofTable(table, node)} regions that datanode ${leader ?? ''} has of this table move; ${why}.`;
    return { answer: `It stays. ${detail}`, reasons: [reason('cheaper-region-moves', detail)] };
  }
  const detail =
    `Datanode ${leader ?? ''} has ${counts.ofTable(table, node)} of the table's ${counts.regionsOf(table)} regions; ` +
    `its fair share is ${share}.`;
  return { answer: `It stays: it is well placed. ${detail}`, reasons: [reason('well-placed', detail)] };
}

function areCheaper(problem: Problem, moves: readonly Move[], region: number): boolean {
  const moving = new Set(moves.map(({ regionId }) => regionId));
  return problem.snapshot.regions.every(
    ({ id }, index) => !moving.has(id) || compareMoveCost(problem, index, region) < 0,
  );
}

interface Candidate {
  readonly node: number;
  readonly column: number;
  readonly move: Move | undefined;
}

/** Whether a target could be given the region now, by itself: the one that the plan chose may have to give another one first. */
function mayTake(
  { problem, counts }: ExplainContext,
  region: number,
  { node, column, move }: Candidate,
): boolean {
  const { [region]: hold = 0 } = problem.hold;
  if (holdOf(hold) !== undefined || node === problem.nodeOf[region] || !mayLead(problem, region, column))
    return false;
  if (move?.to === problem.nodes[node]!.id || hasToLeave(hold)) return true;
  const table = problem.tableOf[region]!;
  return counts.ofTable(table, node) < counts.tableShare(table, node).ceil;
}

function regionFacts(
  context: ExplainContext,
  region: number,
  move: Move | undefined,
): Record<string, unknown> {
  const { problem, counts } = context;
  const { tableId, leader, followers, status, load } = problem.snapshot.regions[region]!;
  const tableIndex = problem.tableOf[region]!;
  const table = problem.tables[tableIndex];
  return {
    tableId,
    table: table ? fullTableName(table) : null,
    leader,
    followers: followers ?? [],
    status,
    ...(load ? { load } : {}),
    ...(move ? { from: move.from, to: move.to, seq: move.seq } : {}),
    ...(table
      ? {
          targets: problem.columns.map((node, column) => ({
            datanode: problem.nodes[node]!.id,
            regionsOfTable: counts.ofTable(tableIndex, node),
            ...counts.tableShare(tableIndex, node),
            mayLead: mayTake(context, region, { node, column, move }),
          })),
        }
      : {}),
  };
}

function nodeOf(nodes: ExplainContext['problem']['nodes'], id: string): number {
  return nodes.findIndex((node) => node.id === id);
}

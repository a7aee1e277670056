import { BLOCKERS } from '../../domain/codes.ts';
import type { Explanation, ExplanationReason } from '../../domain/explanation.ts';
import { count } from '../../lib/number.ts';
import { countBlocked, netMoves, reason, shareText } from './explain-parts.ts';
import { loadReason, loadSentence } from './explain-load.ts';
import type { ExplainContext } from './explain-parts.ts';

export function explainDatanode(context: ExplainContext, id: string): Explanation | undefined {
  const { problem, counts, plan } = context;
  const node = problem.nodes.findIndex((candidate) => candidate.id === id);
  const datanode = problem.nodes[node];
  if (!datanode) return undefined;
  const gives = plan.moves.filter(({ from }) => from === id).length;
  const receives = plan.moves.filter(({ to }) => to === id).length;
  const after = counts.selected(node) + netMoves(plan.moves, id);
  const share = counts.nodeShare(node);
  const byLoad = loadReason(context, id);
  const inLoad = loadSentence(context, id);
  const blocked = plan.blocked.filter(({ datanodeId }) => datanodeId === id);
  return {
    kind: 'datanode',
    id,
    answer: [
      answerFor(context, node, { gives, receives, after, blocked: blocked.length }),
      ...(inLoad === '' ? [] : [inLoad]),
    ].join(' '),
    reasons: [
      ...(byLoad ? [byLoad] : balanceReasons(context, node, after)),
      ...movesReason('gives-regions', gives, 'away from it'),
      ...movesReason('receives-regions', receives, 'to it'),
      ...countBlocked(blocked),
    ],
    facts: {
      state: datanode.state,
      weight: datanode.weight,
      regions: counts.selected(node),
      after,
      share,
      gives,
      receives,
      blocked: blocked.length,
    },
  };
}

function movesReason(
  code: 'gives-regions' | 'receives-regions',
  moves: number,
  where: string,
): ExplanationReason[] {
  if (moves === 0) return [];
  return [reason(code, `${count(moves, 'region')} ${moves === 1 ? 'moves' : 'move'} ${where}.`)];
}

interface Numbers {
  readonly gives: number;
  readonly receives: number;
  readonly after: number;
  readonly blocked: number;
}

function answerFor({ problem, counts, load }: ExplainContext, node: number, numbers: Numbers): string {
  const { gives, receives, after, blocked } = numbers;
  const { id, state } = problem.nodes[node]!;
  const leads = `Datanode ${id} leads ${count(counts.selected(node), 'region')} in scope`;
  switch (state) {
    case 'dead':
      return `${leads} and is not alive: its regions are left to failover, and nothing moves to it.`;
    case 'cordoned':
      return `${leads} and is cordoned: they stay, are not counted, and nothing moves to it.`;
    case 'query-only':
      return `${leads} and takes no writes, only queries: they stay, are not counted, and nothing moves to it.`;
    case 'quarantined':
      return `${leads} and is in quarantine, because migrations to it failed: nothing moves to it for a while, its regions stay, and the others share theirs without it.`;
    case 'draining':
      if (after === 0)
        return `${leads} and is draining: ${gives === 0 ? 'there is none left to move' : 'all of them move away'}.`;
      // The plan may be older than the drain: then it tells nothing of what keeps the others.
      if (blocked === 0)
        return `${leads} and is draining: ${gives} move away, ${after} are in no plan yet; the next cycle makes one.`;
      return `${leads} and is draining: ${gives} move away, ${after} cannot (${blocked} blocked).`;
    case 'target':
      if (load) return `${leads}. ${planText(receives, gives, after)}`;
      return `${leads}; its fair share is ${shareText(counts.nodeShare(node))}. ${planText(receives, gives, after)}`;
  }
}

function planText(receives: number, gives: number, after: number): string {
  return receives + gives === 0
    ? 'No move changes that.'
    : `+${receives}, −${gives}, ${after} after the plan.`;
}

/** How it stands by its share, now and after the plan. */
function balanceReasons(
  { problem, counts }: ExplainContext,
  node: number,
  after: number,
): ExplanationReason[] {
  const { state } = problem.nodes[node]!;
  if (state === 'cordoned')
    return [{ code: 'cordoned', detail: 'Nothing moves to or from a cordoned datanode.' }];
  if (state === 'query-only') return [{ code: 'query-only', detail: BLOCKERS['query-only'] }];
  if (state === 'quarantined')
    return [{ code: 'target-quarantined', detail: BLOCKERS['target-quarantined'] }];
  if (state === 'dead') return [{ code: 'leader-dead', detail: 'Its regions are left to failover.' }];
  if (state === 'draining') return [{ code: 'drain', detail: 'It is to be emptied.' }];
  const share = counts.nodeShare(node);
  const isWithin = (regions: number): boolean => regions >= share.floor && regions <= share.ceil;
  if (!isWithin(after)) {
    if (after === counts.total(node)) return [reason('out-of-balance')];
    const detail = `After the plan it leads ${after} regions; its fair share is ${shareText(share)}. Blocked moves, or the spread of each table, which comes first, forbid that.`;
    return [reason('out-of-balance', detail)];
  }
  const whole = share.floor === share.ceil;
  if (isWithin(counts.total(node))) return [reason(whole ? 'balanced' : 'within-rounding')];
  return [
    reason('balanced', `After the plan it leads ${after} regions; its fair share is ${shareText(share)}.`),
  ];
}

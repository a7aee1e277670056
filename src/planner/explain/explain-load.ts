import { fromMean, loadTexts, LOAD_VERBS } from '../../domain/load-text.ts';
import type { ExplanationReason } from '../../domain/explanation.ts';
import { MAY_MOVE } from '../load/loads.ts';
import { reason } from './explain-parts.ts';
import type { ExplainContext } from './explain-parts.ts';
import type { LoadContext } from './load-context.ts';

/** What the plan waits for. */
function waitText({ loads, policy }: LoadContext): string {
  return loads.readingsToWait === 0
    ? `That has to last for ${policy.stableFor} cycles in a row.`
    : 'The loads have been watched for too short a time to act on it: the next readings may change them much.';
}

/** Why a region that may be moved stays although its table's spread would let it go for the load. */
export function whyNotForLoad(
  { problem, counts, plan, load }: ExplainContext,
  region: number,
): ExplanationReason | undefined {
  if (load === undefined) return undefined;
  const { before, loads, roles, policy } = load;
  const { id, weight } = problem.nodes[problem.nodeOf[region]!]!;
  const { number, whole } = loadTexts(before.by, before.mean);
  const carries = plan.before?.datanodes.find((datanode) => datanode.id === id)?.load;
  if (carries === undefined) return undefined;
  const states = `Datanode ${id} ${LOAD_VERBS[before.by]} ${whole(carries)}, ${fromMean(carries, before.mean * weight)} the mean.`;
  const percent = (part: number): string => `${Math.round(part * 100)} %`;
  const varies = reason(
    'load-varies',
    `${states} The load of this region is not known, or varies by more than half of itself.`,
  );
  switch (before.state) {
    case 'even':
      return reason(
        'load-within-tolerance',
        `${states} All datanodes are within ${percent(policy.tolerance)} of it.`,
      );
    case 'tolerated':
      return reason(
        'load-within-tolerance',
        `${states} None is more than ${percent(policy.trigger)} above it.`,
      );
    case 'waiting':
      if (loads.unreliable[region] === 1) return varies;
      return reason('load-not-stable', `${states} ${waitText(load)}`);
    case 'uneven':
  }
  if (carries <= before.high * weight)
    return reason('load-within-tolerance', `${states} It has none too much to give.`);
  const own = number(loads.of[region]!);
  if (loads.unreliable[region] === 1) return varies;
  if (roles[region] !== MAY_MOVE)
    return reason(
      'load-too-small',
      `${states} This region is ${own} of it: moving it would change too little.`,
    );
  const table = problem.tableOf[region]!;
  const hasRoom = problem.columns.some(
    (node) => counts.ofTable(table, node) < counts.tableShare(table, node).ceil,
  );
  const maySpare =
    counts.ofTable(table, problem.nodeOf[region]!) > counts.tableShare(table, problem.nodeOf[region]!).floor;
  if (!hasRoom || !maySpare)
    return reason(
      'load-table-spread',
      `${states} This region is ${own} of it; moved alone it would break the spread of its table, and no exchange for a lighter one of the table helps.`,
    );
  return reason(
    'load-no-exchange-helps',
    `${states} This region is ${own} of it; no datanode has room for it, or other moves help more.`,
  );
}

/** What a datanode carries, now and after the plan. Empty where regions are counted, or it is no target. */
export function loadSentence({ plan, load }: ExplainContext, id: string): string {
  const now = plan.before?.datanodes.find((datanode) => datanode.id === id);
  if (load === undefined || now?.load === undefined) return '';
  const { by, mean, low, high } = load.before;
  const { number, whole } = loadTexts(by, mean);
  const after = plan.after?.datanodes.find((datanode) => datanode.id === id)?.load ?? now.load;
  const wanted = `${number(mean * now.weight)} is its share, and ${number(low * now.weight)} to ${number(high * now.weight)} is even enough`;
  return `It ${LOAD_VERBS[by]} ${whole(now.load)}; ${wanted}. After the plan: ${number(after)}.`;
}

/** How a target stands by its load, after the plan. */
export function loadReason({ plan, load }: ExplainContext, id: string): ExplanationReason | undefined {
  const [now, after] = [plan.before, plan.after].map((balance) =>
    balance?.datanodes.find((datanode) => datanode.id === id),
  );
  if (load === undefined || after?.load === undefined) return undefined;
  const { low, high, state } = load.before;
  const isWithin = (each: number): boolean => each >= low && each <= high;
  const each = after.load / after.weight;
  if (isWithin(each)) {
    const isAlready = isWithin((now?.load ?? after.load) / after.weight);
    return reason('balanced', `${isAlready ? 'Its' : 'After the plan its'} load is within the tolerance.`);
  }
  if (state === 'waiting') return reason('load-not-stable');
  return state === 'tolerated' || each < low ? reason('load-within-tolerance') : reason('out-of-balance');
}

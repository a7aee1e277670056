import { UsageError } from '../../domain/errors.ts';
import type { Explanation, ExplainKind, ExplanationReason } from '../../domain/explanation.ts';
import { fullTableName } from '../../domain/snapshot.ts';
import type { Table } from '../../domain/snapshot.ts';
import { createCounts } from '../counts.ts';
import { explainDatanode } from './explain-datanode.ts';
import { countBlocked, countMoves, netMoves, reason } from './explain-parts.ts';
import { loadContext } from './load-context.ts';
import type { ExplainContext, ExplainedPlan } from './explain-parts.ts';
import { explainRegion } from './explain-region.ts';
import type { PlanInput } from '../plan.ts';
import { buildProblem } from '../problem.ts';

/**
 * Says why a region, table or datanode moves or stays.
 *
 * @param input what the plan was made from.
 * @param id a decimal id; a table also by `schema.table`, `catalog.schema.table`, or its bare name where only one has it.
 * @returns undefined when the snapshot knows no such thing.
 * @throws UsageError `ambiguous-table` when several tables have this bare name.
 */
export function explain(
  input: PlanInput,
  plan: ExplainedPlan,
  kind: ExplainKind,
  id: string,
): Explanation | undefined {
  const problem = buildProblem(input.snapshot, input.policy, input.memory, input.nowMs);
  const load = loadContext(problem, input.policy.load, plan.before?.load, input.loads);
  const context: ExplainContext = { problem, counts: createCounts(problem), plan, load };
  const explanation = EXPLAINERS[kind](context, id);
  return explanation && plan.planId !== undefined ? { ...explanation, planId: plan.planId } : explanation;
}

const EXPLAINERS = {
  region: explainRegion,
  table: explainTable,
  datanode: explainDatanode,
} satisfies Record<ExplainKind, (context: ExplainContext, id: string) => Explanation | undefined>;

function explainTable(context: ExplainContext, wanted: string): Explanation | undefined {
  const { problem, counts, plan } = context;
  const index = findTable(problem.tables, wanted);
  const table = problem.tables[index];
  if (!table) return undefined;
  const moves = plan.moves.filter(({ tableId }) => tableId === table.id);
  const blocked = plan.blocked.filter(({ tableId }) => tableId === table.id);
  const spread = problem.columns.map((node) => ({
    datanode: problem.nodes[node]!.id,
    regions: counts.ofTable(index, node),
    ...counts.tableShare(index, node),
    after: counts.ofTable(index, node) + netMoves(moves, problem.nodes[node]!.id),
  }));
  const isEven = spread.every(({ after, floor, ceil }) => after >= floor && after <= ceil);
  const name = fullTableName(table);
  const answer = problem.inScope[index]
    ? moves.length > 0
      ? `${moves.length} of the ${counts.regionsOf(index)} counted regions of ${name} move.`
      : `No region of ${name} moves: ${isEven ? 'its spread is as even as it can be.' : 'the moves that would make it even are blocked.'}`
    : `The configuration does not select ${name}; its regions stay where they are.`;
  return {
    kind: 'table',
    id: table.id,
    answer,
    reasons: [
      ...(problem.inScope[index]
        ? [isEven ? evenReason(moves.length) : reason('out-of-balance')]
        : [{ code: 'not-selected' as const, detail: answer }]),
      ...countMoves(moves),
      ...countBlocked(blocked),
    ],
    facts: {
      name,
      engine: table.engine,
      regions: counts.regionsOf(index),
      moves: moves.length,
      blocked: blocked.length,
      spread,
      ...(table.logicalTables ? { logicalTables: table.logicalTables.length } : {}),
    },
  };
}

function evenReason(moves: number): ExplanationReason {
  if (moves === 0) return reason('balanced');
  return reason(
    'balanced',
    'After the plan every datanode leads its share of this table, rounded down or up.',
  );
}

const MAX_CANDIDATES = 10;

/** @returns -1 when there is none. @throws UsageError when the bare name of several is given. */
function findTable(tables: readonly Table[], wanted: string): number {
  const index = tables.findIndex((table) => isCalled(table, wanted));
  if (index >= 0) return index;
  const namesakes = tables.filter(({ name }) => name === wanted);
  if (namesakes.length <= 1) return namesakes[0] ? tables.indexOf(namesakes[0]) : -1;
  const names = namesakes.slice(0, MAX_CANDIDATES).map(fullTableName).join(', ');
  const more = namesakes.length > MAX_CANDIDATES ? ', …' : '';
  const text = `Found ${namesakes.length} tables called ${JSON.stringify(wanted)}, wanted one of them: ${names}${more}`;
  throw new UsageError(text, { code: 'ambiguous-table' });
}

function isCalled(table: Table, wanted: string): boolean {
  const full = fullTableName(table);
  return table.id === wanted || full === wanted || `${table.schema}.${table.name}` === wanted;
}

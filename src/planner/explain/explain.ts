import { UsageError } from '../../domain/errors.ts';
import type { Explanation, ExplainKind, ExplanationReason } from '../../domain/explanation.ts';
import { fullTableName } from '../../domain/snapshot.ts';
import type { Table } from '../../domain/snapshot.ts';
import type { Move } from '../../domain/plan.ts';
import { createCounts } from '../counts.ts';
import { explainDatanode } from './explain-datanode.ts';
import { costsBalance, countBlocked, countMoves, netMoves, reason } from './explain-parts.ts';
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
  const { spread, regions } = spreadOf(context, index, moves);
  const targets = new Set(problem.columns.map((node) => problem.nodes[node]!.id));
  const isEven =
    spread.every(
      ({ datanode, after, floor, ceil }) => !targets.has(datanode) || (after >= floor && after <= ceil),
    ) && !blocked.some(costsBalance);
  const name = fullTableName(table);
  const counted = counts.regionsOf(index);
  const answer = problem.inScope[index]
    ? (moves.length > 0
        ? `${moves.length} of the ${counted} counted regions of ${name} move.`
        : `No region of ${name} moves: ${isEven ? 'its spread is as even as it can be.' : 'the moves that would make it even are blocked.'}`) +
      uncountedText(regions - counted)
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
      regions,
      ...(counted === regions ? {} : { counted }),
      moves: moves.length,
      blocked: blocked.length,
      spread,
      ...(table.logicalTables ? { logicalTables: table.logicalTables.length } : {}),
    },
  };
}

function uncountedText(regions: number): string {
  if (regions === 0) return '';
  return regions === 1
    ? ' 1 region stays where it is and is not counted.'
    : ` ${regions} regions stay where they are and are not counted.`;
}

interface TableSpread {
  readonly datanode: string;
  readonly regions: number;
  readonly floor: number;
  readonly ceil: number;
  readonly after: number;
}

/** Of the targets, and of the others that lead regions of the table. */
function spreadOf(
  { problem, counts }: ExplainContext,
  table: number,
  moves: readonly Move[],
): { readonly spread: readonly TableSpread[]; readonly regions: number } {
  const led = new Map<number, number>();
  let regions = 0;
  problem.tableOf.forEach((of, region) => {
    if (of !== table) return;
    regions += 1;
    const node = problem.nodeOf[region]!;
    led.set(node, (led.get(node) ?? 0) + 1);
  });
  const spread = problem.nodes.flatMap(({ id }, node) => {
    const now = led.get(node) ?? 0;
    if (now === 0 && !problem.columns.includes(node)) return [];
    return [
      { datanode: id, regions: now, ...counts.tableShare(table, node), after: now + netMoves(moves, id) },
    ];
  });
  return { spread, regions };
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

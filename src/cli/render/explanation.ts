import type { Explanation } from '../../domain/explanation.ts';
import { factLabel, factText, isFactTable, withShare } from '../../domain/fact-text.ts';
import { hang, wrap } from '../../lib/wrap.ts';
import type { Canvas } from './style.ts';
import { labelled, printable, shortPlanId, table } from './text.ts';
import type { Lines } from './text.ts';
type Fields = Readonly<Record<string, unknown>>;

/** Why something moves or stays: the answer, its reasons, and the numbers behind it. */
export function* explanation(answer: Explanation, { width, style }: Canvas): Lines {
  yield style('bold', `${answer.kind} ${printable(answer.id)}`);
  if (answer.planId !== undefined) yield style('dim', `plan ${shortPlanId(answer.planId)}`);
  yield* wrap(printable(answer.answer), width);
  for (const { code, detail } of answer.reasons) {
    const [first = '', ...rest] = hang('  ', `${printable(code)}: ${printable(detail)}`, width, 4);
    yield first.replace(/[^ ][^:]*/, (word) => style('yellow', word));
    yield* rest;
  }
  const facts = Object.entries(answer.facts);
  const tables = facts.filter((fact): fact is [string, Fields[]] => isFactTable(fact[1]));
  const lines = facts
    .filter(([, value]) => !isFactTable(value))
    .map(([name, value]) => [printable(factLabel(name)), printable(factText(name, value))] as const);
  if (lines.length > 0) yield '';
  yield* labelled(lines, { width, label: (name) => style('dim', name), indent: '  ' });
  for (const [name, rows] of tables) {
    yield '';
    yield style('bold', printable(factLabel(name)).toUpperCase());
    yield* groupedTable(rows, { width, style });
  }
}

/** One line for all datanodes of which the same is true: of a hundred most are alike. */
function* groupedTable(rows: readonly Fields[], canvas: Canvas): Lines {
  const titles = Object.keys(withShare(rows[0]!)).filter((name) => name !== 'datanode');
  const cellOf = (row: Fields, name: string): string => printable(factText(name, withShare(row)[name]));
  const groups = Map.groupBy(rows, (row) => titles.map((name) => cellOf(row, name)).join('\n'));
  yield* table(
    [...groups.values()],
    [
      ...titles.map((name) => ({
        title: printable(factLabel(name)).toUpperCase(),
        align: 'right' as const,
        cell: ([first]: Fields[]) => cellOf(first!, name),
      })),
      {
        title: 'DATANODES',
        cell: (group) =>
          printable(
            factText(
              'datanodes',
              group.map(({ datanode }) => datanode),
            ),
          ),
      },
    ],
    canvas,
    { indent: '  ', titles: 'dim' },
  );
}

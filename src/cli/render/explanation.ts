import type { Explanation } from '../../domain/explanation.ts';
import { factLabel, factText, isFactTable, withShare } from '../../domain/fact-text.ts';
import type { Canvas } from './style.ts';
import { labelled, layOut, printable, shortPlanId, wrap } from './text.ts';

type Lines = Generator<string, void, undefined>;
type Fields = Readonly<Record<string, unknown>>;

/** Why something moves or stays: the answer, its reasons, and the numbers behind it. */
export function* explanation(answer: Explanation, { width, style }: Canvas): Lines {
  yield style('bold', `${answer.kind} ${printable(answer.id)}`);
  if (answer.planId !== undefined) yield style('dim', `plan ${shortPlanId(answer.planId)}`);
  yield* wrap(printable(answer.answer), width);
  for (const { code, detail } of answer.reasons) {
    const [first, ...rest] = wrap(`${printable(code)}: ${printable(detail)}`, width - 4);
    yield `  ${first!.replace(/^[^:]+/, (word) => style('yellow', word))}`;
    for (const line of rest) yield `    ${line}`;
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
function* groupedTable(rows: readonly Fields[], { width, style }: Canvas): Lines {
  const groups = new Map<string, { cells: readonly string[]; datanodes: unknown[] }>();
  const titles = Object.keys(withShare(rows[0]!)).filter((name) => name !== 'datanode');
  for (const { datanode, ...row } of rows) {
    const fields = withShare(row);
    const cells = titles.map((name) => printable(factText(name, fields[name])));
    const group = groups.get(cells.join('\n')) ?? { cells, datanodes: [] };
    group.datanodes.push(datanode);
    groups.set(cells.join('\n'), group);
  }
  yield* layOut(
    [
      ...titles.map((name) => ({ title: printable(factLabel(name)).toUpperCase(), align: 'right' as const })),
      { title: 'DATANODES' },
    ],
    [...groups.values()].map(({ cells, datanodes }) => [
      ...cells,
      printable(factText('datanodes', datanodes)),
    ]),
    { title: (text) => style('dim', text), indent: '  ', width },
  );
}

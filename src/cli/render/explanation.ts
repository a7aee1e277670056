import type { Explanation } from '../../domain/explanation.ts';
import { formatBytes, formatNumber } from '../../lib/number.ts';
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
  const tables = facts.filter((fact): fact is [string, Fields[]] => isTable(fact[1]));
  const lines = facts
    .filter(([, value]) => !isTable(value))
    .map(([name, value]) => [labelOf(name), valueText(name, value)] as const);
  if (lines.length > 0) yield '';
  yield* labelled(lines, { width, label: (name) => style('dim', name), indent: '  ' });
  for (const [name, rows] of tables) {
    yield '';
    yield style('bold', labelOf(name).toUpperCase());
    yield* groupedTable(rows, { width, style });
  }
}

/** What names of the API are called here; others are spelled as words. */
const LABELS: Readonly<Record<string, string>> = {
  after: 'after the plan',
  diskBytes: 'on disk',
  gives: 'move away',
  memtableBytes: 'in the memtable',
  mayLead: 'may take it',
  receives: 'move to it',
  seq: 'move',
  share: 'fair share',
  spread: 'per datanode',
  targets: 'where it may go',
  writeBytesPerSecond: 'written per second',
};

/** `tableId` as `table id`. */
function labelOf(name: string): string {
  return LABELS[name] ?? printable(name).replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

function isRecord(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isTable(value: unknown): value is Fields[] {
  return Array.isArray(value) && value.length > 0 && value.every(isRecord);
}

function valueText(name: string, value: unknown): string {
  if (typeof value === 'number') return /bytes/i.test(name) ? formatBytes(value) : formatNumber(value);
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value === 'string') return printable(value);
  if (Array.isArray(value)) return value.map((item) => valueText(name, item)).join(', ') || 'none';
  if (!isRecord(value)) return 'none';
  return Object.entries(withShare(value))
    .map(([key, field]) => (key === 'share' ? String(field) : `${labelOf(key)} ${valueText(key, field)}`))
    .join(', ');
}

/** `1 to 2` as one field for `floor` and `ceil`. */
function withShare({ floor, ceil, ...others }: Fields): Fields {
  if (typeof floor !== 'number' || typeof ceil !== 'number') return { ...others };
  const share = floor === ceil ? formatNumber(floor) : `${formatNumber(floor)} to ${formatNumber(ceil)}`;
  return { ...others, share };
}

/** One line for all datanodes of which the same is true: of a hundred most are alike. */
function* groupedTable(rows: readonly Fields[], { width, style }: Canvas): Lines {
  const groups = new Map<string, { cells: readonly string[]; datanodes: unknown[] }>();
  const titles = Object.keys(withShare(rows[0]!)).filter((name) => name !== 'datanode');
  for (const { datanode, ...row } of rows) {
    const fields = withShare(row);
    const cells = titles.map((name) => valueText(name, fields[name]));
    const group = groups.get(cells.join('\n')) ?? { cells, datanodes: [] };
    group.datanodes.push(datanode);
    groups.set(cells.join('\n'), group);
  }
  yield* layOut(
    [
      ...titles.map((name) => ({ title: labelOf(name).toUpperCase(), align: 'right' as const })),
      { title: 'DATANODES' },
    ],
    [...groups.values()].map(({ cells, datanodes }) => [...cells, valueText('datanodes', datanodes)]),
    { title: (text) => style('dim', text), indent: '  ', width },
  );
}

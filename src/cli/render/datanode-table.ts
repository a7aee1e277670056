import type { DatanodeState } from '../../domain/datanode-state.ts';
import type { DatanodeBalance, Plan } from '../../domain/plan.ts';
import { formatNumber } from '../../lib/number.ts';
import { loadCells } from './load-lines.ts';
import type { Canvas, Format } from './style.ts';
import { padEnd, padStart, table } from './text.ts';
import type { Column, Lines } from './text.ts';

const MAX_DATANODES = 40;
const MAX_BAR = 24;
const MIN_BAR = 4;

const STATE_FORMAT: Readonly<Record<DatanodeState, Format>> = {
  target: 'green',
  draining: 'yellow',
  cordoned: 'yellow',
  'query-only': 'yellow',
  quarantined: 'red',
  dead: 'red',
};

interface Row {
  readonly node: DatanodeBalance;
  readonly before: number;
  readonly after: number;
}

/** One line per datanode: its state and weight, and its regions before and after as bars. */
export function* datanodeTable(plan: Plan, options: Canvas & { readonly all: boolean }): Lines {
  const rows = rowsOf(plan);
  const shown = options.all ? rows : mostChanged(rows, MAX_DATANODES);
  const weighted = rows.some(({ node }) => node.weight !== 1);
  const loads = loadCells(plan);
  const width =
    options.width -
    (loads ? rows.reduce((most, { node }) => Math.max(most, loads(node.id).length), 4) + 2 : 0);
  const bars = barPainter(rows, { ...options, width }, weighted);
  yield* table(
    shown,
    [
      { title: 'DATANODE', align: 'right', cell: ({ node }) => node.id },
      { title: 'STATE', cell: ({ node }) => options.style(STATE_FORMAT[node.state], node.state) },
      ...optional(weighted, { title: 'WEIGHT', align: 'right', cell: ({ node }) => String(node.weight) }),
      { title: 'BEFORE', cell: ({ before }) => bars(before) },
      { title: 'AFTER', cell: ({ before, after }) => `${bars(after)}${changeMark(before, after)}` },
      ...optional(loads !== undefined, {
        title: 'LOAD',
        align: 'right',
        cell: ({ node }) => loads?.(node.id) ?? '',
      }),
    ],
    { ...options, width: Infinity },
  );
  const hidden = rows.length - shown.length;
  if (hidden > 0)
    yield `… and ${formatNumber(hidden)} more that change no more than these (--all shows them)`;
}

function optional(isShown: boolean, column: Column<Row>): Column<Row>[] {
  return isShown ? [column] : [];
}

function rowsOf({ before, after }: Plan): Row[] {
  const later = new Map(after.datanodes.map((node) => [node.id, node]));
  const earlier = new Set(before.datanodes.map(({ id }) => id));
  const onlyAfter = after.datanodes.filter(({ id }) => !earlier.has(id));
  return [
    ...before.datanodes.map((node) => ({
      node,
      before: node.regions,
      after: later.get(node.id)?.regions ?? 0,
    })),
    ...onlyAfter.map((node) => ({ node, before: 0, after: node.regions })),
  ];
}

/** The rows that change most, in their own order. */
function mostChanged(rows: readonly Row[], limit: number): readonly Row[] {
  if (rows.length <= limit) return rows;
  const change = ({ before, after }: Row): number => Math.abs(after - before);
  const kept = new Set(rows.toSorted((a, b) => change(b) - change(a)).slice(0, limit));
  return rows.filter((row) => kept.has(row));
}

/** Paints numbers as right-aligned digits and a bar, all on one scale; without bars where the terminal is too narrow. */
function barPainter(rows: readonly Row[], { width }: Canvas, weighted: boolean): (value: number) => string {
  const most = rows.reduce((max, { before, after }) => Math.max(max, before, after), 0);
  const digits = formatNumber(most).length;
  const widestId = rows.reduce((widest, { node }) => Math.max(widest, node.id.length), 'DATANODE'.length);
  const fixed =
    widestId +
    'draining'.length +
    (weighted ? 'WEIGHT'.length + 2 : 0) +
    2 * digits +
    'X (+)'.length +
    digits +
    8;
  const barWidth = Math.min(MAX_BAR, Math.floor((width - fixed) / 2));
  return (value) => {
    const number = padStart(formatNumber(value), digits);
    return barWidth < MIN_BAR ? number : `${number} ${padEnd(bar(value, most, barWidth), barWidth)}`;
  };
}

const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/** A bar of `width` columns for `most`, in eighths of a column; anything above zero shows. */
export function bar(value: number, most: number, width: number): string {
  if (value <= 0 || most <= 0) return '';
  const eighths = Math.max(1, Math.round((value / most) * width * 8));
  return '█'.repeat(Math.floor(eighths / 8)) + EIGHTHS[eighths % 8]!;
}

function changeMark(before: number, after: number): string {
  if (before === after) return '';
  const change = after - before;
  return ` (${change > 0 ? '+' : '−'}${formatNumber(Math.abs(change))})`;
}

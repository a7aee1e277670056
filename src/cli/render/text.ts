/**
 * Text for people, measured in terminal columns. Everything that came from a cluster or a file goes through `printable` before
 * it reaches a terminal: a table's name may hold escape sequences.
 */
import type { MoveState } from '../../domain/move.ts';
import { INVISIBLE } from '../../lib/invisible.ts';
import { count, formatNumber } from '../../lib/number.ts';
import { displayWidth, hang } from '../../lib/wrap.ts';
import type { Canvas, Format } from './style.ts';

export type Lines = Generator<string, void, undefined>;

/** Shows control characters and bidirectional overrides as `\u{1b}`, so that a text stays one harmless line. */
export function printable(text: string): string {
  return text.replace(INVISIBLE, (char) => `\\u{${char.codePointAt(0)!.toString(16)}}`);
}

export function padEnd(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - displayWidth(text)));
}

export function padStart(text: string, width: number): string {
  return ' '.repeat(Math.max(0, width - displayWidth(text))) + text;
}

/** Cuts a plain text (no colours) to `width` columns, between two words where it has several; a cut text ends in `…`. */
export function truncate(text: string, width: number): string {
  if (displayWidth(text) <= width) return text;
  if (width < 1) return '';
  let kept = '';
  let used = 0;
  for (const char of text) {
    used += displayWidth(char);
    if (used > width - 1) return `${wholeWords(kept, char)}…`;
    kept += char;
  }
  return kept;
}

/** The text without the word that the next character would have gone on with. */
function wholeWords(text: string, next: string): string {
  const end = next === ' ' ? text.length : text.lastIndexOf(' ');
  return end > 0 ? text.slice(0, end).trimEnd() : text;
}

/** Lines that are too wide, broken at spaces; what follows is indented a little more. */
export function* wrapLines(lines: Iterable<string>, width: number): Lines {
  for (const line of lines) {
    const text = line.trimStart();
    const indent = line.slice(0, line.length - text.length);
    if (displayWidth(line) <= width) yield line;
    else yield* hang(indent, text, width, indent.length + HANGING);
  }
}

const HANGING = 2;

/** `5`, or `5 → 1` where the two differ. */
export function changeText(from: number, to: number): string {
  return from === to ? formatNumber(from) : `${formatNumber(from)} → ${formatNumber(to)}`;
}

/** How much there is in a cluster. */
export function sizeText(size: Readonly<Record<'datanodes' | 'tables' | 'regions', number>>): string {
  return `${count(size.datanodes, 'datanode')}, ${count(size.tables, 'table')}, ${count(size.regions, 'region')}`;
}

/** A time stamp as people read it: `2026-11-22 13:00:05Z`. */
export function formatTime(atMs: number): string {
  if (!Number.isFinite(atMs) || Math.abs(atMs) > MAX_DATE_MS) return 'an impossible time';
  return new Date(atMs).toISOString().replace('T', ' ').replace(/\.\d+/, '');
}

const MAX_DATE_MS = 8.64e15;

export interface Column<Row> {
  readonly title: string;
  readonly cell: (row: Row) => string;
  readonly align?: 'right';
  /** Left out where the columns do not all fit; the highest number goes first. */
  readonly yields?: number;
}

/** Rows in columns two spaces apart. The last column, which must be without colours, is cut to the width. */
export function* table<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  { width, style }: Canvas,
  { indent = '', titles = 'bold' }: { readonly indent?: string; readonly titles?: Format } = {},
): Lines {
  const cells = rows.map((row) => columns.map(({ cell }) => cell(row)));
  const widths = columns.map(({ title }, index) =>
    cells.reduce((most, row) => Math.max(most, displayWidth(row[index]!)), displayWidth(title)),
  );
  const shown = columnsThatFit(columns, widths, width - indent.length);
  const last = shown.at(-1);
  const before = shown.slice(0, -1).reduce((sum, index) => sum + widths[index]! + 2, indent.length);
  const line = (row: readonly string[]): string =>
    shown
      .map((index) => {
        const cell = row[index]!;
        if (columns[index]!.align === 'right') return padStart(cell, widths[index]!);
        if (index === last) return truncate(cell, Math.max(width - before, MIN_LAST_COLUMN));
        return padEnd(cell, widths[index]!);
      })
      .join('  ')
      .trimEnd();
  yield indent + style(titles, line(columns.map(({ title }) => title)));
  for (const row of cells) yield indent + line(row);
}

const MIN_LAST_COLUMN = 20;

/** The indices of the columns that fit; of the last one its first words are enough. */
function columnsThatFit(
  columns: readonly Pick<Column<never>, 'yields'>[],
  widths: readonly number[],
  width: number,
): number[] {
  const shown = [...columns.keys()];
  const needed = (): number =>
    shown.reduce((sum, index) => sum + widths[index]! + 2, -2) -
    Math.max(0, widths[shown.at(-1)!]! - MIN_LAST_COLUMN);
  while (needed() > width) {
    const first = shown
      .filter((index) => columns[index]!.yields !== undefined)
      .toSorted((a, b) => columns[b]!.yields! - columns[a]!.yields!)[0];
    if (first === undefined) break;
    shown.splice(shown.indexOf(first), 1);
  }
  return shown;
}

/** Names beside their values. What is too long for the line goes on below itself, broken at spaces. */
export function* labelled(
  rows: readonly (readonly [name: string, value: string])[],
  { width, label, indent = '' }: { width: number; label: (name: string) => string; indent?: string },
): Lines {
  const names = rows.reduce((most, [name]) => Math.max(most, displayWidth(name)), 0);
  for (const [name, value] of rows) yield* hang(`${indent}${label(padEnd(name, names))}  `, value, width);
}

/** The state of a move in a usual word: `watching` is the step in which GreptimeDB migrates the region. */
export function moveStateText(state: MoveState): string {
  if (state === 'watching') return 'migrating';
  return state === 'intent-recorded' ? 'recording' : state.replace('_', ' ');
}

/** As much of a plan's id as tells it from others. */
export function shortPlanId(planId: string): string {
  return printable(planId.slice(0, 'sha256:'.length + 12));
}

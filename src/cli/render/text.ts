/**
 * Text for people, measured in terminal columns. Everything that came from a cluster or a file goes through `printable` before
 * it reaches a terminal: a table's name may hold escape sequences.
 */
import { INVISIBLE } from '../../lib/invisible.ts';

/** Shows control characters and bidirectional overrides as `\u{1b}`, so that a text stays one harmless line. */
export function printable(text: string): string {
  return text.replace(INVISIBLE, (char) => `\\u{${char.codePointAt(0)!.toString(16)}}`);
}

const ESCAPE_SEQUENCE = new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, 'g');
const ZERO_WIDTH = /^[\p{Mn}\p{Me}\p{Cf}]$/u;
const WIDE =
  /^[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]$/u;
const ASCII = /^[ -~]*$/;

/** How many terminal columns a text takes; colours take none, East Asian wide characters two. */
export function displayWidth(text: string): number {
  const bare = text.replace(ESCAPE_SEQUENCE, '');
  if (ASCII.test(bare)) return bare.length;
  let width = 0;
  for (const char of bare) width += ZERO_WIDTH.test(char) ? 0 : WIDE.test(char) ? 2 : 1;
  return width;
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

/** Breaks a plain text at spaces into lines of at most `width` columns. A word that is longer stays whole. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (line !== '' && displayWidth(longer) > width) {
      lines.push(line);
      line = word;
    } else {
      line = longer;
    }
  }
  return [...lines, line];
}

/** Lines that are too wide, broken at spaces; what follows is indented a little more. */
export function* wrapLines(lines: Iterable<string>, width: number): Generator<string, void, undefined> {
  for (const line of lines) {
    if (displayWidth(line) <= width) {
      yield line;
      continue;
    }
    const indent = ' '.repeat(line.length - line.trimStart().length);
    const [first, ...rest] = wrap(line.trimStart(), width - indent.length - HANGING.length);
    yield `${indent}${first!}`;
    for (const next of rest) yield `${indent}${HANGING}${next}`;
  }
}

const HANGING = '  ';

/** A time stamp as people read it: `2026-11-22 13:00:05Z`. */
export function formatTime(atMs: number): string {
  if (!Number.isFinite(atMs) || Math.abs(atMs) > MAX_DATE_MS) return 'an impossible time';
  return new Date(atMs).toISOString().replace('T', ' ').replace(/\.\d+/, '');
}

const MAX_DATE_MS = 8.64e15;

export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
  /** Left out where the columns do not all fit; the highest number goes first. */
  readonly yields?: number;
}

export interface LayOutOptions {
  readonly title?: (text: string) => string;
  readonly indent?: string;
  readonly width?: number;
}

/** Lays cells out in columns two spaces apart. With a `width`, the last column, which must be without colours, is cut to it. */
export function* layOut(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  options: LayOutOptions = {},
): Generator<string, void, undefined> {
  const { indent = '', width = Infinity, title = (text: string): string => text } = options;
  const widths = columns.map((column, index) =>
    rows.reduce((most, row) => Math.max(most, displayWidth(row[index] ?? '')), displayWidth(column.title)),
  );
  const shown = columnsThatFit(columns, widths, width - indent.length);
  const last = shown.at(-1);
  const before = shown.slice(0, -1).reduce((sum, index) => sum + widths[index]! + 2, indent.length);
  const line = (cells: readonly string[]): string =>
    shown
      .map((index) => {
        const cell = cells[index] ?? '';
        if (columns[index]!.align === 'right') return padStart(cell, widths[index]!);
        if (index === last) return truncate(cell, Math.max(width - before, MIN_LAST_COLUMN));
        return padEnd(cell, widths[index]!);
      })
      .join('  ')
      .trimEnd();
  yield indent + title(line(columns.map((column) => column.title)));
  for (const row of rows) yield indent + line(row);
}

const MIN_LAST_COLUMN = 20;

/** The indices of the columns that fit; of the last one its first words are enough. */
function columnsThatFit(columns: readonly Column[], widths: readonly number[], width: number): number[] {
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
): Generator<string, void, undefined> {
  const names = rows.reduce((most, [name]) => Math.max(most, displayWidth(name)), 0);
  const start = indent.length + names + 2;
  for (const [name, value] of rows) {
    const [first, ...rest] = wrap(value, Math.max(width - start, MIN_LAST_COLUMN));
    yield `${indent}${label(padEnd(name, names))}  ${first!}`;
    for (const line of rest) yield ' '.repeat(start) + line;
  }
}

/** As much of a plan's id as tells it from others. */
export function shortPlanId(planId: string): string {
  return printable(planId.slice(0, 'sha256:'.length + 12));
}

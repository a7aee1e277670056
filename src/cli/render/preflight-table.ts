import type { Check, PreflightReport, Verdict } from '../../app/preflight/check.ts';
import { count } from '../../lib/number.ts';
import { hang, wrap } from '../../lib/wrap.ts';
import type { Canvas, Format } from './style.ts';
import { padEnd, printable } from './text.ts';
import type { Lines } from './text.ts';

const COLOURS: Readonly<Record<Verdict, Format>> = { pass: 'green', warn: 'yellow', fail: 'red' };
const CHECK_COLUMNS = 'selection'.length;
const BEFORE_TEXT = 'pass'.length + 2 + CHECK_COLUMNS + 2;
const LEAST_TEXT = 24;

/** One line for each check, wrapped to the terminal, with what to do below it; at the end the verdict in one sentence. */
export function* preflightTable(report: PreflightReport, canvas: Canvas): Lines {
  let previous = '';
  for (const check of report.checks) {
    yield* checkLines(check, check.check === previous ? '' : check.check, canvas);
    previous = check.check;
  }
  yield '';
  yield* wrap(summary(report), canvas.width);
}

function* checkLines({ verdict, detail, advice }: Check, title: string, { width, style }: Canvas): Lines {
  const room = Math.max(BEFORE_TEXT + LEAST_TEXT, width);
  const start = `${style(COLOURS[verdict], verdict)}  ${padEnd(title, CHECK_COLUMNS)}  `;
  for (const line of hang(start, printable(detail), room)) yield line.trimEnd();
  if (advice !== undefined) yield* hang(`${' '.repeat(BEFORE_TEXT)}→ `, printable(advice), room);
}

const MEANING: Readonly<Record<Verdict, string>> = {
  pass: 'Everything that was looked at is as it should be.',
  warn: 'It works; read the warnings.',
  fail: 'Mend what failed before anything is moved.',
};

function summary({ checks, verdict }: PreflightReport): string {
  const of = (wanted: Verdict): number => checks.filter((check) => check.verdict === wanted).length;
  return `${count(checks.length, 'check')}: ${of('pass')} passed, ${count(of('warn'), 'warning')}, ${of('fail')} failed. ${MEANING[verdict]}`;
}

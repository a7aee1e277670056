import type { Check, PreflightReport, Verdict } from '../../app/preflight/check.ts';
import { count } from '../../lib/number.ts';
import type { Canvas, Format } from './style.ts';
import { padEnd, printable, wrap } from './text.ts';

const COLOURS: Readonly<Record<Verdict, Format>> = { pass: 'green', warn: 'yellow', fail: 'red' };
const CHECK_COLUMNS = 'selection'.length;
const BEFORE_TEXT = 'pass'.length + 2 + CHECK_COLUMNS + 2;
const LEAST_TEXT = 24;

/** One line for each check, wrapped to the terminal, with what to do below it; at the end the verdict in one sentence. */
export function* preflightTable(report: PreflightReport, canvas: Canvas): Generator<string, void, undefined> {
  let previous = '';
  for (const check of report.checks) {
    yield* checkLines(check, check.check === previous ? '' : check.check, canvas);
    previous = check.check;
  }
  yield '';
  yield* wrap(summary(report), canvas.width);
}

function* checkLines(
  { verdict, detail, advice }: Check,
  title: string,
  { width, style }: Canvas,
): Generator<string, void, undefined> {
  const room = Math.max(LEAST_TEXT, width - BEFORE_TEXT);
  const [first = '', ...rest] = wrap(printable(detail), room);
  yield `${style(COLOURS[verdict], verdict)}  ${padEnd(title, CHECK_COLUMNS)}  ${first}`.trimEnd();
  const indent = ' '.repeat(BEFORE_TEXT);
  for (const line of rest) yield indent + line;
  if (advice === undefined) return;
  const [start = '', ...more] = wrap(printable(advice), room - 2);
  yield `${indent}→ ${start}`;
  for (const line of more) yield `${indent}  ${line}`;
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

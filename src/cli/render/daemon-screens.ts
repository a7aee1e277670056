import type { Explanation } from '../../domain/explanation.ts';
import { formatDuration } from '../../lib/duration.ts';
import { formatNumber } from '../../lib/number.ts';
import type { AuditView, HistoryView, QuarantineView } from '../../server/api/answers.ts';
import { when } from './status-screen.ts';
import type { Canvas } from './style.ts';
import { layOut, printable, wrap } from './text.ts';

type Lines = Generator<string, void, undefined>;

/** Narrower windows show the day and the detail of a move to nobody: each would take the place of a column that matters more. */
const WIDE_COLUMNS = 120;

/** Past moves, the newest first. */
export function* historyTable(moves: HistoryView['moves'], { width, style }: Canvas): Lines {
  if (moves.length === 0) {
    yield 'No moves yet.';
    return;
  }
  const isWide = width >= WIDE_COLUMNS;
  const rows = moves.map((move) => [
    isWide ? when(move.createdAt) : when(move.createdAt).replace(/^.* /, ''),
    move.regionId,
    printable(move.table),
    `${move.from} → ${move.to}`,
    printable(move.reason),
    style(move.state === 'succeeded' ? 'green' : 'yellow', printable(move.state)),
    durationText(move),
    ...(isWide ? [detailText(move)] : []),
  ]);
  yield* layOut(
    [
      { title: 'BEGUN' },
      { title: 'REGION', align: 'right' },
      { title: 'TABLE' },
      { title: 'MOVE' },
      { title: 'REASON', yields: 2 },
      { title: 'STATE' },
      { title: 'TOOK', align: 'right', yields: 1 },
      ...(isWide ? [{ title: 'DETAIL' }] : []),
    ],
    rows,
    { title: (text) => style('bold', text), width },
  );
}

/** With the word by which docs/recovery.md tells what to do, where there may be something to do. */
function detailText({ state, cause, detail }: HistoryView['moves'][number]): string {
  const sentence = printable(detail ?? '');
  return state === 'succeeded' || cause === null ? sentence : `${printable(cause)}: ${sentence}`;
}

function durationText({ submittedAt, endedAt }: HistoryView['moves'][number]): string {
  if (submittedAt === null || endedAt === null) return '';
  return formatDuration(Date.parse(endedAt) - Date.parse(submittedAt));
}

/** Who did what, the newest first. */
export function* auditTable(entries: AuditView['entries'], { width, style }: Canvas): Lines {
  if (entries.length === 0) {
    yield 'Nobody has done anything yet.';
    return;
  }
  yield* layOut(
    [{ title: 'WHEN' }, { title: 'WHO' }, { title: 'WHAT' }, { title: 'WHY' }],
    entries.map(({ at, who, what, why }) => [when(at), printable(who), printable(what), printable(why)]),
    { title: (text) => style('bold', text), width },
  );
}

/** Why something moves or stays. */
export function* explanation(answer: Explanation, { width, style }: Canvas): Lines {
  yield style('bold', `${printable(answer.kind)} ${printable(answer.id)}`);
  yield* wrap(printable(answer.answer), width);
  for (const { code, detail } of answer.reasons) {
    const [first, ...rest] = wrap(`${printable(code)}: ${printable(detail)}`, width - 4);
    yield `  ${first!.replace(/^[^:]+/, (word) => style('yellow', word))}`;
    for (const line of rest) yield `    ${line}`;
  }
  const facts = Object.entries(answer.facts);
  if (facts.length === 0) return;
  yield '';
  yield* layOut(
    [{ title: '' }, { title: '' }],
    facts.flatMap(([name, value]) =>
      factLines(value).map((line, index) => [
        index === 0 ? style('dim', printable(name)) : '',
        printable(line),
      ]),
    ),
    { indent: '  ' },
  ).drop(1);
}

/** A list of records is one line for each; a record is its fields in a row: `floor 1, ceil 2`. */
function factLines(value: unknown): string[] {
  if (!Array.isArray(value)) return [factText(value)];
  if (value.length === 0) return ['none'];
  const texts = value.map(factText);
  return value.every((item) => typeof item === 'object') ? texts : [texts.join(', ')];
}

function factText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (typeof value !== 'object' || value === null) return 'none';
  return Object.entries(value)
    .map(([name, field]) => `${name} ${factText(field)}`)
    .join(', ');
}

export function* quarantineTable({ quarantined: regions, datanodes }: QuarantineView, canvas: Canvas): Lines {
  const { width, style } = canvas;
  yield* quarantinedDatanodes(datanodes);
  if (regions.length === 0) {
    if (datanodes.length === 0) yield 'Nothing is quarantined.';
    return;
  }
  yield* layOut(
    [
      { title: 'REGION', align: 'right' },
      { title: 'FAILURES', align: 'right' },
      { title: 'UNTIL' },
      { title: 'WHY' },
    ],
    regions.map((region) => [
      region.regionId,
      formatNumber(region.failures),
      when(region.until),
      printable(region.detail),
    ]),
    { title: (text) => style('bold', text), width },
  );
}

function* quarantinedDatanodes(datanodes: QuarantineView['datanodes']): Lines {
  for (const { datanodeId, role, failures, until, detail } of datanodes) {
    const what = role === 'target' ? 'to' : 'away from';
    yield `Nothing moves ${what} datanode ${datanodeId} until ${when(until)}: ${formatNumber(failures)} migrations failed, the last with ${printable(detail)}`;
  }
}

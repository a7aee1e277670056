import { formatDuration } from '../../lib/duration.ts';
import type { ExplainAnswer, HistoryMove, QuarantinedRegion } from '../api-schemas.ts';
import { when } from './status-screen.ts';
import type { Canvas } from './style.ts';
import { formatNumber, layOut, printable, wrap } from './text.ts';

type Lines = Generator<string, void, undefined>;

/** Past moves, the newest first. */
export function* historyTable(moves: readonly HistoryMove[], { width, style }: Canvas): Lines {
  if (moves.length === 0) {
    yield 'No moves yet.';
    return;
  }
  const rows = moves.map((move) => [
    when(move.createdAt),
    move.regionId,
    printable(move.table),
    `${move.from} → ${move.to}`,
    printable(move.reason),
    style(move.state === 'succeeded' ? 'green' : 'yellow', printable(move.state)),
    durationText(move),
    printable(move.detail ?? ''),
  ]);
  yield* layOut(
    [
      { title: 'BEGUN' },
      { title: 'REGION', align: 'right' },
      { title: 'TABLE' },
      { title: 'MOVE' },
      { title: 'REASON' },
      { title: 'STATE' },
      { title: 'TOOK', align: 'right' },
      { title: 'DETAIL' },
    ],
    rows,
    { title: (text) => style('bold', text), width },
  );
}

function durationText({ submittedAt, endedAt }: HistoryMove): string {
  if (submittedAt === null || endedAt === null) return '';
  return formatDuration(Date.parse(endedAt) - Date.parse(submittedAt));
}

/** Why something moves or stays. */
export function* explanation(answer: ExplainAnswer, { width, style }: Canvas): Lines {
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
    facts.map(([name, value]) => [style('dim', printable(name)), printable(factText(value))]),
    { indent: '  ' },
  ).drop(1);
}

function factText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

export function* quarantineTable(regions: readonly QuarantinedRegion[], { width, style }: Canvas): Lines {
  if (regions.length === 0) {
    yield 'No region is quarantined.';
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

import { formatDuration } from '../../lib/duration.ts';
import { formatNumber } from '../../lib/number.ts';
import type { AuditView, HistoryView, QuarantineView } from '../../server/api/answers.ts';
import { when } from './status-screen.ts';
import type { Canvas } from './style.ts';
import { layOut, printable, wrapLines } from './text.ts';

type Lines = Generator<string, void, undefined>;

/** In narrower windows the day and the detail of a move would take the place of columns that matter more. */
const WIDE_COLUMNS = 120;

function timeText(iso: string, isWide: boolean): string {
  return isWide ? when(iso) : when(iso).replace(/^.* /, '');
}

/** Past moves, the newest first. */
export function* historyTable(moves: HistoryView['moves'], { width, style }: Canvas): Lines {
  if (moves.length === 0) {
    yield 'No moves yet.';
    return;
  }
  const isWide = width >= WIDE_COLUMNS;
  const rows = moves.map((move) => [
    timeText(move.createdAt, isWide),
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
    yield 'No actions recorded.';
    return;
  }
  yield* layOut(
    [{ title: 'WHEN' }, { title: 'WHO' }, { title: 'WHAT' }, { title: 'WHY' }],
    entries.map(({ at, who, what, why }) => [when(at), printable(who), printable(what), printable(why)]),
    { title: (text) => style('bold', text), width },
  );
}

export function* quarantineTable({ quarantined: regions, datanodes }: QuarantineView, canvas: Canvas): Lines {
  const { width, style } = canvas;
  yield* wrapLines(quarantinedDatanodes(datanodes), width);
  if (regions.length === 0) {
    if (datanodes.length === 0) yield 'Nothing is quarantined.';
    return;
  }
  const isWide = width >= WIDE_COLUMNS;
  yield* layOut(
    [
      { title: 'REGION', align: 'right' },
      { title: 'TABLE' },
      { title: 'MOVE' },
      { title: 'CAUSE' },
      { title: 'FAILURES', align: 'right', yields: 1 },
      { title: 'UNTIL' },
      { title: 'WHY', yields: 2 },
    ],
    regions.map(({ regionId, failures, until, detail, move }) => [
      regionId,
      printable(move?.table ?? ''),
      move ? `${move.from} → ${move.to}` : '',
      printable(move?.cause ?? ''),
      formatNumber(failures),
      timeText(until, isWide),
      printable(detail),
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

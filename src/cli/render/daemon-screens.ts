import { formatDuration } from '../../lib/duration.ts';
import { formatNumber } from '../../lib/number.ts';
import type { AuditView, HistoryView, QuarantineView } from '../../server/api/answers.ts';
import { when } from './status-screen.ts';
import type { Canvas } from './style.ts';
import { moveStateText, printable, table, wrapLines } from './text.ts';
import type { Lines } from './text.ts';

/** In narrower windows the day and the detail of a move would take the place of columns that matter more. */
const WIDE_COLUMNS = 120;

function timeText(iso: string, isWide: boolean): string {
  return isWide ? when(iso) : when(iso).replace(/^.* /, '');
}

/** Past moves, the newest first. */
export function* historyTable(moves: HistoryView['moves'], canvas: Canvas): Lines {
  if (moves.length === 0) {
    yield 'No moves yet.';
    return;
  }
  const isWide = canvas.width >= WIDE_COLUMNS;
  const stateText = ({ state }: MoveView): string =>
    canvas.style(state === 'succeeded' ? 'green' : 'yellow', moveStateText(state));
  yield* table(
    moves,
    [
      { title: 'BEGUN', cell: ({ createdAt }) => timeText(createdAt, isWide) },
      { title: 'REGION', align: 'right', cell: ({ regionId }) => regionId },
      { title: 'TABLE', cell: (move) => printable(move.table) },
      { title: 'MOVE', cell: ({ from, to }) => `${from} → ${to}` },
      { title: 'REASON', yields: 2, cell: ({ reason }) => printable(reason) },
      { title: 'STATE', cell: stateText },
      { title: 'TOOK', align: 'right', yields: 1, cell: durationText },
      ...(isWide ? [{ title: 'DETAIL', cell: detailText }] : []),
    ],
    canvas,
  );
}

type MoveView = HistoryView['moves'][number];

/** With the word by which docs/recovery.md tells what to do, where there may be something to do. */
function detailText({ state, cause, detail }: MoveView): string {
  const sentence = printable(detail ?? '');
  return state === 'succeeded' || cause === null ? sentence : `${printable(cause)}: ${sentence}`;
}

function durationText({ submittedAt, endedAt }: MoveView): string {
  if (submittedAt === null || endedAt === null) return '';
  return formatDuration(Date.parse(endedAt) - Date.parse(submittedAt));
}

/** Who did what, the newest first. */
export function* auditTable(entries: AuditView['entries'], canvas: Canvas): Lines {
  if (entries.length === 0) {
    yield 'No actions recorded.';
    return;
  }
  yield* table(
    entries,
    [
      { title: 'WHEN', cell: ({ at }) => when(at) },
      { title: 'WHO', cell: ({ who }) => printable(who) },
      { title: 'WHAT', cell: ({ what }) => printable(what) },
      { title: 'WHY', cell: ({ why }) => printable(why) },
    ],
    canvas,
  );
}

export function* quarantineTable({ quarantined: regions, datanodes }: QuarantineView, canvas: Canvas): Lines {
  yield* wrapLines(quarantinedDatanodes(datanodes), canvas.width);
  if (regions.length === 0) {
    if (datanodes.length === 0) yield 'Nothing is quarantined.';
    return;
  }
  const isWide = canvas.width >= WIDE_COLUMNS;
  yield* table(
    regions,
    [
      { title: 'REGION', align: 'right', cell: ({ regionId }) => regionId },
      { title: 'TABLE', cell: ({ move }) => printable(move?.table ?? '') },
      { title: 'MOVE', cell: ({ move }) => (move ? `${move.from} → ${move.to}` : '') },
      { title: 'CAUSE', cell: ({ move }) => printable(move?.cause ?? '') },
      { title: 'FAILURES', align: 'right', yields: 1, cell: ({ failures }) => formatNumber(failures) },
      { title: 'UNTIL', cell: ({ until }) => timeText(until, isWide) },
      { title: 'WHY', yields: 2, cell: ({ detail }) => printable(detail) },
    ],
    canvas,
  );
}

function* quarantinedDatanodes(datanodes: QuarantineView['datanodes']): Lines {
  for (const { datanodeId, role, failures, until, detail } of datanodes) {
    const what = role === 'target' ? 'to' : 'away from';
    yield `Nothing moves ${what} datanode ${datanodeId} until ${when(until)}: ${formatNumber(failures)} migrations failed, the last with ${printable(detail)}`;
  }
}

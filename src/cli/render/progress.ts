import type { WatchedWork } from '../../app/daemon/work-progress.ts';
import { CYCLE_OUTCOMES } from '../../domain/codes.ts';
import type { CycleOutcome } from '../../domain/codes.ts';
import type { MoveRecord } from '../../domain/move.ts';
import type { Clock } from '../../lib/clock.ts';
import { formatDuration, formatEstimate } from '../../lib/duration.ts';
import { count, formatNumber } from '../../lib/number.ts';
import { displayWidth } from '../../lib/wrap.ts';
import { bar } from './datanode-table.ts';
import { proofLine } from './plan-table.ts';
import type { Canvas, Style } from './style.ts';
import { moveStateText, padEnd, printable, truncate, wrapLines } from './text.ts';

export interface ProgressOptions {
  readonly isTerminal: boolean;
  /** Asked before each drawing: terminals are resized. */
  readonly canvas: () => Canvas;
  readonly clock: Clock;
  readonly write: (text: string) => void;
}

const REDRAW_MS = 200;
const BAR_COLUMNS = 20;
const CLEAR_LINE = '\r\u001b[2K';

/**
 * Shows events as they come: one line for each move that ended and for whatever else is worth a line, and on a terminal, below
 * them, one line that is redrawn with the bar, the move under way and the time left.
 *
 * @returns a function that ends the show and leaves the cursor on a fresh line.
 */
export function showProgress(work: WatchedWork, options: ProgressOptions): () => void {
  const { isTerminal, clock, write } = options;
  let cancelRedraw: (() => void) | undefined;
  const draw = (): void => {
    if (isTerminal && work.state().currentMove)
      write(CLEAR_LINE + liveLine(work, options.canvas(), clock.now()));
  };
  const redrawLater = (): void => {
    cancelRedraw = clock.setTimer(REDRAW_MS, () => {
      draw();
      redrawLater();
    });
  };
  // A cluster that stays balanced is worth one line, not one line a cycle.
  const said = new Map<string, string>();
  let gateDetail = '';
  const unsubscribe = work.subscribe((event) => {
    // The gate that ended a cycle has said why.
    if (event.type === 'cycle-finished' && event.detail !== '' && event.detail === gateDetail) return;
    if (event.type === 'gate-closed' && event.code !== 'stopping') gateDetail = event.detail;
    const line = eventLine(event, work, { style: options.canvas().style, isTerminal });
    const isNews = line !== said.get(event.type);
    if (event.type === 'move-started') said.clear();
    else if (line !== undefined) said.set(event.type, line);
    if (line !== undefined && isNews) {
      const lines = [...wrapLines([line], options.canvas().width)];
      write(`${isTerminal ? CLEAR_LINE : ''}${lines.join('\n')}\n`);
    }
    draw();
  });
  if (isTerminal) redrawLater();
  return () => {
    unsubscribe();
    cancelRedraw?.();
    if (isTerminal) write(CLEAR_LINE);
  };
}

type WorkEvent = Parameters<Parameters<WatchedWork['subscribe']>[0]>[0];

interface LineView {
  readonly style: Style;
  readonly isTerminal: boolean;
}

/** The line that an event leaves behind, or undefined. */
function eventLine(event: WorkEvent, work: WatchedWork, view: LineView): string | undefined {
  const { style } = view;
  // Without moves the end of the cycle says how things stand: it knows whether more than a drain was asked for.
  if (event.type === 'planned')
    return `plan: ${event.plan.moves.length === 0 ? 'no moves.' : proofLine(event.plan)}`;
  if (event.type === 'move-finished') return finishedLine(event.move, event.durationMs, work, view);
  // That we stop is told when the cycle has ended.
  if (event.type === 'gate-closed' && event.code !== 'stopping')
    return style('yellow', `not moving (${event.code}): ${printable(event.detail)}`);
  if (event.type === 'recovered') return `found again: ${moveText(event.move)}: ${printable(event.detail)}`;
  if (event.type === 'cycle-finished') {
    const { outcome, detail } = event;
    return `cycle ${CYCLE_ENDS[outcome] ?? 'ended'}: ${printable(detail) || CYCLE_OUTCOMES[outcome]}`;
  }
  return undefined;
}

const CYCLE_ENDS: Partial<Record<CycleOutcome, string>> = { failed: 'failed', stopped: 'stopped' };

function finishedLine(
  move: MoveRecord,
  durationMs: number,
  work: WatchedWork,
  { style, isTerminal }: LineView,
): string {
  const { moved, failed, total } = work.progress();
  // What an earlier process began is in no plan of this one.
  const position = total === 0 ? 'earlier move:' : `[${formatNumber(moved + failed)}/${formatNumber(total)}]`;
  const text = moveText(move);
  if (move.state !== 'succeeded') {
    const why = move.detail ? `: ${printable(move.detail)}` : '';
    return `${position} ${style('red', moveStateText(move.state))} ${text} after ${formatDuration(durationMs)}${why}`;
  }
  // On a terminal the line below tells the time left, and goes on telling it.
  const leftMs = isTerminal ? undefined : work.timeLeftMs();
  const left = leftMs ? `, ${leftText(leftMs)}` : '';
  return `${position} ${style('green', 'moved')} ${text} in ${formatDuration(durationMs)}${left}`;
}

function leftText(leftMs: number): string {
  return `about ${formatEstimate(leftMs)} left`;
}

function moveText({ regionId, table, from, to }: MoveRecord): string {
  return `region ${regionId} of ${printable(table)} from ${from} to ${to}`;
}

/** `███▌      3/12  region 4398046511104 … from 0 to 3: migrating 4 s  about 40s left`, cut to the terminal. */
export function liveLine(work: WatchedWork, { width, style }: Canvas, nowMs: number): string {
  const { moved, failed, total } = work.progress();
  const { currentMove } = work.state();
  const barColumns = Math.min(BAR_COLUMNS, Math.floor(width / 5));
  const ended = moved + failed;
  const painted = style('green', padEnd(bar(ended, total, barColumns), barColumns));
  const failures = failed === 0 ? '' : `, ${count(failed, 'failure')}`;
  const start = ` ${formatNumber(ended)}/${formatNumber(total)}${failures}`;
  const leftMs = work.timeLeftMs();
  const end = leftMs ? `  ${leftText(leftMs)}` : '';
  // The last column stays empty: writing there would wrap on some terminals.
  const room = width - 1 - barColumns - displayWidth(start);
  if (room < displayWidth(end) + 2) return `${painted}${start}`;
  const middle = currentMove
    ? currentText(currentMove.move, nowMs - currentMove.startedAtMs, room - displayWidth(end) - 2)
    : '';
  return `${painted}${start}  ${middle}${end}`;
}

function currentText(move: MoveRecord, sinceMs: number, room: number): string {
  const state = moveStateText(move.state);
  const since = ` ${formatDuration(sinceMs)}`;
  const short = `${move.regionId} ${move.from} → ${move.to}: ${state}`;
  const fitting = [`${moveText(move)}: ${state}${since}`, `${short}${since}`].find(
    (text) => displayWidth(text) <= room,
  );
  return fitting ?? truncate(short, room);
}

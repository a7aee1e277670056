import { isEven } from '../../domain/balance.ts';
import { BLOCKERS } from '../../domain/codes.ts';
import { judgePlacement, remarksOn } from '../../domain/verdict.ts';
import type { BlockerCode } from '../../domain/codes.ts';
import type { Blocker, Move, Plan } from '../../domain/plan.ts';
import type { Snapshot } from '../../domain/snapshot.ts';
import { formatDuration, formatEstimate } from '../../lib/duration.ts';
import { count, formatNumber } from '../../lib/number.ts';
import { displayWidth, hang, wrap } from '../../lib/wrap.ts';
import { datanodeTable } from './datanode-table.ts';
import { loadLine } from './load-lines.ts';
import type { Canvas } from './style.ts';
import {
  changeText,
  padEnd,
  padStart,
  printable,
  shortPlanId,
  sizeText,
  truncate,
  wrapLines,
} from './text.ts';
import type { Lines } from './text.ts';

export interface PlanTableOptions extends Canvas {
  /** Show every datanode, move and blocker instead of the first few of each group. */
  readonly all: boolean;
  /** ms since 1970, for the snapshot's age. */
  readonly nowMs: number;
  readonly snapshot?: Snapshot;
}

const MAX_TABLES = 20;
const MAX_MOVES_PER_TABLE = 10;
const MAX_EXAMPLES_PER_BLOCKER = 3;

/** The plan for a person, line by line: where regions are and will be, the moves, what is in the way, and the proof. */
export function* planTable(plan: Plan, options: PlanTableOptions): Lines {
  yield* heading(plan, options);
  yield '';
  yield* datanodeTable(plan, options);
  if (plan.moves.length > 0) {
    yield '';
    yield* moveSection(plan.moves, options);
  }
  const [costly, harmless] = [false, true].map((is) =>
    plan.blocked.filter((each) => Boolean(each.harmless) === is),
  );
  if (costly && costly.length > 0) {
    yield '';
    yield* blockerSection('BLOCKED', costly, options);
  }
  if (harmless && harmless.length > 0) {
    yield '';
    yield* options.all
      ? blockerSection('HELD, COSTS NO BALANCE', harmless, options)
      : heldLines(harmless, options);
  }
  yield '';
  yield* wrapLines(summary(plan, options), options.width);
}

function* heading(plan: Plan, options: PlanTableOptions): Lines {
  const { snapshot, style, nowMs } = options;
  if (snapshot) {
    const { name, version, api } = snapshot.cluster;
    const server = `GreptimeDB ${version || 'of unknown version'}, ${api}`;
    const [datanodes, tables, regions] = [
      snapshot.datanodes.length,
      snapshot.tables.length,
      snapshot.regions.length,
    ];
    const size = sizeText({ datanodes, tables, regions });
    yield `${style('bold', printable(name || 'cluster'))} (${printable(server)}): ${size}`;
  }
  const ageMs = nowMs - Date.parse(plan.snapshotTakenAt);
  const age = ageMs >= 0 ? `, ${formatDuration(ageMs)} ago` : '';
  yield style('dim', `snapshot taken ${plan.snapshotTakenAt}${age}; plan ${shortPlanId(plan.planId)}`);
}

function* moveSection(moves: readonly Move[], options: PlanTableOptions): Lines {
  const groups = [...Map.groupBy(moves, (move) => move.table)];
  yield options.style('bold', `MOVES (${formatNumber(moves.length)})`);
  const shown = options.all ? groups : groups.slice(0, MAX_TABLES);
  const firstOf = (group: readonly Move[]) => (options.all ? group : group.slice(0, MAX_MOVES_PER_TABLE));
  const line = movePainter(
    shown.flatMap(([, group]) => firstOf(group)),
    options,
  );
  for (const [table, group] of shown) {
    yield `  ${options.style('cyan', printable(table))} (${count(group.length, 'move')})`;
    const first = firstOf(group);
    yield* first.map(line);
    if (group.length > first.length)
      yield `    … and ${formatNumber(group.length - first.length)} more of this table`;
  }
  const hidden = groups.slice(shown.length);
  if (hidden.length === 0) return;
  const hiddenMoves = hidden.reduce((sum, [, group]) => sum + group.length, 0);
  yield `  … and ${count(hiddenMoves, 'more move')} in ${count(hidden.length, 'more table')} (--all shows them)`;
}

/** Writes moves with their parts below each other. */
function movePainter(moves: readonly Move[], { width, style }: Canvas): (move: Move) => string {
  const widest = (name: 'seq' | 'regionId' | 'from' | 'to' | 'reason'): number =>
    moves.reduce((most, move) => Math.max(most, String(move[name]).length), 0);
  const widths = {
    ...{ seq: widest('seq'), region: widest('regionId'), from: widest('from') },
    ...{ to: widest('to'), reason: widest('reason') },
  };
  return (move) => {
    const seq = padStart(String(move.seq), widths.seq);
    const route = `${padStart(move.from, widths.from)} → ${padEnd(move.to, widths.to)}`;
    const start = `    ${seq}  ${padStart(move.regionId, widths.region)}  ${route}  ${padEnd(move.reason, widths.reason)}`;
    const room = width - displayWidth(start) - 2;
    const detail = room < MIN_MOVE_DETAIL ? '' : truncate(printable(move.detail), room);
    return detail === '' ? start.trimEnd() : `${start}  ${style('dim', detail)}`;
  };
}

/** In fewer columns the sentences are cut before what they say. */
const MIN_MOVE_DETAIL = 50;
const MIN_BLOCKER_DETAIL = 20;

/** What keeps regions where they are well placed: worth a line, not a list. */
function* heldLines(held: readonly Blocker[], { style, width }: PlanTableOptions): Lines {
  const groups = [...Map.groupBy(held, ({ code }) => code)];
  const codes = groups.map(([code, group]) => `${code} ${formatNumber(group.length)}`).join(', ');
  for (const line of wrap(`On hold, no effect on balance: ${codes} (--all lists them)`, width))
    yield style('dim', line);
}

function* blockerSection(title: string, blocked: readonly Blocker[], options: PlanTableOptions): Lines {
  yield options.style('bold', `${title} (${formatNumber(blocked.length)})`);
  for (const [code, group] of Map.groupBy(blocked, (blocker): BlockerCode => blocker.code)) {
    const title = `${code} (${formatNumber(group.length)}): ${BLOCKERS[code]}`;
    for (const line of hang('  ', title, options.width, 4))
      yield line.replace(/\S.*/, (text) => options.style('yellow', text));
    const first = options.all ? group : group.slice(0, MAX_EXAMPLES_PER_BLOCKER);
    for (const blocker of first) yield blockerLine(blocker, options);
    if (group.length > first.length)
      yield `    … and ${formatNumber(group.length - first.length)} more (--all shows them)`;
  }
}

function blockerLine(blocker: Blocker, { width, style }: Canvas): string {
  const named = blockerSubject(blocker);
  // Details are whole sentences, most of which begin with what they are about.
  const subject = printable(blocker.detail).toLowerCase().startsWith(named) ? '' : named;
  const start = subject === '' ? '    ' : `    ${subject}: `;
  const room = width - start.length;
  return start + style('dim', truncate(printable(blocker.detail), Math.max(room, MIN_BLOCKER_DETAIL)));
}

/** `region 4398046511104`, `table 1024`, `datanode 3`, or nothing. */
function blockerSubject(blocker: Blocker): string {
  if (blocker.regionId !== undefined) return `region ${blocker.regionId}`;
  if (blocker.tableId !== undefined) return `table ${blocker.tableId}`;
  return blocker.datanodeId === undefined ? '' : `datanode ${blocker.datanodeId}`;
}

function* summary(plan: Plan, { style }: PlanTableOptions): Lines {
  const { before, after } = plan;
  const proof = proofLine(plan);
  const isGood = plan.optimal && judgePlacement(plan.after, plan.warnings).code === 'balanced';
  yield style('bold', isGood ? style('green', proof) : proof);
  // Without moves they are part of the line above.
  if (plan.moves.length > 0)
    for (const remark of remarksOn(plan.after, plan.warnings)) yield style('yellow', printable(remark));
  const skew = `Table skew ${changeText(before.tableSkewMax, after.tableSkewMax)}, node skew ${changeText(before.nodeSkew, after.nodeSkew)}`;
  const draining = before.regionsOnDraining + after.regionsOnDraining > 0;
  yield draining
    ? `${skew}, regions on draining datanodes ${changeText(before.regionsOnDraining, after.regionsOnDraining)}.`
    : `${skew}.`;
  const load = loadLine(plan);
  if (load !== undefined) yield load;
  if (plan.expectedSeconds !== undefined)
    yield `Estimated time: ${formatEstimate(plan.expectedSeconds * 1_000)}, from past migrations, the schedule and its limits.`;
}

function stillUneven({ load, tableSpreadViolation, regionsOnDraining }: Plan['after']): string {
  if (!load || tableSpreadViolation + regionsOnDraining > 0) return ' What stays uneven is blocked.';
  return ' No move or exchange evens out the rest of the load.';
}

/** `12 moves; fewer is impossible.` Without moves, how things stand. */
export function proofLine(plan: Plan): string {
  const { length } = plan.moves;
  if (length === 0) {
    const { code, sentence } = judgePlacement(plan.after, plan.warnings, {
      blockers: plan.blocked.filter(({ harmless }) => !harmless).length,
    });
    return code === 'uneven' ? sentence : `${sentence} Nothing to move.`;
  }
  const rest = isEven(plan.after) ? '' : stillUneven(plan.after);
  if (plan.optimal) return `${count(length, 'move')}; fewer is impossible.${rest}`;
  const needed = plan.minimumMoves === 1 ? '1 is' : `${formatNumber(plan.minimumMoves)} are`;
  const clock =
    plan.cutShortBy === 'clock' ? ' The clock ended the search: planning again may find another plan.' : '';
  return `${count(length, 'move')}; at least ${needed} needed.${rest}${clock}`;
}

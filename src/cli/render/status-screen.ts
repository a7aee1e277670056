import { formatDuration, formatEstimate } from '../../lib/duration.ts';
import { count, formatNumber } from '../../lib/number.ts';
import type { StatusView } from '../../server/api/answers.ts';
import { bar } from './datanode-table.ts';
import type { Canvas, Format } from './style.ts';
import { changeText, formatTime, labelled, padEnd, printable, sizeText, table, wrap } from './text.ts';
import type { Lines } from './text.ts';

const VERDICT_FORMAT: Readonly<Record<string, Format>> = {
  balanced: 'green',
  balancing: 'cyan',
  'dry-run': 'cyan',
  attention: 'yellow',
  'nothing-selected': 'yellow',
  blocked: 'yellow',
  paused: 'yellow',
  'lost-contact': 'red',
};

/**
 * What a running daemon says of itself.
 *
 * @param rows the most lines: where they do not suffice for all datanodes, the most uneven ones are shown.
 */
export function statusScreen(status: StatusView, canvas: Canvas, rows = Infinity): string[] {
  const lines = [...statusHeading(status, canvas), ''];
  lines.push(
    ...labelled(statusFacts(status), { width: canvas.width, label: (name) => canvas.style('bold', name) }),
  );
  if (status.datanodes.length > 0)
    lines.push('', ...statusDatanodes(status, canvas, rows - lines.length - TABLE_HEAD_LINES));
  return lines.slice(0, rows);
}

/** The empty line and the titles. */
const TABLE_HEAD_LINES = 2;

function* statusHeading({ verdict, cluster, process }: StatusView, { width, style }: Canvas): Lines {
  const code = printable(verdict.code);
  const format = VERDICT_FORMAT[verdict.code] ?? 'bold';
  yield* labelled([[code, printable(verdict.sentence)]], {
    width,
    label: (text) => style('bold', style(format, text)),
  });
  const server = `GreptimeDB ${printable(cluster.version) || 'of unknown version'}, ${cluster.api ?? 'api not known yet'}`;
  const text = `${printable(cluster.name)} (${server}); rebalancer ${printable(process.version)}, up ${formatDuration(process.uptimeSeconds * 1_000)}`;
  for (const line of wrap(text, width)) yield style('dim', line);
}

function statusFacts(status: StatusView): [string, string][] {
  const { plan, balance, progress, currentMove, snapshot, lastCycle, paused, gates, blocked } = status;
  const facts: [string, string | undefined][] = [
    ['mode', `${status.dryRun ? 'dry run: moves nothing' : 'acting'}${leaderText(status)}`],
    ['paused', paused ? pauseText(paused) : undefined],
    ['plan', plan ? planText(plan) : 'none yet'],
    ['skew', balance ? skewText(balance) : undefined],
    ['moving', currentMove ? moveNowText(currentMove) : undefined],
    ['progress', progressText(progress)],
    ...gates.map(({ code, detail }): [string, string] => ['not acting', `${code}: ${printable(detail)}`]),
    ['draining', drainsText(status)],
    ['blocked', blockedText(blocked, ({ count: all, harmless }) => all - harmless)],
    ['held', blockedText(blocked, ({ harmless }) => harmless, ' (costs no balance)')],
    [
      'left alone',
      status.quarantined + status.cooling > 0
        ? `${formatNumber(status.quarantined)} quarantined, ${formatNumber(status.cooling)} cooling down`
        : undefined,
    ],
    ['snapshot', snapshot ? snapshotText(snapshot) : 'none yet'],
    [
      'last cycle',
      lastCycle
        ? `${lastCycle.outcome} at ${when(lastCycle.endedAt)}, ${count(lastCycle.moved, 'move')} in ${formatDuration(lastCycle.durationMs)}${lastCycle.detail ? `: ${printable(lastCycle.detail)}` : ''}`
        : 'none yet',
    ],
    ['next cycle', status.nextTickAt ? when(status.nextTickAt) : undefined],
  ];
  return facts.flatMap(([name, value]): [string, string][] => (value === undefined ? [] : [[name, value]]));
}

/** Since when, and by whom: one that holds nothing, or came back under its old id, is else easily forgotten. */
function drainsText({ datanodes }: StatusView): string | undefined {
  const drains = datanodes.flatMap(({ id, regions, drain }) => {
    if (!drain) return [];
    const since =
      drain.since === null ? 'by the configuration' : `since ${when(drain.since)}, by ${printable(drain.by)}`;
    return [`datanode ${id} ${regions === 0 ? 'is empty, drained' : 'drains'} ${since}`];
  });
  return drains.length === 0 ? undefined : drains.join('; ');
}

/** `pinned 3, cooldown 2`, or undefined without any. */
function blockedText(
  blocked: StatusView['blocked'],
  amountOf: (entry: StatusView['blocked'][number]) => number,
  note = '',
): string | undefined {
  const shown = blocked.filter((entry) => amountOf(entry) > 0);
  if (shown.length === 0) return undefined;
  return shown.map((entry) => `${entry.code} ${formatNumber(amountOf(entry))}`).join(', ') + note;
}

function leaderText({ leader }: StatusView): string {
  if (leader.leads) return '';
  return `; standing by${leader.holder === null ? '' : `, ${printable(leader.holder)} leads`}`;
}

/** `by Ada (127.0.0.1) until 2026-11-22 15:00:00Z: deploying` */
export function pauseText({ until, reason, by }: NonNullable<StatusView['paused']>): string {
  if (by === 'breaker') return `automatically: ${printable(reason)} Run resume to continue.`;
  const end = until === null ? 'until resumed' : `until ${when(until)}`;
  return `by ${printable(by)} ${end}${reason === '' ? '' : `: ${printable(reason)}`}`;
}

function planText(plan: NonNullable<StatusView['plan']>): string {
  if (plan.moves === 0) return 'no moves';
  const proof = plan.optimal ? 'fewer is impossible' : `at least ${formatNumber(plan.minimumMoves)} needed`;
  return `${count(plan.moves, 'move')}; ${proof}`;
}

function skewText({ now, after }: NonNullable<StatusView['balance']>): string {
  return `tables ${changeText(now.tableSkewMax, after.tableSkewMax)}, datanodes ${changeText(now.nodeSkew, after.nodeSkew)}`;
}

function moveNowText({
  move,
  position,
  total,
  inStateSeconds,
}: NonNullable<StatusView['currentMove']>): string {
  return `${position}/${total}: region ${move.regionId} of ${printable(move.table)} from ${move.from} to ${move.to}, ${move.state} for ${formatDuration(inStateSeconds * 1_000)}`;
}

function progressText({ done, failed, remaining, etaSeconds }: StatusView['progress']): string {
  const left =
    etaSeconds === null || remaining === 0 ? '' : `, about ${formatEstimate(etaSeconds * 1_000)} left`;
  return `${formatNumber(done)} done, ${formatNumber(failed)} failed, ${formatNumber(remaining)} remaining${left}`;
}

function snapshotText(snapshot: NonNullable<StatusView['snapshot']>): string {
  return `${formatDuration(snapshot.ageSeconds * 1_000)} old: ${sizeText(snapshot)}`;
}

const BAR_COLUMNS = 20;
const MAX_DATANODES = 100;

type StatusDatanode = StatusView['datanodes'][number];

function* statusDatanodes({ datanodes }: StatusView, canvas: Canvas, rows: number): Lines {
  const most = datanodes.reduce((max, node) => Math.max(max, node.regions, node.regionsAfter), 0);
  const limit = Math.min(rows, MAX_DATANODES);
  const shown = datanodes.length <= limit ? datanodes : mostUneven(datanodes, limit - 1);
  yield* table(
    shown,
    [
      { title: 'DATANODE', align: 'right', cell: ({ id }) => id },
      { title: 'ADDRESS', yields: 2, cell: ({ addr }) => printable(addr ?? '') },
      { title: 'STATE', cell: ({ state }) => state },
      { title: 'WEIGHT', align: 'right', yields: 1, cell: ({ weight }) => formatNumber(weight) },
      { title: 'REGIONS', align: 'right', cell: ({ regions }) => formatNumber(regions) },
      { title: 'PLANNED', align: 'right', cell: ({ regionsAfter }) => formatNumber(regionsAfter) },
      { title: '', cell: ({ regions }) => padEnd(bar(regions, most, BAR_COLUMNS), BAR_COLUMNS) },
    ],
    canvas,
  );
  if (datanodes.length > shown.length)
    yield `… ${formatNumber(datanodes.length - shown.length)} more; these are the most uneven`;
}

/** Those furthest from their fair share; of equal ones those that come first. */
function mostUneven(datanodes: readonly StatusDatanode[], limit: number): StatusDatanode[] {
  const distance = ({ regions, regionsAfter, share }: StatusDatanode): number =>
    Math.abs(regions - (share ?? regionsAfter));
  return datanodes.toSorted((a, b) => distance(b) - distance(a)).slice(0, Math.max(0, limit));
}

/** A time of the API for a person. */
export function when(iso: string): string {
  return formatTime(Date.parse(iso));
}

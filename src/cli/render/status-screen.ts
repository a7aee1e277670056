import { formatDuration, formatEstimate } from '../../lib/duration.ts';
import { count, formatNumber } from '../../lib/number.ts';
import type { StatusView } from '../../server/api/answers.ts';
import { bar } from './datanode-table.ts';
import type { Canvas, Format } from './style.ts';
import { formatTime, layOut, padEnd, printable } from './text.ts';

type Lines = Generator<string, void, undefined>;

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

/** What a running daemon says of itself. */
export function* statusScreen(status: StatusView, canvas: Canvas): Lines {
  const { style } = canvas;
  const { verdict, cluster, process } = status;
  const format = VERDICT_FORMAT[verdict.code] ?? 'bold';
  yield `${style('bold', style(format, printable(verdict.code)))}  ${printable(verdict.sentence)}`;
  yield style(
    'dim',
    `${printable(cluster.name)} (GreptimeDB ${printable(cluster.version) || 'of unknown version'}, ${cluster.api ?? 'api not known yet'}); rebalancer ${printable(process.version)}, up ${formatDuration(process.uptimeSeconds * 1_000)}`,
  );
  yield '';
  yield* layOut(
    [{ title: '' }, { title: '' }],
    statusFacts(status).map(([name, value]) => [style('bold', name), value]),
  ).drop(1);
  if (status.datanodes.length > 0) {
    yield '';
    yield* statusDatanodes(status, canvas);
  }
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
    [
      'not acting',
      gates.length > 0
        ? gates.map(({ code, detail }) => `${code}: ${printable(detail)}`).join('; ')
        : undefined,
    ],
    ['blocked', blockedText(blocked, ({ count: all, harmless }) => all - harmless)],
    ['held', blockedText(blocked, ({ harmless }) => harmless, ' (not in the way)')],
    [
      'resting',
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

/** `until 2026-11-22 15:00:00Z by Ada (127.0.0.1): deploying` */
export function pauseText({ until, reason, by }: NonNullable<StatusView['paused']>): string {
  const end = until === null ? 'until resumed' : `until ${when(until)}`;
  return `${end} by ${printable(by)}${reason === '' ? '' : `: ${printable(reason)}`}`;
}

function planText(plan: NonNullable<StatusView['plan']>): string {
  if (plan.moves === 0) return 'no moves';
  const proof = plan.optimal ? 'fewer is impossible' : `at least ${formatNumber(plan.minimumMoves)} needed`;
  return `${count(plan.moves, 'move')}; ${proof}`;
}

function skewText({ now, after }: NonNullable<StatusView['balance']>): string {
  const change = (from: number, to: number): string =>
    from === to ? formatNumber(from) : `${formatNumber(from)} → ${formatNumber(to)}`;
  return `tables ${change(now.tableSkewMax, after.tableSkewMax)}, datanodes ${change(now.nodeSkew, after.nodeSkew)}`;
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
  const { ageSeconds, datanodes, tables, regions } = snapshot;
  return `${formatDuration(ageSeconds * 1_000)} old: ${count(datanodes, 'datanode')}, ${count(tables, 'table')}, ${count(regions, 'region')}`;
}

const BAR_COLUMNS = 20;
const MAX_DATANODES = 100;

function* statusDatanodes({ datanodes }: StatusView, { style }: Canvas): Lines {
  const most = datanodes.reduce((max, node) => Math.max(max, node.regions, node.regionsAfter), 0);
  const rows = datanodes
    .slice(0, MAX_DATANODES)
    .map((node) => [
      node.id,
      printable(node.addr ?? ''),
      node.state,
      formatNumber(node.weight),
      formatNumber(node.regions),
      formatNumber(node.regionsAfter),
      padEnd(bar(node.regions, most, BAR_COLUMNS), BAR_COLUMNS),
    ]);
  yield* layOut(
    [
      { title: 'DATANODE', align: 'right' },
      { title: 'ADDRESS' },
      { title: 'STATE' },
      { title: 'WEIGHT', align: 'right' },
      { title: 'REGIONS', align: 'right' },
      { title: 'PLANNED', align: 'right' },
      { title: '' },
    ],
    rows,
    { title: (text) => style('bold', text) },
  );
  if (datanodes.length > rows.length) yield `… and ${formatNumber(datanodes.length - rows.length)} more`;
}

/** A time of the API for a person. */
export function when(iso: string): string {
  return formatTime(Date.parse(iso));
}

import { BLOCKERS } from '../../domain/codes.ts';
import { highestAbove, loadTexts } from '../../domain/load-text.ts';
import { formatDuration, formatEstimate } from '../../lib/duration.ts';
import { count, formatNumber } from '../../lib/number.ts';
import { wrap } from '../../lib/wrap.ts';
import type { StatusView } from '../../server/api/answers.ts';
import { bar } from './datanode-table.ts';
import type { Canvas, Format } from './style.ts';
import {
  changeText,
  formatTime,
  labelled,
  moveStateText,
  padEnd,
  printable,
  sizeText,
  table,
} from './text.ts';
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
  const facts = labelled(statusFacts(status), {
    width: canvas.width,
    label: (name) => canvas.style('bold', name),
  });
  const lines = [...statusHeading(status, canvas), '', ...facts];
  if (status.datanodes.length === 0) return lines.slice(0, rows);
  const wanted = Math.min(status.datanodes.length, Math.floor(rows / 3)) + TABLE_HEAD_LINES;
  const above = lines.slice(0, Math.max(0, rows - wanted));
  return [...above, '', ...statusDatanodes(status, canvas, rows - above.length - TABLE_HEAD_LINES)].slice(
    0,
    rows,
  );
}

/** The empty line and the titles. */
const TABLE_HEAD_LINES = 2;

function* statusHeading({ verdict, cluster, process }: StatusView, { width, style }: Canvas): Lines {
  const code = printable(verdict.code);
  const format = VERDICT_FORMAT[verdict.code] ?? 'bold';
  yield* labelled([[code, plainText(verdict.sentence)]], {
    width,
    label: (text) => style('bold', style(format, text)),
  });
  const server = `GreptimeDB ${printable(cluster.version) || 'of unknown version'}, ${cluster.api ?? 'api not known yet'}`;
  const text = `${printable(cluster.name)} (${server}); rebalancer ${printable(process.version)}, up ${formatDuration(process.uptimeSeconds * 1_000)}`;
  for (const line of wrap(text, width)) yield style('dim', line);
}

/** The most important first: a small window shows no more. Nothing that the heading has said. */
function statusFacts(status: StatusView): [string, string][] {
  const { plan, balance, load, currentMove, snapshot, lastCycle } = status;
  const now = nowOf(status);
  const facts: [string, string | undefined][] = [
    ['mode', modeText(status)],
    ['paused', pausedText(status)],
    ['look first', detailText(status)],
    ['plan', plan ? planText(plan, status) : 'none yet'],
    ['load', load ? loadText(status, load) : undefined],
    ['skew', balance ? skewText(balance, load !== null) : undefined],
    ['moving', currentMove ? moveNowText(currentMove) : undefined],
    ['progress', progressText(status)],
    ...gatesToTell(status).map(({ code, detail }): [string, string] => [
      'not moving',
      `${code}: ${plainText(detail)}`,
    ]),
    ['draining', drainsText(status)],
    ...blockedTexts(status).map((text): [string, string] => ['blocked', text]),
    nextText(status, now),
    ['quarantine', quarantineText(status)],
    ['on hold', holdText(status)],
    ['snapshot', snapshot ? snapshotText(snapshot) : 'none yet'],
    ['last cycle', lastCycle ? cycleText(lastCycle, now) : 'none yet'],
  ];
  return facts.flatMap(([name, value]): [string, string][] => (value === undefined ? [] : [[name, value]]));
}

/** The moment of the answer by the daemon's clock, in ms since 1970. */
function nowOf({ process: { startedAt, uptimeSeconds } }: StatusView): number {
  return Date.parse(startedAt) + uptimeSeconds * 1_000;
}

function gatesToTell({ gates, verdict: { code: said, sentence } }: StatusView): StatusView['gates'] {
  return gates.filter(
    ({ code, detail }) =>
      code !== said &&
      !(said === 'standby' && code === 'not-leader') &&
      !sentence.includes(detail.replace(/\.$/, '')),
  );
}

/** Times in one form, and no control characters. */
function plainText(text: string): string {
  return printable(text.replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, when));
}

/** Where the verdict is a more urgent one than the pause. */
function pausedText({ paused, verdict }: StatusView): string | undefined {
  return paused && verdict.code !== 'paused' ? pauseText(paused) : undefined;
}

/** What stands behind the verdict, where nothing below says it: the failures before an automatic pause, a state folder in trouble. */
function detailText({ verdict, gates, blocked }: StatusView): string | undefined {
  const { code, detail } = verdict;
  const isSaid = code !== 'paused' && (code !== 'blocked' || gates.length + blocked.length > 0);
  return detail === null || isSaid ? undefined : plainText(detail);
}

/** `220 pinned: The configuration pins this region or its table.` for each reason that costs balance. */
function blockedTexts({ blocked }: StatusView): string[] {
  return blocked.flatMap(({ code, count: all, harmless }) =>
    all > harmless ? [`${formatNumber(all - harmless)} ${code}: ${BLOCKERS[code]}`] : [],
  );
}

function quarantineText({ quarantined, quarantinedDatanodes }: StatusView): string | undefined {
  if (quarantined + quarantinedDatanodes === 0) return undefined;
  const parts = [
    quarantined > 0 ? count(quarantined, 'region') : '',
    quarantinedDatanodes > 0 ? count(quarantinedDatanodes, 'datanode') : '',
  ].filter((part) => part !== '');
  return `${parts.join(', ')}; see quarantine list`;
}

/** What may not be moved now without being in the way of the plan. */
function holdText({ blocked, cooling }: StatusView): string | undefined {
  const harmless = blocked.filter((entry) => entry.harmless > 0 && entry.code !== 'quarantined');
  const parts = harmless.map((entry) => `${formatNumber(entry.harmless)} ${entry.code}`);
  if (cooling > 0 && !blocked.some(({ code }) => code === 'cooldown'))
    parts.push(`${formatNumber(cooling)} cooldown`);
  return parts.length === 0 ? undefined : `${parts.join(', ')} (no effect on balance)`;
}

/** What it did. Its detail only where something went wrong: else the heading says it, or a gate. */
function cycleText(
  { outcome, endedAt, moved, durationMs, detail }: NonNullable<StatusView['lastCycle']>,
  now: number,
): string {
  const took = `in ${formatDuration(durationMs)}`;
  const did =
    moved > 0
      ? `made ${count(moved, 'move')} ${took}`
      : outcome === 'failed'
        ? `failed after ${formatDuration(durationMs)}`
        : 'moved nothing';
  const why =
    (outcome === 'failed' || outcome === 'partial') && detail !== '' ? `: ${plainText(detail)}` : '';
  return `${near(endedAt, now)}, ${did}${why}`;
}

/** In a pause nothing comes but its end. */
function nextText(
  { nextTickAt, paused, queue, dryRun, cycle, leader }: StatusView,
  now: number,
): [string, string | undefined] {
  if (paused) return ['pause ends', paused.until === null ? undefined : near(paused.until, now)];
  if (cycle) return ['cycle', `began ${near(cycle.startedAt, now)}`];
  const isMoving = queue.length > 0 && !dryRun && leader.leads;
  return [isMoving ? 'next cycle' : 'next check', nextTickAt === null ? undefined : near(nextTickAt, now)];
}

/** `in 1 h 59 min (2026-11-22 15:00:00Z)`, `12 s ago (…)` */
function near(iso: string, now: number): string {
  const aheadMs = Date.parse(iso) - now;
  const distance = formatDuration(Math.abs(aheadMs));
  return `${aheadMs < 0 ? `${distance} ago` : `in ${distance}`} (${when(iso)})`;
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

/** Whether it moves anything now. */
function modeText(status: StatusView): string {
  const { dryRun, leader, paused, verdict, gates } = status;
  const holder = leader.holder === null ? '' : `; ${printable(leader.holder)} leads`;
  const standby = leader.leads ? undefined : `standby${holder}`;
  if (dryRun) return ['dry run: moves nothing', ...(standby ? [standby] : [])].join('; ');
  if (standby) return standby;
  if (paused) return 'paused';
  if (verdict.code === 'lost-contact') return 'waits for GreptimeDB';
  const isHeld = gates.length > 0 || detailText(status) !== undefined;
  return verdict.code === 'blocked' && isHeld ? 'blocked' : 'active';
}

/** `by Ada (127.0.0.1) until 2026-11-22 15:00:00Z: deploying` */
export function pauseText({ until, reason, by }: NonNullable<StatusView['paused']>): string {
  if (by === 'breaker') return `automatically: ${printable(reason)} Run resume to continue.`;
  const end = until === null ? 'until resumed' : `until ${when(until)}`;
  return `by ${printable(by)} ${end}${reason === '' ? '' : `: ${printable(reason)}`}`;
}

/** What is left of it, as the progress counts it. */
function planText(
  { moves, minimumMoves, optimal }: NonNullable<StatusView['plan']>,
  { progress, dryRun }: StatusView,
): string {
  const left = progress.remaining;
  if (left === 0) return 'no moves';
  const needed = Math.max(0, minimumMoves - (moves - left));
  const proof = optimal ? 'fewer is impossible' : `at least ${formatNumber(needed)} needed`;
  // In a dry run there is no progress that tells it.
  return `${count(left, 'move')}; ${proof}${dryRun ? leftText(progress) : ''}`;
}

/** Where load is what is evened out, the datanodes may lead unequal numbers of regions. */
function skewText({ now, after }: NonNullable<StatusView['balance']>, isByLoad: boolean): string {
  const tables = `within one table ${changeText(now.tableSkewMax, after.tableSkewMax)}`;
  const all = isByLoad ? tables : `datanodes ${changeText(now.nodeSkew, after.nodeSkew)}, ${tables}`;
  return `${all} (most minus least)`;
}

type Load = NonNullable<StatusView['load']>;

const LOAD_STATES: Readonly<Record<Load['state'], string>> = {
  even: 'even',
  tolerated: 'even enough',
  waiting: 'uneven, not for long enough to act on it',
  uneven: 'uneven',
};

/** `uneven; highest 52 → 8 % above the mean of 6.0 MB/s; even is 5.4 to 6.6 MB/s, moves begin above 7.2 MB/s` */
function loadText({ datanodes }: StatusView, { by, mean, low, high, trigger, state }: Load): string {
  const { number, whole } = loadTexts(by, mean);
  const [now, after] = [highestAbove(datanodes, 'load', mean), highestAbove(datanodes, 'loadAfter', mean)];
  return `${LOAD_STATES[state]}; highest ${changeText(now, after)} % above the mean of ${whole(mean)}; even is ${number(low)} to ${whole(high)}${trigger === undefined ? '' : `, moves begin above ${whole(trigger)}`}`;
}

function moveNowText({
  move,
  position,
  total,
  inStateSeconds,
}: NonNullable<StatusView['currentMove']>): string {
  const what = `region ${move.regionId} of ${printable(move.table)} from ${move.from} to ${move.to}`;
  return `${formatNumber(position)} of ${formatNumber(total)}: ${what}, ${moveStateText(move.state)} for ${formatDuration(inStateSeconds * 1_000)}`;
}

/** Nothing where nothing was to be moved. */
function progressText({ progress, dryRun, leader }: StatusView): string | undefined {
  const { done, failed, remaining } = progress;
  // A standby does not know what the leader has done.
  if (done + failed + remaining === 0 || dryRun || !leader.leads) return undefined;
  return `${formatNumber(done)} done, ${formatNumber(failed)} failed, ${formatNumber(remaining)} remaining${leftText(progress)}`;
}

/** How long the remaining moves take, or would if they could begin now. */
function leftText({ remaining, etaSeconds, expectedSeconds }: StatusView['progress']): string {
  if (remaining === 0) return '';
  if (etaSeconds !== null) return `, about ${formatEstimate(etaSeconds * 1_000)} left`;
  return expectedSeconds === null
    ? ''
    : `, about ${formatEstimate(expectedSeconds * 1_000)} once they may start`;
}

function snapshotText(snapshot: NonNullable<StatusView['snapshot']>): string {
  return `taken ${formatDuration(snapshot.ageSeconds * 1_000)} ago: ${sizeText(snapshot)}`;
}

const BAR_COLUMNS = 20;
const MAX_DATANODES = 100;

type StatusDatanode = StatusView['datanodes'][number];

function* statusDatanodes({ datanodes, load }: StatusView, canvas: Canvas, rows: number): Lines {
  const amount = ({ load: carried, regions }: StatusDatanode): number => (load ? (carried ?? 0) : regions);
  const most = datanodes.reduce((max, node) => Math.max(max, amount(node), load ? 0 : node.regionsAfter), 0);
  const limit = Math.min(rows, MAX_DATANODES);
  const shown = datanodes.length <= limit ? datanodes : mostUneven(datanodes, limit - 1, load?.mean);
  yield* table(
    shown,
    [
      { title: 'DATANODE', align: 'right', cell: ({ id }) => id },
      { title: 'ADDRESS', yields: 2, cell: ({ addr }) => printable(addr ?? '') },
      { title: 'STATE', cell: ({ state }) => state },
      { title: 'WEIGHT', align: 'right', yields: 1, cell: ({ weight }) => formatNumber(weight) },
      { title: 'REGIONS', align: 'right', cell: ({ regions }) => formatNumber(regions) },
      { title: 'PLANNED', align: 'right', cell: ({ regionsAfter }) => formatNumber(regionsAfter) },
      ...(load ? [{ title: 'LOAD', align: 'right', cell: loadCell(load) } as const] : []),
      { title: '', cell: (node) => padEnd(bar(amount(node), most, BAR_COLUMNS), BAR_COLUMNS) },
    ],
    canvas,
  );
  if (datanodes.length > shown.length)
    yield `… ${formatNumber(datanodes.length - shown.length)} more; these are the most uneven`;
}

/** `9.1 → 6.4 MB/s` */
function loadCell({ by, mean }: Load): (node: StatusDatanode) => string {
  const { number, whole } = loadTexts(by, mean);
  return ({ load, loadAfter }) => {
    if (load === null) return '';
    const isSame = loadAfter === null || number(load) === number(loadAfter);
    return isSame ? whole(load) : `${number(load)} → ${whole(loadAfter)}`;
  };
}

/** Those furthest from their fair share, or from the mean load; of equal ones those that come first. */
function mostUneven(datanodes: readonly StatusDatanode[], limit: number, mean?: number): StatusDatanode[] {
  const distance = ({ regions, regionsAfter, share, load, weight }: StatusDatanode): number =>
    mean === undefined ? Math.abs(regions - (share ?? regionsAfter)) : Math.abs((load ?? 0) / weight - mean);
  return datanodes.toSorted((a, b) => distance(b) - distance(a)).slice(0, Math.max(0, limit));
}

/** A time of the API for a person. */
export function when(iso: string): string {
  return formatTime(Date.parse(iso));
}

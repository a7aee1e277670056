import { CAUSES, FIRST_STEPS, isCause } from '../../domain/causes.ts';
import { BLOCKERS, GATES, GATE_SEVERITY } from '../../domain/codes.ts';
import type { GateCode } from '../../domain/codes.ts';
import type { MoveRecord } from '../../domain/move.ts';
import type { TableSelection } from '../../domain/selector.ts';
import { cyclesToPlan, judgePlacement, keptUneven, named, remarksOn } from '../../domain/verdict.ts';
import { formatDuration, formatEstimate } from '../../lib/duration.ts';
import { count, formatNumber } from '../../lib/number.ts';
import { isoTime } from '../../observability/event-view.ts';
import { movesLeft } from '../../observability/live-state.ts';
import type { LiveState, Progress } from '../../observability/live-state.ts';
import type { StatusView } from './answers.ts';
import type { PauseState } from './ports.ts';

type VerdictView = StatusView['verdict'];

export interface VerdictFacts {
  readonly live: LiveState;
  /** ms since 1970 */
  readonly nowMs: number;
  readonly dryRun: boolean;
  readonly paused: PauseState | undefined;
  /** After an automatic pause: the failed moves that led to it, the newest first. */
  readonly failures: readonly MoveRecord[];
  readonly leader: StatusView['leader'];
  /** Why the state folder cannot be used; undefined while it can. Nothing is read or moved then. */
  readonly stateProblem: string | undefined;
  /** `tables` of the configuration. */
  readonly tables: TableSelection;
  readonly snapshotAgeMs: number | undefined;
  /** From which age on a snapshot counts as lost contact, in ms. */
  readonly maxSnapshotAgeMs: number;
  readonly progress: Progress;
  readonly nextTickAtMs: number | undefined;
  /** ms between two cycles; undefined without a schedule. */
  readonly scheduleIntervalMs: number | undefined;
  /** Regions in quarantine. */
  readonly quarantined: number;
  /** When the first quarantine of a region or a datanode ends, in ms since 1970; undefined where there is none. */
  readonly quarantineEndsAtMs: number | undefined;
  /** ms until the remaining moves are made; undefined while that is not known or nothing may be moved. */
  readonly timeLeftMs: number | undefined;
  /** How long GreptimeDB has answered no request, in ms; 0 while it does. */
  readonly silentMs: number;
}

/** One sentence, or two short ones; no text of another program: what others said (an error of the cluster, a gate) is the detail. */
type Words = Pick<VerdictView, 'code' | 'sentence'> & Partial<VerdictView>;

/** How things stand, in one word and one sentence. The first that applies, the most urgent first. */
export function decideVerdict(facts: VerdictFacts): VerdictView {
  const words =
    standby(facts) ??
    stateTrouble(facts) ??
    noAnswer(facts) ??
    lostContact(facts) ??
    starting(facts) ??
    paused(facts) ??
    settled(facts) ??
    dryRun(facts) ??
    gated(facts) ??
    balancing(facts);
  return { detail: lastFailure(facts.live), ...words };
}

/** Why the last cycle failed, until a later one moves something or ends. */
function lastFailure({ lastCycle, cycle }: LiveState): string | null {
  return lastCycle?.outcome === 'failed' && (cycle?.begun ?? 0) === 0 ? lastCycle.detail : null;
}

/** Why no move starts now, whatever is planned: one sentence or two. Undefined where nothing forbids it. */
export function whatHolds(facts: VerdictFacts): string | undefined {
  const found = standby(facts) ?? stateTrouble(facts) ?? noAnswer(facts) ?? lostContact(facts);
  if (found) return found.sentence;
  if (facts.paused) return sentenceOf(pauseText(facts.paused));
  if (facts.dryRun) return GATES['dry-run'];
  const closed = closedGates(facts.live).map(([code]) => GATES[code]);
  return closed.length === 0 ? undefined : closed.join(' ');
}

function closedGates({ gates }: LiveState): [GateCode, string][] {
  return [...gates].filter(([code]) => GATE_SEVERITY[code] !== 'passes');
}

function standby({ leader, live }: VerdictFacts): Words | undefined {
  if (leader.leads) return undefined;
  const { holder } = leader;
  const who = holder === null ? 'No replica is known to lead' : `${holder} leads`;
  const placement = placementNow(live).join(' ');
  const own = placement === '' ? '' : ` By the plan of this replica: ${placement}`;
  return {
    code: 'standby',
    sentence: `${who}; this replica stands by and moves nothing.`,
    detail: `Shown here are the plan and the history of this replica. What moves now, and how long the rest takes, is shown by ${holder ?? 'the replica that leads'}.${own}`,
  };
}

function stateTrouble({ stateProblem }: VerdictFacts): Words | undefined {
  if (stateProblem === undefined) return undefined;
  const sentence = 'The state folder cannot be used: nothing is planned or moved.';
  return { code: 'blocked', sentence, detail: stateProblem };
}

const MAX_SILENT_MS = 30_000;

/** Whether GreptimeDB has not answered for so long that nothing can be said of this moment. */
export function isSilent({ silentMs }: Pick<VerdictFacts, 'silentMs'>): boolean {
  return silentMs >= MAX_SILENT_MS;
}

function noAnswer(facts: VerdictFacts): Words | undefined {
  if (!isSilent(facts)) return undefined;
  const { silentMs, snapshotAgeMs, live } = facts;
  const sentence = `No answer from GreptimeDB for ${silenceText(silentMs)}.`;
  const age = snapshotAgeMs === undefined ? '' : ' Shown is what was known before.';
  const { currentMove } = live;
  const detail = currentMove
    ? `What becomes of the migration of region ${currentMove.move.regionId} is not known meanwhile.`
    : lastFailure(live);
  return { code: 'lost-contact', sentence: `${sentence}${age}`, detail };
}

function silenceText(silentMs: number): string {
  const seconds = Math.floor(silentMs / 1_000);
  return seconds < 120 ? `${seconds} s` : `${Math.floor(seconds / 60)} min`;
}

/** A long run of moves rests on an old snapshot and is no lost contact: each move is checked afresh. */
function lostContact({ live, snapshotAgeMs, maxSnapshotAgeMs }: VerdictFacts): Words | undefined {
  if (live.currentMove) return undefined;
  const failure = lastFailure(live);
  if (snapshotAgeMs === undefined) {
    if (failure === null) return undefined;
    return { code: 'lost-contact', sentence: 'GreptimeDB could not be read yet.', detail: failure };
  }
  if (snapshotAgeMs <= maxSnapshotAgeMs) return undefined;
  const sentence = `GreptimeDB was last read ${formatDuration(snapshotAgeMs)} ago.`;
  return { code: 'lost-contact', sentence, detail: failure };
}

function starting({ live }: VerdictFacts): Words | undefined {
  if (live.plan) return undefined;
  return { code: 'starting', sentence: 'No plan has been made yet.' };
}

function paused({ live, paused: state, failures }: VerdictFacts): Words | undefined {
  if (!state) return undefined;
  const sentence = [sentenceOf(pauseText(state)), ...placementNow(live)].join(' ');
  return { code: 'paused', sentence, detail: failures.length > 0 ? lookFirst(failures) : null };
}

/** Whether the cluster is balanced, or what would make it so. */
function placementNow(live: LiveState): string[] {
  const { balance, plan } = live;
  if (!balance) return [];
  if (movesLeft(live) === 0) return [judgePlacement(balance.now, plan?.warnings).sentence];
  return [...remarksAfter(live), `${wouldDo(live)}.`];
}

/** `Last 3 failures to datanode 4: rolled_back. The migration began and the cluster undid it. Look at the log and …` */
function lookFirst(failures: readonly MoveRecord[]): string {
  const byCause = [...Map.groupBy(failures, ({ cause }) => cause ?? 'unknown cause')];
  const [cause, alike] = byCause.reduce((most, next) => (next[1].length > most[1].length ? next : most));
  const all = count(failures.length, 'failure');
  const share =
    alike.length === failures.length ? `Last ${all}` : `${formatNumber(alike.length)} of the last ${all}`;
  const sentences = isCause(cause)
    ? [CAUSES[cause], FIRST_STEPS[cause] ?? '']
    : ['See the error in history.'];
  return [`${share}${commonDatanode(alike)}: ${cause.replaceAll('_', ' ')}.`, ...sentences].join(' ').trim();
}

const MOST_TARGETS = 3;

/** Where the failed moves led to, or came from, for a person who looks for the datanode that is broken. */
function commonDatanode(moves: readonly MoveRecord[]): string {
  const [targets, sources] = [new Set(moves.map(({ to }) => to)), new Set(moves.map(({ from }) => from))];
  if (targets.size <= MOST_TARGETS) return ` to ${named([...targets].toSorted().map((id) => ({ id })))}`;
  return sources.size === 1 ? ` from ${named([...sources].map((id) => ({ id })))}` : '';
}

function pauseText({ by, untilMs, reason }: PauseState): string {
  if (by === 'breaker') return `Paused automatically: ${sentenceOf(reason)} Run resume to continue.`;
  const until = untilMs === null ? 'until resumed' : `until ${isoTime(untilMs)}`;
  return `Paused by ${by} ${until}${reason === '' ? '' : `: ${reason}`}`;
}

function sentenceOf(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

/** Nothing is left to move: either all is well, or no move can mend what is wrong. */
function settled(facts: VerdictFacts): Words | undefined {
  const { live, tables } = facts;
  const { balance, plan, ended } = live;
  if (!balance || movesLeft(live) > 0) return undefined;
  const blockers = live.blocked.values().reduce((sum, { count, harmless }) => sum + count - harmless, 0);
  const timeOfCycle = (ahead: number): string | undefined => cycleTime(facts, ahead);
  const { code, sentence } = judgePlacement(balance.now, plan?.warnings, { blockers, timeOfCycle });
  if (code === 'nothing-selected' && plan?.warnings.length === 0)
    return { code, sentence: `${sentence} ${selectionText(tables)}` };
  if (code !== 'uneven' && code !== 'attention') return { code, sentence };
  const isWatched = facts.dryRun && balance.now.load?.state === 'waiting';
  const dryRun = isWatched ? ['execution.dryRun is true, so no move will be made.'] : [];
  const told = [sentence, ...dryRun, ...quarantineTexts(facts)].join(' ');
  if (code === 'attention') return { code, sentence: told };
  // What failed is planned anew.
  if (ended.values().some((state) => state !== 'succeeded')) return undefined;
  return { code: 'blocked', sentence: told, detail: blockersOf(live) ?? lastFailure(live) };
}

/** How many regions are in quarantine beside the datanodes that were named, and when something may move again: one sentence each. */
function quarantineTexts({ quarantined, quarantineEndsAtMs }: VerdictFacts): string[] {
  if (quarantineEndsAtMs === undefined) return [];
  const regions =
    quarantined === 0
      ? []
      : [`${count(quarantined, 'region')} ${quarantined === 1 ? 'is' : 'are'} in quarantine.`];
  return [...regions, `The first quarantine ends ${isoTime(quarantineEndsAtMs)}.`];
}

/** When moves are planned at the latest for a load that is watched, if it stays as it is; undefined where nothing is watched, or that cannot be told. */
export function loadPlanAt(facts: VerdictFacts): string | undefined {
  const load = facts.live.balance?.now.load;
  const cycles = load?.state === 'waiting' ? cyclesToPlan(load) : 0;
  return cycles > 0 && movesLeft(facts.live) === 0 ? cycleTime(facts, cycles) : undefined;
}

/** When the cycle begins that comes so many cycles from now. */
function cycleTime({ nextTickAtMs, scheduleIntervalMs }: VerdictFacts, ahead: number): string | undefined {
  if (nextTickAtMs === undefined || scheduleIntervalMs === undefined) return undefined;
  return isoTime(nextTickAtMs + (ahead - 1) * scheduleIntervalMs);
}

/** `The configuration selects every table except greptime_private.*, and none of them has a region.` */
function selectionText({ include, exclude }: TableSelection): string {
  const selected = include.length === 0 ? 'every table' : listOf(include);
  const except = exclude.length === 0 ? '' : ` except ${listOf(exclude)}`;
  return `The configuration selects ${selected}${except}, and none of them has a region.`;
}

const MOST_NAMED = 5;

function listOf(names: readonly string[]): string {
  return `${names.slice(0, MOST_NAMED).join(', ')}${names.length > MOST_NAMED ? ', …' : ''}`;
}

/** The most frequent blockers with their sentence, of those that cost balance. */
function blockersOf(live: LiveState): string | null {
  const costly = [...live.blocked].map(([code, { count, harmless }]) => ({
    code,
    regions: count - harmless,
  }));
  const most = costly.filter(({ regions }) => regions > 0).sort((a, b) => b.regions - a.regions);
  if (most.length === 0) return null;
  return most
    .slice(0, 2)
    .map(({ code, regions }) => `${regions} × ${code}: ${BLOCKERS[code]}`)
    .join(' ');
}

function dryRun({ dryRun: isDryRun, live }: VerdictFacts): Words | undefined {
  if (!isDryRun) return undefined;
  const others = [...live.gates].flatMap(([code, detail]) => (code === 'dry-run' ? [] : [detail]));
  return {
    code: 'dry-run',
    sentence: withRemarks(live, `${wouldDo(live)}; execution.dryRun is true, so none is made.`),
    detail: others.length > 0 ? `Without it none could start either: ${others.join(' ')}` : lastFailure(live),
  };
}

/** `12 moves would balance the cluster`, where they would. */
function wouldDo(live: LiveState): string {
  const { balance, plan } = live;
  const left = movesLeft(live);
  const code = balance && judgePlacement(balance.after, plan?.warnings).code;
  const moves = count(left, 'move');
  if (code === 'balanced') return `${moves} would balance the cluster`;
  const kept = balance && keptUneven(balance.after);
  const more = kept === undefined ? '' : `, more follow when ${kept} may receive regions again`;
  if (code === 'attention') return `${moves} would balance the rest${more}`;
  return `${moves} would reduce the imbalance, not end it`;
}

function gated({ live }: VerdictFacts): Words | undefined {
  const closed = closedGates(live);
  if (closed.length === 0) return undefined;
  const why = closed.map(([code]) => GATES[code]).join(' ');
  const details = closed.map(([, detail]) => detail).filter((detail) => detail !== '');
  return {
    code: 'blocked',
    sentence: withRemarks(live, `${count(movesLeft(live), 'move')} cannot start. ${why}`),
    detail: details.length === 0 ? lastFailure(live) : details.join(' '),
  };
}

/** Beside the mean of the others; a quick cluster may take some seconds once in a while. */
const LONG = { times: 5, atLeastMs: 30_000 } as const;

/** That the move under way takes far longer than others did: `; the one under way takes 2 min, others took 8 s`. Else empty. */
function slowMove({ currentMove, recentDurationsMs }: LiveState, nowMs: number): string {
  if (!currentMove || recentDurationsMs.length === 0) return '';
  const tookMs = nowMs - currentMove.startedAtMs;
  const usualMs = recentDurationsMs.reduce((sum, ms) => sum + ms, 0) / recentDurationsMs.length;
  if (tookMs < Math.max(LONG.atLeastMs, LONG.times * usualMs)) return '';
  return `; the one under way takes long: ${formatEstimate(tookMs)}, others took ${formatDuration(usualMs)}`;
}

function balancing({ live, progress, timeLeftMs, nowMs }: VerdictFacts): Words {
  const { moved, failed, total } = progress;
  const failures = failed === 0 ? '' : `, ${formatNumber(failed)} did not succeed`;
  const hasFailed = lastFailure(live) !== null;
  const slow = slowMove(live, nowMs);
  const basis = live.recentDurationsMs.length === 1 ? ' (from one move, so roughly)' : '';
  const left =
    timeLeftMs && !hasFailed && slow === '' ? `, about ${formatEstimate(timeLeftMs)} left${basis}` : '';
  const soon =
    timeLeftMs === undefined && moved === 0 && live.cycle && !hasFailed && slow === ''
      ? `; the time left is known after the first ${failed > 0 ? 'successful ' : ''}move`
      : '';
  const rest = live.cycle
    ? slow
    : hasFailed
      ? '; the last cycle failed, the next one tries again'
      : live.gates.has('hourly-limit')
        ? '; waits for the hourly limit of moves'
        : '; continues next cycle';
  const done = `${formatNumber(moved)} of ${count(total, 'move')} done`;
  return { code: 'balancing', sentence: withRemarks(live, `${done}${failures}${left}${soon}${rest}.`) };
}

/** What the moves that are left will not mend is told first. */
function withRemarks(live: LiveState, sentence: string): string {
  return [...remarksAfter(live), sentence].join(' ');
}

function remarksAfter({ balance, plan }: LiveState): string[] {
  return balance ? remarksOn(balance.after, plan?.warnings) : [];
}

import { isEven } from '../../domain/balance.ts';
import { BLOCKERS, GATES, GATE_SEVERITY } from '../../domain/codes.ts';
import { formatDuration, formatEstimate } from '../../lib/duration.ts';
import { isoTime } from '../../observability/event-view.ts';
import type { LiveState } from '../../observability/live-state.ts';
import type { PauseState } from './ports.ts';
import type { Verdict } from './answers.ts';

export interface VerdictFacts {
  readonly live: LiveState;
  readonly dryRun: boolean;
  readonly paused: PauseState | undefined;
  readonly leader: { readonly leads: boolean; readonly holder: string | null };
  readonly snapshotAgeMs: number | undefined;
  readonly maxSnapshotAgeMs: number;
  readonly etaMs: number | undefined;
}

export interface VerdictView {
  readonly code: Verdict;
  readonly sentence: string;
}

/** How things stand, in one word and one sentence. The first that applies, the most urgent first. */
export function decideVerdict(facts: VerdictFacts): VerdictView {
  return (
    standby(facts) ??
    lostContact(facts) ??
    starting(facts) ??
    paused(facts) ??
    settled(facts) ??
    dryRun(facts) ??
    gated(facts) ??
    balancing(facts)
  );
}

function standby({ leader }: VerdictFacts): VerdictView | undefined {
  if (leader.leads) return undefined;
  const holder = leader.holder === null ? 'No replica is known to lead' : `${leader.holder} leads`;
  return { code: 'standby', sentence: `${holder}; this replica stands by and moves nothing.` };
}

/** A long run of moves rests on an old snapshot and is no lost contact: each move is checked afresh. */
function lostContact(facts: VerdictFacts): VerdictView | undefined {
  const { live, snapshotAgeMs, maxSnapshotAgeMs } = facts;
  if (live.currentMove) return undefined;
  const failure =
    live.lastCycle?.outcome === 'failed' ? ` The last cycle failed: ${live.lastCycle.detail}` : '';
  if (snapshotAgeMs === undefined)
    return failure === ''
      ? undefined
      : { code: 'lost-contact', sentence: `The cluster could not be read yet.${failure}` };
  if (snapshotAgeMs <= maxSnapshotAgeMs) return undefined;
  const age = formatDuration(snapshotAgeMs);
  return { code: 'lost-contact', sentence: `The cluster was last read ${age} ago.${failure}` };
}

function starting({ live }: VerdictFacts): VerdictView | undefined {
  if (live.plan) return undefined;
  return { code: 'starting', sentence: 'The first plan has not been made yet.' };
}

function paused({ paused: state }: VerdictFacts): VerdictView | undefined {
  if (!state) return undefined;
  const until = state.untilMs === null ? 'until somebody resumes' : `until ${isoTime(state.untilMs)}`;
  const reason = state.reason === '' ? '' : `: ${state.reason}`;
  return { code: 'paused', sentence: `Paused by ${state.by} ${until}${reason}` };
}

/** Nothing is left to move: either all is well, or what is wrong cannot be mended. */
function settled({ live }: VerdictFacts): VerdictView | undefined {
  const { plan } = live;
  if (!plan || live.movesRemaining > 0 || live.movesFailed > 0) return undefined;
  const balance = plan.moves.length === 0 ? plan.before : plan.after;
  if (isEven(balance))
    return { code: 'balanced', sentence: 'Every datanode leads its share of every table and in total.' };
  return { code: 'blocked', sentence: `Not balanced, and no move can mend it. ${blockersOf(live)}` };
}

/** The most frequent blockers with their sentence. */
function blockersOf(live: LiveState): string {
  const most = [...live.blocked].sort((a, b) => b[1] - a[1]).slice(0, 2);
  if (most.length === 0) return 'The plan names no blocker.';
  return most.map(([code, count]) => `${count} × ${code}: ${BLOCKERS[code]}`).join(' ');
}

function dryRun({ dryRun: isDryRun, live }: VerdictFacts): VerdictView | undefined {
  if (!isDryRun) return undefined;
  return {
    code: 'dry-run',
    sentence: `${movesText(live.movesRemaining)} would balance the cluster; execution.dryRun is true, so nothing is moved.`,
  };
}

function gated({ live }: VerdictFacts): VerdictView | undefined {
  const closed = [...live.gates].filter(([code]) => GATE_SEVERITY[code] !== 'passes');
  if (closed.length === 0) return undefined;
  const why = closed.map(([code, detail]) => (detail === '' ? GATES[code] : detail)).join(' ');
  return { code: 'blocked', sentence: `${movesText(live.movesRemaining)} cannot begin. ${why}` };
}

function balancing({ live, etaMs }: VerdictFacts): VerdictView {
  const total = live.plan?.moves.length ?? 0;
  const failed = live.movesFailed === 0 ? '' : `, ${live.movesFailed} without success`;
  const left = etaMs === undefined || etaMs === 0 ? '' : `, about ${formatEstimate(etaMs)} left`;
  const rest = live.cycle ? '' : '; the next tick goes on';
  return {
    code: 'balancing',
    sentence: `${live.movesDone} of ${movesText(total)} made${failed}${left}${rest}.`,
  };
}

function movesText(count: number): string {
  return count === 1 ? '1 move' : `${count} moves`;
}

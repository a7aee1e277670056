import { isEven } from '../../domain/balance.ts';
import { GATES } from '../../domain/codes.ts';
import type { DatanodeState } from '../../domain/datanode-state.ts';
import type { Explanation } from '../../domain/explanation.ts';
import type { Balance, Plan } from '../../domain/plan.ts';
import type { DatanodeRole } from '../../domain/policy.ts';
import { sizeInScope } from '../../domain/region-counts.ts';
import { keptUneven } from '../../domain/verdict.ts';
import { isoOrNull, isoTime, toMoveView } from '../../observability/event-view.ts';
import { movesLeft, placeOf, progressOf } from '../../observability/live-state.ts';
import type { LiveState, Progress } from '../../observability/live-state.ts';
import type { PauseState } from './ports.ts';
import type { StatusView } from './answers.ts';
import { waitingMoves } from './queue.ts';
import { decideVerdict, isSilent, loadPlanAt, whatHolds } from './verdict.ts';
import type { VerdictFacts } from './verdict.ts';

type DrainView = NonNullable<StatusView['datanodes'][number]['drain']>;

/** All that the status is made of. Times in ms since 1970. */
export interface StatusFacts extends Omit<VerdictFacts, 'progress' | 'snapshotAgeMs'> {
  /** For how long the process has run, whatever happened to the wall clock. */
  readonly uptimeMs: number;
  readonly version: string;
  /** `api` is null until it has been found out. */
  readonly cluster: StatusView['cluster'];
  /** ms that the remaining moves would take if they could begin now; undefined while that is not known. */
  readonly expectedMs: number | undefined;
  /** Drains by datanode, of the configuration and those that were asked for. */
  readonly drains: ReadonlyMap<string, DrainView>;
  readonly pid: number;
  /** By datanode: whether it gives or receives no regions for a while. */
  readonly restingDatanodes: ReadonlyMap<string, readonly DatanodeRole[]>;
  readonly cooling: number;
}

const QUEUE_SHOWN = 10;

/** The status as `GET /api/v1/status` answers it. Pure; takes time in proportion to the number of datanodes, and of cells of tables on datanodes. */
export function buildStatus(facts: StatusFacts): StatusView {
  const { live, nowMs } = facts;
  const isHeld = isSilent(facts) || facts.stateProblem !== undefined;
  const timeLeftMs = isHeld ? undefined : facts.timeLeftMs;
  const known = verdictFacts(facts);
  const { progress, snapshotAgeMs } = known;
  return {
    verdict: decideVerdict(known),
    cluster: facts.cluster,
    dryRun: facts.dryRun,
    paused: facts.paused ? toPauseView(facts.paused) : null,
    leader: facts.leader,
    cycle: live.cycle && {
      id: String(live.cycle.id),
      trigger: live.cycle.trigger,
      startedAt: isoTime(live.cycle.startedAtMs),
    },
    currentMove: currentMoveOf(live, progress, nowMs),
    queue: queueOf(live),
    progress: {
      done: progress.moved,
      failed: progress.failed,
      remaining: progress.left,
      etaSeconds: toSeconds(timeLeftMs),
      expectedSeconds: toSeconds(facts.expectedMs),
    },
    plan: live.plan && summaryOf(live.plan),
    balance: balanceOf(live),
    load: live.balance?.now.load ?? null,
    loadPlanAt: loadPlanAt(known) ?? null,
    datanodes: datanodesOf(live, facts),
    lastCycle: live.lastCycle && toCycleView(live.lastCycle),
    lastSuccessAt: isoOrNull(live.lastSuccessAtMs),
    nextTickAt: isoOrNull(facts.nextTickAtMs),
    snapshot: snapshotOf(live, snapshotAgeMs),
    gates: [...live.gates].map(([code, detail]) => ({ code, detail: detail === '' ? GATES[code] : detail })),
    blocked: blockedOf(live.blocked),
    quarantined: facts.quarantined,
    quarantinedDatanodes: facts.restingDatanodes.size,
    quarantineEndsAt: isoOrNull(facts.quarantineEndsAtMs),
    cooling: facts.cooling,
    process: {
      version: facts.version,
      // By the wall clock as it stands now.
      startedAt: isoTime(nowMs - facts.uptimeMs),
      uptimeSeconds: facts.uptimeMs / 1_000,
      pid: facts.pid,
    },
  };
}

function toSeconds(ms: number | undefined): number | null {
  return ms === undefined ? null : ms / 1_000;
}

/** An explanation that promises moves, with what holds them back now. */
export function withHolds(explanation: Explanation, facts: StatusFacts): Explanation {
  const { seq, moves, gives, receives } = explanation.facts;
  const hasMoves = [seq, moves, gives, receives].some((value) => typeof value === 'number' && value > 0);
  const holds = hasMoves ? whatHolds(verdictFacts(facts)) : undefined;
  return holds === undefined
    ? explanation
    : { ...explanation, answer: `${explanation.answer} Not now: ${holds}` };
}

function verdictFacts(facts: StatusFacts): VerdictFacts {
  const { snapshot } = facts.live;
  const snapshotAgeMs = snapshot ? Math.max(0, facts.nowMs - Date.parse(snapshot.takenAt)) : undefined;
  return { ...facts, progress: progressOf(facts.live), snapshotAgeMs };
}

export function toPauseView(paused: PauseState): NonNullable<StatusView['paused']> {
  return { until: isoOrNull(paused.untilMs), reason: paused.reason, by: paused.by };
}

function currentMoveOf(live: LiveState, progress: Progress, nowMs: number): StatusView['currentMove'] {
  if (!live.currentMove) return null;
  const { move, startedAtMs, stateSinceMs } = live.currentMove;
  return {
    move: toMoveView(move),
    ...placeOf(progress),
    startedAt: isoTime(startedAtMs),
    stateSince: isoTime(stateSinceMs),
    inStateSeconds: Math.max(0, nowMs - stateSinceMs) / 1_000,
  };
}

function queueOf(live: LiveState): StatusView['queue'] {
  const isUnderWay = live.currentMove !== null && live.currentMove.move.planId === live.plan?.planId;
  return {
    length: Math.max(0, movesLeft(live) - Number(isUnderWay)),
    next: waitingMoves(live).take(QUEUE_SHOWN).toArray(),
  };
}

function summaryOf(plan: Plan): NonNullable<StatusView['plan']> {
  const { planId, createdAt, moves, minimumMoves, optimal } = plan;
  return { planId, createdAt, moves: moves.length, minimumMoves, optimal };
}

function balanceOf({ plan, balance }: LiveState): StatusView['balance'] {
  if (!plan || !balance) return null;
  const skews = ({ tableSkewMax, nodeSkew }: Balance) => ({ tableSkewMax, nodeSkew });
  const placed = (one: Balance) => ({
    ...skews(one),
    isEven: isEven(one) && keptUneven(one) === undefined,
  });
  return { before: skews(plan.before), now: placed(balance.now), after: placed(balance.after) };
}

function datanodesOf(
  { balance, snapshot }: LiveState,
  { drains, restingDatanodes }: Pick<StatusFacts, 'drains' | 'restingDatanodes'>,
): StatusView['datanodes'] {
  if (!balance) return [];
  const { now, after } = balance;
  const addresses = new Map(snapshot?.datanodes.map(({ id, addr }) => [id, addr]));
  const shareOf = sharesOf(now);
  return now.datanodes.map(({ id, regions, state, weight, load }, index) => {
    const drain = drains.get(id);
    const quarantine = restingDatanodes.get(id);
    return {
      id,
      addr: addresses.get(id) ?? null,
      state,
      weight,
      regions,
      regionsAfter: after.datanodes[index]?.regions ?? regions,
      load: load ?? null,
      loadAfter: after.datanodes[index]?.load ?? null,
      share: shareOf(state, weight),
      ...(drain && { drain }),
      ...(quarantine && { quarantine }),
    };
  });
}

/** What the targets lead and draining datanodes still lead is shared among the targets, by weight. */
function sharesOf({ datanodes }: Balance): (state: DatanodeState, weight: number) => number | null {
  const sumOf = (amounts: readonly number[]): number => amounts.reduce((sum, amount) => sum + amount, 0);
  const isCounted = (state: DatanodeState): boolean => state === 'target' || state === 'draining';
  const all = sumOf(datanodes.filter(({ state }) => isCounted(state)).map(({ regions }) => regions));
  const weights = sumOf(datanodes.filter(({ state }) => state === 'target').map(({ weight }) => weight));
  return (state, weight) => {
    if (!isCounted(state) || weights === 0) return null;
    return state === 'target' ? (all * weight) / weights : 0;
  };
}

function toCycleView({ id, endedAtMs, ...rest }: NonNullable<LiveState['lastCycle']>) {
  const { outcome, durationMs, moved, detail } = rest;
  return { id: String(id), outcome, endedAt: isoTime(endedAtMs), durationMs, moved, detail };
}

function snapshotOf({ snapshot, counts }: LiveState, ageMs: number | undefined): StatusView['snapshot'] {
  if (!snapshot || ageMs === undefined) return null;
  return {
    takenAt: snapshot.takenAt,
    ageSeconds: ageMs / 1_000,
    datanodes: snapshot.datanodes.length,
    // What the datanodes' numbers are about: for a drain everything is read.
    ...(counts ? sizeInScope(counts) : { tables: snapshot.tables.length, regions: snapshot.regions.length }),
  };
}

/** What costs balance first. */
function blockedOf(blocked: LiveState['blocked']): StatusView['blocked'] {
  return [...blocked]
    .map(([code, regions]) => ({ code, ...regions }))
    .sort((a, b) => b.count - b.harmless - (a.count - a.harmless) || b.count - a.count);
}

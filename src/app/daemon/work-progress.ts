import type { Config } from '../../config/config.ts';
import { GATE_SEVERITY } from '../../domain/codes.ts';
import { elapsedInWindows } from '../../executor/windows.ts';
import { cronTimes } from '../../lib/cron.ts';
import { movesLeft, progressOf } from '../../observability/live-state.ts';
import type { LiveSource, LiveState, Progress } from '../../observability/live-state.ts';
import { estimateTimeLeftMs } from '../../observability/time-left.ts';
import type { Pace } from '../../observability/time-left.ts';
import type { ClusterSession } from './cluster-session.ts';
import type { Daemon } from './daemon.ts';

/** Work that can be watched: each event, how far it is, and how long it takes yet. */
export interface WatchedWork extends LiveSource {
  readonly progress: () => Progress;
  /** ms until the remaining moves are made; undefined while that is not known, or while nothing may be moved. */
  readonly timeLeftMs: () => number | undefined;
}

export interface WorkOptions {
  /** Who begins further cycles. Absent: the running one is the last. */
  readonly daemon?: Pick<Daemon, 'nextTickAtMs' | 'scheduleIntervalMs'>;
  /** Default: the configuration's. */
  readonly maxMovesPerCycle?: number;
}

type Session = Pick<ClusterSession, 'config' | 'store' | 'clock' | 'leadership' | 'pause'>;

export function watchWork(session: Session, live: LiveSource, options: WorkOptions = {}): WatchedWork {
  const timeLeftMs = (): number | undefined => {
    const state = live.state();
    if (movesLeft(state) === 0) return 0;
    return mayMove(session, state) ? estimateTimeLeftMs(paceOf(session, state, options)) : undefined;
  };
  return { ...live, progress: () => progressOf(live.state()), timeLeftMs };
}

function mayMove(session: Session, { gates }: LiveState): boolean {
  const isHeld = gates.keys().some((code) => GATE_SEVERITY[code] === 'needs-person');
  const { config, leadership } = session;
  return !isHeld && !config.execution.dryRun && leadership.isActing() && session.pause() === undefined;
}

function paceOf(
  { config, store, clock }: Session,
  state: LiveState,
  { daemon, ...options }: WorkOptions,
): Pace {
  const { cycle, currentMove, recentDurationsMs } = state;
  const nowMs = clock.now();
  const pace = configuredPace(config, nowMs);
  const { maxMovesPerCycle = pace.maxMovesPerCycle } = options;
  const ended = (cycle?.begun ?? 0) - (currentMove ? 1 : 0);
  const nextAtMs = daemon?.nextTickAtMs();
  const everyMs = daemon?.scheduleIntervalMs();
  return {
    ...pace,
    left: movesLeft(state),
    recentDurationsMs,
    underWayMs: currentMove ? nowMs - currentMove.startedAtMs : 0,
    leftInCycle: cycle ? Math.max(0, maxMovesPerCycle - ended) : 0,
    maxMovesPerCycle,
    cycles: nextAtMs && everyMs ? { nextInMs: Math.max(0, nextAtMs - nowMs), everyMs } : undefined,
    submittedThisHour: store.countSubmissions(nowMs - HOUR_MS),
  };
}

const HOUR_MS = 3_600_000;

/** How many ms a daemon with this configuration would take for the moves of a plan; undefined when that is not known. */
export function expectedTimeMs(
  { moves, recentDurationsMs }: { readonly moves: number; readonly recentDurationsMs: readonly number[] },
  config: Config,
  nowMs: number,
): number | undefined {
  const times = cronTimes(config.schedule.cron, config.schedule.timezone);
  const firstMs = times.next(nowMs);
  const secondMs = firstMs === undefined ? undefined : times.next(firstMs);
  const pace = configuredPace(config, nowMs);
  return estimateTimeLeftMs({
    ...pace,
    ...{ left: moves, recentDurationsMs, underWayMs: 0, submittedThisHour: 0 },
    // As if a cycle began now.
    leftInCycle: pace.maxMovesPerCycle,
    cycles: firstMs && secondMs ? { nextInMs: firstMs - nowMs, everyMs: secondMs - firstMs } : undefined,
  });
}

/** What the configuration says about how fast moves may be made. */
function configuredPace(
  { execution, schedule }: Config,
  nowMs: number,
): Pick<Pace, 'pauseBetweenMovesMs' | 'maxMovesPerCycle' | 'maxMovesPerHour' | 'withWindows'> {
  const { pauseBetweenMovesMs, maxMovesPerCycle, maxMovesPerHour } = execution;
  return {
    pauseBetweenMovesMs,
    maxMovesPerCycle,
    maxMovesPerHour,
    withWindows: (workMs) => elapsedInWindows(schedule.windows, schedule.timezone, nowMs, workMs),
  };
}

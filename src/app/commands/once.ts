import type { Config } from '../../config/config.ts';
import type { CycleOutcome } from '../../domain/codes.ts';
import type { Plan } from '../../domain/plan.ts';
import { deadlineSignal } from '../../lib/clock.ts';
import { logEvents } from '../../observability/logger.ts';
import type { EventType } from '../../observability/events.ts';
import { RECENT_MOVES, trackLiveState } from '../../observability/live-state.ts';
import type { LiveSource } from '../../observability/live-state.ts';
import { openSession } from '../compose.ts';
import type { Parts } from '../compose.ts';
import { runCycle } from '../daemon/cycle.ts';
import { notLeader } from '../ha/leadership.ts';
import type { ClusterSession } from '../daemon/cluster-session.ts';
import { recordSamples } from '../daemon/samples.ts';
import { watchWork } from '../daemon/work-progress.ts';
import type { WatchedWork } from '../daemon/work-progress.ts';

/** How one cycle, or one applied plan, went. */
export interface WorkResult {
  /** `done`: nothing of an approved plan was left to move, which says nothing of the cluster's balance. */
  readonly outcome: CycleOutcome | 'done';
  readonly moved: number;
  readonly failed: number;
  readonly detail: string;
  readonly plan?: Plan | undefined;
}

/** A call whose work somebody watches. */
export interface WatchedCall {
  readonly signal: AbortSignal;
  readonly watch: (work: WatchedWork) => void;
}

/**
 * Opens the state folder for one command that acts, lets it work, and closes it. A person who starts such a command has looked at what
 * failed before: the run of failures that would stop it is forgotten.
 *
 * @param maxMoves the most moves that the work makes.
 * @throws OperatingError `state-locked` while a daemon works on the same folder, `not-leader` while another replica leads.
 */
export async function withSession<T>(
  config: Config,
  parts: Parts,
  { watch, signal }: WatchedCall,
  work: (session: ClusterSession) => Promise<T>,
  maxMoves = config.execution.maxMovesPerCycle,
): Promise<T> {
  const { session } = await openSession(config, parts);
  try {
    const { events, store } = session;
    const live = trackLiveState(events, {
      recentDurationsMs: store.recentDurationsMs(RECENT_MOVES).toReversed(),
    });
    logEvents(parts.logger, withoutShown(live));
    recordSamples(store, live);
    watch(watchWork(session, live, { maxMovesPerCycle: maxMoves }));
    session.store.resetFailureRun();
    if (!config.execution.dryRun) await takeTheLead(session, signal);
    return await work(session);
  } finally {
    prune(session);
    await session.close();
  }
}

/** Once per command, as the daemon does once per cycle: where only commands work, nobody else would. What they did counts more. */
function prune({ store, clock, logger }: ClusterSession): void {
  try {
    store.prune(clock.now());
  } catch (error) {
    logger.warn({ error }, 'History older than state.retention could not be deleted');
  }
}

/** What progress shows the person who started the command: the log need not say it once more. */
const SHOWN: readonly EventType[] = [
  'planned',
  'gate-closed',
  'move-finished',
  'recovered',
  'cycle-finished',
];

function withoutShown(live: LiveSource): Pick<LiveSource, 'subscribe'> {
  return {
    subscribe: (listener) =>
      live.subscribe((event, state) => {
        if (!SHOWN.includes(event.type)) listener(event, state);
      }),
  };
}

/** One cycle, then the end. */
export async function runOnce(config: Config, parts: Parts, call: WatchedCall): Promise<WorkResult> {
  return withSession(config, parts, call, (session) => runCycle(session, 'once', call.signal));
}

/** A command acts as one more replica: it waits until a leader that is gone must have lost its lease, and no longer. */
async function takeTheLead(
  { leadership, clock, config }: ClusterSession,
  signal: AbortSignal,
): Promise<void> {
  if (leadership.isActing()) return;
  const { leaseDurationMs, retryPeriodMs } = config.ha;
  const limit = deadlineSignal(clock, 1.5 * leaseDurationMs + 2 * retryPeriodMs, signal);
  try {
    await new Promise<void>((resolve, reject) => {
      limit.signal.addEventListener('abort', () => reject(notLeader(leadership.status().holder)));
      leadership.start(resolve);
    });
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    limit.release();
  }
}

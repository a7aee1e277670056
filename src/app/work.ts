import type { Config } from '../config/config.ts';
import type { CycleOutcome } from '../domain/codes.ts';
import type { Plan } from '../domain/plan.ts';
import { deadlineSignal } from '../lib/clock.ts';
import { logEvents } from '../observability/log-listener.ts';
import type { EventSource, EventType } from '../observability/events.ts';
import type { Logger } from '../observability/logger.ts';
import { openWorksite } from './compose.ts';
import type { Parts } from './compose.ts';
import { notLeader } from './leadership.ts';
import type { Worksite } from './worksite.ts';

/** How one cycle, or one applied plan, went. */
export interface WorkResult {
  readonly outcome: CycleOutcome;
  readonly moved: number;
  readonly failed: number;
  readonly detail: string;
  readonly plan?: Plan | undefined;
}

/** A call whose events somebody watches. */
export interface WatchedCall {
  readonly signal: AbortSignal;
  readonly watch: (events: EventSource) => void;
}

/**
 * Opens the state folder for one command that acts, lets it work, and closes it. A person who starts such a command has looked at what
 * failed before: the run of failures that would stop it is forgotten.
 *
 * @throws OperatingError `state-locked` while a daemon works on the same folder, `not-leader` while another replica leads.
 */
export async function withWorksite<T>(
  config: Config,
  parts: Parts,
  { watch, signal }: WatchedCall,
  work: (site: Worksite) => Promise<T>,
): Promise<T> {
  const { site } = await openWorksite(config, parts);
  try {
    logEvents(parts.logger, withoutShown(site.events));
    watch(site.events);
    site.store.resetFailureRun();
    if (!config.execution.dryRun) await takeTheLead(site, signal);
    return await work(site);
  } finally {
    prune(site, parts.logger);
    await site.close();
  }
}

/** Once per command, as the daemon does once per cycle: where only commands work, nobody else would. What they did counts more. */
function prune({ store, clock }: Worksite, logger: Logger): void {
  try {
    store.prune(clock.now());
  } catch (error) {
    logger.warn({ error }, 'What is older than state.retention could not be deleted');
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

function withoutShown(events: EventSource): EventSource {
  return {
    subscribe: (listener) =>
      events.subscribe((event) => {
        if (!SHOWN.includes(event.type)) listener(event);
      }),
  };
}

/** One cycle, then the end. */
export async function runOnce(config: Config, parts: Parts, call: WatchedCall): Promise<WorkResult> {
  return withWorksite(config, parts, call, async (site) => site.runCycle('once', call.signal));
}

/** A command acts as one more replica: it waits until a leader that is gone must have lost its lease, and no longer. */
async function takeTheLead({ leadership, clock, config }: Worksite, signal: AbortSignal): Promise<void> {
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

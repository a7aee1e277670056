import type { Config } from '../config/config.ts';
import type { CycleOutcome } from '../domain/codes.ts';
import type { Plan } from '../domain/plan.ts';
import { logEvents } from '../observability/log-listener.ts';
import type { EventSource, EventType } from '../observability/events.ts';
import { openWorksite } from './compose.ts';
import type { Parts } from './compose.ts';
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
 * @throws OperatingError `state-locked` while a daemon works on the same folder.
 */
export async function withWorksite<T>(
  config: Config,
  parts: Parts,
  { watch }: WatchedCall,
  work: (site: Worksite) => Promise<T>,
): Promise<T> {
  const { site } = await openWorksite(config, parts);
  try {
    logEvents(parts.logger, withoutShown(site.events));
    watch(site.events);
    site.store.resetFailureRun();
    return await work(site);
  } finally {
    await site.close();
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

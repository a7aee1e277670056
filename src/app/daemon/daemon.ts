import { describeChanges } from '../../config/effective.ts';
import type { Config } from '../../config/config.ts';
import type { GateCode } from '../../domain/codes.ts';
import { describeError, UsageError } from '../../domain/errors.ts';
import { sleep } from '../../lib/clock.ts';
import type { CycleTrigger } from '../../observability/events.ts';
import { runCycle } from './cycle.ts';
import type { CycleReport } from './cycle.ts';
import { watchPause } from './pause-watch.ts';
import type { Schedule, StartSchedule } from './schedule.ts';
import type { ClusterSession } from './cluster-session.ts';
import { unlessStateFails } from './state-trouble.ts';

/** A cluster that could not be read is tried again after so long, then after twice as long, and so on up to the longest. */
const FIRST_RETRY_MS = 5_000;
const LONGEST_RETRY_MS = 120_000;

/** Gates that pause the rebalancer until somebody has looked. */
const BREAKERS: readonly GateCode[] = ['too-many-failures', 'thrash', 'other-mover'];

/** How long a stop waits for the running cycle. It ends within milliseconds unless the disk hangs. */
const STOP_GRACE_MS = 8_000;

/**
 * The loop: one cycle at the start and one per tick of the schedule, never two at a time. A tick that falls into a running cycle is
 * counted and dropped. Nothing that a cycle meets ends the loop.
 */
export class Daemon {
  readonly #session: ClusterSession;
  readonly #startSchedule: StartSchedule;
  readonly #stopping = new AbortController();
  #schedule: Schedule | undefined;
  #watches: readonly (() => void)[] = [];
  #running: { readonly done: Promise<void> } | undefined;
  #nextConfig: Config | undefined;
  #replanFor: CycleTrigger | undefined;
  #stateProblem: string | undefined;
  #retryMs = FIRST_RETRY_MS;
  #cancelRetry = (): void => undefined;

  constructor(session: ClusterSession, startSchedule: StartSchedule) {
    this.#session = session;
    this.#startSchedule = startSchedule;
  }

  /** Starts the schedule and the first cycle. */
  start(): void {
    this.#openSchedule();
    this.#watches = [watchPause(this.#session), this.#session.connection.startProbes(() => this.#isIdle)];
    this.tick('start');
    this.#session.leadership.start(() => void this.#takeOver());
  }

  /** A new leader begins with what the last one left, as soon as its own cycle is over. */
  async #takeOver(): Promise<void> {
    await this.settled();
    this.tick('takeover');
  }

  /** Begins a cycle unless one runs. Returns whether it did. */
  tick(trigger: CycleTrigger): boolean {
    if (this.#stopping.signal.aborted) return false;
    if (this.#running) {
      if (trigger === 'schedule') this.#countMissed();
      return false;
    }
    this.#cancelRetry();
    this.#applyNextConfig();
    this.#noteReplan(undefined);
    const done = this.#cycle(trigger).then((report) => {
      this.#running = undefined;
      if (this.#stopping.signal.aborted) return;
      // At once, not with the next tick: what was changed may be the schedule that has none for long.
      this.#applyNextConfig();
      if (report?.closed?.some(({ code }) => code === 'reload-pending')) this.tick('reload');
      else if (this.#replanFor) this.tick(this.#replanFor);
      else this.#retryUnread(report);
    });
    this.#running = { done };
    return true;
  }

  /** Plans with what operators asked for: now, or as soon as the migration under way has ended. */
  replan(trigger: CycleTrigger): void {
    if (!this.tick(trigger)) this.#noteReplan(trigger);
  }

  #noteReplan(trigger: CycleTrigger | undefined): void {
    this.#replanFor = trigger;
    this.#session.isReplanWaiting = trigger !== undefined;
  }

  get #isIdle(): boolean {
    return this.#running === undefined && !this.isStopping;
  }

  get isStopping(): boolean {
    return this.#stopping.signal.aborted;
  }

  /** Why the state folder could not be written in the last cycle, if it could not. */
  get stateProblem(): string | undefined {
    return this.#stateProblem;
  }

  /** ms since 1970. */
  nextTickAtMs(): number | undefined {
    return this.#schedule?.nextTickAtMs();
  }

  /** Time between the next two ticks, in ms; undefined without a schedule. */
  scheduleIntervalMs(): number | undefined {
    return this.#schedule?.intervalMs();
  }

  /** From which age on the latest snapshot is no longer fresh: two ticks were missed. */
  maxSnapshotAgeMs(): number {
    const { execution, cluster } = this.#session.config;
    const intervalMs = this.#schedule?.intervalMs() ?? 0;
    return Math.max(execution.maxSnapshotAgeMs, 2 * intervalMs) + cluster.requestTimeoutMs;
  }

  /** Resolves when no cycle runs. */
  async settled(): Promise<void> {
    while (this.#running) await this.#running.done;
  }

  /**
   * Takes a new configuration between two cycles. A cycle that runs begins no further move, and another follows it at once.
   *
   * @throws UsageError when it changes what only a restart can change; the old one stays as a whole.
   */
  reload(config: Config): void {
    const changes = describeChanges(this.#session.config, config);
    if (changes.length === 0) {
      // What was changed while a cycle ran was changed back before it took effect.
      this.#nextConfig = undefined;
      this.#session.isConfigWaiting = false;
      return;
    }
    refuseFixed(this.#session.config, config);
    this.#nextConfig = config;
    if (!this.#running) {
      this.#applyNextConfig();
      return;
    }
    this.#session.isConfigWaiting = true;
    this.#session.logger.info({ changes }, 'The changed configuration is used after this cycle');
  }

  /** Ends the loop: a migration under way is left to the cluster and found again at the next start. */
  async stop(): Promise<void> {
    this.#schedule?.stop();
    for (const endWatch of this.#watches) endWatch();
    this.#cancelRetry();
    this.#stopping.abort(new DOMException('The process was told to stop', 'AbortError'));
    const running = this.#running;
    if (!running) return;
    const { clock } = this.#session;
    const grace = new AbortController();
    await Promise.race([running.done, sleep(clock, STOP_GRACE_MS, grace.signal).catch(() => undefined)]);
    grace.abort();
  }

  /** Never rejects. @returns undefined when not even the state folder could be used. */
  async #cycle(trigger: CycleTrigger): Promise<CycleReport | undefined> {
    try {
      const { store, clock } = this.#session;
      const report = await runCycle(this.#session, trigger, this.#stopping.signal);
      this.#stateProblem = undefined;
      this.#pauseOnBreaker(report);
      store.prune(clock.now());
      return report;
    } catch (error) {
      // Only the state folder can make a cycle reject: nothing was done that could not be written down.
      this.#stateProblem = describeError(error);
      this.#session.logger.error({ error }, 'The state folder cannot be used; nothing is moved');
      return undefined;
    }
  }

  /** The next tick of the schedule may be minutes away. */
  #retryUnread(report: CycleReport | undefined): void {
    if (report?.snapshot !== undefined) {
      this.#retryMs = FIRST_RETRY_MS;
      return;
    }
    const { clock } = this.#session;
    this.#cancelRetry = clock.setTimer(this.#retryMs, () => this.tick('retry'));
    this.#retryMs = Math.min(2 * this.#retryMs, LONGEST_RETRY_MS);
  }

  /** A run of failures, or of moves that others undo, needs a person: the pause survives a restart until somebody resumes. */
  #pauseOnBreaker({ closed = [] }: CycleReport): void {
    const stop = closed.find(({ code }) => BREAKERS.includes(code));
    if (!stop) return;
    const { store, clock, events } = this.#session;
    if (store.pause(clock.now())) return;
    const pause = { reason: stop.detail, by: 'breaker', atMs: clock.now(), untilMs: null };
    store.setPause(pause);
    store.addAudit({ atMs: clock.now(), who: 'breaker', what: 'pause', why: stop.detail });
    events.emit({ type: 'paused', untilMs: null, reason: pause.reason, by: pause.by });
  }

  #countMissed(): void {
    const { events, store } = this.#session;
    // A schedule's callback has nobody above it who could take an error.
    const runningCycleId = unlessStateFails(() => store.listCycles(1)[0]?.id, undefined) ?? 0;
    events.emit({ type: 'tick-missed', runningCycleId });
  }

  #applyNextConfig(): void {
    const config = this.#nextConfig;
    if (!config) return;
    this.#nextConfig = undefined;
    const before = this.#session.config;
    this.#session.applyConfig(config);
    const { cron, timezone } = config.schedule;
    if (cron !== before.schedule.cron || timezone !== before.schedule.timezone) this.#openSchedule();
    this.#session.events.emit({ type: 'config-reloaded', changes: describeChanges(before, config) });
  }

  #openSchedule(): void {
    this.#schedule?.stop();
    const { cron, timezone } = this.#session.config.schedule;
    this.#schedule = this.#startSchedule({ cron, timezone }, () => {
      this.tick('schedule');
    });
  }
}

/** What was opened at the start cannot be changed under a running daemon. */
function refuseFixed(before: Config, after: Config): void {
  const fixed = ['cluster', 'state', 'server', 'ha', 'notifications'] as const;
  const changed = fixed.filter((part) => JSON.stringify(before[part]) !== JSON.stringify(after[part]));
  if (changed.length === 0) return;
  throw new UsageError(
    `${changed.join(', ')}: a change here takes effect only after a restart; nothing was changed`,
  );
}

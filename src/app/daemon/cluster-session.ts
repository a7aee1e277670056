import type { Config } from '../../config/config.ts';
import { toPolicy } from '../../config/effective.ts';
import type { Secrets } from '../../config/secrets.ts';
import type { OperatingError } from '../../domain/errors.ts';
import { withRequests } from '../../domain/policy.ts';
import type { Policy } from '../../domain/policy.ts';
import type { Snapshot } from '../../domain/snapshot.ts';
import { createExecutor } from '../../executor/executor.ts';
import type { Standing } from '../../executor/gates.ts';
import type { Executor, WatchMemories } from '../../executor/port.ts';
import { evaluateWindows } from '../../executor/windows.ts';
import type { Cluster, ReadSnapshotOptions } from '../../greptimedb/port.ts';
import type { RequestSample } from '../../greptimedb/options.ts';
import type { Clock } from '../../lib/clock.ts';
import { EventBus } from '../../observability/events.ts';
import type { Logger } from '../../observability/logger.ts';
import type { PauseRecord, Store } from '../../store/port.ts';
import { requestsIn } from '../../store/sqlite-operator.ts';
import { Connection } from './connection.ts';
import { withLastPlan } from '../planning/last-plan.ts';
import { LoadWatch } from '../planning/load-watch.ts';
import type { PlanInput } from '../../planner/plan.ts';
import { OtherMovers } from './other-movers.ts';
import { LearnedFollowers } from './learned-followers.ts';
import { SOLE_LEADER } from '../ha/leadership.ts';
import type { Leadership, LeadershipParts } from '../ha/leadership.ts';
import { identityOf, toClusterOptions, warningsTo } from './settings.ts';
import type { ClusterOpener } from './settings.ts';
import type { Planner } from '../planning/planner.ts';

export interface ClusterSessionDependencies {
  readonly clock: Clock;
  readonly store: Store;
  readonly planner: Planner;
  readonly logger: Logger;
  readonly openCluster: ClusterOpener;
  readonly onRequest?: (sample: RequestSample) => void;
  /** Whether this replica may act. Default: it is the only one. */
  readonly createLeadership?: (parts: LeadershipParts) => Leadership;
}

/**
 * Everything that works on one cluster: connection, store, events, executor. The daemon and the commands that act share it; what
 * differs between them is who starts the cycles.
 */
export class ClusterSession {
  readonly events: EventBus;
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly connection: Connection;
  readonly leadership: Leadership;
  /** While another configuration, or another plan, waits for the end of the cycle, no further move begins. */
  isConfigWaiting = false;
  isReplanWaiting = false;
  readonly #watchMemories: WatchMemories = new Map();
  #watchedTerm: number | undefined;
  readonly #followers: LearnedFollowers;
  readonly #loads: LoadWatch;
  readonly #planner: Planner;
  readonly #others: OtherMovers;
  #config: Config;
  /** How often reads of this cycle were tried again, and why for the first time. */
  #retries: { readonly count: number; readonly error: OperatingError } | undefined;

  constructor(
    { config, secrets }: { readonly config: Config; readonly secrets: Secrets },
    dependencies: ClusterSessionDependencies,
  ) {
    const { clock, store, logger, openCluster, onRequest } = dependencies;
    this.#config = config;
    this.clock = clock;
    this.store = store;
    this.logger = logger;
    const events = new EventBus({
      now: () => clock.now(),
      onListenerError: (error) => logger.error({ error }, 'A listener of events failed'),
    });
    this.events = events;
    this.#loads = new LoadWatch(store);
    this.#planner = withLastPlan(dependencies.planner);
    this.#followers = new LearnedFollowers({ clock, events });
    this.leadership = dependencies.createLeadership?.({ store, events, clock, logger }) ?? SOLE_LEADER;
    this.#others = new OtherMovers({
      ...{ clock, store, events },
      isActing: () => this.leadership.isActing(),
      isMoving: () => !this.#config.execution.dryRun && this.leadership.isActing() && !this.pause(),
    });
    this.connection = new Connection((signal) => {
      const listeners = {
        onRequest: (sample: RequestSample): void => {
          this.connection.noteRequest(sample);
          onRequest?.(sample);
        },
        onRetry: (error: OperatingError): void => {
          this.#retries = { error, ...this.#retries, count: (this.#retries?.count ?? 0) + 1 };
        },
        onWarning: warningsTo(logger),
      };
      return openCluster(toClusterOptions(this.#config, secrets), { clock, ...listeners }, { signal });
    }, clock);
  }

  get config(): Config {
    return this.#config;
  }

  /** Takes effect with the next cycle. Endpoints and secrets are not looked at again: they need a restart. */
  applyConfig(config: Config): void {
    const { expected } = this.#config.datanodes;
    this.#config = config;
    this.isConfigWaiting = false;
    // The adapters are told of expected datanodes when the cluster is opened.
    if (expected.join() !== config.datanodes.expected.join())
      void this.connection.drop().catch(() => undefined);
  }

  /** The policy of the configuration with the drains and cordons that were asked for while running. */
  policy(): Policy {
    return withRequests(toPolicy(this.#config), requestsIn(this.store));
  }

  /** The pause in force. A standby knows of none: what its own store says may long be over. */
  pause(): PauseRecord | undefined {
    return this.leadership.isActing() ? this.store.pause(this.clock.now()) : undefined;
  }

  /** What is known of the loads of a snapshot's regions; undefined where regions are counted. */
  loadsOf(snapshot: Snapshot): PlanInput['loads'] {
    return this.policy().load && this.#loads.loadsOf(snapshot, this.clock.now());
  }

  /** For one cycle, however often it plans. */
  plannerForCycle(): Planner {
    return this.#loads.forCycle(this.#planner);
  }

  /** Reads the cluster, with what single reads have told that the snapshot does not. @throws OperatingError `state-of-other-cluster` too. */
  async readSnapshot(options: ReadSnapshotOptions): Promise<Snapshot> {
    const cluster = await this.connection.get(options.signal);
    const snapshot = await cluster.readSnapshot(options);
    this.store.checkCluster(identityOf(snapshot, this.#config));
    return this.#followers.addTo(snapshot);
  }

  /** Compares a fresh snapshot with the one before: see {@link OtherMovers}. */
  noteSnapshot(snapshot: Snapshot): void {
    this.#others.noteSnapshot(snapshot);
  }

  /** Once per cycle: each failure would only be noise where one request in five fails. */
  tellRetries(): void {
    const retries = this.#retries;
    this.#retries = undefined;
    if (retries) this.logger.warn({ ...retries }, 'Reads of the cluster failed and were tried again');
  }

  /**
   * @param snapshotTakenAtMs when the snapshot was taken that the moves rest on, in ms since 1970.
   * @param policy what the moves are planned with, when that is not {@link policy}.
   */
  openExecutor(cluster: Cluster, snapshotTakenAtMs: () => number, policy?: Policy): Executor {
    const { clock, store, events, leadership } = this;
    this.#limitHolds();
    // Between two terms another replica may have moved regions.
    const term = leadership.actingTerm();
    // What was seen before may be long over.
    if (term !== this.#watchedTerm) this.#watchMemories.clear();
    this.#watchedTerm = term;
    const standing = (): Standing => {
      const { windows, timezone } = this.#config.schedule;
      return {
        isLeader: term !== undefined && leadership.actingTerm() === term,
        isConfigWaiting: this.isConfigWaiting,
        isReplanWaiting: this.isReplanWaiting,
        isDryRun: this.#config.execution.dryRun,
        window: evaluateWindows(windows, timezone, clock.now()),
        draining: [...this.policy().drain, ...(policy?.drain ?? [])],
        snapshotTakenAtMs: snapshotTakenAtMs(),
        madeByOthers: this.#others.within(this.#config.execution.thrash.windowMs),
      };
    };
    return createExecutor(this.#config.execution, {
      ...{ store, events, clock, standing },
      cluster: leadership.guard(cluster),
      watchMemories: this.#watchMemories,
    });
  }

  #limitHolds(): void {
    const { regionCooldownMs, quarantine } = this.#config.execution;
    const limits = { cooldownMs: regionCooldownMs, quarantineMs: quarantine.maxMs };
    const holds = this.store.limitHolds(limits, this.clock.now());
    const message = 'Holds that would have lasted longer than configured from now on were shortened';
    if (holds > 0) this.logger.warn({ holds, ...limits }, message);
  }

  async close(): Promise<void> {
    await this.leadership.stop();
    await this.connection.drop();
    this.store.close();
  }
}

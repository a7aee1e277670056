import type { Config } from '../../config/config.ts';
import { toPolicy } from '../../config/effective.ts';
import type { Secrets } from '../../config/secrets.ts';
import type { OperatingError } from '../../domain/errors.ts';
import { withRequests } from '../../domain/policy.ts';
import type { Policy } from '../../domain/policy.ts';
import { compileSelection } from '../../domain/selector.ts';
import type { Snapshot } from '../../domain/snapshot.ts';
import { createExecutor } from '../../executor/executor.ts';
import { describeForeignMoves, findForeignMoves, undoneMoves } from '../../executor/foreign.ts';
import type { Standing } from '../../executor/gates.ts';
import type { Executor, WatchMemories } from '../../executor/port.ts';
import { evaluateWindows } from '../../executor/windows.ts';
import type { Cluster } from '../../greptimedb/port.ts';
import type { RequestSample } from '../../greptimedb/options.ts';
import type { Clock } from '../../lib/clock.ts';
import { EventBus } from '../../observability/events.ts';
import type { CycleTrigger } from '../../observability/events.ts';
import type { Logger } from '../../observability/logger.ts';
import type { PauseRecord, Store } from '../../store/port.ts';
import { requestsIn } from '../../store/sqlite-operator.ts';
import { Connection, withChanges } from './connection.ts';
import { withLastPlan } from '../planning/last-plan.ts';
import { LoadWatch } from '../planning/load-watch.ts';
import type { PlanInput } from '../../planner/plan.ts';
import { Contact } from './contact.ts';
import { runCycle } from './cycle.ts';
import type { CycleReport, CycleSettings } from './cycle.ts';
import { executorSettings } from './executor-settings.ts';
import { OtherMovers } from './other-movers.ts';
import { LearnedFollowers } from './learned-followers.ts';
import { SOLE_LEADER } from '../ha/leadership.ts';
import type { Leadership } from '../ha/leadership.ts';
import { identityOf, toClusterOptions } from './open-cluster.ts';
import type { ClusterOpener } from './open-cluster.ts';
import type { Planner } from '../planning/planner.ts';

export interface ClusterSessionOptions {
  readonly config: Config;
  readonly secrets: Secrets;
}

export interface ClusterSessionDependencies {
  readonly clock: Clock;
  readonly store: Store;
  readonly planner: Planner;
  readonly logger: Logger;
  readonly openCluster: ClusterOpener;
  readonly onRequest?: (sample: RequestSample) => void;
  /** Whether this replica may act. Default: it is the only one. */
  readonly createLeadership?: (dependencies: LeadershipParts) => Leadership;
}

export interface LeadershipParts {
  readonly store: Store;
  readonly events: EventBus;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** What a cycle may do otherwise than the configuration says. */
export interface CycleOverrides {
  readonly policy?: Policy;
  readonly maxMoves?: number;
}

/**
 * Everything that works on one cluster: connection, store, events, executor. The daemon and the commands that act share it; what
 * differs between them is who starts the cycles.
 */
export class ClusterSession {
  readonly events: EventBus;
  readonly store: Store;
  readonly clock: Clock;
  readonly connection: Connection;
  readonly leadership: Leadership;
  readonly contact: Contact;
  readonly #dependencies: ClusterSessionDependencies;
  readonly #watchMemories: WatchMemories = new Map();
  #watchedTerm: number | undefined;
  readonly #followers: LearnedFollowers;
  readonly #loads: LoadWatch;
  readonly #planner: Planner;
  readonly #others: OtherMovers;
  #config: Config;
  #isConfigWaiting = false;
  #isReplanWaiting = false;
  #lastSnapshot: Snapshot | undefined;
  /** How often reads of this cycle were tried again, and why for the first time. */
  #retries: { readonly count: number; readonly error: OperatingError } | undefined;

  constructor({ config, secrets }: ClusterSessionOptions, dependencies: ClusterSessionDependencies) {
    const { clock, store, logger, openCluster, onRequest } = dependencies;
    this.#config = config;
    this.#dependencies = dependencies;
    this.clock = clock;
    this.store = store;
    this.contact = new Contact(clock);
    this.events = new EventBus({
      now: () => clock.now(),
      onListenerError: (error) => logger.error({ error }, 'A listener of events failed'),
    });
    this.#loads = new LoadWatch(store);
    this.#planner = withLastPlan(dependencies.planner);
    this.#followers = new LearnedFollowers({ clock, events: this.events });
    this.#others = new OtherMovers({
      ...{ clock, store, events: this.events },
      isMoving: () => !this.#config.execution.dryRun && this.leadership.isActing() && !this.pause(),
    });
    const { createLeadership } = dependencies;
    this.leadership = createLeadership?.({ store, events: this.events, clock, logger }) ?? SOLE_LEADER;
    this.connection = new Connection(async (signal) => {
      const cluster = await openCluster(
        toClusterOptions(this.#config, secrets),
        {
          clock,
          onRequest: (sample) => {
            this.contact.note(sample);
            onRequest?.(sample);
          },
          onRetry: (error) => {
            this.#retries = { error, ...this.#retries, count: (this.#retries?.count ?? 0) + 1 };
          },
          onWarning: (message, fields) => logger.warn(fields, message),
        },
        { signal },
      );
      return withChanges(cluster, {
        readSnapshot: async (options) => {
          const snapshot = await cluster.readSnapshot(options);
          store.checkCluster(identityOf(snapshot, this.#config));
          return snapshot;
        },
      });
    });
  }

  get config(): Config {
    return this.#config;
  }

  /** Takes effect with the next cycle. Endpoints and secrets are not looked at again: they need a restart. */
  applyConfig(config: Config): void {
    const { expected } = this.#config.datanodes;
    this.#config = config;
    this.#isConfigWaiting = false;
    // The adapters are told of expected datanodes when the cluster is opened.
    if (expected.join() !== config.datanodes.expected.join())
      void this.connection.drop().catch(() => undefined);
  }

  /** While another configuration waits for the end of the cycle, no further move begins by this one. */
  noteConfigWaiting(isWaiting: boolean): void {
    this.#isConfigWaiting = isWaiting;
  }

  /** While another plan waits for the end of the cycle, likewise. */
  noteReplanWaiting(isWaiting: boolean): void {
    this.#isReplanWaiting = isWaiting;
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

  /** One turn of the loop; see {@link runCycle}. */
  async runCycle(
    trigger: CycleTrigger,
    signal: AbortSignal,
    overrides: CycleOverrides = {},
  ): Promise<CycleReport> {
    try {
      return await this.#runCycle(trigger, signal, overrides);
    } finally {
      this.#tellRetries();
    }
  }

  /** Once per cycle: each failure would only be noise where one request in five fails. */
  #tellRetries(): void {
    const retries = this.#retries;
    this.#retries = undefined;
    if (retries)
      this.#dependencies.logger.warn({ ...retries }, 'Reads of the cluster failed and were tried again');
  }

  #runCycle(trigger: CycleTrigger, signal: AbortSignal, overrides: CycleOverrides): Promise<CycleReport> {
    const { clock, store, events, connection } = this;
    return runCycle(
      () => this.#settings(overrides),
      {
        clock,
        store,
        events,
        connection,
        planner: this.#loads.forCycle(this.#planner),
        openExecutor: (cluster, takenAtMs) => this.openExecutor(cluster, takenAtMs, overrides.policy),
        noteSnapshot: (snapshot) => this.#noteSnapshot(snapshot),
        completeSnapshot: (snapshot) => this.#followers.addTo(snapshot),
        isActing: () => this.leadership.isActing(),
        onDefect: (error) => this.#dependencies.logger.error({ error }, 'A cycle failed because of a bug'),
      },
      trigger,
      signal,
    );
  }

  /** Reads the cluster once, with the regions of all tables: what a drain would have to move. */
  async readAllTables(signal: AbortSignal): Promise<Snapshot> {
    const cluster = await this.connection.get(signal);
    const selector = compileSelection(toPolicy(this.#config).tables, { everything: true });
    return this.#followers.addTo(await cluster.readSnapshot({ selector, signal }));
  }

  #settings({ policy, maxMoves }: CycleOverrides): CycleSettings {
    const { execution, planning } = this.#config;
    return {
      policy: policy ?? this.policy(),
      configured: toPolicy(this.#config),
      timeBudgetMs: planning.timeBudgetMs,
      dryRun: execution.dryRun,
      maxMoves: maxMoves ?? execution.maxMovesPerCycle,
    };
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
        isConfigWaiting: this.#isConfigWaiting,
        isReplanWaiting: this.#isReplanWaiting,
        isDryRun: this.#config.execution.dryRun,
        window: evaluateWindows(windows, timezone, clock.now()),
        draining: [...this.policy().drain, ...(policy?.drain ?? [])],
        snapshotTakenAtMs: snapshotTakenAtMs(),
        madeByOthers: this.#others.within(this.#config.execution.thrash.windowMs),
      };
    };
    return createExecutor(executorSettings(this.#config), {
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
    if (holds > 0) this.#dependencies.logger.warn({ holds, ...limits }, message);
  }

  async close(): Promise<void> {
    await this.leadership.stop();
    await this.connection.drop();
    this.store.close();
  }

  /** Tells what others moved since the last snapshot, and remembers which of it undid our own moves. */
  #noteSnapshot(snapshot: Snapshot): void {
    const before = this.#lastSnapshot;
    // What the leader moves is no business of a standby's.
    this.#lastSnapshot = this.leadership.isActing() ? snapshot : undefined;
    if (!before || !this.#lastSnapshot) return;
    const sinceMs = Date.parse(before.takenAt) - OWN_MOVES_LOOKED_BACK_MS;
    const ours = this.store
      .listMoves({ limit: OWN_MOVES_LOOKED_AT })
      .filter((move) => move.createdAtMs >= sinceMs);
    const foreign = findForeignMoves(before, snapshot, ours);
    if (foreign.length === 0) return;
    this.#others.noteForeign(foreign);
    const undone = undoneMoves(foreign);
    for (const move of undone) this.store.markUndone(move.id, this.clock.now());
    const detail = describeForeignMoves(foreign);
    this.events.emit({ type: 'foreign-moves', count: foreign.length, undone: undone.length, detail });
  }
}

/** Longer than any route is cached and any migration takes. */
const OWN_MOVES_LOOKED_BACK_MS = 3_600_000;
const OWN_MOVES_LOOKED_AT = 10_000;

import type { Config } from '../../config/config.ts';
import { toPolicy } from '../../config/effective.ts';
import type { Secrets } from '../../config/secrets.ts';
import { GATES } from '../../domain/codes.ts';
import { withDrains } from '../../domain/policy.ts';
import type { Policy } from '../../domain/policy.ts';
import type { Move } from '../../domain/plan.ts';
import type { Snapshot } from '../../domain/snapshot.ts';
import { createExecutor, DEFAULT_EXECUTOR_OPTIONS } from '../../executor/executor.ts';
import type { ExecutorOptions } from '../../executor/executor.ts';
import { describeForeignMoves, findForeignMoves, undoneMoves } from '../../executor/foreign.ts';
import { readGateContext } from '../../executor/gate-context.ts';
import { evaluateGates, operatorGates } from '../../executor/gates.ts';
import type { GateLimits } from '../../executor/gates.ts';
import type { CheckResult } from '../../executor/check.ts';
import type { Executor, GateResult, GateQuestion, WatchMemories } from '../../executor/port.ts';
import { evaluateWindows } from '../../executor/windows.ts';
import type { Cluster } from '../../greptimedb/port.ts';
import type { RequestSample } from '../../greptimedb/options.ts';
import type { Clock } from '../../lib/clock.ts';
import { EventBus } from '../../observability/events.ts';
import type { CycleTrigger } from '../../observability/events.ts';
import type { Logger } from '../../observability/logger.ts';
import type { PauseRecord, Store } from '../../store/port.ts';
import { Connection } from './connection.ts';
import { runCycle } from './cycle.ts';
import type { CycleReport, CycleSettings } from './cycle.ts';
import { LearnedFollowers } from './learned-followers.ts';
import { SOLE_LEADER } from '../ha/leadership.ts';
import type { Leadership } from '../ha/leadership.ts';
import { toClusterOptions } from './open-cluster.ts';
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
  readonly #dependencies: ClusterSessionDependencies;
  readonly #watchMemories: WatchMemories = new Map();
  readonly #followers: LearnedFollowers;
  #config: Config;
  #isConfigWaiting = false;
  /** The term in which the work at hand began: see {@link Leadership.actingTerm}. */
  #term: number | undefined;
  #lastSnapshot: Snapshot | undefined;
  /** Gives the last word once more, about the move that it was last asked for. */
  #askAgain: () => CheckResult = () => this.#operatorsWord();

  constructor({ config, secrets }: ClusterSessionOptions, dependencies: ClusterSessionDependencies) {
    const { clock, store, logger, openCluster, onRequest } = dependencies;
    this.#config = config;
    this.#dependencies = dependencies;
    this.clock = clock;
    this.store = store;
    this.events = new EventBus({
      now: () => clock.now(),
      onListenerError: (error) => logger.error({ error }, 'A listener of events failed'),
    });
    this.#followers = new LearnedFollowers({ clock, events: this.events });
    const { createLeadership } = dependencies;
    this.leadership = createLeadership?.({ store, events: this.events, clock, logger }) ?? SOLE_LEADER;
    this.connection = new Connection((signal) =>
      openCluster(
        toClusterOptions(this.#config, secrets),
        {
          clock,
          ...(onRequest && { onRequest }),
          onWarning: (message, fields) => logger.warn(fields, message),
          maySubmit: () => this.#maySubmit(),
        },
        { signal },
      ),
    );
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

  /** The policy of the configuration with the drains that were asked for while running. */
  policy(): Policy {
    return withDrains(
      toPolicy(this.#config),
      this.store.drains().map(({ datanode }) => datanode),
    );
  }

  /** The pause in force. A standby knows of none: what its own store says may long be over. */
  pause(): PauseRecord | undefined {
    return this.leadership.isActing() ? this.store.pause(this.clock.now()) : undefined;
  }

  /** One turn of the loop; see {@link runCycle}. */
  runCycle(trigger: CycleTrigger, signal: AbortSignal, overrides: CycleOverrides = {}): Promise<CycleReport> {
    const { clock, store, events, connection } = this;
    return runCycle(
      () => this.#settings(overrides),
      {
        clock,
        store,
        events,
        connection,
        planner: this.#dependencies.planner,
        openExecutor: (cluster, snapshotTakenAtMs) => this.openExecutor(cluster, snapshotTakenAtMs),
        noteSnapshot: (snapshot) => this.#noteSnapshot(snapshot),
        completeSnapshot: (snapshot) => this.#followers.addTo(snapshot),
        isActing: () => this.leadership.isActing(),
        preSubmitCheck: (move) => this.preSubmitCheck(move, overrides.policy),
        onDefect: (error) => this.#dependencies.logger.error({ error }, 'A cycle met a defect'),
      },
      trigger,
      signal,
    );
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
   * What operators say about a move at the moment before it is asked for: a pause, a window, a drain that began or ended since the plan.
   *
   * @param policy what the move was planned with, when that is not {@link policy}.
   */
  preSubmitCheck(move: Move, policy?: Policy): CheckResult {
    this.#askAgain = () => this.#wordOn(move, policy);
    return this.#askAgain();
  }

  #wordOn({ from, to, reason }: Move, policy?: Policy): CheckResult {
    const word = this.#operatorsWord();
    if (word.kind !== 'go') return word;
    const draining = [...this.policy().drain, ...(policy?.drain ?? [])];
    if (draining.includes(to)) return noLongerWanted(`Datanode ${to} drains now.`);
    if (reason === 'drain' && !draining.includes(from))
      return noLongerWanted(`Datanode ${from} drains no more.`);
    return { kind: 'go' };
  }

  /** Whether this replica has led without a break since the work at hand began: between two terms another one may have moved regions. */
  #isInTerm(): boolean {
    const term = this.leadership.actingTerm();
    return term !== undefined && (this.#term === undefined || term === this.#term);
  }

  /** What holds for every move. */
  #operatorsWord(): CheckResult {
    const nowMs = this.clock.now();
    const { windows, timezone } = this.#config.schedule;
    if (!this.#isInTerm()) return { kind: 'gate', ...NOT_LEADER };
    if (this.#isConfigWaiting) return { kind: 'gate', ...RELOAD_PENDING };
    const pause = this.store.pause(nowMs);
    const gate = operatorGates({
      ...(pause && { pause }),
      window: evaluateWindows(windows, timezone, nowMs),
    });
    return gate.open ? { kind: 'go' } : { kind: 'gate', code: gate.code, detail: gate.detail };
  }

  /**
   * The last word again, right before the first byte of a request leaves: connecting, to one frontend after the other, may have taken
   * long. Called from inside the network's own code, which must not meet an error of ours.
   */
  #maySubmit(): boolean {
    try {
      return this.#askAgain().kind === 'go';
    } catch (error) {
      this.#dependencies.logger.error(
        { error },
        'Whether a move is still wanted cannot be told; it is not sent',
      );
      return false;
    }
  }

  /** @param snapshotTakenAtMs when the snapshot was taken that the moves rest on, in ms since 1970. */
  openExecutor(cluster: Cluster, snapshotTakenAtMs: () => number): Executor {
    const { clock, store, events } = this;
    this.#term = this.leadership.actingTerm();
    return createExecutor(toExecutorOptions(this.#config), {
      cluster: this.leadership.guard(cluster),
      store,
      events,
      clock,
      watchMemories: this.#watchMemories,
      gates: (question) => this.#askGates(cluster, snapshotTakenAtMs(), question),
    });
  }

  async close(): Promise<void> {
    await this.leadership.stop();
    await this.connection.drop();
    this.store.close();
  }

  async #askGates(cluster: Cluster, snapshotTakenAtMs: number, question: GateQuestion): Promise<GateResult> {
    const { schedule, execution } = this.#config;
    if (this.#isConfigWaiting) return { open: false, ...RELOAD_PENDING };
    const reading = await readGateContext(
      {
        isLeader: this.#isInTerm(),
        isDryRun: execution.dryRun,
        windows: schedule.windows,
        timezone: schedule.timezone,
        snapshotTakenAtMs,
        submittedThisCycle: question.submitted,
        thrashWindowMs: execution.thrash.windowMs,
      },
      { cluster, store: this.store, clock: this.clock },
      question.signal,
    );
    return evaluateGates(reading, toLimits(this.#config, question.limit));
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
    const undone = undoneMoves(foreign);
    for (const move of undone) this.store.markUndone(move.id, this.clock.now());
    const detail = describeForeignMoves(foreign);
    this.events.emit({ type: 'foreign-moves', count: foreign.length, undone: undone.length, detail });
  }
}

const RELOAD_PENDING = { code: 'reload-pending', detail: GATES['reload-pending'] } as const;
const NOT_LEADER = { code: 'not-leader', detail: GATES['not-leader'] } as const;

function noLongerWanted(detail: string): CheckResult {
  return { kind: 'abandon', cause: 'no-longer-wanted', detail };
}

/** Longer than any route is cached and any migration takes. */
const OWN_MOVES_LOOKED_BACK_MS = 3_600_000;
const OWN_MOVES_LOOKED_AT = 10_000;

function toLimits({ execution }: Config, maxMovesPerCycle: number): GateLimits {
  const { maxMovesPerHour } = execution;
  return {
    maxSnapshotAgeMs: execution.maxSnapshotAgeMs,
    minAliveShare: execution.minAliveShare,
    maxConsecutiveFailures: execution.maxConsecutiveFailures,
    maxMovesPerCycle,
    maxMovesPerHour: maxMovesPerHour === 0 ? Infinity : maxMovesPerHour,
    maxUndoneMoves: execution.thrash.undoneMoves,
  };
}

function toExecutorOptions({ execution }: Config): ExecutorOptions {
  const { quarantine } = execution;
  return {
    ...DEFAULT_EXECUTOR_OPTIONS,
    replayTimeoutMs: execution.replayTimeoutMs,
    moveTimeoutMs: execution.moveTimeoutMs,
    pollIntervalMs: execution.pollIntervalMs,
    pauseBetweenMovesMs: execution.pauseBetweenMovesMs,
    regionCooldownMs: execution.regionCooldownMs,
    maxConsecutiveFailures: execution.maxConsecutiveFailures,
    quarantineBaseMs: quarantine.baseMs,
    quarantineMaxMs: quarantine.maxMs,
  };
}

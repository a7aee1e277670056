import { toPolicy } from '../../config/effective.ts';
import { GATES } from '../../domain/codes.ts';
import type { CycleOutcome } from '../../domain/codes.ts';
import { describeError, OperatingError } from '../../domain/errors.ts';
import type { Plan, Warning } from '../../domain/plan.ts';
import { unmatchedNames } from '../../domain/unmatched-names.ts';
import { judgePlacement } from '../../domain/verdict.ts';
import type { Policy } from '../../domain/policy.ts';
import { compileSelection } from '../../domain/selector.ts';
import type { Snapshot } from '../../domain/snapshot.ts';
import { describeClosed, whyStopping, type ClosedGate } from '../../executor/gates.ts';
import type { ExecutionReport } from '../../executor/port.ts';
import { count } from '../../lib/number.ts';
import type { CycleTrigger } from '../../observability/events.ts';
import type { Store } from '../../store/port.ts';
import type { ClusterSession } from './cluster-session.ts';
import { readOnlyCluster } from './connection.ts';
import type { Planner } from '../planning/planner.ts';

/** What a cycle may do otherwise than the configuration says. */
export interface CycleOverrides {
  readonly policy?: Policy;
  /** The most migrations to submit. */
  readonly maxMoves?: number;
}

/** How a cycle went. */
export interface CycleReport {
  readonly cycleId: number;
  readonly outcome: CycleOutcome;
  readonly moved: number;
  /** Moves that were begun and did not succeed. */
  readonly failed: number;
  /** A sentence for a person. */
  readonly detail: string;
  readonly snapshot?: Snapshot;
  /** The last plan of the cycle. */
  readonly plan?: Plan;
  /** The gates that forbade to begin, or to go on; mostly none. */
  readonly closed?: readonly ClosedGate[];
}

type Turn = Omit<CycleReport, 'cycleId'>;

/** Stands in events for the id of a cycle that could not be written down. */
const UNWRITTEN = 0;

/**
 * One turn of the loop: what is unfinished first, then observe, plan, and execute. Whatever the cluster or the network does, such a
 * cycle ends as `failed`, and the next one starts afresh. That it ended is told in any case.
 *
 * @throws OperatingError of the store when the cycle's begin or end could not be written down.
 */
export async function runCycle(
  session: ClusterSession,
  trigger: CycleTrigger,
  signal: AbortSignal,
  overrides: CycleOverrides = {},
): Promise<CycleReport> {
  try {
    return await inCycle(session, trigger, async (cycleId) =>
      new Cycle(session, cycleId, overrides, signal).run(),
    );
  } finally {
    session.tellRetries();
  }
}

/** Lets work be a cycle: its begin and its end are written down and told. @throws what the work throws, and OperatingErrors of the store. */
export async function inCycle<T extends Turn>(
  { store, events, clock }: ClusterSession,
  trigger: CycleTrigger,
  work: (cycleId: number) => Promise<T>,
): Promise<T & { readonly cycleId: number }> {
  const startedAtMs = clock.monotonicMs();
  let cycleId = UNWRITTEN;
  let turn: T | undefined;
  const tellEnd = (end: Pick<Turn, 'outcome' | 'detail'>): void => {
    const durationMs = Math.round(clock.monotonicMs() - startedAtMs);
    const { outcome, detail } = end;
    events.emit({ type: 'cycle-finished', cycleId, outcome, durationMs, moved: turn?.moved ?? 0, detail });
  };
  try {
    cycleId = store.beginCycle(trigger, clock.now());
    events.emit({ type: 'cycle-started', cycleId, trigger });
    turn = await work(cycleId);
    const { outcome, moved, detail } = turn;
    store.endCycle(cycleId, { endedAtMs: clock.now(), outcome, moved, detail });
  } catch (error) {
    tellEnd({ outcome: 'failed', detail: describeError(error) });
    throw error;
  }
  tellEnd(turn);
  return { cycleId, ...turn };
}

/** What the cluster, the network and the state folder do is foreseen; anything else is a defect of ours and worth its stack. */
function isForeseen(error: unknown): boolean {
  return error instanceof OperatingError || (error instanceof Error && error.name === 'TimeoutError');
}

/** Whether the cluster does not speak (any more) what was found out about it: it is found out anew. */
function contradictsDetection(error: unknown): boolean {
  return error instanceof OperatingError && error.code === 'api-mismatch';
}

/** A plan is made anew when its snapshot has become too old in the middle of it, but not for ever. */
const MAX_PLANS_PER_CYCLE = 1_000;

interface Reading {
  readonly snapshot: Snapshot;
  readonly warnings: readonly Warning[];
}

class Cycle {
  readonly #session: ClusterSession;
  readonly #id: number;
  readonly #signal: AbortSignal;
  readonly #overrides: CycleOverrides;
  readonly #policy: Policy;
  readonly #planner: Planner;
  /** What its rounds did so far: it was done, whatever the next round meets. */
  #tally: Tally = NOTHING;

  constructor(session: ClusterSession, id: number, overrides: CycleOverrides, signal: AbortSignal) {
    this.#session = session;
    this.#id = id;
    this.#overrides = overrides;
    this.#signal = signal;
    this.#policy = overrides.policy ?? session.policy();
    this.#planner = session.plannerForCycle();
  }

  /** Never rejects. */
  async run(): Promise<Turn> {
    const { connection, logger, store } = this.#session;
    const isStopped = (): boolean => this.#signal.aborted;
    try {
      return await this.#takeTurn();
    } catch (error) {
      if (!isStopped() && !isForeseen(error)) logger.error({ error }, 'A cycle failed because of a bug');
      if (!isForeseen(error) || contradictsDetection(error)) await connection.drop().catch(() => undefined);
      return isStopped()
        ? { outcome: 'stopped', ...this.#tally, detail: whyStopping(store.unresolvedMoves()) }
        : { outcome: 'failed', ...this.#tally, detail: describeError(error) };
    }
  }

  async #takeTurn(): Promise<Turn> {
    const { store, clock, connection, config, leadership } = this.#session;
    const { dryRun, maxMovesPerCycle } = config.execution;
    const { maxMoves = maxMovesPerCycle, policy } = this.#overrides;
    const opened = await connection.get(this.#signal);
    // A replica that stands by observes and plans, and touches nothing.
    const isActing = leadership.isActing();
    const cluster = dryRun || !isActing ? readOnlyCluster(opened) : opened;
    let takenAtMs = clock.now();
    const executor = this.#session.openExecutor(cluster, () => takenAtMs, policy);
    if (isActing && store.unresolvedMoves().length > 0) {
      // What an earlier process left may take long to end. Until then everybody sees where things stand, not nothing at all.
      await this.#plan(await this.#observe());
      await executor.recover(this.#signal);
    }
    let submitted = 0;
    for (let round = 1; ; round += 1) {
      const reading = await this.#observe();
      const { snapshot } = reading;
      takenAtMs = clock.now();
      const plan = await this.#plan(reading);
      const { moves, planId } = plan;
      if (moves.length === 0)
        return { ...settled(this.#policy, plan, this.#tally), ...this.#tally, snapshot, plan };
      if (!isActing) return { ...this.#standby(plan), snapshot, plan };
      const limit = maxMoves - submitted;
      if (dryRun) {
        const closed = await executor.closedGates(limit, this.#signal);
        this.#tellClosed(closed);
        return { ...planned(plan, closed), snapshot, plan };
      }
      const report = await executor.execute(moves, { planId, cycleId: this.#id, limit }, this.#signal);
      const result = describeExecution(report, moves.length, this.#tally);
      submitted += report.submitted;
      this.#tally = { moved: result.moved, failed: result.failed };
      if (this.#isOnlyOld(report) && round < MAX_PLANS_PER_CYCLE) continue;
      const detail = [result.detail, ...plan.warnings.map((warning) => warning.detail)].join(' ');
      return { ...result, detail, snapshot, plan, closed: report.closed };
    }
  }

  /** Each move was checked afresh; only the plan has become old. The rest of the cycle goes on with a new one. */
  #isOnlyOld({ closed, records, submitted }: ExecutionReport): boolean {
    const { isReplanWaiting, isConfigWaiting } = this.#session;
    // What somebody asked for is for a cycle of its own.
    if (closed.length === 0 || isReplanWaiting || isConfigWaiting) return false;
    return closed.every(
      ({ code }) =>
        (code === 'stale-snapshot' && submitted > 0) || (code === 'replan-pending' && records.length > 0),
    );
  }

  async #observe(): Promise<Reading> {
    const { events, clock, config } = this.#session;
    const startedAtMs = clock.monotonicMs();
    const { tables, drain } = this.#policy;
    // A drain takes every region, those of tables that are not selected too.
    const selector = compileSelection(tables, { everything: drain.length > 0 });
    const snapshot = await this.#session.readSnapshot({ selector, signal: this.#signal });
    const durationMs = clock.monotonicMs() - startedAtMs;
    events.emit({ type: 'snapshot-taken', cycleId: this.#id, snapshot, durationMs });
    this.#session.noteSnapshot(snapshot);
    // As the configuration says, without what was asked for since: names in it that nothing has are told.
    return { snapshot, warnings: unmatchedNames(toPolicy(config), snapshot, selector.unmatchedExcludes()) };
  }

  async #plan({ snapshot, warnings }: Reading): Promise<Plan> {
    const { store, events, clock, config } = this.#session;
    const startedAtMs = clock.monotonicMs();
    const nowMs = clock.now();
    const input = {
      ...{ policy: this.#policy, warnings, nowMs },
      snapshot: withUnresolved(snapshot, store),
      memory: store.memory(nowMs),
    };
    const { timeBudgetMs } = config.planning;
    const { plan, counts } = await this.#planner(input, { timeBudgetMs }, this.#signal);
    const durationMs = clock.monotonicMs() - startedAtMs;
    events.emit({ type: 'planned', cycleId: this.#id, plan, counts, durationMs });
    return plan;
  }

  /** What else its own state folder says would be the last leader's affair, or long over. */
  #standby({ moves }: Plan): Omit<Turn, 'snapshot' | 'plan'> {
    const closed: readonly ClosedGate[] = [{ code: 'not-leader', detail: GATES['not-leader'] }];
    this.#tellClosed(closed);
    const detail = `This replica stands by: ${moves.length} moves are left to the one that leads.`;
    return { outcome: 'gated', detail, moved: 0, failed: 0, closed };
  }

  #tellClosed(closed: readonly ClosedGate[]): void {
    for (const gate of closed) this.#session.events.emit({ type: 'gate-closed', ...gate });
  }
}

/** A region whose own migration has no known end is as good as migrating, whatever the route says. */
function withUnresolved(snapshot: Snapshot, store: Store): Snapshot {
  const unresolved = new Set(store.unresolvedMoves().map(({ regionId }) => regionId));
  if (unresolved.size === 0) return snapshot;
  return {
    ...snapshot,
    regions: snapshot.regions.map((region) =>
      unresolved.has(region.id) ? { ...region, status: 'migrating' as const } : region,
    ),
  };
}

/** Nothing can be moved. Whoever only drains asks for no balance. */
function settled(policy: Policy, plan: Plan, { moved }: Tally): Pick<Turn, 'outcome' | 'detail'> {
  const onlyDrain = policy.onlyDrain === true;
  const blockers = plan.blocked.filter(({ harmless }) => !harmless).length;
  const { code, sentence } = judgePlacement(plan.after, plan.warnings, { onlyDrain, blockers });
  const isFine = code === 'balanced' || (code === 'nothing-selected' && plan.warnings.length === 0);
  if (isFine || (onlyDrain && code === 'attention'))
    return { outcome: moved > 0 ? 'moved' : 'balanced', detail: sentence };
  return { outcome: 'blocked', detail: sentence };
}

/** Whoever ends the dry run wants to know what else would stop the moves. */
function planned({ moves, warnings }: Plan, closed: readonly ClosedGate[]): Omit<Turn, 'snapshot' | 'plan'> {
  const others = closed.filter(({ code }) => code !== 'dry-run');
  const detail = [
    `Dry run: ${count(moves.length, 'move')} planned, none made.`,
    ...(others.length > 0 ? [`Without it none could start either: ${describeClosed(others)}`] : []),
    ...warnings.map((warning) => warning.detail),
  ].join(' ');
  return { outcome: 'planned', detail, moved: 0, failed: 0 };
}

/** How an execution went, as a cycle's outcome. `planned` is the number of moves that there were to execute. */
export function describeExecution(
  report: ExecutionReport,
  planned: number,
  before: Tally = NOTHING,
): Pick<Turn, 'outcome' | 'detail' | 'moved' | 'failed'> {
  const { counts, closed } = report;
  const moved = before.moved + counts.succeeded;
  const failed = before.failed + counts.failed + counts.rolled_back + counts.timed_out;
  const summary =
    closed.length > 0
      ? describeClosed(closed)
      : `${counts.succeeded} of ${planned} planned moves were executed.`;
  const outcome = outcomeOf(closed, { moved, failed, abandoned: counts.abandoned });
  const detail = outcome === 'partial' || outcome === 'failed' ? failureDetail(report, summary) : summary;
  return { outcome, detail, moved, failed };
}

interface Tally {
  readonly moved: number;
  readonly failed: number;
}

const NOTHING: Tally = { moved: 0, failed: 0 };

function outcomeOf(
  closed: readonly ClosedGate[],
  { moved, failed, abandoned }: Tally & { abandoned: number },
): CycleOutcome {
  if (closed.some(({ code }) => code === 'stopping')) return 'stopped';
  if (failed > 0) return moved > 0 ? 'partial' : 'failed';
  if (abandoned > 0) return 'partial';
  return moved > 0 ? 'moved' : 'gated';
}

/** Names the first move that did not succeed: what an operator asks first. */
function failureDetail({ records }: ExecutionReport, otherwise: string): string {
  const first = records.find(({ state }) => state !== 'succeeded');
  if (!first) return otherwise;
  return `Region ${first.regionId} from datanode ${first.from} to ${first.to}: ${first.detail ?? first.state}`;
}

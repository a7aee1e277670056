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
import type { ExecutionReport, Executor } from '../../executor/port.ts';
import type { Cluster } from '../../greptimedb/port.ts';
import type { Clock } from '../../lib/clock.ts';
import { count } from '../../lib/number.ts';
import type { CycleTrigger, EventSink } from '../../observability/events.ts';
import type { Store } from '../../store/port.ts';
import type { Connection } from './connection.ts';
import { readOnlyCluster } from './connection.ts';
import type { Planner } from '../planning/planner.ts';

/** What one cycle shall do. Taken from the configuration anew for each cycle. */
export interface CycleSettings {
  readonly policy: Policy;
  /** As the configuration says, without what was asked for since: names in it that nothing has are told. */
  readonly configured: Policy;
  readonly timeBudgetMs: number;
  readonly dryRun: boolean;
  /** The most migrations to submit in this cycle. */
  readonly maxMoves: number;
}

export interface CycleDependencies {
  readonly connection: Connection;
  readonly store: Store;
  readonly events: EventSink;
  readonly clock: Clock;
  readonly planner: Planner;
  /** An executor for this cluster; the snapshot's age is asked for by its gates. */
  readonly openExecutor: (cluster: Cluster, snapshotTakenAtMs: () => number) => Executor;
  /** Compares a fresh snapshot with the one before: see executor/foreign.ts. */
  readonly noteSnapshot: (snapshot: Snapshot) => void;
  /** Adds to a snapshot what single reads have told that the snapshot does not. */
  readonly completeSnapshot: (snapshot: Snapshot) => Snapshot;
  /** Whether this replica leads. One that stands by observes and plans, and touches nothing. */
  readonly isActing: () => boolean;
  /** Told of an error that nobody foresaw. The cycle fails; the daemon goes on. */
  readonly onDefect: (error: unknown) => void;
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
  readSettings: () => CycleSettings,
  dependencies: CycleDependencies,
  trigger: CycleTrigger,
  signal: AbortSignal,
): Promise<CycleReport> {
  const { store, events, clock } = dependencies;
  const startedAtMs = clock.monotonicMs();
  let cycleId = UNWRITTEN;
  let turn: Turn | undefined;
  const tellEnd = (end: Pick<Turn, 'outcome' | 'detail'>): void => {
    const durationMs = Math.round(clock.monotonicMs() - startedAtMs);
    const { outcome, detail } = end;
    events.emit({ type: 'cycle-finished', cycleId, outcome, durationMs, moved: turn?.moved ?? 0, detail });
  };
  try {
    const settings = readSettings();
    cycleId = store.beginCycle(trigger, clock.now());
    events.emit({ type: 'cycle-started', cycleId, trigger });
    turn = await takeTurnOrFail(settings, dependencies, cycleId, signal);
    const { outcome, moved, detail } = turn;
    store.endCycle(cycleId, { endedAtMs: clock.now(), outcome, moved, detail });
  } catch (error) {
    tellEnd({ outcome: 'failed', detail: describeError(error) });
    throw error;
  }
  tellEnd(turn);
  return { cycleId, ...turn };
}

/** Never rejects. */
async function takeTurnOrFail(
  settings: CycleSettings,
  dependencies: CycleDependencies,
  cycleId: number,
  signal: AbortSignal,
): Promise<Turn> {
  const progress: Progress = { tally: NOTHING };
  try {
    return await takeTurn(settings, dependencies, { cycleId, progress }, signal);
  } catch (error) {
    if (!signal.aborted && !isForeseen(error)) dependencies.onDefect(error);
    if (!isForeseen(error) || contradictsDetection(error))
      await dependencies.connection.drop().catch(() => undefined);
    return signal.aborted
      ? { outcome: 'stopped', ...progress.tally, detail: whyStopping(dependencies.store.unresolvedMoves()) }
      : { outcome: 'failed', ...progress.tally, detail: describeError(error) };
  }
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

/** What the rounds of a cycle did so far: it was done, whatever the next round meets. */
interface Progress {
  tally: Tally;
}

async function takeTurn(
  settings: CycleSettings,
  dependencies: CycleDependencies,
  { cycleId, progress }: { readonly cycleId: number; readonly progress: Progress },
  signal: AbortSignal,
): Promise<Turn> {
  const { store, clock } = dependencies;
  const opened = await dependencies.connection.get(signal);
  const isActing = dependencies.isActing();
  const cluster = settings.dryRun || !isActing ? readOnlyCluster(opened) : opened;
  let takenAtMs = clock.now();
  const executor = dependencies.openExecutor(cluster, () => takenAtMs);
  if (isActing && store.unresolvedMoves().length > 0) {
    // What an earlier process left may take long to end. Until then everybody sees where things stand, not nothing at all.
    const reading = await observe(settings, dependencies, cluster, cycleId, signal);
    await makePlan(settings, dependencies, reading, cycleId, signal);
    await executor.recover(signal);
  }
  let submitted = 0;
  for (let round = 1; ; round += 1) {
    const reading = await observe(settings, dependencies, cluster, cycleId, signal);
    const { snapshot } = reading;
    takenAtMs = clock.now();
    const plan = await makePlan(settings, dependencies, reading, cycleId, signal);
    if (plan.moves.length === 0) {
      const { tally } = progress;
      return { ...settled(settings, plan, tally), ...tally, snapshot, plan };
    }
    if (!isActing) return { ...standby(dependencies, plan), snapshot, plan };
    const limit = settings.maxMoves - submitted;
    if (settings.dryRun) {
      const closed = await executor.closedGates(limit, signal);
      tellClosed(dependencies, closed);
      return { ...planned(plan, closed), snapshot, plan };
    }
    const context = { planId: plan.planId, cycleId, limit };
    const report = await executor.execute(plan.moves, context, signal);
    const result = describeExecution(report, plan.moves.length, progress.tally);
    submitted += report.submitted;
    progress.tally = { moved: result.moved, failed: result.failed };
    // Each move was checked afresh; only the plan has become old. The rest of the cycle goes on with a new one.
    const isOld = report.closed.length > 0 && report.closed.every(({ code }) => code === 'stale-snapshot');
    if (isOld && report.submitted > 0 && round < MAX_PLANS_PER_CYCLE) continue;
    const detail = [result.detail, ...plan.warnings.map((warning) => warning.detail)].join(' ');
    return { ...result, detail, snapshot, plan, closed: report.closed };
  }
}

async function observe(
  settings: CycleSettings,
  { events, clock, noteSnapshot, completeSnapshot }: CycleDependencies,
  cluster: Cluster,
  cycleId: number,
  signal: AbortSignal,
): Promise<Reading> {
  const startedAtMs = clock.monotonicMs();
  const { policy, configured } = settings;
  // A drain takes every region, those of tables that are not selected too.
  const selector = compileSelection(policy.tables, { everything: policy.drain.length > 0 });
  const read = await cluster.readSnapshot({ selector, signal });
  const snapshot = completeSnapshot(read);
  events.emit({ type: 'snapshot-taken', cycleId, snapshot, durationMs: clock.monotonicMs() - startedAtMs });
  noteSnapshot(snapshot);
  return { snapshot, warnings: unmatchedNames(configured, snapshot, selector.unmatchedExcludes()) };
}

interface Reading {
  readonly snapshot: Snapshot;
  readonly warnings: readonly Warning[];
}

async function makePlan(
  settings: CycleSettings,
  { store, events, clock, planner }: CycleDependencies,
  { snapshot, warnings }: Reading,
  cycleId: number,
  signal: AbortSignal,
): Promise<Plan> {
  const startedAtMs = clock.monotonicMs();
  const nowMs = clock.now();
  const input = {
    snapshot: withUnresolved(snapshot, store),
    policy: settings.policy,
    memory: store.memory(nowMs),
    warnings,
    nowMs,
  };
  const { plan, counts } = await planner(input, { timeBudgetMs: settings.timeBudgetMs }, signal);
  events.emit({ type: 'planned', cycleId, plan, counts, durationMs: clock.monotonicMs() - startedAtMs });
  return plan;
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
function settled({ policy }: CycleSettings, plan: Plan, { moved }: Tally): Pick<Turn, 'outcome' | 'detail'> {
  const onlyDrain = policy.onlyDrain === true;
  const blockers = plan.blocked.filter(({ harmless }) => !harmless).length;
  const { code, sentence } = judgePlacement(plan.after, plan.warnings, { onlyDrain, blockers });
  if (code === 'balanced' || (onlyDrain && code === 'attention'))
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

/** What else its own state folder says would be the last leader's affair, or long over. */
function standby(dependencies: CycleDependencies, { moves }: Plan): Omit<Turn, 'snapshot' | 'plan'> {
  const closed: readonly ClosedGate[] = [{ code: 'not-leader', detail: GATES['not-leader'] }];
  tellClosed(dependencies, closed);
  const detail = `This replica stands by: ${moves.length} moves are left to the one that leads.`;
  return { outcome: 'gated', detail, moved: 0, failed: 0, closed };
}

function tellClosed({ events }: CycleDependencies, closed: readonly ClosedGate[]): void {
  for (const gate of closed) events.emit({ type: 'gate-closed', ...gate });
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

import type { Outcome } from '../domain/codes.ts';
import { isFinal, type MoveRecord } from '../domain/move.ts';
import type { Move } from '../domain/plan.ts';
import { sleep } from '../lib/clock.ts';
import { otherMigration } from './check.ts';
import { attempt } from './evidence.ts';
import { createJournal } from './journal.ts';
import { carryOut, STOPPING, type Attempted, type OneMoveDependencies, type Stop } from './one-move.ts';
import type { ExecutorOptions } from './options.ts';
import type {
  ExecutionContext,
  ExecutionReport,
  Executor,
  ExecutorDependencies,
  RecoveryReport,
} from './port.ts';
import { recoverMoves } from './recover.ts';
import { createWatcher } from './watch.ts';

export { DEFAULT_EXECUTOR_OPTIONS, serverWorstCaseMs, type ExecutorOptions } from './options.ts';
export type * from './port.ts';

/** What one call of `execute` knows while it runs. */
interface Run {
  readonly moves: readonly Move[];
  readonly context: ExecutionContext;
  readonly signal: AbortSignal;
  readonly records: MoveRecord[];
  submitted: number;
}

/** Carries out migrations, one at a time. See {@link Executor}. */
export function createExecutor(options: ExecutorOptions, dependencies: ExecutorDependencies): Executor {
  const { events } = dependencies;
  let isBusy = false;
  const journal = createJournal(options, dependencies);
  const watcher = createWatcher(options, { ...dependencies, journal });
  const parts: Parts = { ...dependencies, journal, watcher };

  /** One caller at a time: two would be two migrations at a time. */
  const exclusively = async <T>(work: () => Promise<T>): Promise<T> => {
    if (isBusy) throw new Error('The executor works already; it does one thing at a time');
    isBusy = true;
    try {
      return await work();
    } finally {
      isBusy = false;
    }
  };
  const recover = (signal: AbortSignal): Promise<RecoveryReport> => recoverMoves(options, parts, signal);

  return {
    recover: (signal) => exclusively(() => recover(signal)),
    execute: (moves, context, signal) =>
      exclusively(async () => {
        const run: Run = { moves, context, signal, records: [], submitted: 0 };
        const stop = afterRecovery(await recover(signal)) ?? (await workThrough(options, parts, run));
        if (stop) events.emit({ type: 'gate-closed', ...stop });
        return report(run, stop);
      }),
  };
}

type Parts = ExecutorDependencies & OneMoveDependencies;

function afterRecovery({ open, stopped }: RecoveryReport): Stop | undefined {
  if (stopped) return STOPPING;
  const running = open.find((found) => found.mayStillRun);
  if (!running) return undefined;
  const { move, detail } = running;
  return {
    code: 'migration-running',
    detail: `Our earlier migration of region ${move.regionId} may still be under way: ${detail}`,
  };
}

/** @returns why the list was not worked to its end, if it was not. */
async function workThrough(options: ExecutorOptions, parts: Parts, run: Run): Promise<Stop | undefined> {
  const { moves, context, signal, records } = run;
  for (const [index, move] of moves.entries()) {
    const closed = await whyNotNow(options, parts, run, move);
    if (closed) return closed;
    const attempted = await begin(options, parts, run, { move, position: index + 1 });
    records.push(attempted.move);
    if (attempted.wasSubmitted) run.submitted += 1;
    if (attempted.stop) return attempted.stop;
    const isLast = index === moves.length - 1 || run.submitted >= context.limit;
    if (attempted.wasSubmitted && !isLast && !(await pause(options, parts, signal))) return STOPPING;
  }
  return failureStop(options, parts);
}

async function begin(
  options: ExecutorOptions,
  parts: Parts,
  { context, moves, signal }: Run,
  { move, position }: { readonly move: Move; readonly position: number },
): Promise<Attempted> {
  const onCreated = (record: MoveRecord): void =>
    parts.events.emit({ type: 'move-started', move: record, position, total: moves.length });
  return carryOut(options, { ...parts, onCreated }, move, context, signal);
}

/** What forbids beginning a move at all. The cheap questions come first. */
async function whyNotNow(
  options: ExecutorOptions,
  parts: Parts,
  run: Run,
  move: Move,
): Promise<Stop | undefined> {
  const { context, signal, submitted } = run;
  if (isAborted(signal)) return STOPPING;
  if (submitted >= context.limit) {
    return {
      code: 'move-limit',
      detail: `This cycle has executed ${submitted} of at most ${context.limit} moves.`,
    };
  }
  const failures = failureStop(options, parts);
  if (failures) return failures;
  try {
    const busy = await waitForQuiet(options, parts, signal);
    if (busy) return busy;
    const { planId, cycleId, limit } = context;
    const verdict = await parts.gates({ move, planId, cycleId, submitted, limit, signal });
    if (isAborted(signal)) return STOPPING;
    return verdict.open ? undefined : { code: verdict.code, detail: verdict.detail };
  } catch (error) {
    if (isAborted(signal)) return STOPPING;
    throw error;
  }
}

/** A function, because the compiler takes a property that was false to stay so over an await. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}

function failureStop(options: ExecutorOptions, { store }: Parts): Stop | undefined {
  const failures = store.failureRun();
  if (failures < options.maxConsecutiveFailures) return undefined;
  return {
    code: 'too-many-failures',
    detail: `${failures} migrations in a row failed; ${options.maxConsecutiveFailures} are the limit.`,
  };
}

/** Waits, for a while, for migrations of others to end. @throws the signal's reason when it aborts. */
async function waitForQuiet(
  options: ExecutorOptions,
  { cluster, clock }: Parts,
  signal: AbortSignal,
): Promise<Stop | undefined> {
  const untilMs = clock.monotonicMs() + options.foreignWaitMs;
  for (;;) {
    const listed = await attempt(signal, () => cluster.listProcedures({ signal }));
    if (!listed.ok) return { code: 'cluster-unhealthy', detail: listed.problem };
    const detail = listed.value === 'unsupported' ? undefined : otherMigration(listed.value);
    if (detail === undefined) return undefined;
    if (clock.monotonicMs() >= untilMs) return { code: 'migration-running', detail };
    await sleep(clock, options.pollIntervalMs, signal);
  }
}

/** @returns false when told to stop meanwhile. */
async function pause(options: ExecutorOptions, { clock }: Parts, signal: AbortSignal): Promise<boolean> {
  try {
    await sleep(clock, options.pauseBetweenMovesMs, signal);
    return true;
  } catch (error) {
    if (!signal.aborted) throw error;
    return false;
  }
}

function report({ moves, records, submitted }: Run, stop: Stop | undefined): ExecutionReport {
  const counts: Record<Outcome, number> = {
    succeeded: 0,
    failed: 0,
    timed_out: 0,
    rolled_back: 0,
    abandoned: 0,
  };
  for (const { state } of records) if (isFinal(state)) counts[state] += 1;
  const remaining = moves.length - records.length;
  return { records, counts, submitted, remaining, ...(stop && { stop }) };
}

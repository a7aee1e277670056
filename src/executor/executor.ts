import type { Outcome } from '../domain/codes.ts';
import { isFinal, type MoveRecord } from '../domain/move.ts';
import type { Move } from '../domain/plan.ts';
import { sleep } from '../lib/clock.ts';
import { blameDatanode, rests } from './blame.ts';
import { STOPPING, whyStopping, whyTooManyFailures, type ClosedGate, type GateLimits } from './gates.ts';
import { createJournal } from './journal.ts';
import { createMoveCheck, type MoveCheck } from './move-check.ts';
import { carryOut, type OneMoveDependencies } from './one-move.ts';
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

export type * from './port.ts';

/** What one call of `execute` knows while it runs. */
interface Run {
  readonly moves: readonly Move[];
  readonly context: ExecutionContext;
  readonly signal: AbortSignal;
  readonly records: MoveRecord[];
  submitted: number;
  /** Whether the last move that was begun was, or may have been, asked for. */
  wasSubmitted: boolean;
}

type Options = ExecutorOptions & GateLimits;
type Parts = ExecutorDependencies &
  Omit<OneMoveDependencies, 'onCreated'> & { readonly moveCheck: MoveCheck };

/** Carries out migrations, one at a time. See {@link Executor}. */
export function createExecutor(options: Options, dependencies: ExecutorDependencies): Executor {
  const { events } = dependencies;
  let isBusy = false;
  const journal = createJournal(options, dependencies);
  const watcher = createWatcher(options, { ...dependencies, journal });
  const moveCheck = createMoveCheck(options, dependencies);
  const parts: Parts = { ...dependencies, journal, watcher, moveCheck };

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
    closedGates: (limit, signal) => moveCheck.closedGates({ submitted: 0, limit }, signal),
    execute: (moves, context, signal) =>
      exclusively(async () => {
        const run: Run = { moves, context, signal, records: [], submitted: 0, wasSubmitted: false };
        const running = afterRecovery(await recover(signal));
        const found = running ? [running] : await workThrough(options, parts, run);
        const closed = found.map((gate) =>
          gate.code === 'stopping' ? { ...gate, detail: whyStopping(parts.store.unresolvedMoves()) } : gate,
        );
        for (const gate of closed) events.emit({ type: 'gate-closed', ...gate });
        return report(run, closed);
      }),
  };
}

function afterRecovery({ open, stopped }: RecoveryReport): ClosedGate | undefined {
  if (stopped) return STOPPING;
  const running = open.find((found) => found.mayStillRun);
  if (!running) return undefined;
  const { move, detail } = running;
  return {
    code: 'migration-running',
    detail: `Our earlier migration of region ${move.regionId} may still be under way: ${detail}`,
  };
}

/** @returns the gates that keep the list from being worked to its end; mostly none. */
async function workThrough(options: Options, parts: Parts, run: Run): Promise<readonly ClosedGate[]> {
  const { moves, context, signal } = run;
  const { limit } = context;
  try {
    for (const [index, move] of moves.entries()) {
      if (run.wasSubmitted && run.submitted < limit) {
        await sleep(parts.clock, options.pauseBetweenMovesMs, signal);
      }
      if (rests(parts.store, move, parts.clock.now())) continue;
      const closed = await begin(options, parts, run, { move, position: index + 1 });
      if (closed.length > 0) return closed;
    }
  } catch (error) {
    if (!signal.aborted || error !== signal.reason) throw error;
    return [STOPPING];
  }
  const tooMany = whyTooManyFailures({ failureRun: parts.store.failureRun() }, options);
  return tooMany === undefined ? [] : [{ code: 'too-many-failures', detail: tooMany }];
}

const LISTENS_ONE_IN = 8;
/** Once somebody else has made a move of ours. */
const LISTENS_ONE_IN_SUSPECT = 2;
const LONGEST_LISTENING_MS = 30_000;

/**
 * Where the cluster accepts a second migration of the same region (before GreptimeDB 0.9), two rebalancers with the same plan move in step, each
 * sees its own move succeed, and nothing shows the other one. So now and then a move waits for as long as a migration takes: when somebody
 * else makes it meanwhile, the check finds the region there already. The milliseconds of the clock are the die: they differ between two
 * processes, and a simulation replays them.
 */
async function listenFirst(
  { pollIntervalMs }: Options,
  { cluster, store, clock, standing }: Parts,
  signal: AbortSignal,
): Promise<void> {
  if (cluster.profile.refusesDuplicates) return;
  const oneIn = (standing().madeByOthers?.count ?? 0) > 0 ? LISTENS_ONE_IN_SUSPECT : LISTENS_ONE_IN;
  if (Math.floor(clock.now()) % oneIn !== 0) return;
  const lastMs = store.recentDurationsMs(1)[0] ?? 0;
  await sleep(clock, Math.min(1.5 * lastMs + 2 * pollIntervalMs, LONGEST_LISTENING_MS), signal);
}

/** @returns the gates that forbid this move, or the ones after it. */
async function begin(
  options: Options,
  parts: Parts,
  run: Run,
  { move, position }: { readonly move: Move; readonly position: number },
): Promise<readonly ClosedGate[]> {
  const { context, moves, records, submitted, signal } = run;
  await listenFirst(options, parts, signal);
  const checked = await parts.moveCheck.check(move, { submitted, limit: context.limit }, signal);
  if (checked.result.kind === 'closed') return checked.result.gates;
  const onCreated = (record: MoveRecord): void =>
    parts.events.emit({ type: 'move-started', move: record, position, total: moves.length });
  const attempted = await carryOut(options, { ...parts, onCreated }, checked, context, signal);
  records.push(attempted.move);
  run.wasSubmitted = attempted.wasSubmitted;
  if (attempted.wasSubmitted) run.submitted += 1;
  const rested = blameDatanode(
    parts.store,
    attempted.move,
    moves.slice(position),
    parts.clock.now(),
    options,
  );
  if (rested) parts.events.emit({ type: 'datanode-quarantined', ...rested });
  return attempted.closed;
}

function report({ moves, records, submitted }: Run, closed: readonly ClosedGate[]): ExecutionReport {
  const counts: Record<Outcome, number> = {
    succeeded: 0,
    failed: 0,
    timed_out: 0,
    rolled_back: 0,
    abandoned: 0,
  };
  for (const { state } of records) if (isFinal(state)) counts[state] += 1;
  const remaining = moves.length - records.length;
  return { records, counts, submitted, remaining, closed };
}

import type { Outcome } from '../domain/codes.ts';
import { isFinal, type MoveRecord } from '../domain/move.ts';
import type { Move } from '../domain/plan.ts';
import { sleep } from '../lib/clock.ts';
import type { DatanodeFailures } from '../store/port.ts';
import { blameDatanode } from './blame.ts';
import { STOPPING, whyStopping, whyTooManyFailures, type ClosedGate } from './gates.ts';
import { advance, finish } from './journal.ts';
import { checkMove, readClosedGates, type CheckedMove } from './move-check.ts';
import type { ExecutorOptions } from './options.ts';
import type {
  Attempted,
  ExecutionContext,
  ExecutionReport,
  Executor,
  ExecutorDependencies,
  ExecutorParts,
  RecoveryReport,
} from './port.ts';
import { recoverMoves } from './recover.ts';
import { submit } from './submit.ts';
import { followMove, type WatchOptions } from './watch.ts';

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

/** Carries out migrations, one at a time. See {@link Executor}. */
export function createExecutor(options: ExecutorOptions, dependencies: ExecutorDependencies): Executor {
  const parts: ExecutorParts = { watchMemories: new Map(), ...dependencies, options };
  let isBusy = false;
  let wasSubmitted = false;

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

  return {
    recover: (signal) => exclusively(() => recoverMoves(parts, signal)),
    closedGates: (limit, signal) => readClosedGates(parts, { submitted: 0, limit }, signal),
    execute: (moves, context, signal) =>
      exclusively(async () => {
        const run: Run = { moves, context, signal, records: [], submitted: 0, wasSubmitted };
        try {
          return await execute(parts, run);
        } finally {
          wasSubmitted = run.wasSubmitted;
        }
      }),
  };
}

async function execute(parts: ExecutorParts, run: Run): Promise<ExecutionReport> {
  const running = afterRecovery(await recoverMoves(parts, run.signal));
  const found = running ? [running] : await workThrough(parts, run);
  const closed = found.map((gate) =>
    gate.code === 'stopping' ? { ...gate, detail: whyStopping(parts.store.unresolvedMoves()) } : gate,
  );
  for (const gate of closed) parts.events.emit({ type: 'gate-closed', ...gate });
  return report(run, closed);
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
async function workThrough(parts: ExecutorParts, run: Run): Promise<readonly ClosedGate[]> {
  const { moves, context, signal } = run;
  const { limit } = context;
  try {
    for (const [index, move] of moves.entries()) {
      if (run.wasSubmitted && run.submitted < limit) {
        await sleep(parts.clock, parts.options.pauseBetweenMovesMs, signal);
      }
      const closed = await begin(parts, run, move, index + 1);
      if (closed.length > 0) return closed;
    }
  } catch (error) {
    if (!signal.aborted || error !== signal.reason) throw error;
    return [STOPPING];
  }
  const tooMany = whyTooManyFailures({ failureRun: parts.store.failureRun() }, parts.options);
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
  { cluster, store, clock, standing, options }: ExecutorParts,
  signal: AbortSignal,
): Promise<void> {
  if (cluster.profile.refusesDuplicates) return;
  const oneIn = (standing().madeByOthers?.count ?? 0) > 0 ? LISTENS_ONE_IN_SUSPECT : LISTENS_ONE_IN;
  if (Math.floor(clock.now()) % oneIn !== 0) return;
  const lastMs = store.recentDurationsMs(1)[0] ?? 0;
  await sleep(clock, Math.min(1.5 * lastMs + 2 * options.pollIntervalMs, LONGEST_LISTENING_MS), signal);
}

/** @returns the gates that forbid this move, or the ones after it. */
async function begin(
  parts: ExecutorParts,
  run: Run,
  move: Move,
  position: number,
): Promise<readonly ClosedGate[]> {
  const { context, moves, records, submitted, signal } = run;
  await listenFirst(parts, signal);
  const checked = await checkMove(parts, move, { submitted, limit: context.limit }, signal);
  if (checked.result.kind === 'closed') return checked.result.gates;
  const planned = createRecord(parts, move, context);
  parts.events.emit({ type: 'move-started', move: planned });
  const attempted = await carryOut(parts, planned, checked, signal);
  records.push(attempted.move);
  run.wasSubmitted = attempted.wasSubmitted;
  if (attempted.wasSubmitted) run.submitted += 1;
  const rested = blameDatanode(parts, attempted.move, moves.slice(position));
  if (!rested) return attempted.closed;
  parts.events.emit({ type: 'datanode-quarantined', ...rested });
  // The moves after it lean on those that can no longer be made.
  return [...attempted.closed, { code: 'replan-pending', detail: whyReplan(rested) }];
}

function whyReplan({ datanode, role }: DatanodeFailures): string {
  const way = role === 'target' ? 'to' : 'away from';
  return `Nothing moves ${way} datanode ${datanode} for a while: the rest is planned without that.`;
}

function createRecord({ store, clock }: ExecutorParts, move: Move, context: ExecutionContext): MoveRecord {
  const { regionId, tableId, table, from, to, reason } = move;
  const { planId, cycleId } = context;
  return store.createMove({
    ...{ planId, cycleId, regionId, tableId, table, from, to, reason },
    createdAtMs: clock.now(),
  });
}

/**
 * Takes one move that has been checked through the rest of its life. Nothing is waited for between the check and the intent. When the
 * signal aborts, the move is left in the state it is in, for recovery.
 */
async function carryOut(
  parts: ExecutorParts,
  planned: MoveRecord,
  checked: CheckedMove,
  signal: AbortSignal,
): Promise<Attempted> {
  const checking = advance(parts, planned, 'checking');
  if (checked.result.kind === 'abandon') {
    const { cause, detail } = checked.result;
    const move = finish(parts, checking, { state: 'abandoned', cause, detail });
    return { move, wasSubmitted: false, closed: [] };
  }
  const submission = await submit(parts, checking, checked, signal);
  if (submission.kind === 'ended') return submission;
  return follow(parts, submission.move, submission, signal);
}

async function follow(
  parts: ExecutorParts,
  move: MoveRecord,
  options: WatchOptions,
  signal: AbortSignal,
): Promise<Attempted> {
  try {
    const result = await followMove(parts, move, signal, options);
    if (result.kind === 'ended' || !result.mayStillRun) {
      return { move: result.move, wasSubmitted: true, closed: [] };
    }
    const detail = `The migration of region ${move.regionId} may still be under way: ${result.detail}`;
    return { move: result.move, wasSubmitted: true, closed: [{ code: 'migration-running', detail }] };
  } catch (error) {
    if (!signal.aborted) throw error;
    return { move: parts.store.move(move.id) ?? move, wasSubmitted: true, closed: [STOPPING] };
  }
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

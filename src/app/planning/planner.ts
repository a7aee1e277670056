import type { Worker } from 'node:worker_threads';
import { compareIds } from '../../domain/ids.ts';
import type { Blocker, Move, Plan } from '../../domain/plan.ts';
import type { RegionCounts } from '../../domain/region-counts.ts';
import type { Table } from '../../domain/snapshot.ts';
import type { Clock } from '../../lib/clock.ts';
import { yieldToEventLoop } from '../../lib/event-loop.ts';
import { PROGRAM_FOLDER, RUNS_FROM_SOURCES } from '../../lib/program-folder.ts';
import { Budget } from '../../planner/budget.ts';
import { makePlan } from '../../planner/plan.ts';
import type { Planned, PlanInput } from '../../planner/plan.ts';
import { withPlanId } from './plan-id.ts';
import { packSnapshot, transferList } from './snapshot-transfer.ts';
import type { PackedSnapshot } from './snapshot-transfer.ts';

export interface PlanningOptions {
  /** Time to look for the fewest moves, in ms; after it the best plan found is taken, with its bound. */
  readonly timeBudgetMs: number;
}

/** Makes a whole plan of a snapshot, with identity and date. */
export type Planner = (
  input: PlanInput,
  options: PlanningOptions,
  signal: AbortSignal,
) => Promise<Planned<Plan>>;

/** From this many regions on a plan is made in a thread of its own, so that health and metrics are served meanwhile. */
const WORKER_THRESHOLD = 20_000;

/** Plans at once in this thread, which is also what the worker thread does. */
export function planNow(input: PlanInput, options: PlanningOptions, clock: Clock): Planned<Plan> {
  const { plan, counts } = makePlan(input, budgetOf(options, clock));
  return { plan: withPlanId({ ...plan, createdAt: new Date(clock.now()).toISOString() }), counts };
}

/** What a machine of today does in a millisecond, over many shapes of clusters. */
const STEPS_PER_MS = 10_000;

/** The clock ends only what is so many times slower than that: the same budget then means the same plan nearly everywhere. */
const LATENESS = 4;

function budgetOf({ timeBudgetMs }: PlanningOptions, clock: Clock): Budget {
  const deadlineMs = clock.monotonicMs() + LATENESS * timeBudgetMs;
  return new Budget(timeBudgetMs * STEPS_PER_MS, () => clock.monotonicMs() > deadlineMs);
}

/** A planner that hands large snapshots to a worker thread. */
export function createPlanner(clock: Clock): Planner {
  return async (input, options, signal) => {
    signal.throwIfAborted();
    if (input.snapshot.regions.length < WORKER_THRESHOLD) return planNow(input, options, clock);
    return planInWorker(input, options, signal);
  };
}

/** What the worker is sent. */
export interface PlanRequest {
  readonly snapshot: PackedSnapshot;
  readonly input: Omit<PlanInput, 'snapshot'>;
  readonly options: PlanningOptions;
}

/**
 * What it answers: long lists in pieces, so that none of them holds up this thread, and the rest of the plan at the end. Each is sent when
 * the one before was acknowledged: messages that wait are all delivered in one turn.
 */
export type PlanMessage =
  | { readonly kind: 'moves'; readonly moves: readonly Move[] }
  | { readonly kind: 'blocked'; readonly blocked: readonly Blocker[] }
  | { readonly kind: 'end'; readonly plan: Omit<Plan, 'moves' | 'blocked'>; readonly counts: SentCounts };

const WORKER_FILE = RUNS_FROM_SOURCES ? 'src/app/planning/plan-worker.ts' : 'dist/plan-worker.js';

/** The tables are known here: a hundred thousand objects need not be copied. */
type SentCounts = Omit<RegionCounts, 'tables'>;

async function planInWorker(
  input: PlanInput,
  options: PlanningOptions,
  signal: AbortSignal,
): Promise<Planned<Plan>> {
  const { snapshot: whole, ...rest } = input;
  const snapshot = await packSnapshot(whole, yieldToEventLoop);
  signal.throwIfAborted();
  const { Worker } = await import('node:worker_threads');
  const worker = new Worker(new URL(WORKER_FILE, PROGRAM_FOLDER));
  try {
    const answer = collect(worker, signal);
    const request: PlanRequest = { snapshot, input: rest, options };
    worker.postMessage(request, transferList(snapshot));
    const { plan, counts } = await answer;
    return { plan, counts: { ...counts, tables: byId(whole.tables) } };
  } finally {
    void worker.terminate();
  }
}

function byId(tables: readonly Table[]): Table[] {
  return tables.toSorted((a, b) => compareIds(a.id, b.id));
}

interface Collected {
  readonly plan: Plan;
  readonly counts: SentCounts;
}

/** Puts the pieces together. @throws the signal's reason, or an Error when the thread fails. */
function collect(worker: Worker, signal: AbortSignal): Promise<Collected> {
  const moves: Move[] = [];
  const blocked: Blocker[] = [];
  return new Promise<Collected>((resolve, reject) => {
    const onAbort = (): void => {
      reject(signal.reason instanceof Error ? signal.reason : new DOMException('Aborted', 'AbortError'));
    };
    signal.addEventListener('abort', onAbort, { once: true });
    const settle = (act: () => void): void => {
      signal.removeEventListener('abort', onAbort);
      act();
    };
    worker.on('message', (message: PlanMessage) => {
      if (message.kind === 'moves') for (const move of message.moves) moves.push(move);
      else if (message.kind === 'blocked') for (const blocker of message.blocked) blocked.push(blocker);
      else {
        settle(() => resolve({ plan: { ...message.plan, moves, blocked }, counts: message.counts }));
        return;
      }
      void yieldToEventLoop().then(() => worker.postMessage('next'));
    });
    worker.once('error', (cause) => settle(() => reject(new Error('The planning thread failed', { cause }))));
    worker.once('exit', (code) =>
      settle(() => reject(new Error(`The planning thread ended with status ${code} before it had a plan`))),
    );
  });
}

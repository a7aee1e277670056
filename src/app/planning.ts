import { createHash } from 'node:crypto';
import { Worker } from 'node:worker_threads';
import { planIdentity } from '../domain/plan-identity.ts';
import type { Plan } from '../domain/plan.ts';
import type { Clock } from '../lib/clock.ts';
import { makePlan } from '../planner/plan.ts';
import type { PlanInput } from '../planner/plan.ts';

export interface PlanningOptions {
  /** Time to look for the fewest moves, in ms; after it the best plan found is taken, with its bound. */
  readonly timeBudgetMs: number;
}

/** Makes a whole plan of a snapshot, with identity and date. */
export type Planner = (input: PlanInput, options: PlanningOptions, signal: AbortSignal) => Promise<Plan>;

/** From this many regions on a plan is made in a thread of its own, so that health and metrics are served meanwhile. */
const WORKER_THRESHOLD = 20_000;

/** Plans at once in this thread, which is also what the worker thread does. */
export function planNow(input: PlanInput, options: PlanningOptions, clock: Clock): Plan {
  const deadlineMs = clock.monotonicMs() + options.timeBudgetMs;
  const draft = makePlan(input, () => clock.monotonicMs() >= deadlineMs);
  const { planId, inputs } = planIdentity(draft, input.snapshot, input.policy, () => createHash('sha256'));
  const { formatVersion, ...rest } = draft;
  return { formatVersion, planId, inputs, createdAt: new Date(clock.now()).toISOString(), ...rest };
}

/** A planner that hands large snapshots to a worker thread. */
export function createPlanner(clock: Clock): Planner {
  return async (input, options, signal) => {
    signal.throwIfAborted();
    if (input.snapshot.regions.length < WORKER_THRESHOLD) return planNow(input, options, clock);
    return planInWorker(input, options, signal);
  };
}

/** What the worker is sent, and answers with. */
export interface PlanRequest {
  readonly input: PlanInput;
  readonly options: PlanningOptions;
}

function planInWorker(input: PlanInput, options: PlanningOptions, signal: AbortSignal): Promise<Plan> {
  // The file keeps its own ending: .ts from the sources, .js from the build.
  const file = import.meta.url.replace(/planning\.(\w+)$/, 'plan-worker.$1');
  const request: PlanRequest = { input, options };
  const worker = new Worker(new URL(file), { workerData: request });
  return new Promise<Plan>((resolve, reject) => {
    const onAbort = (): void => {
      void worker.terminate();
      reject(signal.reason instanceof Error ? signal.reason : new DOMException('Aborted', 'AbortError'));
    };
    signal.addEventListener('abort', onAbort, { once: true });
    const settle = (act: () => void): void => {
      signal.removeEventListener('abort', onAbort);
      act();
    };
    worker.once('message', (plan: Plan) => settle(() => resolve(plan)));
    worker.once('error', (cause) => settle(() => reject(new Error('The planning thread failed', { cause }))));
    worker.once('exit', (code) =>
      settle(() => reject(new Error(`The planning thread ended with status ${code} before it had a plan`))),
    );
  });
}

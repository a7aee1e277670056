import { systemClock } from '../lib/clock.ts';
import type { Clock } from '../lib/clock.ts';
import type { Config } from '../config/config.ts';
import type { Explanation, ExplainKind } from '../domain/explanation.ts';
import type { PlanFile } from '../domain/plan-file.ts';
import type { Snapshot } from '../domain/snapshot.ts';
import type { LogLevel } from '../observability/logger.ts';
import type { Parts } from './compose.ts';
import type { DemoRequest, DemoResult } from './commands/demo.ts';
import type { DrainVerdict } from '../domain/regions-left.ts';
import type { WatchedCall, WorkResult } from './commands/once.ts';
import type { PlanAnswer, PlanParts, PlanQuestion } from './commands/plan.ts';
import type { SimulateRequest } from './commands/simulate.ts';
import type { Holder } from '../store/sqlite-lock.ts';
import type { ReloadSources } from './daemon/run.ts';
import type { PreflightReport } from './preflight/check.ts';
import type { TrialCall } from '../scratch/table.ts';

interface Call {
  readonly signal: AbortSignal;
}

/** Everything that the command line can ask for. */
export interface App {
  snapshot(config: Config, call: Call): Promise<Snapshot>;
  plan(request: PlanQuestion, call: Call): Promise<PlanAnswer>;
  apply(config: Config, file: PlanFile, call: WatchedCall): Promise<WorkResult>;
  once(config: Config, call: WatchedCall): Promise<WorkResult>;
  drain(config: Config, datanodes: readonly string[], call: WatchedCall): Promise<DrainVerdict>;
  /** Looks at everything that is needed, and changes nothing. */
  preflight(config: Config, call: Call): Promise<PreflightReport>;
  /** The same, and moves a region of a table of its own there and back. */
  preflightWithTrial(config: Config, call: TrialCall): Promise<PreflightReport>;
  /** Who says, beside the lock of the state folder, that it works there: a hint, which may be old. */
  stateHolder(config: Config): Promise<Holder | undefined>;
  explain(
    request: PlanQuestion & { readonly kind: ExplainKind; readonly id: string },
    call: Call,
  ): Promise<Explanation | undefined>;
  run(request: { readonly config: Config } & ReloadSources, call: Call): Promise<void>;
  simulate(request: SimulateRequest, call: Call): Promise<void>;
  demo(request: DemoRequest, call: WatchedCall): Promise<DemoResult>;
}

/**
 * The one place that chooses the real things. Each command loads what it needs when it is asked for: `plan --from` and the commands that
 * talk to a daemon need a small part of the program, and start many times faster without the rest.
 */
export function createApp({
  version,
  clock = systemClock,
}: {
  readonly version: string;
  readonly clock?: Clock;
}): App {
  const shared: Omit<Parts, 'logger'> = {
    version,
    clock,
    planner: async (...call) => (await import('./planning/planner.ts')).createPlanner(clock)(...call),
    openCluster: async (...call) => (await import('../greptimedb/index.ts')).openCluster(...call),
  };
  // A command's standard output is data, and its progress is shown: only what somebody may have to act on is logged beside it.
  const partsOf = async (level: LogLevel): Promise<Parts> => {
    const { createLogger } = await import('../observability/logger.ts');
    const logger = createLogger({ level: level === 'info' ? 'warn' : level, destination: 'person' });
    return { ...shared, logger };
  };
  const snapshot: PlanParts['takeSnapshot'] = async (config, signal, everything) => {
    const { takeSnapshot } = await import('./commands/snapshot.ts');
    return takeSnapshot(config, await partsOf(config.log.level), signal, everything);
  };
  // Nobody else waits for the thread of a command that only plans: a thread of its own would cost time and memory.
  const planner: PlanParts['planner'] = async (input, options) =>
    (await import('./planning/planner.ts')).planNow(input, options, clock);
  const planParts: PlanParts = { clock, planner, takeSnapshot: snapshot };
  return {
    snapshot: async (config, { signal }) => (await snapshot(config, signal)).snapshot,
    async plan(request, { signal }) {
      const { answerPlan } = await import('./commands/plan.ts');
      return answerPlan(request, planParts, signal);
    },
    async explain(request, { signal }) {
      const { answerExplain } = await import('./commands/plan.ts');
      return answerExplain(request, planParts, signal);
    },
    async apply(config, file, call) {
      const { applyPlan } = await import('./commands/apply.ts');
      return applyPlan(config, file, await partsOf(config.log.level), call);
    },
    async once(config, call) {
      const { runOnce } = await import('./commands/once.ts');
      return runOnce(config, await partsOf(config.log.level), call);
    },
    async drain(config, datanodes, call) {
      const { drainDatanodes } = await import('./commands/drain.ts');
      return drainDatanodes(config, datanodes, await partsOf(config.log.level), call);
    },
    async preflight(config, { signal }) {
      const { preflight } = await import('./preflight/preflight.ts');
      return preflight(config, await partsOf(config.log.level), signal);
    },
    async preflightWithTrial(config, call) {
      const { preflightWithTrial } = await import('./preflight/preflight.ts');
      return preflightWithTrial(config, await partsOf(config.log.level), call);
    },
    async stateHolder({ state }) {
      const { readHolder } = await import('../store/sqlite-lock.ts');
      return readHolder(state.path);
    },
    async run(request, { signal }) {
      const { runDaemon } = await import('./daemon/run.ts');
      return runDaemon(request, shared, signal);
    },
    async simulate(request, { signal }) {
      const { simulate } = await import('./commands/simulate.ts');
      return simulate(request, clock, signal);
    },
    async demo(request, call) {
      const { runDemo } = await import('./commands/demo.ts');
      return runDemo(request, await partsOf('warn'), call);
    },
  };
}

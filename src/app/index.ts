import { systemClock } from '../lib/clock.ts';
import type { Clock } from '../lib/clock.ts';
import type { Config } from '../config/config.ts';
import type { PlanFile } from '../domain/plan-file.ts';
import type { LogLevel } from '../observability/logger.ts';
import type { Parts } from './compose.ts';
import type { DemoRequest } from './commands/demo.ts';
import type { WatchedCall } from './commands/once.ts';
import type { ExplainQuestion, PlanParts, PlanQuestion } from './commands/plan.ts';
import type { SimulateRequest } from './commands/simulate.ts';
import type { ReloadSources } from './daemon/run.ts';
import type { TrialCall } from '../scratch/table.ts';

interface Call {
  readonly signal: AbortSignal;
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
}) {
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
    snapshot: async (config: Config, { signal }: Call) => (await snapshot(config, signal)).snapshot,
    async plan(request: PlanQuestion, { signal }: Call) {
      const { answerPlan } = await import('./commands/plan.ts');
      return answerPlan(request, planParts, signal);
    },
    async explain(request: ExplainQuestion, { signal }: Call) {
      const { answerExplain } = await import('./commands/plan.ts');
      return answerExplain(request, planParts, signal);
    },
    async apply(config: Config, file: PlanFile, call: WatchedCall) {
      const { applyPlan } = await import('./commands/apply.ts');
      return applyPlan(config, file, await partsOf(config.log.level), call);
    },
    async once(config: Config, call: WatchedCall) {
      const { runOnce } = await import('./commands/once.ts');
      return runOnce(config, await partsOf(config.log.level), call);
    },
    async drain(config: Config, datanodes: readonly string[], call: WatchedCall) {
      const { drainDatanodes } = await import('./commands/drain.ts');
      return drainDatanodes(config, datanodes, await partsOf(config.log.level), call);
    },
    /** Looks at everything that is needed, and changes nothing. */
    async preflight(config: Config, { signal }: Call) {
      const { preflight } = await import('./preflight/preflight.ts');
      return preflight(config, await partsOf(config.log.level), signal);
    },
    /** The same, and moves a region of a table of its own there and back. */
    async preflightWithTrial(config: Config, call: TrialCall) {
      const { preflightWithTrial } = await import('./preflight/preflight.ts');
      return preflightWithTrial(config, await partsOf(config.log.level), call);
    },
    /** Who says, beside the lock of the state folder, that it works there: a hint, which may be old. */
    async stateHolder({ state }: Config) {
      const { readHolder } = await import('../store/sqlite-lock.ts');
      return readHolder(state.path);
    },
    async run(request: { readonly config: Config } & ReloadSources, { signal }: Call) {
      const { runDaemon } = await import('./daemon/run.ts');
      return runDaemon(request, shared, signal);
    },
    async simulate(request: SimulateRequest, { signal }: Call) {
      const { simulate } = await import('./commands/simulate.ts');
      return simulate(request, clock, signal);
    },
    async demo(request: DemoRequest, call: WatchedCall) {
      const { runDemo } = await import('./commands/demo.ts');
      return runDemo(request, await partsOf('warn'), call);
    },
  };
}

/** Everything that the command line can ask for. */
export type App = ReturnType<typeof createApp>;

import { systemClock } from '../lib/clock.ts';
import type { Clock } from '../lib/clock.ts';
import type { Config } from '../config/config.ts';
import type { Explanation, ExplainKind } from '../domain/explanation.ts';
import type { Plan } from '../domain/plan.ts';
import type { Snapshot } from '../domain/snapshot.ts';
import { openCluster } from '../greptimedb/index.ts';
import { createLogger } from '../observability/logger.ts';
import type { LogLevel } from '../observability/logger.ts';
import { answerExplain, answerPlan, takeSnapshot } from './commands/plan.ts';
import type { PlanAnswer, PlanQuestion } from './commands/plan.ts';
import { applyPlan } from './commands/apply.ts';
import type { Parts } from './compose.ts';
import { runDemo } from './commands/demo.ts';
import type { DemoRequest, DemoResult } from './commands/demo.ts';
import { drainDatanodes } from './commands/drain.ts';
import type { DrainVerdict } from './commands/drain.ts';
import { createPlanner } from './planning/planner.ts';
import { startDaemon, watchConfig } from './daemon/run.ts';
import type { ReloadSources } from './daemon/run.ts';
import { simulate, untilAborted } from './commands/simulate.ts';
import type { SimulateRequest } from './commands/simulate.ts';
import { runOnce } from './commands/once.ts';
import type { WatchedCall, WorkResult } from './commands/once.ts';

interface Call {
  readonly signal: AbortSignal;
}

/** Everything that the command line can ask for. */
export interface App {
  snapshot(config: Config, call: Call): Promise<Snapshot>;
  plan(request: PlanQuestion, call: Call): Promise<PlanAnswer>;
  apply(config: Config, plan: Plan, call: WatchedCall): Promise<WorkResult>;
  once(config: Config, call: WatchedCall): Promise<WorkResult>;
  drain(config: Config, datanodes: readonly string[], call: WatchedCall): Promise<DrainVerdict>;
  explain(
    request: PlanQuestion & { readonly kind: ExplainKind; readonly id: string },
    call: Call,
  ): Promise<Explanation | undefined>;
  run(request: { readonly config: Config } & ReloadSources, call: Call): Promise<void>;
  simulate(request: SimulateRequest, call: Call): Promise<void>;
  demo(request: DemoRequest, call: WatchedCall): Promise<DemoResult>;
}

/** The one place that chooses the real things. */
export function createApp({
  version,
  clock = systemClock,
}: {
  readonly version: string;
  readonly clock?: Clock;
}): App {
  const shared = { version, clock, planner: createPlanner(clock), openCluster };
  // A command's standard output is data, and its progress is shown: only what somebody may have to act on is logged beside it.
  const partsOf = ({ log }: Config): Parts => ({ ...shared, logger: commandLogger(log.level) });
  return {
    snapshot: (config, { signal }) => takeSnapshot(config, partsOf(config), signal),
    plan: (request, { signal }) => answerPlan(request, partsOf(request.config), signal),
    apply: (config, plan, call) => applyPlan(config, plan, partsOf(config), call),
    once: (config, call) => runOnce(config, partsOf(config), call),
    drain: (config, datanodes, call) => drainDatanodes(config, datanodes, partsOf(config), call),
    explain: (request, { signal }) => answerExplain(request, partsOf(request.config), signal),
    async run({ config, ...sources }, { signal }) {
      const logger = createLogger({ level: config.log.level, destination: 'stdout' }, { clock });
      const running = await startDaemon(config, { ...shared, logger });
      const stopWatching = watchConfig(running, logger, sources);
      await untilAborted(signal);
      stopWatching();
      logger.info({}, 'Stopping');
      await running.close();
      logger.info({}, 'Stopped');
    },
    simulate: (request, { signal }) => simulate(request, clock, signal),
    demo: (request, call) => runDemo(request, { ...shared, logger: commandLogger('warn') }, call),
  };
}

function commandLogger(level: LogLevel): Parts['logger'] {
  return createLogger({ level: level === 'info' ? 'warn' : level, destination: 'person' });
}

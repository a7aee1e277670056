import type { Config } from '../config/config.ts';
import { toPolicy } from '../config/effective.ts';
import { readSecrets } from '../config/secrets.ts';
import type { Explanation, ExplainKind } from '../domain/explanation.ts';
import type { Plan } from '../domain/plan.ts';
import { EMPTY_MEMORY } from '../domain/policy.ts';
import { compileSelection } from '../domain/selector.ts';
import type { Snapshot } from '../domain/snapshot.ts';
import type { PlanBasis } from '../domain/what-if.ts';
import { explain } from '../planner/explain.ts';
import type { PlanInput } from '../planner/plan.ts';
import type { Parts } from './compose.ts';
import { toClusterOptions } from './open-cluster.ts';

/** What a plan is asked from: a live cluster, or a snapshot that somebody took. */
export interface PlanQuestion {
  readonly config: Config;
  readonly snapshot?: Snapshot | undefined;
  /** Imagined changes, applied before planning. */
  readonly adjust: (basis: PlanBasis) => PlanBasis;
}

export interface PlanAnswer {
  readonly snapshot: Snapshot;
  readonly plan: Plan;
}

/** Reads a cluster once; nothing of ours is opened or changed. */
export async function takeSnapshot(
  config: Config,
  { clock, logger, openCluster }: Parts,
  signal: AbortSignal,
  everything = false,
): Promise<Snapshot> {
  const options = toClusterOptions(config, await readSecrets(config));
  const onWarning = (message: string, fields: Readonly<Record<string, unknown>>): void =>
    logger.warn(fields, message);
  const cluster = await openCluster(options, { clock, onWarning }, { signal });
  try {
    const tables = everything ? { include: [], exclude: [] } : config.tables;
    return await cluster.readSnapshot({ selector: compileSelection(tables), signal });
  } finally {
    await cluster.close();
  }
}

/** Plans, and moves nothing. Cooldowns and quarantine belong to the daemon that works: a plan on the side does not know them. */
export async function answerPlan(
  question: PlanQuestion,
  parts: Parts,
  signal: AbortSignal,
): Promise<PlanAnswer> {
  const { input, plan } = await planFor(question, parts, signal);
  return { snapshot: input.snapshot, plan };
}

/** Why a region, table or datanode moves or stays; undefined when there is none of that id. */
export async function answerExplain(
  question: PlanQuestion & { readonly kind: ExplainKind; readonly id: string },
  parts: Parts,
  signal: AbortSignal,
): Promise<Explanation | undefined> {
  const { input, plan } = await planFor(question, parts, signal);
  return explain(input, plan, question.kind, question.id);
}

async function planFor(
  { config, snapshot: given, adjust }: PlanQuestion,
  parts: Parts,
  signal: AbortSignal,
): Promise<{ input: PlanInput; plan: Plan }> {
  // What drains has to be seen whole, tables that are not selected too.
  const read = given ?? (await takeSnapshot(config, parts, signal, config.datanodes.drain.length > 0));
  const { snapshot, policy } = adjust({ snapshot: read, policy: toPolicy(config) });
  const input: PlanInput = { snapshot, policy, memory: EMPTY_MEMORY, nowMs: parts.clock.now() };
  return { input, plan: await parts.planner(input, { timeBudgetMs: config.planning.timeBudgetMs }, signal) };
}

import type { Config } from '../../config/config.ts';
import { toPolicy } from '../../config/effective.ts';
import type { Explanation, ExplainKind } from '../../domain/explanation.ts';
import type { Plan, Warning } from '../../domain/plan.ts';
import { unmatchedNames } from '../../domain/unmatched-names.ts';
import type { ClusterReading } from './snapshot.ts';
import { EMPTY_MEMORY, withRequests } from '../../domain/policy.ts';
import type { Policy } from '../../domain/policy.ts';
import type { Snapshot } from '../../domain/snapshot.ts';
import type { PlanBasis } from '../../domain/what-if.ts';
import { explain } from '../../planner/explain/explain.ts';
import type { PlanInput } from '../../planner/plan.ts';
import type { ReadOnlyState } from '../../store/read-only-state.ts';
import type { Parts } from '../compose.ts';
import { identityOf } from '../daemon/settings.ts';
import { savedLoadsOf } from '../planning/load-watch.ts';
import { withPlanId } from '../planning/plan-id.ts';

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

/** What a plan is made with. */
export interface PlanParts extends Pick<Parts, 'clock' | 'planner'> {
  /** Reads the cluster once; of all tables with `everything`, else of those that the configuration selects. */
  readonly takeSnapshot: (
    config: Config,
    signal: AbortSignal,
    everything?: boolean,
  ) => Promise<ClusterReading>;
}

/** Plans, and moves nothing. */
export async function answerPlan(
  question: PlanQuestion,
  parts: PlanParts,
  signal: AbortSignal,
): Promise<PlanAnswer> {
  const { input, plan, state } = await planFor(question, parts, signal);
  const { snapshot } = input;
  const recentDurationsMs = state?.recentDurationsMs ?? [];
  if (plan.moves.length === 0 || recentDurationsMs.length === 0) return { snapshot, plan };
  const { expectedTimeMs } = await import('../daemon/work-progress.ts');
  const work = { moves: plan.moves.length, recentDurationsMs };
  const expectedMs = expectedTimeMs(work, question.config, parts.clock.now());
  if (expectedMs === undefined) return { snapshot, plan };
  return { snapshot, plan: withPlanId({ ...plan, expectedSeconds: Math.round(expectedMs / 1_000) }) };
}

export interface ExplainQuestion extends PlanQuestion {
  readonly kind: ExplainKind;
  readonly id: string;
}

/** Why a region, table or datanode moves or stays; undefined when there is none of that id. */
export async function answerExplain(
  question: ExplainQuestion,
  parts: PlanParts,
  signal: AbortSignal,
): Promise<Explanation | undefined> {
  const { input, plan } = await planFor(question, parts, signal);
  return explain(input, plan, question.kind, question.id);
}

async function planFor(
  { config, snapshot: given, adjust }: PlanQuestion,
  parts: PlanParts,
  signal: AbortSignal,
): Promise<{ input: PlanInput; plan: Plan; state: ReadOnlyState | undefined }> {
  const nowMs = parts.clock.now();
  // What the state folder says is of the cluster that is read; a snapshot from a file may be of any cluster and any time.
  const state = given ? undefined : await readState(config, nowMs);
  const { memory, requests } = state ?? NOTHING_KNOWN;
  const configured = withRequests(toPolicy(config), requests);
  const { snapshot, policy, warnings } = given
    ? {
        ...adjust({ snapshot: given, policy: configured }),
        warnings: unmatchedNames(toPolicy(config), given),
      }
    : await readBasis(config, configured, adjust, parts, signal);
  state?.checkCluster(identityOf(snapshot, config));
  const loads = policy.load && savedLoadsOf(state?.loads, snapshot, policy.load.by, nowMs);
  const input: PlanInput = { snapshot, policy, memory, loads, warnings, nowMs };
  const { plan } = await parts.planner(input, { timeBudgetMs: config.planning.timeBudgetMs }, signal);
  return { input, plan, state };
}

/** Loaded when needed: a plan of a file has no use for a database. */
async function readState({ state, cluster }: Config, nowMs: number): Promise<ReadOnlyState | undefined> {
  const { readOnlyState } = await import('../../store/read-only-state.ts');
  return readOnlyState(state.path, cluster.name, nowMs);
}

const NOTHING_KNOWN: Pick<ReadOnlyState, 'memory' | 'requests'> = {
  memory: EMPTY_MEMORY,
  requests: { drain: [], cordon: [] },
};

interface Basis extends PlanBasis {
  readonly warnings: readonly Warning[];
}

/** Reads the cluster; once more and whole when something that is only imagined drains. */
async function readBasis(
  config: Config,
  policy: Policy,
  adjust: PlanQuestion['adjust'],
  parts: PlanParts,
  signal: AbortSignal,
): Promise<Basis> {
  const read = async (everything: boolean): Promise<Basis> => {
    const { snapshot, warnings } = await parts.takeSnapshot(config, signal, everything);
    return { ...adjust({ snapshot, policy }), warnings };
  };
  const drains = policy.drain.length > 0;
  const basis = await read(drains);
  // A drain takes every region, those of tables that are not selected too.
  return drains || basis.policy.drain.length === 0 ? basis : read(true);
}

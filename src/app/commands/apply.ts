import type { Config } from '../../config/config.ts';
import { OperatingError } from '../../domain/errors.ts';
import type { PlanFile } from '../../domain/plan-file.ts';
import type { Plan } from '../../domain/plan.ts';
import { compileSelection } from '../../domain/selector.ts';
import { fullTableName } from '../../domain/snapshot.ts';
import type { Snapshot } from '../../domain/snapshot.ts';
import { formatDuration } from '../../lib/duration.ts';
import { judgePlan } from '../../planner/judge.ts';
import type { Parts } from '../compose.ts';
import { readOnlyCluster } from '../daemon/connection.ts';
import { describeExecution, inCycle } from '../daemon/cycle.ts';
import { planIdOf } from '../planning/plan-id.ts';
import { withSession } from './once.ts';
import type { WatchedCall, WorkResult } from './once.ts';
import type { ClusterSession } from '../daemon/cluster-session.ts';

/**
 * Executes exactly the moves of an approved plan that are not done yet; applying it twice does nothing the second time.
 *
 * @throws OperatingError `plan-changed`, `plan-of-other-cluster`, `plan-from-future`, `plan-expired`, `plan-outdated` or `plan-useless`, before
 *   anything is moved.
 */
export async function applyPlan(
  config: Config,
  file: PlanFile,
  parts: Parts,
  call: WatchedCall,
): Promise<WorkResult> {
  refuseFile(file, config, parts.clock.now());
  return withSession(config, parts, call, (session) => work(session, file.plan, call.signal), Infinity);
}

/** Machines whose clocks are kept by NTP differ by less. */
const MAX_CLOCK_SKEW_MS = 60_000;

function refuseFile({ plan, content }: PlanFile, { cluster, planning }: Config, nowMs: number): void {
  if (planIdOf(content) !== plan.planId)
    throw new OperatingError(
      'plan-changed',
      'The plan was changed after it was made: its contents do not match its planId',
    );
  if (plan.cluster.name !== cluster.name)
    throw new OperatingError(
      'plan-of-other-cluster',
      `The plan is for cluster ${JSON.stringify(plan.cluster.name)}, and cluster.name is ${JSON.stringify(cluster.name)}`,
    );
  const ageMs = nowMs - Date.parse(plan.createdAt);
  const readAgoMs = nowMs - Date.parse(plan.snapshotTakenAt);
  if (Math.min(ageMs, readAgoMs) < -MAX_CLOCK_SKEW_MS)
    throw new OperatingError(
      'plan-from-future',
      (readAgoMs < ageMs
        ? `The plan's snapshot was taken at ${plan.snapshotTakenAt}, which is ${formatDuration(-readAgoMs)}`
        : `The plan was made at ${plan.createdAt}, which is ${formatDuration(-ageMs)}`) +
        ` after the time of this machine; at most ${formatDuration(MAX_CLOCK_SKEW_MS)} is allowed. Check the clocks`,
    );
  if (ageMs > planning.planExpiryMs)
    throw new OperatingError(
      'plan-expired',
      `The plan is ${formatDuration(ageMs)} old; planning.planExpiry allows ${formatDuration(planning.planExpiryMs)}. Make a new one`,
    );
}

async function work(session: ClusterSession, plan: Plan, signal: AbortSignal): Promise<WorkResult> {
  const { connection, store, clock, config, events } = session;
  const { dryRun } = config.execution;
  const opened = await connection.get(signal);
  const cluster = dryRun ? readOnlyCluster(opened) : opened;
  const executor = session.openExecutor(cluster, () => clock.now());
  // The plan's tables are looked at whatever the configuration selects by now: what it no longer selects is a fault to be named.
  const selector = compileSelection({ include: [], exclude: [] });
  let snapshot = await session.readSnapshot({ selector, signal });
  // Not before the reading has shown that it is the cluster of these moves.
  if (store.unresolvedMoves().length > 0) {
    await executor.recover(signal);
    snapshot = await session.readSnapshot({ selector, signal });
  }
  const nowMs = clock.now();
  const judgement = judgePlan(
    { snapshot, policy: session.policy(), memory: store.memory(nowMs), nowMs },
    plan.moves,
  );
  const { done, open, counts } = judgement;
  refuseFaults(tableFaults(plan, snapshot), plan);
  if (open.length === 0) {
    const detail = `All ${done.length} moves of this plan are done already.`;
    return { outcome: 'done', moved: 0, failed: 0, detail, plan };
  }
  refuseFaults(judgement.faults, plan);
  if (!judgement.helps)
    throw new OperatingError(
      'plan-useless',
      `The ${open.length} remaining moves of plan ${plan.planId} would no longer make the cluster more even; nothing was moved`,
    );
  if (dryRun) {
    const detail = `Dry run: ${open.length} moves would be executed, ${done.length} are done already.`;
    return { outcome: 'planned', moved: 0, failed: 0, detail, plan };
  }
  return inCycle(session, 'apply', async (cycleId) => {
    events.emit({ type: 'planned', cycleId, plan: { ...plan, moves: open }, counts, durationMs: 0 });
    const context = { planId: plan.planId, cycleId, limit: Infinity };
    const report = await executor.execute(open, context, signal);
    return { ...describeExecution(report, open.length), plan };
  });
}

/** Ids alone do not tell one cluster from another: every one of them has a table 1024. */
function tableFaults({ moves }: Plan, { tables, regions }: Snapshot): string[] {
  const names = new Map(tables.map((table) => [table.id, fullTableName(table)]));
  const tableOf = new Map(regions.map(({ id, tableId }) => [id, tableId]));
  return moves.flatMap(({ seq, regionId, tableId, table }) => {
    const [realId, realName] = [tableOf.get(regionId) ?? tableId, names.get(tableId) ?? table];
    if (realId === tableId && realName === table) return [];
    const real = `${names.get(realId) ?? 'a table'} (id ${realId})`;
    return [`Move ${seq}, region ${regionId}: it is of ${real}, and the plan says ${table} (id ${tableId}).`];
  });
}

const FAULTS_SHOWN = 10;

function refuseFaults(faults: readonly string[], { planId }: Plan): void {
  if (faults.length === 0) return;
  const more = faults.length > FAULTS_SHOWN ? `\n… and ${faults.length - FAULTS_SHOWN} more` : '';
  throw new OperatingError(
    'plan-outdated',
    `The cluster is not what plan ${planId} was made for; nothing was moved.\n${faults.slice(0, FAULTS_SHOWN).join('\n')}${more}`,
  );
}

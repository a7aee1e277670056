import { sleep } from '../../lib/clock.ts';
import type { ClusterCore } from '../cluster/core.ts';
import { broadcastInvalidation, later } from '../cluster/core.ts';
import { HEARTBEAT_MS, LEASE_MS, lastBeatMs } from '../cluster/heartbeats.ts';
import type { RegionRoute } from '../cluster/model.ts';
import { StepError } from './errors.ts';
import { MAX_RETRIES, retryDelayMs } from './migration-task.ts';
import type { MigrationTask } from './migration-task.ts';

/** States of RegionMigrationProcedure (GreptimeDB src/meta-srv/src/procedure/region_migration/*.rs). */
export type StepName =
  | 'RegionMigrationStart'
  | 'OpenCandidateRegion'
  | 'PreFlushRegion'
  | 'UpdateMetadataDowngrade'
  | 'DowngradeLeaderRegion'
  | 'UpgradeCandidateRegion'
  | 'UpdateMetadataUpgrade'
  | 'CloseDowngradedRegion'
  | 'UpdateMetadataRollback'
  | 'RegionMigrationAbort'
  | 'RegionMigrationEnd';

export interface RunOutcome {
  readonly status: 'Done' | 'Failed';
  readonly error: string | null;
}

interface Run {
  readonly core: ClusterCore;
  readonly task: MigrationTask;
  readonly signal: AbortSignal;
}

type Next = StepName | RunOutcome;
type Step = (run: Run) => Promise<Next> | Next;

const DONE: RunOutcome = { status: 'Done', error: null };
const UPGRADE_FAILED =
  'The region migration procedure aborted, reason: Failed to upgrade the candidate region.';

const STEPS: Readonly<Record<StepName, Step>> = {
  RegionMigrationStart: start,
  OpenCandidateRegion: openCandidate,
  PreFlushRegion: preFlush,
  UpdateMetadataDowngrade: downgradeMetadata,
  DowngradeLeaderRegion: downgradeLeader,
  UpgradeCandidateRegion: upgradeCandidate,
  UpdateMetadataUpgrade: upgradeMetadata,
  CloseDowngradedRegion: closeDowngraded,
  UpdateMetadataRollback: rollbackMetadata,
  RegionMigrationAbort: () => failed(UPGRADE_FAILED),
  RegionMigrationEnd: () => DONE,
};

/**
 * Runs a migration from `first` to its end, with the retries and the rollback of the procedure manager.
 *
 * @throws the signal's reason when the leader that runs it is gone.
 */
export async function runMigration(
  core: ClusterCore,
  task: MigrationTask,
  first: StepName,
  signal: AbortSignal,
): Promise<RunOutcome> {
  const run: Run = { core, task, signal };
  let next: Next = first;
  while (typeof next === 'string') {
    const step: StepName = next;
    core.journal.record({
      kind: 'migration-step',
      procedureId: task.procedure.id,
      regionId: task.region.id,
      step,
    });
    next = await withRetries(run, step);
  }
  return next;
}

async function withRetries(run: Run, step: StepName): Promise<Next> {
  const { procedure } = run.task;
  for (let attempt = 0; ; attempt += 1) {
    try {
      const next = await STEPS[step](run);
      procedure.status = 'Running';
      procedure.error = null;
      return next;
    } catch (error) {
      if (!(error instanceof StepError)) throw error;
      if (!error.retryable) return failed(error.message);
      if (attempt >= MAX_RETRIES) return giveUp(run, error.message);
      procedure.status = 'Retrying';
      procedure.error = error.message;
      await sleep(run.core.clock, retryDelayMs(attempt, run.core.prng), run.signal);
    }
  }
}

/** Retries are used up: versions that can roll back do, older ones leave everything as it is. */
async function giveUp(run: Run, error: string): Promise<Next> {
  const { core, task, signal } = run;
  const text = `Procedure retry exceeded max times, procedure_id: ${task.procedure.id}`;
  if (!core.profile.rollback) return failed(text);
  task.procedure.status = 'PrepareRollback';
  task.procedure.error = error;
  await sleep(core.clock, 500, signal);
  task.procedure.status = 'RollingBack';
  await sleep(core.clock, 1_000, signal);
  undoDowngrade(run);
  return failed(text);
}

function start(run: Run): Next {
  const { core, task } = run;
  const route = routeOf(run);
  if (task.fault === 'done-not-moved') return DONE;
  if (route.leader === task.to) return 'RegionMigrationEnd';
  // The abort of a migration whose source lost the leadership in the meantime counts as success in GreptimeDB.
  if (route.leader !== task.from) return DONE;
  task.persisted = true;
  const isOpenThere = core.profile.followerShortcut && route.followers.includes(task.to);
  return isOpenThere ? 'UpdateMetadataDowngrade' : 'OpenCandidateRegion';
}

async function openCandidate(run: Run): Promise<Next> {
  const { core, task, signal } = run;
  if (task.fault === 'retry-long')
    throw new StepError(`Retry later, reason: Failed to open region ${task.region.id} on peer ${task.to}`, {
      retryable: true,
    });
  if (!isUp(run, task.to)) {
    await sleep(core.clock, Math.min(1_000, openTimeoutMs(run)), signal);
    throw new StepError(`Pusher not found: datanode-${task.to}`, { retryable: true });
  }
  await sleep(core.clock, task.durations.openMs, signal);
  const route = routeOf(run);
  if (route.leader !== task.to) core.state.openCopy(task.to, task.region, 'Follower');
  return core.profile.preFlush ? 'PreFlushRegion' : 'UpdateMetadataDowngrade';
}

function openTimeoutMs({ core, task }: Run): number {
  const limit = core.profile.openTimeoutMs;
  return limit === 'budget' ? Math.max(task.budgetMs / 2, LEASE_MS) : limit;
}

async function preFlush({ core, task, signal }: Run): Promise<Next> {
  await sleep(core.clock, task.durations.flushMs, signal);
  return 'UpdateMetadataDowngrade';
}

function downgradeMetadata(run: Run): Next {
  const { core, task } = run;
  const route = routeOf(run);
  if (route.leader === task.to) return afterUpgradeBefore(run);
  if (route.leader !== task.from)
    throw new StepError(
      `Region's leader peer changed: Region's leader peer(${route.leader ?? 'none'}) is not the \`from_peer\`(${task.from})`,
      { retryable: false },
    );
  core.state.changeRoute(task.region, { state: 'downgrading', downSinceMs: core.time.now() });
  return 'DowngradeLeaderRegion';
}

/** The procedure was taken up again after its upgrade had been committed. */
function afterUpgradeBefore({ task }: Run): Next {
  const { table } = task.region;
  const holdsMore = table.routes.some((route) => route.leader === task.from);
  if (holdsMore) return 'CloseDowngradedRegion';
  return failed(`Datanode table not found: table_id: ${table.id}, datanode_id: ${task.from}`);
}

async function downgradeLeader(run: Run): Promise<Next> {
  const { core, task, signal } = run;
  if (exceedsBudget(run)) return 'UpdateMetadataRollback';
  const source = core.state.datanodes.get(task.from);
  if (source && isUp(run, task.from)) {
    await sleep(core.clock, task.durations.downgradeMs, signal);
    const keepsRole = core.profile.downgradedWord === 'DOWNGRADING';
    core.state.openCopy(task.from, task.region, keepsRole ? 'DowngradingLeader' : 'Follower');
    return 'UpgradeCandidateRegion';
  }
  const beatMs = source ? lastBeatMs(source, core.time.now(), Number.NEGATIVE_INFINITY) : undefined;
  const leaseLeftMs = (beatMs ?? core.time.now() - LEASE_MS) + LEASE_MS - core.time.now();
  await sleep(core.clock, Math.max(0, leaseLeftMs), signal);
  return 'UpgradeCandidateRegion';
}

/** The fourth argument of `migrate_region`: in newer versions it pays for downgrade and upgrade, in older for each replay try. */
function exceedsBudget({ core, task }: Run): boolean {
  const { downgradeMs, upgradeMs } = task.durations;
  const isSum = core.profile.downgradedWord === 'DOWNGRADING';
  return isSum ? downgradeMs + upgradeMs > task.budgetMs : upgradeMs > 3 * (task.budgetMs + 1_000);
}

async function upgradeCandidate(run: Run): Promise<Next> {
  const { core, task, signal } = run;
  await sleep(core.clock, task.durations.upgradeMs, signal);
  if (task.fault === 'rollback' || task.fault === 'bad-target') return 'UpdateMetadataRollback';
  if (task.fault === 'stuck-downgraded') return failed('Table metadata manager error');
  for (let attempt = 0; attempt < 3; attempt += 1) {
    if (isUp(run, task.to)) return 'UpdateMetadataUpgrade';
    await sleep(core.clock, 500, signal);
  }
  return 'UpdateMetadataRollback';
}

function upgradeMetadata(run: Run): Next {
  const { core, task } = run;
  const route = routeOf(run);
  const followers = route.followers.filter((follower) => follower !== task.to);
  core.state.changeRoute(task.region, { leader: task.to, followers, state: null, downSinceMs: null });
  task.moved = true;
  if (task.fault === 'lost-rows') task.region.table.stored?.rows.delete(task.region);
  core.state.openCopy(task.to, task.region, 'Leader');
  core.state.openCopy(task.from, task.region, 'Follower');
  broadcastInvalidation(core, task.region.table.id);
  if (task.fault === 'failed-but-moved')
    return failed(`Datanode table not found: table_id: ${task.region.table.id}, datanode_id: ${task.from}`);
  if (core.profile.closeDowngraded) return 'CloseDowngradedRegion';
  later(core, HEARTBEAT_MS, () => closeIfObsolete(core, task, task.from));
  return 'RegionMigrationEnd';
}

async function closeDowngraded({ core, task, signal }: Run): Promise<Next> {
  await sleep(core.clock, task.durations.closeMs, signal);
  closeIfObsolete(core, task, task.from);
  return 'RegionMigrationEnd';
}

function rollbackMetadata(run: Run): Next {
  undoDowngrade(run);
  return 'RegionMigrationAbort';
}

function undoDowngrade(run: Run): void {
  const { core, task } = run;
  const route = core.state.routeOf(task.region.key);
  if (route?.state === 'downgrading' && route.leader === task.from) {
    core.state.changeRoute(task.region, { state: null, downSinceMs: null });
    core.state.openCopy(task.from, task.region, 'Leader');
  }
  broadcastInvalidation(core, task.region.table.id);
}

/** What the lease keeper of a datanode does to a copy that the route does not know. */
export function closeIfObsolete(core: ClusterCore, task: MigrationTask, nodeId: string): void {
  const route = core.state.routeOf(task.region.key);
  const isWanted = route?.leader === nodeId || route?.followers.includes(nodeId);
  if (!isWanted) core.state.closeCopy(nodeId, task.region);
}

function routeOf({ core, task }: Run): RegionRoute {
  const route = core.state.routeOf(task.region.key);
  if (route) return route;
  throw new StepError(`Failed to find table route for ${task.region.table.id}`, { retryable: false });
}

function isUp({ core }: Run, nodeId: string): boolean {
  return core.state.datanodes.get(nodeId)?.diedAtMs === null;
}

function failed(error: string): RunOutcome {
  return { status: 'Failed', error };
}

import { sleep } from '../../lib/clock.ts';
import { broadcastInvalidation, later } from '../cluster/core.ts';
import type { ClusterCore } from '../cluster/core.ts';
import { HEARTBEAT_MS, LEASE_MS, lastBeatMs } from '../cluster/heartbeats.ts';
import type { RegionRoute } from '../cluster/model.ts';
import { StepError } from './errors.ts';
import { durationMs } from './migration-task.ts';
import type { MigrationTask } from './migration-task.ts';

export interface RunOutcome {
  readonly status: 'Done' | 'Failed';
  readonly error: string | null;
}

interface Run {
  readonly core: ClusterCore;
  readonly task: MigrationTask;
  readonly signal: AbortSignal;
}

/** States of RegionMigrationProcedure (GreptimeDB src/meta-srv/src/procedure/region_migration/*.rs). */
const STEPS = {
  RegionMigrationStart: start,
  OpenCandidateRegion: openCandidate,
  PreFlushRegion: preFlush,
  UpdateMetadataDowngrade: downgradeMetadata,
  DowngradeLeaderRegion: downgradeLeader,
  UpgradeCandidateRegion: upgradeCandidate,
  UpdateMetadataUpgrade: upgradeMetadata,
  CloseDowngradedRegion: closeDowngraded,
  UpdateMetadataRollback: rollbackMetadata,
  RegionMigrationAbort: () =>
    failed('The region migration procedure aborted, reason: Failed to upgrade the candidate region.'),
  RegionMigrationEnd: () => DONE,
};
export type StepName = keyof typeof STEPS;
type Next = StepName | RunOutcome;

const DONE: RunOutcome = { status: 'Done', error: null };

/**
 * Runs a migration from `first` to its end, with the retries and the rollback of the procedure manager.
 *
 * @throws the signal's reason when the leader that runs it is gone.
 */
export async function runMigration(run: Run, first: StepName): Promise<RunOutcome> {
  const { procedure, region } = run.task;
  let next: Next = first;
  while (typeof next === 'string') {
    const ids = { procedureId: procedure.id, regionId: region.id };
    run.core.journal.record({ kind: 'migration-step', ...ids, step: next });
    next = await withRetries(run, next);
  }
  return next;
}

/** Procedure-level retries of metasrv: 0.5 s, doubled each time, at most 60 s, with up to a quarter more. */
const MAX_RETRIES = 12;

async function withRetries(run: Run, step: StepName): Promise<Next> {
  const { core, task, signal } = run;
  for (let attempt = 0; ; attempt += 1) {
    try {
      const next = await STEPS[step](run);
      Object.assign(task.procedure, { status: 'Running', error: null });
      return next;
    } catch (error) {
      if (!(error instanceof StepError)) throw error;
      if (!error.retryable) return failed(error.message);
      if (attempt >= MAX_RETRIES) return giveUp(run, error.message);
      Object.assign(task.procedure, { status: 'Retrying', error: error.message });
      const delayMs = Math.min(500 * 2 ** attempt, 60_000) * (1 + core.prng.next() * 0.25);
      await sleep(core.clock, delayMs, signal);
    }
  }
}

/** Retries are used up: versions that can roll back do, older ones leave everything as it is. */
async function giveUp(run: Run, error: string): Promise<Next> {
  const { core, task, signal } = run;
  const text = `Procedure retry exceeded max times, procedure_id: ${task.procedure.id}`;
  if (!core.profile.rollback) return failed(text);
  Object.assign(task.procedure, { status: 'PrepareRollback', error });
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
  await sleep(core.clock, durationMs(task, 'open'), signal);
  if (routeOf(run).leader !== task.to) core.state.openCopy(task.to, task.region, 'Follower');
  return core.profile.preFlush ? 'PreFlushRegion' : 'UpdateMetadataDowngrade';
}

function openTimeoutMs({ core, task }: Run): number {
  const limit = core.profile.openTimeoutMs;
  return limit === 'budget' ? Math.max(task.budgetMs / 2, LEASE_MS) : limit;
}

async function preFlush({ core, task, signal }: Run): Promise<Next> {
  await sleep(core.clock, durationMs(task, 'flush'), signal);
  return 'UpdateMetadataDowngrade';
}

function downgradeMetadata(run: Run): Next {
  const { core, task } = run;
  const { leader } = routeOf(run);
  if (leader === task.to) return afterUpgradeBefore(task);
  if (leader !== task.from)
    throw new StepError(
      `Region's leader peer changed: Region's leader peer(${leader ?? 'none'}) is not the \`from_peer\`(${task.from})`,
      { retryable: false },
    );
  core.state.changeRoute(task.region, { state: 'downgrading', downSinceMs: core.time.now() });
  return 'DowngradeLeaderRegion';
}

/** The procedure was taken up again after its upgrade had been committed. */
function afterUpgradeBefore({ region: { table }, from }: MigrationTask): Next {
  const holdsMore = table.routes.some((route) => route.leader === from);
  return holdsMore ? 'CloseDowngradedRegion' : datanodeTableMissing(table.id, from);
}

async function downgradeLeader(run: Run): Promise<Next> {
  const { core, task, signal } = run;
  if (exceedsBudget(run)) return 'UpdateMetadataRollback';
  const source = core.state.datanodes.get(task.from);
  if (source && isUp(run, task.from)) {
    await sleep(core.clock, durationMs(task, 'downgrade'), signal);
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
  const upgradeMs = durationMs(task, 'upgrade');
  const isSum = core.profile.downgradedWord === 'DOWNGRADING';
  if (isSum) return durationMs(task, 'downgrade') + upgradeMs > task.budgetMs;
  return upgradeMs > 3 * (task.budgetMs + 1_000);
}

async function upgradeCandidate(run: Run): Promise<Next> {
  const { core, task, signal } = run;
  await sleep(core.clock, durationMs(task, 'upgrade'), signal);
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
  const { region, from, to } = task;
  const followers = routeOf(run).followers.filter((follower) => follower !== to);
  core.state.changeRoute(region, { leader: to, followers, state: null, downSinceMs: null });
  task.moved = true;
  if (task.fault === 'lost-rows') region.table.stored?.rows.delete(region);
  core.state.openCopy(to, region, 'Leader');
  core.state.openCopy(from, region, 'Follower');
  broadcastInvalidation(core, region.table.id);
  if (task.fault === 'failed-but-moved') return datanodeTableMissing(region.table.id, from);
  if (core.profile.closeDowngraded) return 'CloseDowngradedRegion';
  later(core, HEARTBEAT_MS, () => closeIfObsolete(core, task, from));
  return 'RegionMigrationEnd';
}

async function closeDowngraded({ core, task, signal }: Run): Promise<Next> {
  await sleep(core.clock, durationMs(task, 'close'), signal);
  closeIfObsolete(core, task, task.from);
  return 'RegionMigrationEnd';
}

function rollbackMetadata(run: Run): Next {
  undoDowngrade(run);
  return 'RegionMigrationAbort';
}

function undoDowngrade({ core, task: { region, from } }: Run): void {
  const route = core.state.routeOf(region.key);
  if (route?.state === 'downgrading' && route.leader === from) {
    core.state.changeRoute(region, { state: null, downSinceMs: null });
    core.state.openCopy(from, region, 'Leader');
  }
  broadcastInvalidation(core, region.table.id);
}

/** What the lease keeper of a datanode does to a copy that the route does not know. */
export function closeIfObsolete(core: ClusterCore, { region }: MigrationTask, nodeId: string): void {
  const route = core.state.routeOf(region.key);
  const isWanted = route?.leader === nodeId || route?.followers.includes(nodeId);
  if (!isWanted) core.state.closeCopy(nodeId, region);
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

function datanodeTableMissing(tableId: number, nodeId: string): RunOutcome {
  return failed(`Datanode table not found: table_id: ${tableId}, datanode_id: ${nodeId}`);
}

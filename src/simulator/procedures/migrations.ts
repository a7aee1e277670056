import { isAbort } from '../../domain/errors.ts';
import { compareIds } from '../../domain/ids.ts';
import { later } from '../cluster/core.ts';
import type { ClusterCore } from '../cluster/core.ts';
import { LEASE_MS } from '../cluster/heartbeats.ts';
import type { MigrationReason } from '../cluster/journal.ts';
import type { RegionRoute } from '../cluster/model.ts';
import { FAULTS } from '../faults/faults.ts';
import { newProcedure } from './manager.ts';
import { recordMigration } from './migration-events.ts';
import { closeIfObsolete, runMigration } from './migration-steps.ts';
import type { RunOutcome, StepName } from './migration-steps.ts';
import { migrationLocks } from './migration-task.ts';
import type { MigrationOrder, MigrationTask } from './migration-task.ts';
import { seededUuid } from './uuid.ts';

const MIGRATION_TYPE = 'metasrv-procedure::RegionMigration';

/** Registering happens in the background, a moment after the id was given out. */
const REGISTER_DELAY_MS = 2;

/** How many times as long a migration takes that the fault `slow-migration` struck. */
const SLOWED = 20;

export function isMigrating({ migrations }: ClusterCore, regionKey: bigint): boolean {
  return [...migrations.tasks.values()].some((task) => task.region.key === regionKey);
}

/** Gives out a procedure id; the registration follows a moment later and may fail without anybody being told. */
export function beginMigration(core: ClusterCore, order: MigrationOrder): string {
  const { prng, migrations } = core;
  // `bad-target` is the datanode with the highest id: it opens no region.
  const isBadTarget = order.to === [...core.state.datanodes.keys()].sort(compareIds).at(-1);
  const possible = FAULTS.migration.filter((name) => name !== 'bad-target' || isBadTarget);
  const fault = possible.find((name) => core.faults.strikes(name)) ?? null;
  const id = seededUuid(prng);
  // Each migration takes between half and one and a half of the mean.
  const totalMs = migrations.meanMs * (0.5 + prng.next()) * (fault === 'slow-migration' ? SLOWED : 1);
  const procedure = newProcedure(id, MIGRATION_TYPE, migrationLocks(core.profile, order.region));
  const task: MigrationTask = { ...order, procedure, fault, totalMs, persisted: false, moved: false };
  if (fault) core.journal.record({ kind: 'fault', name: fault, target: id });
  migrations.tasks.set(id, task);
  later(core, REGISTER_DELAY_MS, () => register(core, task));
  return id;
}

/** Starts a migration for somebody else than a client, unless the region is taken. */
export function beginUnlessTaken(
  core: ClusterCore,
  { region, leader, state }: RegionRoute,
  to: string,
  reason: Exclude<MigrationReason, 'Manual'>,
): string | null {
  if (leader === null || state !== null || core.meta.leader === null) return null;
  if (isMigrating(core, region.key)) return null;
  return beginMigration(core, { region, from: leader, to, budgetMs: 300_000, reason });
}

/** The metasrv leader is gone: what it had not persisted is lost, the rest waits for the next one. */
export function suspendMigrations(core: ClusterCore): void {
  const { migrations, procedures } = core;
  migrations.leadership.abort(new DOMException('The metasrv leader is gone', 'AbortError'));
  procedures.forgetAll();
  for (const task of migrations.tasks.values()) if (!task.persisted) lose(core, task);
}

/** A new leader loads the persisted procedures and runs them on, under their old ids. */
export function resumeMigrations(core: ClusterCore): void {
  const { migrations, procedures } = core;
  migrations.leadership = new AbortController();
  procedures.restart();
  for (const task of migrations.tasks.values()) {
    const { procedure } = task;
    Object.assign(procedure, newProcedure(procedure.id, MIGRATION_TYPE, procedure.locks));
    procedures.register(procedure, () => start(core, task, 'OpenCandidateRegion'));
  }
}

function register(core: ClusterCore, task: MigrationTask): void {
  if (!core.migrations.tasks.has(task.procedure.id)) return;
  const isRefused =
    core.meta.leader === null ||
    core.meta.leaderSwitch('procedures-paused') ||
    task.fault === 'procedure-lost';
  const run = (): void => start(core, task, 'RegionMigrationStart');
  if (isRefused || !core.procedures.register(task.procedure, run)) lose(core, task);
}

function start(core: ClusterCore, task: MigrationTask, first: StepName): void {
  const resumed = first !== 'RegionMigrationStart';
  core.journal.record({ kind: 'migration-started', ...factsOf(task), resumed });
  recordMigration(core);
  const signal = AbortSignal.any([core.migrations.leadership.signal, core.closed]);
  runMigration({ core, task, signal }, first).then(
    (outcome) => end(core, task, outcome),
    (error: unknown) => {
      if (!isAbort(error)) throw error;
    },
  );
}

function end(core: ClusterCore, task: MigrationTask, { status, error }: RunOutcome): void {
  if (!core.migrations.tasks.has(task.procedure.id)) return;
  core.procedures.finish(task.procedure, status, error);
  if (!task.moved) later(core, LEASE_MS, () => closeIfObsolete(core, task, task.to));
  forget(core, task, status, error);
}

function lose(core: ClusterCore, task: MigrationTask): void {
  forget(core, task, 'lost', null);
}

function forget(
  core: ClusterCore,
  task: MigrationTask,
  status: RunOutcome['status'] | 'lost',
  error: string | null,
): void {
  core.migrations.tasks.delete(task.procedure.id);
  const leader = core.state.routeOf(task.region.key)?.leader ?? null;
  const told = { ...factsOf(task), status, moved: task.moved, leader };
  core.journal.record({ kind: 'migration-ended', ...told, ...(error !== null && { error }) });
}

function factsOf({ procedure, region, from, to, reason }: MigrationTask): {
  procedureId: string;
  regionId: string;
  from: string;
  to: string;
  reason: MigrationReason;
} {
  return { procedureId: procedure.id, regionId: region.id, from, to, reason };
}

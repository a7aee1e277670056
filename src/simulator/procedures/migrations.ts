import { isAbort } from '../../domain/errors.ts';
import type { ClusterCore } from '../cluster/core.ts';
import { later } from '../cluster/core.ts';
import { MIGRATION_FAULTS } from '../faults/faults.ts';
import { LEASE_MS } from '../cluster/heartbeats.ts';
import type { MigrationReason } from '../cluster/journal.ts';
import type { SimRegion } from '../cluster/model.ts';
import { newProcedure } from './manager.ts';
import { closeIfObsolete, runMigration } from './run.ts';
import type { RunOutcome, StepName } from './run.ts';
import { drawDurations, migrationLocks } from './task.ts';
import type { MigrationTask } from './task.ts';
import { seededUuid } from './uuid.ts';

export const MIGRATION_TYPE = 'metasrv-procedure::RegionMigration';

/** Registering happens in the background, a moment after the id was given out. */
const REGISTER_DELAY_MS = 2;

export interface MigrationOrder {
  readonly region: SimRegion;
  readonly from: string;
  readonly to: string;
  readonly budgetMs: number;
  readonly reason: MigrationReason;
}

/** Migrations under way, whoever asked for them. */
export class Migrations {
  readonly #meanMs: number;
  readonly #tasks = new Map<string, MigrationTask>();
  #leadership = new AbortController();

  constructor(options: { meanMs: number }) {
    this.#meanMs = options.meanMs;
  }

  /** Migrations that were accepted and have neither ended nor been forgotten. */
  get tasks(): readonly MigrationTask[] {
    return [...this.#tasks.values()];
  }

  isRunning(region: SimRegion): boolean {
    return this.tasks.some((task) => task.region === region);
  }

  /** Gives out a procedure id; the registration follows a moment later and may fail without anybody being told. */
  begin(core: ClusterCore, order: MigrationOrder): MigrationTask {
    const prng = core.prng;
    const fault = MIGRATION_FAULTS.find((name) => core.faults.strikes(name)) ?? null;
    const locks = migrationLocks(core.profile.migration, order.region);
    const task: MigrationTask = {
      ...order,
      procedure: newProcedure(seededUuid(prng), MIGRATION_TYPE, locks),
      fault,
      durations: drawDurations(prng, this.#meanMs, fault),
      persisted: false,
      moved: false,
    };
    if (fault) core.journal.record({ kind: 'fault', name: fault, target: task.procedure.id });
    this.#tasks.set(task.procedure.id, task);
    later(core, REGISTER_DELAY_MS, () => this.#register(core, task));
    return task;
  }

  /** The leader is gone: what it had not persisted is lost, the rest waits for the next one. */
  leaderLost(core: ClusterCore): void {
    this.#leadership.abort(new DOMException('The metasrv leader is gone', 'AbortError'));
    core.procedures.forgetAll();
    for (const task of this.tasks) if (!task.persisted) this.#lose(core, task);
  }

  /** A new leader loads the persisted procedures and runs them on, under their old ids. */
  leaderElected(core: ClusterCore): void {
    this.#leadership = new AbortController();
    core.procedures.restart();
    for (const task of this.tasks) {
      Object.assign(task.procedure, newProcedure(task.procedure.id, MIGRATION_TYPE, task.procedure.locks));
      core.procedures.register(task.procedure, () => this.#start(core, task, 'OpenCandidateRegion'));
    }
  }

  #register(core: ClusterCore, task: MigrationTask): void {
    if (!this.#tasks.has(task.procedure.id)) return;
    const isRefused =
      core.meta.leader === null ||
      core.meta.leaderSwitch('procedures-paused') ||
      task.fault === 'procedure-lost';
    const run = (): void => this.#start(core, task, 'RegionMigrationStart');
    if (isRefused || !core.procedures.register(task.procedure, run)) this.#lose(core, task);
  }

  #start(core: ClusterCore, task: MigrationTask, first: StepName): void {
    const { procedure, region, from, to, reason } = task;
    const resumed = first !== 'RegionMigrationStart';
    const ids = { procedureId: procedure.id, regionId: region.id, from, to };
    core.journal.record({ kind: 'migration-started', ...ids, reason, resumed });
    const signal = AbortSignal.any([this.#leadership.signal, core.closed]);
    runMigration(core, task, first, signal).then(
      (outcome) => this.#end(core, task, outcome),
      (error: unknown) => {
        if (!isAbort(error)) throw error;
      },
    );
  }

  #end(core: ClusterCore, task: MigrationTask, outcome: RunOutcome): void {
    if (!this.#tasks.delete(task.procedure.id)) return;
    core.procedures.finish(task.procedure, outcome.status, outcome.error);
    if (!task.moved) later(core, LEASE_MS, () => closeIfObsolete(core, task, task.to));
    this.#tell(core, task, outcome.status, outcome.error);
  }

  #lose(core: ClusterCore, task: MigrationTask): void {
    this.#tasks.delete(task.procedure.id);
    this.#tell(core, task, 'lost', null);
  }

  #tell(
    core: ClusterCore,
    task: MigrationTask,
    status: RunOutcome['status'] | 'lost',
    error: string | null,
  ): void {
    core.journal.record({
      kind: 'migration-ended',
      procedureId: task.procedure.id,
      regionId: task.region.id,
      from: task.from,
      to: task.to,
      reason: task.reason,
      status,
      moved: task.moved,
      leader: core.state.routeOf(task.region.key)?.leader ?? null,
      ...(error === null ? {} : { error }),
    });
  }
}

import type { MigrationReason } from '../cluster/journal.ts';
import type { SimRegion } from '../cluster/model.ts';
import type { FaultOf } from '../faults/faults.ts';
import type { Profile } from '../profiles.ts';
import { schemaLocks } from './locks.ts';
import type { LockKey } from './locks.ts';
import type { Procedure } from './manager.ts';

/** Who wants which region where. */
export interface MigrationOrder {
  readonly region: SimRegion;
  readonly from: string;
  readonly to: string;
  readonly budgetMs: number;
  readonly reason: MigrationReason;
}

/** One region migration, with what the metadata store would hold of it. */
export interface MigrationTask extends MigrationOrder {
  readonly procedure: Procedure;
  readonly fault: FaultOf<'migration'> | null;
  /** How long its steps take together. */
  readonly totalMs: number;
  /** Set with the first persisted transition; only such a task outlives its metasrv leader. */
  persisted: boolean;
  /** Whether this task changed the leader. */
  moved: boolean;
}

/** The steps that take time, with their shares of a migration's. */
const SHARES = { open: 0.3, flush: 0.15, downgrade: 0.2, upgrade: 0.3, close: 0.05 } as const;

export function durationMs({ totalMs }: MigrationTask, step: keyof typeof SHARES): number {
  return Math.round(totalMs * SHARES[step]);
}

/** The locks that a migration holds all its life (GreptimeDB region_migration.rs `lock_key` at each tag). */
export function migrationLocks({ catalogLocks, tableLock }: Profile, { id, table }: SimRegion): LockKey[] {
  const locks = catalogLocks ? schemaLocks(table) : [];
  if (tableLock !== 'none') locks.push({ mode: tableLock, key: `__table_lock/${table.id}` });
  return [...locks, { mode: 'Exclusive', key: `__region_lock/${id}` }];
}

import type { Prng } from '../../lib/prng.ts';
import type { MigrationFault } from '../faults/faults.ts';
import type { MigrationReason } from '../cluster/journal.ts';
import type { LockKey } from './locks.ts';
import type { SimRegion } from '../cluster/model.ts';
import type { Profile } from '../profiles.ts';
import type { Procedure } from './manager.ts';

/** Who wants which region where. */
export interface MigrationOrder {
  readonly region: SimRegion;
  readonly from: string;
  readonly to: string;
  readonly budgetMs: number;
  readonly reason: MigrationReason;
}

/** Migrations that were accepted and have neither ended nor been forgotten, whoever asked for them. */
export interface MigrationsUnderWay {
  /** Mean duration of a migration. */
  readonly meanMs: number;
  /** By procedure id. */
  readonly tasks: Map<string, MigrationTask>;
  /** Aborts when the metasrv leader that runs them is gone. */
  leadership: AbortController;
}

/** One region migration, with what the metadata store would hold of it. */
export interface MigrationTask extends MigrationOrder {
  readonly procedure: Procedure;
  readonly fault: MigrationFault | null;
  readonly durations: StepDurations;
  /** Set with the first persisted transition; only such a task outlives its metasrv leader. */
  persisted: boolean;
  /** Whether this task changed the leader. */
  moved: boolean;
}

interface StepDurations {
  readonly openMs: number;
  readonly flushMs: number;
  readonly downgradeMs: number;
  readonly upgradeMs: number;
  readonly closeMs: number;
}

/** Shares of a migration's time. */
const SHARES = { openMs: 0.3, flushMs: 0.15, downgradeMs: 0.2, upgradeMs: 0.3, closeMs: 0.05 } as const;
const SLOWED = 20;

/** Draws how long each step takes: on average `meanMs` in total, each migration between half and one and a half of it. */
export function drawDurations(prng: Prng, meanMs: number, fault: MigrationFault | null): StepDurations {
  const totalMs = meanMs * (0.5 + prng.next()) * (fault === 'slow-migration' ? SLOWED : 1);
  const share = (part: number): number => Math.round(totalMs * part);
  return {
    openMs: share(SHARES.openMs),
    flushMs: share(SHARES.flushMs),
    downgradeMs: share(SHARES.downgradeMs),
    upgradeMs: share(SHARES.upgradeMs),
    closeMs: share(SHARES.closeMs),
  };
}

/** The locks that a migration holds all its life (GreptimeDB region_migration.rs `lock_key` at each tag). */
export function migrationLocks(facts: Profile, region: SimRegion): LockKey[] {
  const { table } = region;
  const locks: LockKey[] = [];
  if (facts.catalogLocks)
    locks.push(
      { mode: 'Share', key: `__catalog_lock/${table.catalog}` },
      { mode: 'Share', key: `__schema_lock/${table.catalog}.${table.schema}` },
    );
  if (facts.tableLock !== 'none')
    locks.push({
      mode: facts.tableLock,
      key: `__table_lock/${table.id}`,
    });
  locks.push({ mode: 'Exclusive', key: `__region_lock/${region.id}` });
  return locks;
}

/** procedure-level retries of metasrv: 0.5 s, doubled each time, at most 60 s, with up to a quarter more. */
export const MAX_RETRIES = 12;

export function retryDelayMs(attempt: number, prng: Prng): number {
  return Math.min(500 * 2 ** attempt, 60_000) * (1 + prng.next() * 0.25);
}

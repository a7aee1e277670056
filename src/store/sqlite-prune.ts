import type { PruneReport } from './port.ts';
import type { Database, Parameters } from './sqlite-database.ts';

export interface RetentionOptions {
  /** How long finished moves, cycles, plans, audit entries and forgotten failures are kept, in ms. */
  readonly retentionMs: number;
  /** The most of each kind that is kept even within the retention. */
  readonly maxMoves: number;
  readonly maxCycles: number;
  readonly maxPlans: number;
  readonly maxSamples: number;
  readonly maxAudit: number;
}

/** Rows deleted per kind and call, so that no call holds up the loop. */
const BATCH = 2_000;
/** Free pages that one call gives back to the file system. */
const VACUUM_PAGES = 500;

/** Deletes what is due. A move of which something may still happen is never deleted. */
export function prune(database: Database, options: RetentionOptions, nowMs: number): PruneReport {
  const beforeMs = nowMs - options.retentionMs;
  const remove = (sql: string, parameters: Parameters): number => database.run(sql, parameters).changes;
  const report = database.transaction(() => ({
    moves: remove(
      `DELETE FROM moves WHERE id IN (SELECT id FROM moves WHERE unresolved = 0 AND
         (ended_at_ms < ? OR id <= (SELECT max(id) FROM moves) - ?) ORDER BY id LIMIT ?)`,
      [beforeMs, options.maxMoves, BATCH],
    ),
    cycles: remove(
      `DELETE FROM cycles WHERE id IN (SELECT id FROM cycles WHERE
         (started_at_ms < ? OR id <= (SELECT max(id) FROM cycles) - ?) ORDER BY id LIMIT ?)`,
      [beforeMs, options.maxCycles, BATCH],
    ),
    plans: remove(
      `DELETE FROM plans WHERE plan_id IN (SELECT plan_id FROM plans WHERE created_at_ms < ?1 OR plan_id NOT IN
         (SELECT plan_id FROM plans ORDER BY created_at_ms DESC, plan_id LIMIT ?2) LIMIT ?3)`,
      [beforeMs, options.maxPlans, BATCH],
    ),
    samples: remove(
      `DELETE FROM balance_samples WHERE id IN (SELECT id FROM balance_samples WHERE
         (at_ms < ? OR id <= (SELECT max(id) FROM balance_samples) - ?) ORDER BY id LIMIT ?)`,
      [beforeMs, options.maxSamples, BATCH],
    ),
    audit: remove(
      `DELETE FROM audit WHERE id IN (SELECT id FROM audit WHERE
         (at_ms < ? OR id <= (SELECT max(id) FROM audit) - ?) ORDER BY id LIMIT ?)`,
      [beforeMs, options.maxAudit, BATCH],
    ),
    rests:
      remove(
        `DELETE FROM cooldowns WHERE region_id IN (SELECT region_id FROM cooldowns WHERE until_ms <= ? LIMIT ?)`,
        [nowMs, BATCH],
      ) +
      remove(
        `DELETE FROM quarantine WHERE region_id IN (SELECT region_id FROM quarantine WHERE until_ms <= ? LIMIT ?)`,
        [beforeMs, BATCH],
      ),
  }));
  database.script(`PRAGMA incremental_vacuum(${VACUUM_PAGES})`);
  return { ...report, more: Object.values(report).some((removed) => removed >= BATCH) };
}

import type { Database } from './sqlite-database.ts';

export interface RetentionOptions {
  /** How long finished moves, cycles, samples, audit entries and forgotten failures are kept, in ms. */
  readonly retentionMs: number;
  /** The most of each kind that is kept even within the retention. */
  readonly maxMoves: number;
  readonly maxCycles: number;
  readonly maxSamples: number;
  readonly maxAudit: number;
}

/** Rows deleted per kind and call, so that no call holds up the loop. */
const BATCH = 2_000;
/** Free pages that one call gives back to the file system. */
const VACUUM_PAGES = 500;

/** Deletes what is due. A move of which something may still happen is never deleted. */
export function prune(database: Database, options: RetentionOptions, nowMs: number): void {
  const beforeMs = nowMs - options.retentionMs;
  database.transaction(() => {
    database.run(
      `DELETE FROM moves WHERE id IN (SELECT id FROM moves WHERE unresolved = 0 AND
         (ended_at_ms < ? OR id <= (SELECT max(id) FROM moves) - ?) ORDER BY id LIMIT ?)`,
      [beforeMs, options.maxMoves, BATCH],
    );
    for (const [table, time, most] of [
      ['cycles', 'started_at_ms', options.maxCycles],
      ['balance_samples', 'at_ms', options.maxSamples],
      ['audit', 'at_ms', options.maxAudit],
    ] as const) {
      database.run(
        `DELETE FROM ${table} WHERE id IN (SELECT id FROM ${table} WHERE
           (${time} < ? OR id <= (SELECT max(id) FROM ${table}) - ?) ORDER BY id LIMIT ?)`,
        [beforeMs, most, BATCH],
      );
    }
    for (const [table, untilMs] of [
      ['cooldowns', nowMs],
      ['quarantine', beforeMs],
    ] as const) {
      database.run(
        `DELETE FROM ${table} WHERE region_id IN (SELECT region_id FROM ${table} WHERE until_ms <= ? LIMIT ?)`,
        [untilMs, BATCH],
      );
    }
  });
  database.script(`PRAGMA incremental_vacuum(${VACUUM_PAGES})`);
}

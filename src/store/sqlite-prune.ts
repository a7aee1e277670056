import { z } from 'zod';
import type { Database } from './sqlite-database.ts';

export interface RetentionOptions {
  /** How long finished moves, cycles, samples, audit entries and forgotten failures are kept, in ms. */
  readonly retentionMs: number;
  /** The most moves that are kept even within the retention. */
  readonly maxMoves: number;
}

/** The most cycles, samples and audit entries, each, that are kept even within the retention. */
const MAX_KEPT = 50_000;
/** Rows deleted per kind and call, so that no call holds up the loop. */
const BATCH = 2_000;
/** Free pages that one call gives back to the file system. */
const VACUUM_PAGES = 500;

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** A time of which longer nothing is on record counts for nothing: a clock may have jumped over it. A weekly schedule leaves less. */
const LONGEST_GAP_MS = 8 * DAY_MS;
const MARKS_PER_RETENTION = 100;
const MARK_ROW = z.object({ atMs: z.number() });

/** Notes that time has come this far, a bounded number of times per retention. */
export function markTime(database: Database, { retentionMs }: RetentionOptions, nowMs: number): void {
  const stepMs = Math.min(DAY_MS, retentionMs / MARKS_PER_RETENTION);
  database.run(
    `INSERT INTO clock_marks SELECT ?1 WHERE NOT EXISTS (SELECT 1 FROM clock_marks WHERE at_ms > ?2 AND at_ms <= ?1)`,
    [nowMs, nowMs - stepMs],
  );
}

/**
 * Deletes what is due by two readings: the clock, and the marks of the time that was seen to pass. A move of which something may still
 * happen is never deleted.
 *
 * @returns whether something is kept that is due by the clock alone.
 */
export function prune(database: Database, options: RetentionOptions, nowMs: number): boolean {
  const beforeMs = olderThan(database, options.retentionMs, nowMs);
  database.transaction(() => {
    database.run(
      `DELETE FROM moves WHERE id IN (SELECT id FROM moves WHERE unresolved = 0 AND
         (ended_at_ms < ? OR id <= (SELECT max(id) FROM moves) - ?) ORDER BY id LIMIT ?)`,
      [beforeMs, options.maxMoves, BATCH],
    );
    for (const [table, time] of [
      ['cycles', 'started_at_ms'],
      ['balance_samples', 'at_ms'],
      ['audit', 'at_ms'],
    ] as const) {
      database.run(
        `DELETE FROM ${table} WHERE id IN (SELECT id FROM ${table} WHERE
           (${time} < ? OR id <= (SELECT max(id) FROM ${table}) - ?) ORDER BY id LIMIT ?)`,
        [beforeMs, MAX_KEPT, BATCH],
      );
    }
    for (const [table, untilMs] of [
      ['cooldowns', olderThan(database, HOUR_MS, nowMs)],
      ['quarantine', beforeMs],
    ] as const) {
      database.run(
        `DELETE FROM ${table} WHERE region_id IN (SELECT region_id FROM ${table} WHERE until_ms <= ? LIMIT ?)`,
        [untilMs, BATCH],
      );
    }
    database.run('DELETE FROM clock_marks WHERE at_ms < ?', [beforeMs - LONGEST_GAP_MS]);
  });
  database.script(`PRAGMA incremental_vacuum(${VACUUM_PAGES})`);
  const byClockAlone = 'SELECT at_ms FROM clock_marks WHERE at_ms >= ? AND at_ms < ? LIMIT 1';
  return database.value(z.number(), byClockAlone, [beforeMs, nowMs - options.retentionMs]) !== undefined;
}

/** The moment since which `ageMs` have been seen to pass: a jump of the clock between two marks adds nothing. Before all time if never. */
function olderThan(database: Database, ageMs: number, nowMs: number): number {
  const marks = database.all(MARK_ROW, 'SELECT at_ms FROM clock_marks WHERE at_ms <= ? ORDER BY at_ms DESC', [
    nowMs,
  ]);
  let [leftMs, laterMs] = [ageMs, nowMs];
  for (const { atMs } of marks) {
    const gapMs = laterMs - atMs;
    const seenMs = gapMs > LONGEST_GAP_MS ? 0 : gapMs;
    if (seenMs >= leftMs) return laterMs - leftMs;
    leftMs -= seenMs;
    laterMs = atMs;
  }
  return 0;
}

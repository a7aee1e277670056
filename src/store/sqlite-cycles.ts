import { z } from 'zod';
import { CYCLE_OUTCOME_CODES } from '../domain/codes.ts';
import type { CycleRecord, CycleStore, HistoryStep } from './port.ts';
import { real, type Database } from './sqlite-database.ts';
import { MAX_ROWS } from './sqlite-moves.ts';

const CYCLE_ROW = z.object({
  id: z.number(),
  trigger: z.string(),
  started_at_ms: z.number(),
  ended_at_ms: z.number().nullable(),
  outcome: z.enum(CYCLE_OUTCOME_CODES).nullable(),
  moved: z.number().nullable(),
  detail: z.string().nullable(),
});
const AMOUNT = z.number().nullable();
const STEP_ROW = z.object({
  at_ms: z.number(),
  cycles: z.number(),
  failed: z.number(),
  moved: z.number(),
  table_skew_max: AMOUNT,
  node_skew: AMOUNT,
  least: AMOUNT,
  most: AMOUNT,
});

/** Cycles and samples of each step. */
const HISTORY = `
  SELECT ?1 + step * ?3 AS at_ms, sum(cycles) AS cycles, sum(failed) AS failed, sum(moved) AS moved, max(table_skew_max) AS table_skew_max,
    max(node_skew) AS node_skew, min(least) AS least, max(most) AS most
  FROM (
    SELECT CAST((ended_at_ms - ?1) / ?3 AS INTEGER) AS step, 1 AS cycles, outcome = 'failed' AS failed, 0 AS moved, NULL AS table_skew_max,
      NULL AS node_skew, NULL AS least, NULL AS most
    FROM cycles WHERE ended_at_ms >= ?1 AND ended_at_ms < ?2
    UNION ALL
    SELECT CAST((at_ms - ?1) / ?3 AS INTEGER), 0, 0, moved, table_skew_max, node_skew, least, most
    FROM balance_samples WHERE at_ms >= ?1 AND at_ms < ?2
  )
  GROUP BY step ORDER BY step`;

/** The part of the store that keeps cycles and samples. */
export function createCycleStore(database: Database): CycleStore {
  return {
    beginCycle: (trigger, startedAtMs) =>
      database.run('INSERT INTO cycles (trigger, started_at_ms) VALUES (?, ?)', [trigger, startedAtMs])
        .lastId,
    endCycle(cycleId, end) {
      database.run('UPDATE cycles SET ended_at_ms = ?, outcome = ?, moved = ?, detail = ? WHERE id = ?', [
        end.endedAtMs,
        end.outcome,
        end.moved,
        end.detail,
        cycleId,
      ]);
    },
    listCycles: (limit, beforeId) =>
      database
        .all(CYCLE_ROW, 'SELECT * FROM cycles WHERE id < ? ORDER BY id DESC LIMIT ?', [
          beforeId ?? Number.MAX_SAFE_INTEGER,
          Math.min(limit, MAX_ROWS),
        ])
        .map(toCycle),
    saveSample({ atMs, moved, tableSkewMax, nodeSkew, least, most }) {
      database.run(
        'INSERT INTO balance_samples (at_ms, moved, table_skew_max, node_skew, least, most) VALUES (?, ?, ?, ?, ?, ?)',
        [atMs, moved, real(tableSkewMax), real(nodeSkew), least, most],
      );
    },
    history: ({ sinceMs, untilMs, stepMs }) =>
      database
        .all(STEP_ROW, HISTORY, [sinceMs, untilMs, stepMs])
        .map(({ at_ms: atMs, table_skew_max: tableSkewMax, node_skew: nodeSkew, ...rest }): HistoryStep => ({
          ...{ atMs, ...rest },
          ...{ tableSkewMax, nodeSkew },
        })),
  };
}

function toCycle(row: z.infer<typeof CYCLE_ROW>): CycleRecord {
  const started = { id: row.id, trigger: row.trigger, startedAtMs: row.started_at_ms };
  if (row.ended_at_ms === null || row.outcome === null) return started;
  const { ended_at_ms: endedAtMs, outcome } = row;
  return { ...started, end: { endedAtMs, outcome, moved: row.moved ?? 0, detail: row.detail ?? '' } };
}

import { z } from 'zod';
import { cycleEnd, historyStep, type CycleRecord, type CycleStore } from './port.ts';
import { MAX_ROWS, real, type Database } from './sqlite-database.ts';

const cycleRow = z
  .object({ id: z.number(), trigger: z.string(), startedAtMs: z.number(), ...cycleEnd.partial().shape })
  .transform(({ id, trigger, startedAtMs, endedAtMs, outcome, moved = 0, detail = '' }): CycleRecord => {
    const isOver = endedAtMs !== undefined && outcome !== undefined;
    return { id, trigger, startedAtMs, ...(isOver && { end: { endedAtMs, outcome, moved, detail } }) };
  });

/** Cycles, samples and failed moves of each step. */
const HISTORY = `
  SELECT ?1 + step * ?3 AS at_ms, sum(cycles) AS cycles, sum(failed) AS failed, sum(moved) AS moved, sum(failed_moves) AS failed_moves,
    max(table_skew_max) AS table_skew_max, max(node_skew) AS node_skew, min(least) AS least, max(most) AS most
  FROM (
    SELECT CAST((ended_at_ms - ?1) / ?3 AS INTEGER) AS step, 1 AS cycles, outcome = 'failed' AS failed, 0 AS moved, 0 AS failed_moves,
      NULL AS table_skew_max, NULL AS node_skew, NULL AS least, NULL AS most
    FROM cycles WHERE ended_at_ms >= ?1 AND ended_at_ms < ?2
    UNION ALL
    SELECT CAST((at_ms - ?1) / ?3 AS INTEGER), 0, 0, moved, 0, table_skew_max, node_skew, least, most
    FROM balance_samples WHERE at_ms >= ?1 AND at_ms < ?2
    UNION ALL
    SELECT CAST((ended_at_ms - ?1) / ?3 AS INTEGER), 0, 0, 0, 1, NULL, NULL, NULL, NULL
    FROM moves WHERE state IN ('failed', 'rolled_back', 'timed_out') AND ended_at_ms >= ?1 AND ended_at_ms < ?2
  )
  GROUP BY step ORDER BY step`;

/** The part of the store that keeps cycles and samples. */
export function createCycleStore(database: Database): CycleStore {
  return {
    beginCycle: (trigger, startedAtMs) => database.insert('cycles', { trigger, startedAtMs }),
    endCycle: (cycleId, { endedAtMs, outcome, moved, detail }) =>
      database.update('cycles', cycleId, { endedAtMs, outcome, moved, detail }),
    listCycles: (limit, beforeId = Number.MAX_SAFE_INTEGER) =>
      database.all(cycleRow, 'SELECT * FROM cycles WHERE id < ? ORDER BY id DESC LIMIT ?', [
        beforeId,
        Math.min(limit, MAX_ROWS),
      ]),
    saveSample({ atMs, moved, tableSkewMax, nodeSkew, least, most }) {
      const skew = { tableSkewMax: real(tableSkewMax), nodeSkew: real(nodeSkew) };
      database.insert('balance_samples', { atMs, moved, ...skew, least, most });
    },
    history: ({ sinceMs, untilMs, stepMs }) => database.all(historyStep, HISTORY, [sinceMs, untilMs, stepMs]),
  };
}

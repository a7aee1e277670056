import { z } from 'zod';
import { CYCLE_OUTCOME_CODES } from '../domain/codes.ts';
import type { CycleEnd, CycleRecord, CycleStore, DatanodeSample, StoredPlan } from './port.ts';
import { real, type Database } from './sqlite-database.ts';
import { MAX_ROWS } from './sqlite-moves.ts';

/** Plans whose text is longer than this are kept without it, in characters. */
export const MAX_PLAN_CHARACTERS = 8 * 1024 * 1024;

const CYCLE_ROW = z.object({
  id: z.number(),
  trigger: z.string(),
  started_at_ms: z.number(),
  ended_at_ms: z.number().nullable(),
  outcome: z.enum(CYCLE_OUTCOME_CODES).nullable(),
  moved: z.number().nullable(),
  detail: z.string().nullable(),
  table_skew_max: z.number().nullable(),
  node_skew: z.number().nullable(),
});
const PLAN_ROW = z.object({
  plan_id: z.string(),
  cycle_id: z.number(),
  created_at_ms: z.number(),
  moves: z.number(),
  json: z.string().nullable(),
});
const COUNTS = z.record(z.string(), z.number());
const SAMPLE_ROW = z.object({
  cycle_id: z.number(),
  at_ms: z.number(),
  regions: z.string().transform((text) => COUNTS.parse(JSON.parse(text))),
});

/** The part of the store that keeps cycles, plans and samples. */
export function createCycleStore(database: Database): CycleStore {
  return {
    beginCycle: (trigger, startedAtMs) =>
      database.run('INSERT INTO cycles (trigger, started_at_ms) VALUES (?, ?)', [trigger, startedAtMs])
        .lastId,
    endCycle(cycleId, end) {
      database.run(
        `UPDATE cycles SET ended_at_ms = ?, outcome = ?, moved = ?, detail = ?, table_skew_max = ?, node_skew = ? WHERE id = ?`,
        [
          end.endedAtMs,
          end.outcome,
          end.moved,
          end.detail,
          real(end.tableSkewMax),
          real(end.nodeSkew),
          cycleId,
        ],
      );
    },
    listCycles: (limit, beforeId) =>
      database
        .all(CYCLE_ROW, 'SELECT * FROM cycles WHERE id < ? ORDER BY id DESC LIMIT ?', [
          beforeId ?? Number.MAX_SAFE_INTEGER,
          Math.min(limit, MAX_ROWS),
        ])
        .map(toCycle),
    savePlan(plan) {
      const json = plan.json !== null && plan.json.length <= MAX_PLAN_CHARACTERS ? plan.json : null;
      database.run(
        `INSERT INTO plans (plan_id, cycle_id, created_at_ms, moves, json) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (plan_id) DO UPDATE SET cycle_id = ?2, created_at_ms = ?3`,
        [plan.planId, plan.cycleId, plan.createdAtMs, plan.moves, json],
      );
    },
    plan(planId) {
      const row = database.first(PLAN_ROW, 'SELECT * FROM plans WHERE plan_id = ?', [planId]);
      return row && toPlan(row);
    },
    saveSample(sample) {
      database.run('INSERT OR REPLACE INTO samples (cycle_id, at_ms, regions) VALUES (?, ?, ?)', [
        sample.cycleId,
        sample.atMs,
        JSON.stringify(sample.regions),
      ]);
    },
    listSamples: (sinceMs, limit) =>
      database
        .all(SAMPLE_ROW, 'SELECT * FROM samples WHERE at_ms >= ? ORDER BY at_ms DESC LIMIT ?', [
          sinceMs,
          Math.min(limit, MAX_ROWS),
        ])
        .map((row): DatanodeSample => ({ cycleId: row.cycle_id, atMs: row.at_ms, regions: row.regions }))
        .reverse(),
  };
}

function toCycle(row: z.infer<typeof CYCLE_ROW>): CycleRecord {
  const started = { id: row.id, trigger: row.trigger, startedAtMs: row.started_at_ms };
  if (row.ended_at_ms === null || row.outcome === null) return started;
  const end: CycleEnd = {
    endedAtMs: row.ended_at_ms,
    outcome: row.outcome,
    moved: row.moved ?? 0,
    detail: row.detail ?? '',
    ...(row.table_skew_max !== null && { tableSkewMax: row.table_skew_max }),
    ...(row.node_skew !== null && { nodeSkew: row.node_skew }),
  };
  return { ...started, end };
}

function toPlan(row: z.infer<typeof PLAN_ROW>): StoredPlan {
  return {
    planId: row.plan_id,
    cycleId: row.cycle_id,
    createdAtMs: row.created_at_ms,
    moves: row.moves,
    json: row.json,
  };
}

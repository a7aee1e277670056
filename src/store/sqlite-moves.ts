import { z } from 'zod';
import { MOVE_REASON_CODES } from '../domain/codes.ts';
import { isUnresolved, LATE_OUTCOMES, MOVE_STATES, type MoveRecord } from '../domain/move.ts';
import type { MoveChange, MoveDraft, MoveQuery, MoveStore } from './port.ts';
import type { Database, Parameters } from './sqlite-database.ts';
import { applyEffects, readFailureRun, resetFailureRun } from './sqlite-holds.ts';

const optionalTime = z.number().nullable();
const optionalText = z.string().nullable();

const MOVE_ROW = z.object({
  id: z.number(),
  plan_id: z.string(),
  cycle_id: z.number(),
  region_id: z.string(),
  table_id: z.string(),
  table_name: z.string(),
  from_id: z.string(),
  to_id: z.string(),
  reason: z.enum(MOVE_REASON_CODES),
  state: z.enum(MOVE_STATES),
  procedure_id: optionalText,
  cause: optionalText,
  detail: optionalText,
  created_at_ms: z.number(),
  submitted_at_ms: optionalTime,
  downgraded_at_ms: optionalTime,
  ended_at_ms: optionalTime,
  late_outcome: z.enum(LATE_OUTCOMES).nullable(),
  late_cause: optionalText,
  late_detail: optionalText,
  late_at_ms: optionalTime,
  undone_at_ms: optionalTime,
});

const COUNT_ROW = z.object({ count: z.number() });
const DURATION_ROW = z.object({ duration_ms: z.number() });
const INTENT_ROW = z
  .object({ intent_at_ms: z.number(), known_before: optionalText })
  .transform(({ intent_at_ms: atMs, known_before: json }) => ({
    atMs,
    ...(json !== null && { knownBefore: z.array(z.string()).parse(JSON.parse(json)) }),
  }));

const SUCCEEDED = "(state = 'succeeded' OR late_outcome = 'succeeded')";
/** Looks at every row when few match: some 30 ms for 200 000 of them, which is the most that are kept. */
const PAGE = pageWhere('?3 IS NULL');
/** On its own, because no index serves a condition that may be absent. */
export const PAGE_OF_REGION = pageWhere('region_id = ?3');

function pageWhere(region: string): string {
  return `SELECT * FROM moves WHERE id < ?2 AND ${region} AND (?4 IS NULL OR cycle_id = ?4)
  AND (?5 IS NULL OR state = ?5) AND (?6 IS NULL OR reason = ?6) AND (?7 IS NULL OR table_id = ?7)
  AND (?8 IS NULL OR instr(table_name, ?8) > 0) AND (?9 IS NULL OR ?9 IN (from_id, to_id))
  AND (?10 IS NULL OR created_at_ms >= ?10) AND (?11 IS NULL OR created_at_ms < ?11) ORDER BY id DESC LIMIT ?1`;
}

/** No move's id comes near it. */
const ABOVE_ALL_IDS = Number.MAX_SAFE_INTEGER;
/** The most rows that one query gives, whatever was asked. */
export const MAX_ROWS = 10_000;

/** The part of the store that keeps moves. */
export function createMoveStore(database: Database): MoveStore {
  const mustFind = (moveId: number): MoveRecord => {
    const move = findMove(database, moveId);
    if (!move) throw new Error(`No move has the id ${moveId}`);
    return move;
  };
  const count = (sql: string, sinceMs: number): number =>
    database.first(COUNT_ROW, sql, [sinceMs])?.count ?? 0;
  return {
    createMove: (draft) => mustFind(insertMove(database, draft)),
    writeMove(change) {
      database.transaction(() => {
        updateMove(database, mustFind(change.moveId), change);
      });
      return mustFind(change.moveId);
    },
    markDowngraded(moveId, atMs) {
      database.run('UPDATE moves SET downgraded_at_ms = ? WHERE id = ? AND downgraded_at_ms IS NULL', [
        atMs,
        moveId,
      ]);
      return mustFind(moveId);
    },
    writeLateOutcome(moveId, late, effects) {
      database.transaction(() => {
        const move = mustFind(moveId);
        if (move.state !== 'timed_out' || move.late) {
          throw new Error(`Move ${moveId} is ${move.state} and has no late outcome to come`);
        }
        database.run(
          'UPDATE moves SET unresolved = 0, late_outcome = ?, late_cause = ?, late_detail = ?, late_at_ms = ? WHERE id = ?',
          [late.outcome, late.cause, late.detail, late.atMs, moveId],
        );
        applyEffects(database, move, effects);
      });
      return mustFind(moveId);
    },
    markUndone: (moveId, atMs) =>
      database.run('UPDATE moves SET undone_at_ms = ? WHERE id = ? AND undone_at_ms IS NULL', [atMs, moveId])
        .changes > 0,
    move: (moveId) => findMove(database, moveId),
    intentOf: (moveId) =>
      database.first(
        INTENT_ROW,
        'SELECT intent_at_ms, known_before FROM moves WHERE id = ? AND intent_at_ms IS NOT NULL',
        [moveId],
      ),
    unresolvedMoves: () =>
      database.all(MOVE_ROW, 'SELECT * FROM moves WHERE unresolved = 1 ORDER BY id').map(toRecord),
    listMoves(query) {
      const sql = query.regionId === undefined ? PAGE : PAGE_OF_REGION;
      return database.all(MOVE_ROW, sql, pageParameters(query)).map(toRecord);
    },
    lastSuccess(regionId) {
      const sql = `SELECT * FROM moves WHERE region_id = ? AND ${SUCCEEDED} ORDER BY id DESC LIMIT 1`;
      const row = database.first(MOVE_ROW, sql, [regionId]);
      return row && toRecord(row);
    },
    successesSince: (sinceMs, limit) =>
      database
        .all(
          MOVE_ROW,
          `SELECT * FROM moves WHERE ended_at_ms IS NOT NULL AND coalesce(late_at_ms, ended_at_ms) >= ? AND ${SUCCEEDED} ORDER BY id LIMIT ?`,
          [sinceMs, Math.min(limit, MAX_ROWS)],
        )
        .map(toRecord),
    knowsProcedure: (procedureId) =>
      database.first(z.object({ id: z.number() }), 'SELECT id FROM moves WHERE procedure_id = ? LIMIT 1', [
        procedureId,
      ]) !== undefined,
    countSubmissions: (sinceMs) =>
      count(
        `SELECT count(*) AS count FROM moves WHERE intent_at_ms >= ? AND (submitted_at_ms IS NOT NULL OR state <> 'abandoned')`,
        sinceMs,
      ),
    countUndone: (sinceMs) =>
      count(
        `SELECT count(*) AS count FROM moves WHERE undone_at_ms >= ? AND undone_at_ms >
           coalesce((SELECT value FROM counters WHERE name = 'undone-known'), -1)`,
        sinceMs,
      ),
    recentDurationsMs: (limit) =>
      database
        .all(
          DURATION_ROW,
          `SELECT max(0, ended_at_ms - submitted_at_ms) AS duration_ms FROM moves
           WHERE state = 'succeeded' AND submitted_at_ms IS NOT NULL ORDER BY id DESC LIMIT ?`,
          [Math.min(limit, MAX_ROWS)],
        )
        .map((row) => row.duration_ms),
    failureRun: () => readFailureRun(database),
    resetFailureRun: () => resetFailureRun(database),
  };
}

function findMove(database: Database, moveId: number): MoveRecord | undefined {
  const row = database.first(MOVE_ROW, 'SELECT * FROM moves WHERE id = ?', [moveId]);
  return row && toRecord(row);
}

function insertMove(database: Database, draft: MoveDraft): number {
  const { lastId } = database.run(
    `INSERT INTO moves (plan_id, cycle_id, region_id, table_id, table_name, from_id, to_id, reason, state, unresolved, created_at_ms)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'planned', 1, ?)`,
    [
      draft.planId,
      draft.cycleId,
      draft.regionId,
      draft.tableId,
      draft.table,
      draft.from,
      draft.to,
      draft.reason,
      draft.createdAtMs,
    ],
  );
  return lastId;
}

function updateMove(database: Database, move: MoveRecord, change: MoveChange): void {
  if (move.state !== change.expected) {
    throw new Error(`Move ${move.id} is ${move.state}; ${change.expected} was expected`);
  }
  const intentAtMs = change.state === 'intent-recorded' ? change.atMs : null;
  database.run(
    `UPDATE moves SET state = ?, unresolved = ?, intent_at_ms = coalesce(?, intent_at_ms), procedure_id = coalesce(?, procedure_id),
       submitted_at_ms = coalesce(?, submitted_at_ms), known_before = coalesce(?, known_before), cause = ?, detail = ?, ended_at_ms = ?
     WHERE id = ? AND state = ?`,
    [
      change.state,
      isUnresolved({ state: change.state }) ? 1 : 0,
      intentAtMs,
      change.procedureId ?? null,
      change.submittedAtMs ?? null,
      change.knownBefore ? JSON.stringify(change.knownBefore) : null,
      change.cause ?? null,
      change.detail ?? null,
      change.endedAtMs ?? null,
      move.id,
      change.expected,
    ],
  );
  if (change.effects) applyEffects(database, move, change.effects);
}

function pageParameters(query: MoveQuery): Parameters {
  return [
    Math.min(query.limit, MAX_ROWS),
    query.beforeId ?? ABOVE_ALL_IDS,
    query.regionId ?? null,
    query.cycleId ?? null,
    query.state ?? null,
    query.reason ?? null,
    query.tableId ?? null,
    query.table ?? null,
    query.datanodeId ?? null,
    query.sinceMs ?? null,
    query.untilMs ?? null,
  ];
}

function toRecord(row: z.infer<typeof MOVE_ROW>): MoveRecord {
  return {
    id: row.id,
    planId: row.plan_id,
    cycleId: row.cycle_id,
    regionId: row.region_id,
    tableId: row.table_id,
    table: row.table_name,
    from: row.from_id,
    to: row.to_id,
    reason: row.reason,
    state: row.state,
    ...(row.procedure_id !== null && { procedureId: row.procedure_id }),
    ...(row.detail !== null && { detail: row.detail }),
    ...(row.cause !== null && { cause: row.cause }),
    createdAtMs: row.created_at_ms,
    ...(row.submitted_at_ms !== null && { submittedAtMs: row.submitted_at_ms }),
    ...(row.downgraded_at_ms !== null && { downgradedAtMs: row.downgraded_at_ms }),
    ...(row.ended_at_ms !== null && { endedAtMs: row.ended_at_ms }),
    ...(row.late_outcome !== null && {
      late: {
        outcome: row.late_outcome,
        cause: row.late_cause ?? '',
        detail: row.late_detail ?? '',
        atMs: row.late_at_ms ?? 0,
      },
    }),
    ...(row.undone_at_ms !== null && { undoneAtMs: row.undone_at_ms }),
  };
}

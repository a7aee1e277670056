import { z } from 'zod';
import { isUnresolved, moveRecord, type MoveRecord } from '../domain/move.ts';
import type { MoveChange, MoveQuery, MoveStore } from './port.ts';
import { MAX_ROWS, type Database, type Parameters } from './sqlite-database.ts';
import { applyEffects, readFailureRun, resetFailureRun } from './sqlite-holds.ts';

/** A row of `moves`, read by {@link MOVES}. */
const moveRow = z
  .record(z.string(), z.unknown())
  .transform(({ lateOutcome: outcome, lateCause: cause, lateDetail: detail, lateAtMs: atMs, ...move }) => ({
    ...move,
    ...(outcome !== undefined && { late: { outcome, cause, detail, atMs } }),
  }))
  .pipe(moveRecord);
/** With the names of a {@link MoveRecord} for three columns that would be words of SQL. */
const MOVES = 'SELECT *, table_name AS "table", from_id AS "from", to_id AS "to" FROM moves';

const durationRow = z.object({ durationMs: z.number() });
const intentRow = z
  .object({ intentAtMs: z.number(), knownBefore: z.string().exactOptional() })
  .transform(({ intentAtMs: atMs, knownBefore: json }) => ({
    atMs,
    ...(json !== undefined && { knownBefore: z.array(z.string()).parse(JSON.parse(json)) }),
  }));

const SUCCEEDED = "(state = 'succeeded' OR late_outcome = 'succeeded')";
/** Looks at every row when few match: some 30 ms for 200 000 of them, which is the most that are kept. */
const PAGE = pageWhere('?3 IS NULL');
/** On its own, because no index serves a condition that may be absent. */
export const PAGE_OF_REGION = pageWhere('region_id = ?3');

function pageWhere(region: string): string {
  return `${MOVES} WHERE id < ?2 AND ${region} AND (?4 IS NULL OR cycle_id = ?4)
  AND (?5 IS NULL OR state = ?5) AND (?6 IS NULL OR reason = ?6) AND (?7 IS NULL OR table_id = ?7)
  AND (?8 IS NULL OR instr(table_name, ?8) > 0) AND (?9 IS NULL OR ?9 IN (from_id, to_id))
  AND (?10 IS NULL OR created_at_ms >= ?10) AND (?11 IS NULL OR created_at_ms < ?11) ORDER BY id DESC LIMIT ?1`;
}

/** No move's id comes near it. */
const ABOVE_ALL_IDS = Number.MAX_SAFE_INTEGER;

/** The part of the store that keeps moves. */
export function createMoveStore(database: Database): MoveStore {
  const find = (moveId: number): MoveRecord | undefined =>
    database.first(moveRow, `${MOVES} WHERE id = ?`, [moveId]);
  const mustFind = (moveId: number): MoveRecord => {
    const move = find(moveId);
    if (!move) throw new Error(`No move has the id ${moveId}`);
    return move;
  };
  const count = (condition: string, sinceMs: number): number =>
    database.value(z.number(), `SELECT count(*) FROM moves WHERE ${condition}`, [sinceMs]) ?? 0;
  return {
    createMove({ planId, cycleId, regionId, tableId, table, from, to, reason, createdAtMs }) {
      const renamed = { tableName: table, fromId: from, toId: to };
      const id = database.insert('moves', {
        ...{ planId, cycleId, regionId, tableId, ...renamed, reason, createdAtMs },
        ...{ state: 'planned', unresolved: 1 },
      });
      return mustFind(id);
    },
    writeMove(change) {
      database.transaction(() => updateMove(database, mustFind(change.moveId), change));
      return mustFind(change.moveId);
    },
    markDowngraded(moveId, atMs) {
      database.run('UPDATE moves SET downgraded_at_ms = ? WHERE id = ? AND downgraded_at_ms IS NULL', [
        atMs,
        moveId,
      ]);
      return mustFind(moveId);
    },
    writeLateOutcome(moveId, { outcome, cause, detail, atMs }, effects) {
      database.transaction(() => {
        const move = mustFind(moveId);
        if (move.state !== 'timed_out' || move.late) {
          throw new Error(`Move ${moveId} is ${move.state} and has no late outcome to come`);
        }
        const late = { lateOutcome: outcome, lateCause: cause, lateDetail: detail, lateAtMs: atMs };
        database.update('moves', moveId, { unresolved: 0, ...late });
        applyEffects(database, move, effects);
      });
      return mustFind(moveId);
    },
    markUndone: (moveId, atMs) =>
      database.run('UPDATE moves SET undone_at_ms = ? WHERE id = ? AND undone_at_ms IS NULL', [atMs, moveId])
        .changes > 0,
    move: find,
    intentOf: (moveId) =>
      database.first(
        intentRow,
        'SELECT intent_at_ms, known_before FROM moves WHERE id = ? AND intent_at_ms IS NOT NULL',
        [moveId],
      ),
    unresolvedMoves: () => database.all(moveRow, `${MOVES} WHERE unresolved = 1 ORDER BY id`),
    listMoves: (query) =>
      database.all(moveRow, query.regionId === undefined ? PAGE : PAGE_OF_REGION, pageParameters(query)),
    lastSuccess: (regionId) =>
      database.first(moveRow, `${MOVES} WHERE region_id = ? AND ${SUCCEEDED} ORDER BY id DESC LIMIT 1`, [
        regionId,
      ]),
    successesSince: (sinceMs, limit) =>
      database.all(
        moveRow,
        `${MOVES} WHERE ended_at_ms IS NOT NULL AND coalesce(late_at_ms, ended_at_ms) >= ? AND ${SUCCEEDED} ORDER BY id LIMIT ?`,
        [sinceMs, Math.min(limit, MAX_ROWS)],
      ),
    knowsProcedure: (procedureId) =>
      database.value(z.number(), 'SELECT id FROM moves WHERE procedure_id = ? LIMIT 1', [procedureId]) !==
      undefined,
    countSubmissions: (sinceMs) =>
      count(`intent_at_ms >= ? AND (submitted_at_ms IS NOT NULL OR state <> 'abandoned')`, sinceMs),
    countUndone: (sinceMs) =>
      count(
        `undone_at_ms >= ? AND undone_at_ms > coalesce((SELECT value FROM counters WHERE name = 'undone-known'), -1)`,
        sinceMs,
      ),
    recentDurationsMs: (limit) =>
      database
        .all(
          durationRow,
          `SELECT max(0, ended_at_ms - submitted_at_ms) AS duration_ms FROM moves
           WHERE state = 'succeeded' AND submitted_at_ms IS NOT NULL ORDER BY id DESC LIMIT ?`,
          [Math.min(limit, MAX_ROWS)],
        )
        .map(({ durationMs }) => durationMs),
    failureRun: () => readFailureRun(database),
    resetFailureRun: () => resetFailureRun(database),
  };
}

function updateMove(database: Database, move: MoveRecord, change: MoveChange): void {
  const { expected, state, atMs, knownBefore, procedureId, submittedAtMs, cause, detail, endedAtMs } = change;
  if (move.state !== expected) {
    throw new Error(`Move ${move.id} is ${move.state}; ${expected} was expected`);
  }
  database.update('moves', move.id, {
    ...{ state, procedureId, submittedAtMs, cause, detail, endedAtMs },
    unresolved: isUnresolved({ state }) ? 1 : 0,
    intentAtMs: state === 'intent-recorded' ? atMs : undefined,
    knownBefore: knownBefore && JSON.stringify(knownBefore),
  });
  if (change.effects) applyEffects(database, move, change.effects);
}

function pageParameters(query: MoveQuery): Parameters {
  const { limit, beforeId = ABOVE_ALL_IDS, regionId, cycleId, state, reason, tableId, table } = query;
  const { datanodeId, sinceMs, untilMs } = query;
  const filters = [regionId, cycleId, state, reason, tableId, table, datanodeId, sinceMs, untilMs];
  return [Math.min(limit, MAX_ROWS), beforeId, ...filters.map((filter) => filter ?? null)];
}

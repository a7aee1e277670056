import { z } from 'zod';
import type { DatanodeId } from '../domain/ids.ts';
import type { RequestKind } from '../domain/policy.ts';
import type { OperatorStore } from './port.ts';
import type { Database } from './sqlite-database.ts';
import { MAX_ROWS } from './sqlite-moves.ts';
import { resetFailureRun } from './sqlite-holds.ts';

const PAUSE_ROW = z
  .object({ reason: z.string(), by: z.string(), at_ms: z.number(), until_ms: z.number().nullable() })
  .transform((row) => ({ reason: row.reason, by: row.by, atMs: row.at_ms, untilMs: row.until_ms }));
const REQUEST_ROW = z
  .object({ datanode: z.string(), by: z.string(), at_ms: z.number() })
  .transform((row) => ({ datanode: row.datanode, by: row.by, atMs: row.at_ms }));
const AUDIT_ROW = z
  .object({ at_ms: z.number(), who: z.string(), what: z.string(), why: z.string() })
  .transform((row) => ({ atMs: row.at_ms, who: row.who, what: row.what, why: row.why }));

const TABLES = { drain: 'drains', cordon: 'cordons' } as const satisfies Record<RequestKind, string>;

/** Texts that people or their scripts sent are cut to this length before they are kept, in characters. */
const MAX_TEXT_CHARACTERS = 2_000;

/** The part of the store that keeps what operators asked for. */
export function createOperatorStore(database: Database): OperatorStore {
  return {
    pause: (nowMs) =>
      database.first(PAUSE_ROW, 'SELECT * FROM pause WHERE until_ms IS NULL OR until_ms > ?', [nowMs]),
    setPause(pause) {
      database.run(
        'INSERT OR REPLACE INTO pause (only, reason, by, at_ms, until_ms) VALUES (1, ?, ?, ?, ?)',
        [cut(pause.reason), cut(pause.by), pause.atMs, pause.untilMs],
      );
    },
    clearPause: () =>
      database.transaction(() => {
        resetFailureRun(database);
        forgetUndone(database);
        return database.run('DELETE FROM pause').changes > 0;
      }),
    requested: (kind) =>
      database.all(REQUEST_ROW, `SELECT * FROM ${TABLES[kind]} ORDER BY length(datanode), datanode`),
    addRequest(kind, { datanode, by, atMs }) {
      // Whoever asks again changes nothing: since when, and by whom, is the first one's.
      database.run(`INSERT OR IGNORE INTO ${TABLES[kind]} (datanode, by, at_ms) VALUES (?, ?, ?)`, [
        datanode,
        cut(by),
        atMs,
      ]);
    },
    removeRequest: (kind, datanode) =>
      database.run(`DELETE FROM ${TABLES[kind]} WHERE datanode = ?`, [datanode]).changes > 0,
    addAudit(entry) {
      database.run('INSERT INTO audit (at_ms, who, what, why) VALUES (?, ?, ?, ?)', [
        entry.atMs,
        cut(entry.who),
        cut(entry.what),
        cut(entry.why),
      ]);
    },
    listAudit: (limit) =>
      database.all(AUDIT_ROW, 'SELECT * FROM audit ORDER BY id DESC LIMIT ?', [Math.min(limit, MAX_ROWS)]),
  };
}

/** The datanodes alone, as a policy names them. */
export function requestsIn(
  store: Pick<OperatorStore, 'requested'>,
): Readonly<Record<RequestKind, readonly DatanodeId[]>> {
  const ids = (kind: RequestKind): DatanodeId[] => store.requested(kind).map(({ datanode }) => datanode);
  return { drain: ids('drain'), cordon: ids('cordon') };
}

/** Whoever resumes has looked at what others undid: only what they undo from now on counts. */
function forgetUndone(database: Database): void {
  database.run(
    `INSERT INTO counters (name, value) SELECT 'undone-known', coalesce(max(undone_at_ms), 0) FROM moves WHERE undone_at_ms IS NOT NULL
     ON CONFLICT (name) DO UPDATE SET value = excluded.value`,
  );
}

function cut(text: string): string {
  return text.length <= MAX_TEXT_CHARACTERS ? text : `${text.slice(0, MAX_TEXT_CHARACTERS - 1)}…`;
}

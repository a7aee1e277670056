import type { DatanodeId } from '../domain/ids.ts';
import type { RequestKind } from '../domain/policy.ts';
import { auditEntry, datanodeRequest, pauseRecord, type OperatorStore } from './port.ts';
import { MAX_ROWS, type Database } from './sqlite-database.ts';
import { resetFailureRun } from './sqlite-holds.ts';

const TABLES = { drain: 'drains', cordon: 'cordons' } as const satisfies Record<RequestKind, string>;

/** Texts that people or their scripts sent are cut to this length before they are kept, in characters. */
const MAX_TEXT_CHARACTERS = 2_000;

/** The part of the store that keeps what operators asked for. */
export function createOperatorStore(database: Database): OperatorStore {
  return {
    pause: (nowMs) =>
      database.first(pauseRecord, 'SELECT * FROM pause WHERE until_ms IS NULL OR until_ms > ?', [nowMs]),
    setPause({ reason, by, atMs, untilMs }) {
      database.insert('pause', { only: 1, reason: cut(reason), by: cut(by), atMs, untilMs }, 'REPLACE');
    },
    clearPause: () =>
      database.transaction(() => {
        resetFailureRun(database);
        forgetUndone(database);
        return database.run('DELETE FROM pause').changes > 0;
      }),
    requested: (kind) =>
      database.all(datanodeRequest, `SELECT * FROM ${TABLES[kind]} ORDER BY length(datanode), datanode`),
    addRequest(kind, { datanode, by, atMs }) {
      // Whoever asks again changes nothing: since when, and by whom, is the first one's.
      database.insert(TABLES[kind], { datanode, by: cut(by), atMs }, 'IGNORE');
    },
    removeRequest: (kind, datanode) =>
      database.run(`DELETE FROM ${TABLES[kind]} WHERE datanode = ?`, [datanode]).changes > 0,
    addAudit({ atMs, who, what, why }) {
      database.insert('audit', { atMs, who: cut(who), what: cut(what), why: cut(why) });
    },
    listAudit: (limit) =>
      database.all(auditEntry, 'SELECT * FROM audit ORDER BY id DESC LIMIT ?', [Math.min(limit, MAX_ROWS)]),
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

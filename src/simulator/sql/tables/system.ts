import { describeLocks } from '../../cluster/locks.ts';
import type { Profile } from '../../profiles/profiles.ts';
import type { Row } from '../evaluate.ts';
import { requireMetasrv } from './table.ts';
import type { InformationTable } from './table.ts';

/** `procedure_info` (0.9.4 and later): running, waiting and recently finished procedures, from the leader's memory. */
export function procedureInfo({ sql }: Profile): InformationTable | null {
  if (!sql.procedureInfo) return null;
  return {
    name: 'procedure_info',
    columns: [
      ['procedure_id', 'String'],
      ['procedure_type', 'String'],
      ['start_time', 'TimestampMillisecond'],
      ['end_time', 'TimestampMillisecond'],
      ['status', 'String'],
      ['lock_keys', 'String'],
    ],
    rows: ({ core }) => {
      requireMetasrv(core);
      return core.procedures
        .list()
        .map(({ id, type, startMs, endMs, status, locks }) => [
          id,
          type,
          startMs,
          endMs,
          status,
          describeLocks(locks),
        ]);
    },
  };
}

export function buildInfo({ version, gitCommit }: Profile): InformationTable {
  const row: Row = ['main', gitCommit, gitCommit.slice(0, 7), 'true', version];
  return {
    name: 'build_info',
    columns: [
      ['git_branch', 'String'],
      ['git_commit', 'String'],
      ['git_commit_short', 'String'],
      ['git_clean', 'String'],
      ['pkg_version', 'String'],
    ],
    rows: () => [row],
  };
}

/** `columns`, for the tables of information_schema themselves. */
export function columnsTable(others: readonly InformationTable[]): InformationTable {
  return {
    name: 'columns',
    columns: [
      ['table_catalog', 'String'],
      ['table_schema', 'String'],
      ['table_name', 'String'],
      ['column_name', 'String'],
      ['ordinal_position', 'Int64'],
      ['data_type', 'String'],
    ],
    rows: ({ catalog }) =>
      others.flatMap((table) =>
        table.columns.map(([name, type], index) => {
          return [catalog, 'information_schema', table.name, name, index + 1, type];
        }),
      ),
  };
}

import { describeLocks } from '../../procedures/locks.ts';
import type { Profile } from '../../profiles/profile.ts';
import { requireMetasrv } from './information-table.ts';
import type { InformationTable } from './information-table.ts';

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

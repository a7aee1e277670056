import { describeLocks } from '../../procedures/locks.ts';
import type { Procedure } from '../../procedures/manager.ts';
import { requireMetasrv, tableOf } from './table.ts';

/** `procedure_info`: running, waiting and recently finished procedures, from the leader's memory. */
export const procedureInfo = tableOf<Procedure>(
  [
    ['procedure_id', 'String', ({ id }) => id],
    ['procedure_type', 'String', ({ type }) => type],
    ['start_time', 'TimestampMillisecond', ({ startMs }) => startMs],
    ['end_time', 'TimestampMillisecond', ({ endMs }) => endMs],
    ['status', 'String', ({ status }) => status],
    ['lock_keys', 'String', ({ locks }) => describeLocks(locks)],
  ],
  ({ core }) => {
    requireMetasrv(core);
    return core.procedures.list();
  },
);

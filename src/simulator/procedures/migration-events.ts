import { later } from '../cluster/core.ts';
import type { ClusterCore } from '../cluster/core.ts';
import { createTable } from './ddl.ts';

const SCHEMA = 'greptime_private';
const NAME = 'events';
const FLUSH_INTERVAL_MS = 5_000;

/**
 * Metasrv records each migration, in batches, in a table that the first record creates on whichever datanode comes next (GreptimeDB
 * src/common/event-recorder/src/recorder.rs). The records themselves are not simulated.
 */
export function recordMigration(core: ClusterCore): void {
  if (!core.migrationEvents || core.state.tableNamed('greptime', SCHEMA, NAME)) return;
  const sinceElectionMs = core.time.now() - core.meta.memory().electedAtMs;
  later(core, FLUSH_INTERVAL_MS - (sinceElectionMs % FLUSH_INTERVAL_MS), () => createEventsTable(core));
}

function createEventsTable(core: ClusterCore): void {
  const living = core.state.livingDatanodeIds;
  const exists = core.state.tableNamed('greptime', SCHEMA, NAME) !== undefined;
  if (exists || living.length === 0 || core.meta.leader === null) return;
  createTable(core, {
    schema: SCHEMA,
    name: NAME,
    regions: 1,
    on: [core.prng.pick(living)],
    options: {
      ttl: '2months 29days 2h 52m 48s',
      append_mode: 'true',
      'compaction.twcs.time_window': '1day',
      'compaction.type': 'twcs',
    },
    comment: 'Created on insertion',
  });
}

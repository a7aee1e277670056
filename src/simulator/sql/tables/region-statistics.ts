import type { ClusterCore } from '../../cluster/core.ts';
import { flushedStats } from '../../cluster/heartbeats.ts';
import { loadOf, ROLE_NAMES } from '../../cluster/model.ts';
import type { CopyLoad, RegionCopy, SimDatanode } from '../../cluster/model.ts';
import type { Profile } from '../../profiles/profile.ts';
import type { Row, SqlType, SqlValue } from '../result-set.ts';
import { requireMetasrv } from './information-table.ts';
import type { InformationTable } from './information-table.ts';

type StatisticsCell = (copy: RegionCopy, load: CopyLoad) => SqlValue;

const STATISTICS: Readonly<Record<string, readonly [SqlType, StatisticsCell]>> = {
  region_id: ['UInt64', ({ region }) => region.key],
  table_id: ['UInt32', ({ region }) => region.table.id],
  region_number: ['UInt32', ({ region }) => region.number],
  region_rows: ['UInt64', (_, load) => load.rows],
  written_bytes_since_open: ['UInt64', (_, load) => load.writtenBytes],
  query_cpu_time_millis: ['UInt64', () => 0],
  query_scanned_bytes: ['UInt64', () => 0],
  disk_size: ['UInt64', (_, load) => load.sstBytes + load.indexBytes + load.manifestBytes],
  memtable_size: ['UInt64', (_, load) => load.memtableBytes],
  manifest_size: ['UInt64', (_, load) => load.manifestBytes],
  sst_size: ['UInt64', (_, load) => load.sstBytes],
  sst_num: ['UInt64', (_, load) => load.sstCount],
  index_size: ['UInt64', (_, load) => load.indexBytes],
  engine: ['String', ({ region }) => region.table.engine],
  region_role: ['String', ({ role }) => ROLE_NAMES[role]],
};

/** `region_statistics`: what each datanode's last flushed heartbeat said, dead datanodes' ghosts included. */
export function regionStatistics({ sql }: Profile): InformationTable | null {
  if (!sql.regionStatistics) return null;
  const chosen = sql.regionStatistics.map((name) => ({ name, definition: STATISTICS[name]! }));
  const cells = chosen.map(({ definition }) => definition[1]);
  return {
    name: 'region_statistics',
    columns: chosen.map(({ name, definition }) => [name, definition[0]]),
    rows: ({ core }) => {
      requireMetasrv(core);
      return [...core.state.datanodes.values()].flatMap((node) => statisticsOf(core, node, cells));
    },
  };
}

function statisticsOf(core: ClusterCore, node: SimDatanode, cells: readonly StatisticsCell[]): Row[] {
  const stats = flushedStats(node, core.time.now(), core.meta.memory());
  if (!stats) return [];
  const rows: Row[] = [];
  for (const copy of stats.copies) {
    const load = loadOf(copy, stats.flushMs);
    rows.push(cells.map((cell) => cell(copy, load)));
  }
  return rows;
}

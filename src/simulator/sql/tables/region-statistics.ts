import { flushedStats } from '../../cluster/heartbeats.ts';
import { loadOf, ROLE_NAMES } from '../../cluster/model.ts';
import type { CopyLoad, RegionCopy } from '../../cluster/model.ts';
import type { Profile } from '../../profiles.ts';
import { requireMetasrv, tableOf } from './table.ts';
import type { Field, ReadContext, SqlTable } from './table.ts';

interface Statistics {
  readonly copy: RegionCopy;
  readonly load: CopyLoad;
}

const IDS: readonly Field<Statistics>[] = [
  ['region_id', 'UInt64', ({ copy }) => copy.region.key],
  ['table_id', 'UInt32', ({ copy }) => copy.region.table.id],
  ['region_number', 'UInt32', ({ copy }) => copy.region.number],
];
/** In the order of the columns; not every version has them all. */
const MEASURES: readonly Field<Statistics>[] = [
  ['region_rows', 'UInt64', ({ load }) => load.rows],
  ['written_bytes_since_open', 'UInt64', ({ load }) => load.writtenBytes],
  ['query_cpu_time_millis', 'UInt64', () => 0],
  ['query_scanned_bytes', 'UInt64', () => 0],
  ['disk_size', 'UInt64', ({ load }) => load.sstBytes + load.indexBytes + load.manifestBytes],
  ['memtable_size', 'UInt64', ({ load }) => load.memtableBytes],
  ['manifest_size', 'UInt64', ({ load }) => load.manifestBytes],
  ['sst_size', 'UInt64', ({ load }) => load.sstBytes],
  ['sst_num', 'UInt64', ({ load }) => load.sstCount],
  ['index_size', 'UInt64', ({ load }) => load.indexBytes],
];
const KINDS: readonly Field<Statistics>[] = [
  ['engine', 'String', ({ copy }) => copy.region.table.engine],
  ['region_role', 'String', ({ copy }) => ROLE_NAMES[copy.role]],
];

/** `region_statistics`: what each datanode's last flushed heartbeat said, dead datanodes' ghosts included. */
export function regionStatistics(profile: Profile): SqlTable {
  const measures = MEASURES.filter(([name]) => profile.regionStatistics.includes(name));
  return tableOf([...IDS, ...measures, ...KINDS], allStatistics);
}

function allStatistics({ core }: ReadContext): Statistics[] {
  requireMetasrv(core);
  return [...core.state.datanodes.values()].flatMap((node) => {
    const stats = flushedStats(node, core.time.now(), core.meta.memory());
    return stats ? Array.from(stats.copies, (copy) => ({ copy, load: loadOf(copy, stats.flushMs) })) : [];
  });
}

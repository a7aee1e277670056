import type { ClusterCore } from '../../cluster/core.ts';
import { flushedStats } from '../../cluster/heartbeats.ts';
import { loadOf } from '../../cluster/model.ts';
import type { CopyLoad, RegionCopy, RegionRole, SimDatanode } from '../../cluster/model.ts';
import type { Profile } from '../../profiles/profiles.ts';
import type { SqlValue } from '../ast.ts';
import type { Row, SqlType } from '../evaluate.ts';
import { requireMetasrv } from './table.ts';
import type { ColumnDefinition, InformationTable } from './table.ts';

const ROLE_NAMES: Readonly<Record<RegionRole, string>> = {
  Leader: 'Leader',
  Follower: 'Follower',
  StagingLeader: 'Leader(Staging)',
  DowngradingLeader: 'Leader(Downgrading)',
};

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

const REGION_INFO: readonly ColumnDefinition[] = [
  ['region_id', 'UInt64'],
  ['table_id', 'UInt32'],
  ['region_number', 'UInt32'],
  ['region_group', 'UInt8'],
  ['region_sequence', 'UInt32'],
  ['state', 'String'],
  ['role', 'String'],
  ['writable', 'Boolean'],
  ['committed_sequence', 'UInt64'],
  ['flushed_sequence', 'UInt64'],
  ['manifest_version', 'UInt64'],
  ['compaction_time_window', 'String'],
  ['region_options', 'String'],
  ['sst_format', 'String'],
  ['node_id', 'UInt64'],
];

const METADATA_GROUP = 1;

/** `region_info` (1.1 and later): asked of the living datanodes themselves, cached nowhere. */
export function regionInfo({ sql }: Profile): InformationTable | null {
  if (!sql.regionInfo) return null;
  return {
    name: 'region_info',
    columns: REGION_INFO,
    rows: ({ core }) => {
      const living = [...core.state.datanodes.values()].filter((node) => node.diedAtMs === null);
      return living.flatMap((node) => [...node.copies.values()].flatMap((copy) => infoRows(node, copy)));
    },
  };
}

/** A region of the metric engine is two: its data and, in group 1, its metadata. */
function infoRows(node: SimDatanode, copy: RegionCopy): Row[] {
  const data = infoRow(node, copy, 0);
  return copy.region.table.engine === 'metric' ? [data, infoRow(node, copy, METADATA_GROUP)] : [data];
}

function infoRow(node: SimDatanode, { region, role }: RegionCopy, group: number): Row {
  const offset = group * 2 ** 24;
  const isWritable = role === 'Leader';
  const state = isWritable ? 'Leader(Writable)' : ROLE_NAMES[role];
  return [
    region.key + BigInt(offset),
    region.table.id,
    region.number + offset,
    group,
    region.number,
    state,
    role === 'Follower' ? 'Follower' : 'Leader',
    isWritable,
    1_000 + region.index,
    900 + region.index,
    3,
    null,
    '{"ttl":null}',
    'flat',
    BigInt(node.id),
  ];
}

import { ROLE_NAMES } from '../../cluster/model.ts';
import type { RegionCopy, SimDatanode } from '../../cluster/model.ts';
import type { Profile } from '../../profiles/profile.ts';
import type { Column, Row } from '../result-set.ts';
import type { InformationTable } from './information-table.ts';

const REGION_INFO: readonly Column[] = [
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

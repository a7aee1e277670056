import { ROLE_NAMES } from '../../cluster/model.ts';
import type { RegionCopy, SimDatanode } from '../../cluster/model.ts';
import { constants, tableOf } from './table.ts';
import type { ReadContext } from './table.ts';

interface OpenRegion extends RegionCopy {
  readonly node: SimDatanode;
  /** A region of the metric engine is two: its data and, in group 1, its metadata. */
  readonly group: 0 | 1;
}

const numberOf = ({ region, group }: OpenRegion): number => region.number + group * 2 ** 24;

/** `region_info`: asked of the living datanodes themselves, cached nowhere. */
export const regionInfo = tableOf<OpenRegion>(
  [
    ['region_id', 'UInt64', ({ region, group }) => region.key + BigInt(group * 2 ** 24)],
    ['table_id', 'UInt32', ({ region }) => region.table.id],
    ['region_number', 'UInt32', numberOf],
    ['region_group', 'UInt8', ({ group }) => group],
    ['region_sequence', 'UInt32', ({ region }) => region.number],
    ['state', 'String', ({ role }) => (role === 'Leader' ? 'Leader(Writable)' : ROLE_NAMES[role])],
    ['role', 'String', ({ role }) => (role === 'Follower' ? 'Follower' : 'Leader')],
    ['writable', 'Boolean', ({ role }) => role === 'Leader'],
    ['committed_sequence', 'UInt64', ({ region }) => 1_000 + region.index],
    ['flushed_sequence', 'UInt64', ({ region }) => 900 + region.index],
    ...constants('UInt64', 'manifest_version', 3),
    ...constants('String', 'compaction_time_window'),
    ...constants('String', 'region_options', '{"ttl":null}'),
    ...constants('String', 'sst_format', 'flat'),
    ['node_id', 'UInt64', ({ node }) => BigInt(node.id)],
  ],
  openRegions,
);

function* openRegions({ core }: ReadContext): Generator<OpenRegion> {
  for (const node of core.state.datanodes.values()) {
    if (node.diedAtMs !== null) continue;
    for (const copy of node.copies.values()) {
      yield { ...copy, node, group: 0 };
      if (copy.region.table.engine === 'metric') yield { ...copy, node, group: 1 };
    }
  }
}

import type { DatanodeId, RegionId } from '../../domain/ids.ts';
import { decimalId } from '../../lib/json.ts';
import type { SqlRows } from './result.ts';

/** What the datanodes themselves say of one region: no cache stands in between. */
export interface RegionCopies {
  /** Datanodes that hold it writable. More than one only for a moment. */
  readonly writableOn: DatanodeId[];
  /** Whether some datanode holds it as a leader that takes no writes: downgrading or staging. */
  hasIdleLeader: boolean;
}

export type RegionInfo = ReadonlyMap<RegionId, RegionCopies>;

/** Regions of the metric engine have a second, internal region whose number has this group. */
const DATA_GROUP = 0;

/** Reads `information_schema.region_info` (1.1 and later; GreptimeDB src/store-api/src/region_info.rs). */
export async function readRegionInfo(rows: SqlRows): Promise<RegionInfo> {
  const [id, node, writable] = [
    rows.id('region_id'),
    rows.column('node_id', 'a datanode', nodeOf),
    rows.column('writable', 'a boolean', isTrue),
  ];
  const [group, role, state] = [rows.find('region_group'), rows.optional('role'), rows.optional('state')];
  const regions = new Map<RegionId, RegionCopies>();
  await rows.each((row) => {
    const region = id(row);
    if (!isDataRegion(region, group(row))) return;
    let copies = regions.get(region);
    if (!copies) regions.set(region, (copies = { writableOn: [], hasIdleLeader: false }));
    const holder = node(row);
    if (!writable(row)) copies.hasIdleLeader ||= /leader/i.test(`${role(row)} ${state(row)}`);
    else if (holder !== '' && !copies.writableOn.includes(holder)) copies.writableOn.push(holder);
  });
  return regions;
}

function isDataRegion(id: RegionId, group: unknown): boolean {
  if (typeof group === 'number') return group === DATA_GROUP;
  return Number((BigInt(id) >> 24n) & 0xffn) === DATA_GROUP;
}

/** Empty where it is not told. */
function nodeOf(cell: unknown): DatanodeId {
  return decimalId(cell) ?? '';
}

function isTrue(cell: unknown): boolean {
  return cell === true || cell === 1;
}

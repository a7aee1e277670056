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
  const at = {
    region: rows.require('region_id'),
    node: rows.require('node_id'),
    group: rows.find('region_group'),
    role: rows.find('role'),
    state: rows.find('state'),
    writable: rows.require('writable'),
  };
  const regions = new Map<RegionId, { writableOn: DatanodeId[]; hasIdleLeader: boolean }>();
  await rows.each((row, index) => {
    const id = decimalId(row[at.region]);
    if (id === undefined) throw rows.bad(index, 'region_id', 'an unsigned integer', row[at.region]);
    if (!isDataRegion(id, row[at.group])) return;
    let copies = regions.get(id);
    if (!copies) regions.set(id, (copies = { writableOn: [], hasIdleLeader: false }));
    const node = decimalId(row[at.node]);
    const isWritable = row[at.writable] === true || row[at.writable] === 1;
    if (isWritable && node !== undefined) {
      if (!copies.writableOn.includes(node)) copies.writableOn.push(node);
    } else if (!isWritable && isLeading(row[at.role], row[at.state])) copies.hasIdleLeader = true;
  });
  return regions;
}

function isDataRegion(id: RegionId, group: unknown): boolean {
  if (typeof group === 'number') return group === DATA_GROUP;
  return Number((BigInt(id) >> 24n) & 0xffn) === DATA_GROUP;
}

function isLeading(role: unknown, state: unknown): boolean {
  return [role, state].some((text) => typeof text === 'string' && /leader/i.test(text));
}

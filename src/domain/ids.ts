/**
 * Ids are decimal strings everywhere: region ids are u64 (`table_id << 32 | region_number`, GreptimeDB
 * src/store-api/src/storage/descriptors.rs) and do not fit a JavaScript number.
 */
export type RegionId = string;
/** u32, decimal. */
export type TableId = string;
/** u64, decimal. In practice small: 0, 1, 2 … with the Kubernetes operator. */
export type DatanodeId = string;
/** UUID v4, lower case, hyphenated. */
export type ProcedureId = string;

/** The id of the table that a region belongs to. */
export function tableIdOf(regionId: RegionId): TableId {
  return (BigInt(regionId) >> 32n).toString();
}

/** `datanode 3`, `datanodes 3, 4` */
export function nameDatanodes(ids: readonly DatanodeId[]): string {
  return `${ids.length === 1 ? 'datanode' : 'datanodes'} ${ids.join(', ')}`;
}

/** Orders canonical decimal ids by value: shorter first, then as text. For `Array.prototype.sort`. */
export function compareIds(a: string, b: string): number {
  if (a === b) return 0;
  return isBelow(a, b) ? -1 : 1;
}

/** Whether a canonical decimal id is the smaller one. Where a million are compared: half the work of {@link compareIds}. */
export function isBelow(a: string, b: string): boolean {
  return a.length === b.length ? a < b : a.length < b.length;
}

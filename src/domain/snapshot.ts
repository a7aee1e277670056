import type { DatanodeId, RegionId, TableId } from './ids.ts';

/** Where every region was at one moment. Immutable; the file format of `snapshot` and `plan --from`. */
export interface Snapshot {
  readonly formatVersion: 1;
  /** ISO 8601, UTC. */
  readonly takenAt: string;
  readonly cluster: ClusterIdentity;
  readonly datanodes: readonly Datanode[];
  readonly tables: readonly Table[];
  readonly regions: readonly Region[];
}

export interface ClusterIdentity {
  readonly name: string;
  readonly api: ClusterApi;
  /** As the cluster reports it, or the oldest version that fits what was probed; empty when unknown. */
  readonly version: string;
}

export type ClusterApi = 'sql' | 'metasrv';

export interface Datanode {
  readonly id: DatanodeId;
  readonly addr: string;
  readonly status: 'alive' | 'dead';
}

/** A table that has regions of its own. Logical tables of the metric engine are listed under their physical table. */
export interface Table {
  readonly id: TableId;
  readonly catalog: string;
  readonly schema: string;
  readonly name: string;
  /** `mito`, `metric`, `file`; empty when unknown. */
  readonly engine: string;
  readonly logicalTables?: readonly LogicalTable[];
}

/** A metric-engine table that lives in the regions of a physical table. */
export interface LogicalTable {
  readonly id: TableId;
  readonly schema: string;
  readonly name: string;
}

export interface Region {
  readonly id: RegionId;
  readonly tableId: TableId;
  readonly leader: DatanodeId | null;
  readonly followers?: readonly DatanodeId[];
  /** `migrating`: downgraded, or a procedure holds it. `staging`: being repartitioned. */
  readonly status: RegionStatus;
  readonly load?: RegionLoad;
}

export type RegionStatus = 'alive' | 'migrating' | 'staging';

/** An absent field is unknown, which is not zero. */
export interface RegionLoad {
  readonly writeBytesPerSecond?: number;
  readonly memtableBytes?: number;
  readonly diskBytes?: number;
}

/** `catalog.schema.table` */
export function fullTableName(table: Pick<Table, 'catalog' | 'schema' | 'name'>): string {
  return `${table.catalog}.${table.schema}.${table.name}`;
}

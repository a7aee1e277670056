import { z } from 'zod';
import { amount, id, list, timestamp, uniqueList } from './fields.ts';

/** A metric-engine table that lives in the regions of a physical table. */
const logicalTable = z.object({ id: id('table'), schema: z.string(), name: z.string() }).readonly();

/** A table that has regions of its own. Logical tables of the metric engine are listed under their physical table. */
const table = z
  .object({
    id: id('table'),
    catalog: z.string(),
    schema: z.string(),
    name: z.string(),
    /** `mito`, `metric`, `file`; empty when unknown. */
    engine: z.string().default(''),
    logicalTables: list(logicalTable).exactOptional(),
  })
  .readonly();

const datanode = z
  .object({
    id: id('datanode'),
    addr: z.string().default(''),
    status: z.enum(['alive', 'dead']),
    /** `hybrid`, `ingest`, `query`, as far as the cluster tells; absent: it takes reads and writes. */
    workloads: list(z.string()).exactOptional(),
  })
  .readonly();

/** An absent field is unknown, which is not zero. */
const regionLoad = z
  .object({
    writeBytesPerSecond: amount.exactOptional(),
    memtableBytes: amount.exactOptional(),
    diskBytes: amount.exactOptional(),
    rows: amount.exactOptional(),
  })
  .readonly();

/** `migrating`: downgraded, or a procedure holds it. `staging`: being repartitioned. */
export const REGION_STATUSES = ['alive', 'migrating', 'staging'] as const;

const region = z
  .object({
    id: id('region'),
    tableId: id('table'),
    leader: id('datanode', ' or null').nullable(),
    followers: list(id('datanode')).exactOptional(),
    status: z.enum(REGION_STATUSES),
    load: regionLoad.exactOptional(),
  })
  .readonly();

export const clusterSchema = z
  .object({
    name: z.string().default(''),
    api: z.enum(['sql', 'metasrv']),
    /** As the cluster reports it, or the oldest version that fits what was probed; empty when unknown. */
    version: z.string().default(''),
  })
  .readonly();

/** Where every region was at one moment. Immutable; the file format of `snapshot` and `plan --from`. */
export const snapshotSchema = z
  .object({
    formatVersion: z.literal(1, '1, the only version of a snapshot file that this release reads'),
    takenAt: timestamp,
    cluster: clusterSchema,
    datanodes: uniqueList('datanodes', 'id', datanode),
    tables: uniqueList('tables', 'id', table),
    regions: uniqueList('regions', 'id', region),
  })
  .readonly();

export type Snapshot = z.infer<typeof snapshotSchema>;
export type ClusterIdentity = z.infer<typeof clusterSchema>;
export type ClusterApi = ClusterIdentity['api'];
export type Datanode = z.infer<typeof datanode>;
export type Table = z.infer<typeof table>;
export type LogicalTable = z.infer<typeof logicalTable>;
export type Region = z.infer<typeof region>;
export type RegionStatus = Region['status'];
export type RegionLoad = z.infer<typeof regionLoad>;

/** Whether a datanode may lead regions: one that only answers queries must not. */
export function takesWrites({ workloads }: Pick<Datanode, 'workloads'>): boolean {
  return workloads === undefined || workloads.includes('hybrid') || workloads.includes('ingest');
}

/** `catalog.schema.table` */
export function fullTableName({ catalog, schema, name }: Pick<Table, 'catalog' | 'schema' | 'name'>): string {
  return `${catalog}.${schema}.${name}`;
}

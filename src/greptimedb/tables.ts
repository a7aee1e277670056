import { compareIds } from '../domain/ids.ts';
import type { DatanodeId, RegionId, TableId } from '../domain/ids.ts';
import type { LogicalTable, Region, Table } from '../domain/snapshot.ts';

/** Tables without regions of their own, which servers keep in memory. */
export const VIRTUAL_SCHEMAS: ReadonlySet<string> = new Set(['information_schema', 'pg_catalog']);

/** A logical table of the metric engine, and the physical one in whose regions it lives. */
export interface OwnedTable extends LogicalTable {
  readonly owner: TableId;
}

/** Physical tables by id, each with its logical ones. */
export function withLogicalTables(
  physical: readonly Omit<Table, 'logicalTables'>[],
  logical: readonly OwnedTable[],
): Table[] {
  const byOwner = Map.groupBy(logical, ({ owner }) => owner);
  return physical
    .map(({ id, catalog, schema, name, engine }): Table => {
      const logicalTables = byOwner
        .get(id)
        ?.map((table): LogicalTable => ({ id: table.id, schema: table.schema, name: table.name }))
        .sort((a, b) => compareIds(a.id, b.id));
      return { id, catalog, schema, name, engine, ...(logicalTables && { logicalTables }) };
    })
    .sort((a, b) => compareIds(a.id, b.id));
}

/** Where a region is. */
export interface RegionPlace extends Pick<Region, 'leader' | 'status'> {
  readonly followers: readonly DatanodeId[];
}

/** A region of a snapshot: followers and load are left out where there are none. */
export function toRegion(
  id: RegionId,
  tableId: TableId,
  { leader, status, followers }: RegionPlace,
  load: Region['load'],
): Region {
  return {
    id,
    tableId,
    leader,
    ...(followers.length > 0 && { followers }),
    status,
    ...(load && { load }),
  };
}

import { regionKey } from '../../cluster/model.ts';
import type { SimTable } from '../../cluster/model.ts';
import type { Profile } from '../../profiles.ts';
import { constants, tableOf } from './table.ts';
import type { ReadContext, SqlTable } from './table.ts';
import { inUnit } from './tables.ts';

interface Partition {
  readonly table: SimTable;
  readonly index: number;
  /** That of a logical table is renumbered. */
  readonly key: bigint;
}

/** `information_schema.partitions`, from the routes that the frontend has cached. */
export function partitions({ partitionsTimeType: timeType, splitExpression }: Profile): SqlTable {
  return tableOf<Partition>(
    [
      ['table_catalog', 'String', ({ table }) => table.catalog],
      ['table_schema', 'String', ({ table }) => table.schema],
      ['table_name', 'String', ({ table }) => table.name],
      ['partition_name', 'String', ({ index }) => `p${index}`],
      ...constants('String', 'subpartition_name'),
      ['partition_ordinal_position', 'Int64', ({ index }) => index],
      ...constants('Int64', 'subpartition_ordinal_position'),
      ...constants('String', 'partition_method', 'RANGE'),
      ...constants('String', 'subpartition_method'),
      ['partition_expression', 'String', (each) => (splitExpression ? columnsOf(each) : boundsOf(each))],
      ...constants('String', 'subpartition_expression'),
      ['partition_description', 'String', (each) => (splitExpression ? boundsOf(each) : null)],
      ...constants('Int64', 'table_rows avg_row_length data_length max_data_length index_length data_free'),
      ['create_time', timeType, ({ table }) => inUnit(table.createdAtMs, timeType)],
      ...constants(timeType, 'update_time check_time'),
      ...constants('Int64', 'checksum'),
      ...constants('String', 'partition_comment nodegroup tablespace_name'),
      ['greptime_partition_id', 'UInt64', ({ key }) => key],
    ],
    allPartitions,
  );
}

function columnsOf({ table }: Partition): string {
  return (table.physical ?? table).partitionColumns.join(', ');
}

function boundsOf(partition: Partition): string {
  const columns = columnsOf(partition);
  return columns === '' ? '' : `${columns} < ${(partition.index + 1) * 1_000}`;
}

function allPartitions({ core, catalog, frontend }: ReadContext): Partition[] {
  const tables = core.state
    .sortedTables()
    .filter((table) => table.catalog === catalog && table.kind !== 'view');
  return tables.flatMap((table) =>
    frontend.cache.routesOf(table.physical ?? table).map(({ region }) => {
      return { table, index: region.index, key: regionKey(table.id, region.number) };
    }),
  );
}

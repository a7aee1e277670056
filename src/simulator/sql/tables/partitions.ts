import { regionKey } from '../../cluster/model.ts';
import type { SimTable } from '../../cluster/model.ts';
import type { Profile } from '../../profiles/profile.ts';
import type { Column, Row, SqlType } from '../result-set.ts';
import type { InformationTable, ReadContext } from './information-table.ts';

/** `information_schema.partitions`, from the cached routes; ids of logical tables are renumbered. */
export function partitions({ sql }: Profile): InformationTable | null {
  const facts = sql.partitions;
  if (!facts) return null;
  const createType: SqlType = facts.createTimeType;
  return {
    name: 'partitions',
    columns: partitionColumns(createType),
    rows: (context) => partitionRows(context, facts.splitExpression, factorOf(createType)),
  };
}

function factorOf(type: SqlType): number {
  if (type === 'TimestampSecond') return 1 / 1_000;
  return type === 'TimestampMicrosecond' ? 1_000 : 1;
}

function partitionColumns(createType: SqlType): Column[] {
  const texts = (names: readonly string[]): Column[] => names.map((name) => [name, 'String']);
  const numbers = (names: readonly string[]): Column[] => names.map((name) => [name, 'Int64']);
  return [
    ...texts(['table_catalog', 'table_schema', 'table_name', 'partition_name', 'subpartition_name']),
    ...numbers(['partition_ordinal_position', 'subpartition_ordinal_position']),
    ...texts(['partition_method', 'subpartition_method', 'partition_expression']),
    ...texts(['subpartition_expression', 'partition_description']),
    ...numbers([
      'table_rows',
      'avg_row_length',
      'data_length',
      'max_data_length',
      'index_length',
      'data_free',
    ]),
    ['create_time', createType],
    ['update_time', createType],
    ['check_time', createType],
    ['checksum', 'Int64'],
    ...texts(['partition_comment', 'nodegroup', 'tablespace_name']),
    ['greptime_partition_id', 'UInt64'],
  ];
}

function partitionRows({ core, catalog, frontend }: ReadContext, isSplit: boolean, factor: number): Row[] {
  const rows: Row[] = [];
  for (const table of core.state.sortedTables()) {
    if (table.catalog !== catalog || table.kind === 'view') continue;
    const createdAt = Math.floor(table.createdAtMs * factor);
    for (const { region } of frontend.cache.routesOf(table.physical ?? table))
      rows.push(partitionRow(table, region.index, regionKey(table.id, region.number), createdAt, isSplit));
  }
  return rows;
}

function partitionRow(table: SimTable, index: number, key: bigint, createdAt: number, isSplit: boolean): Row {
  const columns = (table.physical ?? table).partitionColumns.join(', ');
  const bounds = columns === '' ? '' : `${columns} < ${(index + 1) * 1_000}`;
  const expression = isSplit ? columns : bounds;
  const nulls = [null, null, null, null, null, null];
  const head = [table.catalog, table.schema, table.name, `p${index}`, null, index, null, 'RANGE', null];
  const description = isSplit ? bounds : null;
  return [
    ...head,
    expression,
    null,
    description,
    ...nulls,
    createdAt,
    null,
    null,
    null,
    null,
    null,
    null,
    key,
  ];
}

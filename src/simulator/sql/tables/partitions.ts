import { regionKey } from '../../cluster/model.ts';
import type { SimTable } from '../../cluster/model.ts';
import type { Profile, TimeType } from '../../profiles/profile.ts';
import type { Column, Row } from '../result-set.ts';
import type { InformationTable, ReadContext } from './information-table.ts';
import { inUnit } from './tables.ts';

/** `information_schema.partitions`, from the cached routes; ids of logical tables are renumbered. */
export function partitions({ sql }: Profile): InformationTable | null {
  const facts = sql.partitions;
  if (!facts) return null;
  const { createTimeType, splitExpression } = facts;
  return {
    name: 'partitions',
    columns: partitionColumns(createTimeType),
    rows: (context) => partitionRows(context, splitExpression, createTimeType),
  };
}

function partitionColumns(createType: TimeType): Column[] {
  const all = (type: Column[1], names: string): Column[] => names.split(' ').map((name) => [name, type]);
  return [
    ...all('String', 'table_catalog table_schema table_name partition_name subpartition_name'),
    ...all('Int64', 'partition_ordinal_position subpartition_ordinal_position'),
    ...all('String', 'partition_method subpartition_method partition_expression subpartition_expression'),
    ...all('String', 'partition_description'),
    ...all('Int64', 'table_rows avg_row_length data_length max_data_length index_length data_free'),
    ...all(createType, 'create_time update_time check_time'),
    ...all('Int64', 'checksum'),
    ...all('String', 'partition_comment nodegroup tablespace_name'),
    ...all('UInt64', 'greptime_partition_id'),
  ];
}

function partitionRows(
  { core, catalog, frontend }: ReadContext,
  isSplit: boolean,
  timeType: TimeType,
): Row[] {
  const rows: Row[] = [];
  for (const table of core.state.sortedTables()) {
    if (table.catalog !== catalog || table.kind === 'view') continue;
    const createdAt = inUnit(table.createdAtMs, timeType);
    for (const { region } of frontend.cache.routesOf(table.physical ?? table))
      rows.push(partitionRow(table, region.index, regionKey(table.id, region.number), createdAt, isSplit));
  }
  return rows;
}

function partitionRow(table: SimTable, index: number, key: bigint, createdAt: number, isSplit: boolean): Row {
  const columns = (table.physical ?? table).partitionColumns.join(', ');
  const bounds = columns === '' ? '' : `${columns} < ${(index + 1) * 1_000}`;
  const expression = isSplit ? columns : bounds;
  const description = isSplit ? bounds : null;
  const head = [table.catalog, table.schema, table.name, `p${index}`, null, index, null, 'RANGE', null];
  const nulls = [null, null, null, null, null, null];
  return [...head, expression, null, description, ...nulls, createdAt, ...nulls, key];
}

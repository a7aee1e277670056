import { regionKey, tableOptions } from '../../cluster/model.ts';
import type { SimTable } from '../../cluster/model.ts';
import type { Profile } from '../../profiles/profiles.ts';
import type { SqlValue } from '../ast.ts';
import type { Row, SqlType } from '../evaluate.ts';
import type { ColumnDefinition, InformationTable, ReadContext } from './table.ts';

const SHORT_TABLES: readonly ColumnDefinition[] = [
  ['table_catalog', 'String'],
  ['table_schema', 'String'],
  ['table_name', 'String'],
  ['table_type', 'String'],
  ['table_id', 'UInt32'],
  ['engine', 'String'],
];

const LONG_TABLES: readonly ColumnDefinition[] = [
  ['table_catalog', 'String'],
  ['table_schema', 'String'],
  ['table_name', 'String'],
  ['table_type', 'String'],
  ['table_id', 'UInt32'],
  ['data_length', 'UInt64'],
  ['max_data_length', 'UInt64'],
  ['index_length', 'UInt64'],
  ['max_index_length', 'UInt64'],
  ['avg_row_length', 'UInt64'],
  ['engine', 'String'],
  ['version', 'UInt64'],
  ['row_format', 'String'],
  ['table_rows', 'UInt64'],
  ['data_free', 'UInt64'],
  ['auto_increment', 'UInt64'],
  ['create_time', 'TimestampMicrosecond'],
  ['update_time', 'TimestampMicrosecond'],
  ['check_time', 'TimestampMicrosecond'],
  ['table_collation', 'String'],
  ['checksum', 'UInt64'],
  ['create_options', 'String'],
  ['table_comment', 'String'],
  ['temporary', 'String'],
];

interface TableFacts {
  readonly schema: string;
  readonly name: string;
  readonly type: 'BASE TABLE' | 'VIEW' | 'LOCAL TEMPORARY';
  readonly id: number;
  readonly engine: string | null;
  readonly options: string;
  readonly createdAtMs: number;
}

/** `information_schema.tables`: user tables, views and the virtual tables that live in memory. */
export function tables({ sql }: Profile): InformationTable {
  const columns = sql.longTables ? LONG_TABLES : SHORT_TABLES;
  return {
    name: 'tables',
    columns,
    rows: (context) => allTables(context).map((facts) => tableRow(facts, context.catalog, sql.longTables)),
  };
}

function allTables({ core, catalog }: ReadContext): TableFacts[] {
  const own = core.state.sortedTables().filter((table) => table.catalog === catalog);
  const views = core.state.views.filter((view) => view.catalog === catalog);
  const createdAtMs = core.meta.servers[0]?.startedAtMs ?? 0;
  const virtual = { type: 'LOCAL TEMPORARY', options: '', createdAtMs } as const;
  return [
    { ...virtual, schema: 'information_schema', name: 'tables', id: 3, engine: null },
    { ...virtual, schema: 'public', name: 'numbers', id: 2, engine: 'test_engine' },
    ...own.map((table) => factsOf(table)),
    ...views.map(({ schema, name }, index) => {
      return {
        schema,
        name,
        type: 'VIEW',
        id: 900_000 + index,
        engine: null,
        options: '',
        createdAtMs,
      } as const;
    }),
  ];
}

function factsOf(table: SimTable): TableFacts {
  const options = Object.entries(tableOptions(table)).map(([key, value]) => `${key}=${value}`);
  const { schema, name, id, engine, createdAtMs } = table;
  return { schema, name, type: 'BASE TABLE', id, engine, options: options.join(' '), createdAtMs };
}

function tableRow(facts: TableFacts, catalog: string, isLong: boolean): Row {
  const head = [catalog, facts.schema, facts.name, facts.type, facts.id];
  if (!isLong) return [...head, facts.engine];
  const createdUs = facts.createdAtMs * 1_000;
  const temporary = facts.type === 'LOCAL TEMPORARY' ? 'Y' : 'N';
  const lengths = [0, 0, 0, 0, 0];
  const body: SqlValue[] = [facts.engine, 11, 'Fixed', 0, 0, null, createdUs, null, null, 'utf8_bin', 0];
  return [...head, ...lengths, ...body, facts.options, null, temporary];
}

export function schemata(): InformationTable {
  return {
    name: 'schemata',
    columns: [
      ['catalog_name', 'String'],
      ['schema_name', 'String'],
      ['default_character_set_name', 'String'],
      ['default_collation_name', 'String'],
      ['sql_path', 'String'],
    ],
    rows: ({ core, catalog }) =>
      schemaNames(core.state.sortedTables(), catalog).map((name) => [
        catalog,
        name,
        'utf8',
        'utf8_bin',
        null,
      ]),
  };
}

/** Schemas of a catalog, the built-in ones included, in order. */
export function schemaNames(all: readonly SimTable[], catalog: string): string[] {
  const own = all.filter((table) => table.catalog === catalog).map((table) => table.schema);
  return [...new Set(['greptime_private', 'information_schema', 'public', ...own])].sort();
}

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

function partitionColumns(createType: SqlType): ColumnDefinition[] {
  const texts = (names: readonly string[]): ColumnDefinition[] => names.map((name) => [name, 'String']);
  const numbers = (names: readonly string[]): ColumnDefinition[] => names.map((name) => [name, 'Int64']);
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

import { tableOptions } from '../../cluster/model.ts';
import type { SimTable } from '../../cluster/model.ts';
import type { Profile } from '../../profiles/profile.ts';
import type { Column, Row, SqlValue } from '../result-set.ts';
import type { InformationTable, ReadContext } from './information-table.ts';

const SHORT_TABLES: readonly Column[] = [
  ['table_catalog', 'String'],
  ['table_schema', 'String'],
  ['table_name', 'String'],
  ['table_type', 'String'],
  ['table_id', 'UInt32'],
  ['engine', 'String'],
];

const LONG_TABLES: readonly Column[] = [
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
  readonly engine: string;
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
  const createdAtMs = core.meta.servers[0]?.startedAtMs ?? 0;
  const virtual = { type: 'LOCAL TEMPORARY', options: '', createdAtMs } as const;
  return [
    { ...virtual, schema: 'information_schema', name: 'tables', id: 3, engine: '' },
    { ...virtual, schema: 'public', name: 'numbers', id: 2, engine: 'test_engine' },
    ...own.map((table) => factsOf(table)),
  ];
}

function factsOf(table: SimTable): TableFacts {
  const options = Object.entries(tableOptions(table)).map(([key, value]) => `${key}=${value}`);
  const { schema, name, id, engine, kind, createdAtMs } = table;
  const type = kind === 'view' ? 'VIEW' : 'BASE TABLE';
  return { schema, name, type, id, engine, options: options.join(' '), createdAtMs };
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

import type { SimTable } from '../../cluster/model.ts';
import type { LongTableFacts, Profile, TimeType } from '../../profiles/profile.ts';
import type { Column, Row, SqlValue } from '../result-set.ts';
import type { InformationTable, ReadContext } from './information-table.ts';

const SHORT: readonly Column[] = [
  ['table_catalog', 'String'],
  ['table_schema', 'String'],
  ['table_name', 'String'],
  ['table_type', 'String'],
  ['table_id', 'UInt32'],
];

function longColumns(timeType: TimeType): Column[] {
  return [
    ...SHORT,
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
    ['create_time', timeType],
    ['update_time', timeType],
    ['check_time', timeType],
    ['table_collation', 'String'],
    ['checksum', 'UInt64'],
    ['create_options', 'String'],
    ['table_comment', 'String'],
    ['temporary', 'String'],
  ];
}

interface TableFacts extends Pick<
  SimTable,
  'schema' | 'name' | 'id' | 'options' | 'comment' | 'createdAtMs'
> {
  readonly type: 'BASE TABLE' | 'VIEW' | 'LOCAL TEMPORARY';
  readonly engine: string;
}

/** `information_schema.tables`: user tables, views and the virtual tables that live in memory. */
export function tables({ sql }: Profile): InformationTable {
  const { longTables, numbersTable } = sql;
  const toRow = (facts: TableFacts, catalog: string): Row => {
    const head = [catalog, facts.schema, facts.name, facts.type, facts.id];
    return longTables ? [...head, ...longRow(facts, longTables)] : [...head, facts.engine];
  };
  return {
    name: 'tables',
    columns: longTables ? longColumns(longTables.timeType) : [...SHORT, ['engine', 'String']],
    rows: (context) => allTables(context, numbersTable).map((facts) => toRow(facts, context.catalog)),
  };
}

function allTables({ core, catalog }: ReadContext, hasNumbers: boolean): TableFacts[] {
  const own = core.state.sortedTables().filter((table) => table.catalog === catalog);
  const createdAtMs = core.meta.servers[0]?.startedAtMs ?? 0;
  const virtual = { type: 'LOCAL TEMPORARY', options: {}, comment: null, createdAtMs } as const;
  return [
    { ...virtual, schema: 'information_schema', name: 'tables', id: 3, engine: '' },
    ...(hasNumbers ? [{ ...virtual, schema: 'public', name: 'numbers', id: 2, engine: 'test_engine' }] : []),
    ...own.map((table) => ({ ...table, type: table.kind === 'view' ? 'VIEW' : 'BASE TABLE' }) as const),
  ];
}

function longRow(facts: TableFacts, { timeType, updateTime }: LongTableFacts): SqlValue[] {
  const { engine, type, comment } = facts;
  const isVirtual = type === 'LOCAL TEMPORARY';
  const created = inUnit(facts.createdAtMs, timeType);
  const updated = isVirtual ? 0 : created;
  const options = Object.entries(facts.options).map(([name, value]) => `${name}=${value}`);
  const lengths = [0, 0, 0, 0, 0];
  const times = [created, updateTime ? updated : null, null];
  const body = [engine, 11, 'Fixed', 0, 0, 0, ...times, 'utf8_bin', 0, options.join(' ')];
  return [...lengths, ...body, comment, isVirtual ? 'Y' : 'N'];
}

/** A time as a column of that type holds it. */
export function inUnit(atMs: number, type: TimeType): number {
  if (type === 'TimestampSecond') return Math.floor(atMs / 1_000);
  return type === 'TimestampMicrosecond' ? atMs * 1_000 : atMs;
}

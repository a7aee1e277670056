import type { SimTable } from '../../cluster/model.ts';
import type { Profile, TimeType } from '../../profiles.ts';
import { constants, tableOf } from './table.ts';
import type { Field, ReadContext, SqlTable } from './table.ts';

interface TableRecord extends Pick<
  SimTable,
  'catalog' | 'schema' | 'name' | 'id' | 'options' | 'comment' | 'createdAtMs'
> {
  readonly engine: string;
  readonly type: 'BASE TABLE' | 'VIEW' | 'LOCAL TEMPORARY';
}

const HEAD: readonly Field<TableRecord>[] = [
  ['table_catalog', 'String', ({ catalog }) => catalog],
  ['table_schema', 'String', ({ schema }) => schema],
  ['table_name', 'String', ({ name }) => name],
  ['table_type', 'String', ({ type }) => type],
  ['table_id', 'UInt32', ({ id }) => id],
];
const LENGTHS = 'data_length max_data_length index_length max_index_length avg_row_length';

/** `information_schema.tables`: user tables, views and the virtual tables that live in memory. */
export function tables(profile: Profile): SqlTable {
  const { tablesTimeType: timeType, updateTime } = profile;
  const engine: Field<TableRecord> = ['engine', 'String', (table) => table.engine];
  const created = ({ createdAtMs }: TableRecord): number => inUnit(createdAtMs, timeType);
  const updated = (table: TableRecord): number => (isVirtual(table) ? 0 : created(table));
  const long: readonly Field<TableRecord>[] = [
    ...HEAD,
    ...constants('UInt64', LENGTHS, 0),
    engine,
    ...constants('UInt64', 'version', 11),
    ...constants('String', 'row_format', 'Fixed'),
    ...constants('UInt64', 'table_rows data_free auto_increment', 0),
    ['create_time', timeType, created],
    ['update_time', timeType, (table) => (updateTime ? updated(table) : null)],
    ...constants(timeType, 'check_time'),
    ...constants('String', 'table_collation', 'utf8_bin'),
    ...constants('UInt64', 'checksum', 0),
    ['create_options', 'String', ({ options }) => Object.entries(options).map(nameAndValue).join(' ')],
    ['table_comment', 'String', ({ comment }) => comment],
    ['temporary', 'String', (table) => (isVirtual(table) ? 'Y' : 'N')],
  ];
  return tableOf(profile.longTables ? long : [...HEAD, engine], allTables);
}

function isVirtual({ type }: TableRecord): boolean {
  return type === 'LOCAL TEMPORARY';
}

function nameAndValue([name, value]: readonly [string, string]): string {
  return `${name}=${value}`;
}

function allTables({ core, catalog }: ReadContext): TableRecord[] {
  const own = core.state.sortedTables().filter((table) => table.catalog === catalog);
  const createdAtMs = core.meta.servers[0]?.startedAtMs ?? 0;
  const virtual = { type: 'LOCAL TEMPORARY', catalog, options: {}, comment: null, createdAtMs } as const;
  const numbers = { ...virtual, schema: 'public', name: 'numbers', id: 2, engine: 'test_engine' } as const;
  return [
    { ...virtual, schema: 'information_schema', name: 'tables', id: 3, engine: '' },
    ...(core.profile.numbersTable ? [numbers] : []),
    ...own.map((table) => ({ ...table, type: table.kind === 'view' ? 'VIEW' : 'BASE TABLE' }) as const),
  ];
}

/** A time as a column of that type holds it. */
function inUnit(atMs: number, type: TimeType): number {
  if (type === 'TimestampSecond') return Math.floor(atMs / 1_000);
  return type === 'TimestampMicrosecond' ? atMs * 1_000 : atMs;
}

import type { TableId } from '../../domain/ids.ts';
import type { Table } from '../../domain/snapshot.ts';
import { decimalId } from '../../lib/json.ts';
import { VIRTUAL_SCHEMAS, withLogicalTables } from '../tables.ts';
import type { OwnedTable } from '../tables.ts';
import type { SqlRows } from './result.ts';

/** One row of `information_schema.tables` that may have regions. */
export interface TableRow extends Omit<Table, 'logicalTables'> {
  /** Undefined before 0.9, which does not tell. */
  readonly createOptions: string | undefined;
}

/** What else may tell a physical table from a logical one. */
export interface TableEvidence {
  /** Tables that own regions by the ids in region_peers. Up to 0.8 these are physical tables only. */
  readonly withRegions: ReadonlySet<TableId>;
  /** Tables that own regions by region_statistics, which lists physical regions only. Empty when unknown. */
  readonly withStatistics: ReadonlySet<TableId>;
  /** From logical to physical table, where routes tell (0.7). */
  readonly owners: ReadonlyMap<TableId, TableId>;
}

interface ResolvedTables {
  readonly tables: readonly Table[];
  /** Logical tables whose physical table could not be found. */
  readonly orphans: readonly TableRow[];
}

/** @throws CallError */
export async function readTables(rows: SqlRows): Promise<TableRow[]> {
  const [catalog, schema, name] = [
    rows.text('table_catalog'),
    rows.text('table_schema'),
    rows.text('table_name'),
  ];
  // A table without an id has no regions.
  const id = rows.column('table_id', 'an unsigned integer', (cell) => (cell === null ? '' : decimalId(cell)));
  const [type, engine, options] = [
    rows.find('table_type'),
    rows.optional('engine'),
    rows.optional('create_options'),
  ];
  const hasOptions = rows.columns.includes('create_options');
  const tables: TableRow[] = [];
  await rows.each((row) => {
    const table = { catalog: catalog(row), schema: schema(row), name: name(row) };
    if (VIRTUAL_SCHEMAS.has(table.schema.toLowerCase()) || !isBaseTable(type(row))) return;
    if (id(row) === '' || (id(row) === NUMBERS_TABLE_ID && table.name === 'numbers')) return;
    tables.push({
      id: id(row),
      ...table,
      engine: engine(row).toLowerCase(),
      createOptions: hasOptions ? options(row) : undefined,
    });
  });
  return tables;
}

/** `public.numbers` exists in memory only (GreptimeDB src/common/catalog/src/consts.rs). */
const NUMBERS_TABLE_ID = '2';

/** Views and temporary tables have no regions. */
function isBaseTable(type: unknown): boolean {
  return typeof type !== 'string' || type.toUpperCase() === 'BASE TABLE';
}

/**
 * Lists physical tables, each with the logical tables of the metric engine that live in its regions. Only the physical table's
 * regions can be migrated. Both kinds show the engine `metric`; the options tell them apart from 0.9 on, otherwise the regions do.
 */
export function resolveTables(rows: readonly TableRow[], evidence: TableEvidence): ResolvedTables {
  const { logicalRows = [], physical = [] } = Object.groupBy(rows, (row) =>
    isLogical(row, evidence) ? 'logicalRows' : 'physical',
  );
  const byName = new Map(physical.map((row) => [keyOf(row), row.id]));
  const metricBySchema = Map.groupBy(
    physical.filter(({ engine }) => engine === 'metric'),
    schemaOf,
  );
  const ownerOf = (row: TableRow): TableId | undefined => {
    const named = physicalNameIn(row.createOptions ?? '').map((name) => byName.get(keyOf({ ...row, name })));
    const candidates = metricBySchema.get(schemaOf(row)) ?? [];
    const only = candidates.length === 1 ? candidates[0]?.id : undefined;
    return evidence.owners.get(row.id) ?? named.find((id) => id !== undefined) ?? only;
  };
  const logical: OwnedTable[] = [];
  const orphans: TableRow[] = [];
  for (const row of logicalRows) {
    const owner = ownerOf(row);
    if (owner === undefined) orphans.push(row);
    else logical.push({ id: row.id, schema: row.schema, name: row.name, owner });
  }
  return { tables: withLogicalTables(physical, logical), orphans };
}

function schemaOf({ catalog, schema }: TableRow): string {
  return `${catalog}\0${schema}`;
}

function keyOf(table: TableRow): string {
  return `${schemaOf(table)}\0${table.name}`;
}

function isLogical(row: TableRow, evidence: TableEvidence): boolean {
  if (row.createOptions !== undefined && /\bon_physical_table\b/.test(row.createOptions)) return true;
  if (row.engine !== 'metric') return false;
  if (row.createOptions !== undefined && /\bphysical_metric_table\b/.test(row.createOptions)) return false;
  if (evidence.owners.has(row.id)) return true;
  if (row.createOptions === undefined) return !evidence.withRegions.has(row.id);
  // From 0.9 on logical tables have rows with ids of their own; the statistics still list physical regions alone.
  return evidence.withStatistics.size > 0 && !evidence.withStatistics.has(row.id);
}

/** The name in `… on_physical_table=phy …`, quoted or not; the shortest reading first, as a name may contain spaces. */
function physicalNameIn(options: string): string[] {
  const quoted = /on_physical_table["']?\s*[=:]\s*(?:'([^']*)'|"([^"]*)")/.exec(options);
  if (quoted) return [quoted[1] ?? quoted[2] ?? ''];
  const word = /on_physical_table\s*=\s*([^\s,}]+)/.exec(options)?.[1];
  const phrase = /on_physical_table\s*=\s*(.+?)(?=[\s,]+[\w.]+\s*=|\s*$)/.exec(options)?.[1];
  return [word, phrase].filter((name) => name !== undefined);
}

import type { LogicalTable, Table } from '../../domain/snapshot.ts';
import { compareIds } from '../../domain/ids.ts';
import { decimalId } from '../../lib/json.ts';
import type { SqlRows } from './result.ts';

/** One row of `information_schema.tables` that may have regions. */
export interface TableRow {
  readonly id: string;
  readonly catalog: string;
  readonly schema: string;
  readonly name: string;
  readonly engine: string;
  /** Undefined before 0.9, which does not tell. */
  readonly createOptions: string | undefined;
}

/** What else may tell a physical table from a logical one. */
export interface TableEvidence {
  /** Tables that own regions by the ids in region_peers. Up to 0.8 these are physical tables only. */
  readonly withRegions: ReadonlySet<string>;
  /** Tables that own regions by region_statistics, which lists physical regions only. Empty when unknown. */
  readonly withStatistics: ReadonlySet<string>;
  /** From logical to physical table, where `partitions` tells (0.7 and 0.8). */
  readonly owners: ReadonlyMap<string, string>;
}

export interface ResolvedTables {
  readonly tables: ReadonlyMap<string, Table>;
  /** Logical tables whose physical table could not be found. */
  readonly orphans: readonly TableRow[];
}

const VIRTUAL_SCHEMAS: ReadonlySet<string> = new Set(['information_schema', 'pg_catalog']);

/** @throws CallError */
export async function readTables(rows: SqlRows): Promise<TableRow[]> {
  const at = {
    catalog: rows.require('table_catalog'),
    schema: rows.require('table_schema'),
    name: rows.require('table_name'),
    id: rows.require('table_id'),
    type: rows.find('table_type'),
    engine: rows.find('engine'),
    options: rows.find('create_options'),
  };
  const tables: TableRow[] = [];
  await rows.each((row, index) => {
    const [catalog, schema, name] = [row[at.catalog], row[at.schema], row[at.name]];
    if (typeof catalog !== 'string' || typeof schema !== 'string' || typeof name !== 'string')
      throw rows.bad(index, 'table_name', 'three texts that name a table', [catalog, schema, name]);
    if (VIRTUAL_SCHEMAS.has(schema.toLowerCase()) || !isBaseTable(row[at.type])) return;
    const id = decimalId(row[at.id]);
    // A table without an id has no regions.
    if (id === undefined && row[at.id] !== null)
      throw rows.bad(index, 'table_id', 'an unsigned integer', row[at.id]);
    if (id === undefined || (id === NUMBERS_TABLE_ID && name === 'numbers')) return;
    const options = row[at.options];
    tables.push({
      id,
      catalog,
      schema,
      name,
      engine: typeof row[at.engine] === 'string' ? String(row[at.engine]).toLowerCase() : '',
      createOptions: at.options === -1 ? undefined : typeof options === 'string' ? options : '',
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
  const physical = new Map<string, TableRow>();
  const logical: TableRow[] = [];
  for (const row of rows) {
    if (isLogical(row, evidence)) logical.push(row);
    else physical.set(row.id, row);
  }
  const owners = new OwnerFinder([...physical.values()], evidence);
  const logicalOf = new Map<string, LogicalTable[]>();
  const orphans: TableRow[] = [];
  for (const row of logical) {
    const owner = owners.find(row);
    if (owner === undefined) orphans.push(row);
    else logicalOf.set(owner, [...(logicalOf.get(owner) ?? []), toLogical(row)]);
  }
  const tables = new Map(
    [...physical].map(([id, row]): [string, Table] => [id, toTable(row, logicalOf.get(id))]),
  );
  return { tables, orphans };
}

function toLogical({ id, schema, name }: TableRow): LogicalTable {
  return { id, schema, name };
}

function toTable(
  { id, catalog, schema, name, engine }: TableRow,
  logical: LogicalTable[] | undefined,
): Table {
  const logicalTables = logical?.sort((a, b) => compareIds(a.id, b.id));
  return { id, catalog, schema, name, engine, ...(logicalTables ? { logicalTables } : {}) };
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

/** Finds the physical table of a logical one. */
class OwnerFinder {
  readonly #byName = new Map<string, string>();
  readonly #bySchema = new Map<string, string[]>();
  readonly #evidence: TableEvidence;

  constructor(physical: readonly TableRow[], evidence: TableEvidence) {
    this.#evidence = evidence;
    for (const row of physical) {
      this.#byName.set(`${row.catalog}\0${row.schema}\0${row.name}`, row.id);
      if (row.engine !== 'metric') continue;
      const schema = `${row.catalog}\0${row.schema}`;
      this.#bySchema.set(schema, [...(this.#bySchema.get(schema) ?? []), row.id]);
    }
  }

  find(row: TableRow): string | undefined {
    const known = this.#evidence.owners.get(row.id);
    if (known !== undefined) return known;
    const schema = `${row.catalog}\0${row.schema}`;
    const named = physicalNameIn(row.createOptions ?? '').map((name) =>
      this.#byName.get(`${schema}\0${name}`),
    );
    const byName = named.find((id) => id !== undefined);
    if (byName !== undefined) return byName;
    const candidates = this.#bySchema.get(schema) ?? [];
    return candidates.length === 1 ? candidates[0] : undefined;
  }
}

/** The name in `… on_physical_table=phy …`, quoted or not; the shortest reading first, as a name may contain spaces. */
function physicalNameIn(options: string): string[] {
  const quoted = /on_physical_table["']?\s*[=:]\s*(?:'([^']*)'|"([^"]*)")/.exec(options);
  if (quoted) return [quoted[1] ?? quoted[2] ?? ''];
  const word = /on_physical_table\s*=\s*([^\s,}]+)/.exec(options)?.[1];
  const phrase = /on_physical_table\s*=\s*(.+?)(?=[\s,]+[\w.]+\s*=|\s*$)/.exec(options)?.[1];
  return [word, phrase].filter((name) => name !== undefined);
}

/**
 * Reads `information_schema.partitions` for the tables that own the regions of others: up to 0.8 a logical table's partitions carry
 * the physical table's region ids.
 */
export async function readOwners(
  rows: SqlRows,
  tables: readonly TableRow[],
): Promise<ReadonlyMap<string, string>> {
  const ids = new Map(tables.map((row) => [`${row.catalog}\0${row.schema}\0${row.name}`, row.id]));
  const [catalog, schema, name, region] = [
    rows.require('table_catalog'),
    rows.require('table_schema'),
    rows.require('table_name'),
    rows.require('greptime_partition_id'),
  ];
  const owners = new Map<string, string>();
  await rows.each((row) => {
    const id = ids.get(`${String(row[catalog])}\0${String(row[schema])}\0${String(row[name])}`);
    const regionId = decimalId(row[region]);
    if (id === undefined || regionId === undefined) return;
    const owner = (BigInt(regionId) >> 32n).toString();
    if (owner !== id) owners.set(id, owner);
  });
  return owners;
}

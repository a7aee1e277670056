import { isDecimalId } from '../lib/json.ts';
import { compareIds, isBelow } from './ids.ts';
import { isObject, jsonChunks, parseJsonFile } from './json-file.ts';
import { parseValue } from './schema-problems.ts';
import { snapshotSchema } from './snapshot.ts';
import type { Region, RegionLoad, Snapshot, Table } from './snapshot.ts';

/**
 * Reads a snapshot file. Fields that we do not know are ignored; ids may also be JSON numbers, and are read exactly. A region
 * of a table or on a datanode that the file does not list is kept: planning reports it as blocked.
 *
 * @throws UsageError that names the place: `regions[17].leader: found -3, wanted a datanode id (decimal string) or null`.
 */
export function parseSnapshot(text: string): Snapshot {
  const document = parseJsonFile(text);
  if (!isObject(document)) return parseValue(snapshotSchema, document);
  const { regions, ...rest } = document;
  if (!areOurRegions(regions)) return parseValue(snapshotSchema, document);
  return { ...parseValue(snapshotSchema, { ...rest, regions: [] }), regions };
}

/**
 * Whether these are regions as {@link snapshotChunks} writes them: there may be a million, and the schema takes several times as long. It
 * mends all others, or says what is wrong with them.
 */
function areOurRegions(value: unknown): value is readonly Region[] {
  return Array.isArray(value) && value.every(isOurRegion) && haveOwnIds(value);
}

function haveOwnIds(regions: readonly Region[]): boolean {
  const isSorted = regions.every(({ id }, index) => index === 0 || isBelow(regions[index - 1]!.id, id));
  return isSorted || new Set(regions.map(({ id }) => id)).size === regions.length;
}

function isOurRegion(value: unknown): value is Region {
  if (!isObject(value)) return false;
  const { id, tableId, leader, status, followers, load } = value;
  return (
    isId(id) &&
    isId(tableId) &&
    (leader === null || isId(leader)) &&
    (status === 'alive' || status === 'migrating' || status === 'staging') &&
    (followers === undefined || (Array.isArray(followers) && followers.every(isId))) &&
    (load === undefined || isOurLoad(load)) &&
    Object.keys(value).length === 4 + Number(followers !== undefined) + Number(load !== undefined)
  );
}

function isId(value: unknown): value is string {
  return typeof value === 'string' && isDecimalId(value);
}

function isOurLoad(value: unknown): value is RegionLoad {
  if (!isObject(value)) return false;
  const { writeBytesPerSecond: written, memtableBytes: memtable, diskBytes: disk, rows } = value;
  return (
    Object.keys(value).length ===
    Number(isAmount(written)) + Number(isAmount(memtable)) + Number(isAmount(disk)) + Number(isAmount(rows))
  );
}

function isAmount(value: unknown): boolean {
  return typeof value === 'number' && value >= 0 && value < Infinity;
}

/** The snapshot as a file, in pieces. The same cluster gives the same bytes: all lists are sorted by id. */
export function snapshotChunks({
  formatVersion,
  takenAt,
  cluster: { name, api, version },
  datanodes,
  tables,
  regions,
}: Snapshot): Generator<string, void, undefined> {
  return jsonChunks({
    formatVersion,
    takenAt,
    cluster: { name, api, version },
    datanodes: byId(datanodes).map(({ id, addr, status }) => ({ id, addr, status })),
    tables: byId(tables).map(tableFields),
    // One after the other: a copy of a million would take as much memory as they do.
    regions: byId(regions).values().map(regionFields),
  });
}

function byId<T extends { readonly id: string }>(items: readonly T[]): T[] {
  return items.toSorted((a, b) => compareIds(a.id, b.id));
}

function tableFields({ id, catalog, schema, name, engine, logicalTables = [] }: Table): Table {
  const logical = byId(logicalTables).map((table) => ({
    id: table.id,
    schema: table.schema,
    name: table.name,
  }));
  return { id, catalog, schema, name, engine, ...(logical.length > 0 && { logicalTables: logical }) };
}

function regionFields({ id, tableId, leader, followers = [], status, load = {} }: Region): object {
  const { writeBytesPerSecond, memtableBytes, diskBytes, rows } = load;
  return {
    id,
    tableId,
    leader,
    ...(followers.length > 0 && { followers: followers.toSorted(compareIds) }),
    status,
    ...(Object.keys(load).length > 0 && { load: { writeBytesPerSecond, memtableBytes, diskBytes, rows } }),
  };
}

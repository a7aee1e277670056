import { decimalId } from '../lib/json.ts';
import {
  checkFormatVersion,
  checkUnique,
  parseFileText,
  readAmount,
  readDateTime,
  readId,
  readList,
  readObject,
  readOneOf,
  readText,
  refuse,
} from './file-fields.ts';
import type { JsonObject } from './file-fields.ts';
import { compareIds } from './ids.ts';
import type {
  ClusterIdentity,
  Datanode,
  LogicalTable,
  Region,
  RegionLoad,
  Snapshot,
  Table,
} from './snapshot.ts';

/**
 * Reads a snapshot file. Fields that we do not know are ignored; ids may also be JSON numbers, and are read exactly. A region
 * of a table or on a datanode that the file does not list is kept: planning reports it as blocked.
 *
 * @throws UsageError that names the place: `regions[17].leader: found -3, wanted a datanode id (decimal string) or null`.
 */
export function parseSnapshot(text: string): Snapshot {
  const document = readObject(parseFileText(text));
  checkFormatVersion(document, 'snapshot');
  return {
    formatVersion: 1,
    takenAt: readDateTime(document, 'takenAt', []),
    cluster: readCluster(document['cluster']),
    datanodes: readAll(document['datanodes'], 'datanodes', readDatanode),
    tables: readAll(document['tables'], 'tables', readTable),
    regions: readAll(document['regions'], 'regions', readRegion),
  };
}

function readAll<T extends { readonly id: string }>(
  value: unknown,
  list: string,
  read: (value: unknown, index: number) => T,
): T[] {
  const items = readList(value, list).map(read);
  checkUnique(
    items.map(({ id }) => id),
    list,
    'id',
  );
  return items;
}

function readCluster(value: unknown): ClusterIdentity {
  const cluster = readObject(value, 'cluster');
  return {
    name: readText(cluster, 'name', ['cluster'], ''),
    api: readOneOf(cluster['api'], ['sql', 'metasrv'], 'cluster', 'api'),
    version: readText(cluster, 'version', ['cluster'], ''),
  };
}

function readDatanode(value: unknown, index: number): Datanode {
  const datanode = readObject(value, 'datanodes', index);
  return {
    id: readId(datanode['id'], 'datanode', 'datanodes', index, 'id'),
    addr: readText(datanode, 'addr', ['datanodes', index], ''),
    status: readOneOf(datanode['status'], ['alive', 'dead'], 'datanodes', index, 'status'),
  };
}

function readTable(value: unknown, index: number): Table {
  const table = readObject(value, 'tables', index);
  const place = ['tables', index] as const;
  const logicalTables = table['logicalTables'];
  return {
    id: readId(table['id'], 'table', ...place, 'id'),
    catalog: readText(table, 'catalog', place),
    schema: readText(table, 'schema', place),
    name: readText(table, 'name', place),
    engine: readText(table, 'engine', place, ''),
    ...(logicalTables !== undefined && { logicalTables: readLogicalTables(logicalTables, index) }),
  };
}

function readLogicalTables(value: unknown, tableIndex: number): LogicalTable[] {
  const place = ['tables', tableIndex, 'logicalTables'] as const;
  return readList(value, ...place).map((entry, index) => {
    const table = readObject(entry, ...place, index);
    return {
      id: readId(table['id'], 'table', ...place, index, 'id'),
      schema: readText(table, 'schema', [...place, index]),
      name: readText(table, 'name', [...place, index]),
    };
  });
}

const REGION_STATUSES = ['alive', 'migrating', 'staging'] as const;

function readRegion(value: unknown, index: number): Region {
  const region = readObject(value, 'regions', index);
  const leader = region['leader'];
  const followers = region['followers'];
  const load = region['load'];
  return {
    id: readId(region['id'], 'region', 'regions', index, 'id'),
    tableId: readId(region['tableId'], 'table', 'regions', index, 'tableId'),
    leader: leader === null ? null : readLeader(leader, index),
    ...(followers !== undefined && { followers: readFollowers(followers, index) }),
    status: readOneOf(region['status'], REGION_STATUSES, 'regions', index, 'status'),
    ...(load !== undefined && { load: readLoad(load, index) }),
  };
}

function readLeader(value: unknown, index: number): string {
  const wanted = 'a datanode id (decimal string) or null';
  return decimalId(value) ?? refuse(['regions', index, 'leader'], value, wanted);
}

function readFollowers(value: unknown, index: number): string[] {
  return readList(value, 'regions', index, 'followers').map((id, position) =>
    readId(id, 'datanode', 'regions', index, 'followers', position),
  );
}

const LOAD_FIELDS = ['writeBytesPerSecond', 'memtableBytes', 'diskBytes'] as const;

function readLoad(value: unknown, index: number): RegionLoad {
  const object = readObject(value, 'regions', index, 'load');
  const load: { -readonly [Key in keyof RegionLoad]: RegionLoad[Key] } = {};
  for (const field of LOAD_FIELDS)
    if (object[field] !== undefined) load[field] = readAmount(object[field], 'regions', index, 'load', field);
  return load;
}

/** The snapshot as a file, in pieces of about 64 KiB. The same cluster gives the same bytes: all lists are sorted by id. */
export function* snapshotChunks(snapshot: Snapshot): Generator<string, void, undefined> {
  const head = { formatVersion: snapshot.formatVersion, takenAt: snapshot.takenAt };
  yield `${JSON.stringify(head).slice(0, -1)},\n"cluster":${JSON.stringify(clusterFields(snapshot.cluster))},\n`;
  yield* listChunks('datanodes', snapshot.datanodes, (node) => JSON.stringify(datanodeFields(node)));
  yield ',\n';
  yield* listChunks('tables', snapshot.tables, (table) => JSON.stringify(tableFields(table)));
  yield ',\n';
  yield* listChunks('regions', snapshot.regions, regionText);
  yield '}\n';
}

/** All of {@link snapshotChunks} as one text. */
export function formatSnapshot(snapshot: Snapshot): string {
  return [...snapshotChunks(snapshot)].join('');
}

const CHUNK_CHARS = 65_536;

/** `"name":[` and one item a line, so that two files can be compared with diff. */
function* listChunks<T extends { readonly id: string }>(
  name: string,
  items: readonly T[],
  textOf: (item: T) => string,
): Generator<string, void, undefined> {
  const sorted = items.toSorted((a, b) => compareIds(a.id, b.id));
  let chunk = `"${name}":[`;
  for (const [index, item] of sorted.entries()) {
    chunk += `${index === 0 ? '' : ','}\n  ${textOf(item)}`;
    if (chunk.length < CHUNK_CHARS) continue;
    yield chunk;
    chunk = '';
  }
  yield `${chunk}${sorted.length === 0 ? '' : '\n'}]`;
}

function clusterFields({ name, api, version }: ClusterIdentity): JsonObject {
  return { name, api, version };
}

function datanodeFields({ id, addr, status }: Datanode): JsonObject {
  return { id, addr, status };
}

function tableFields({ id, catalog, schema, name, engine, logicalTables = [] }: Table): JsonObject {
  const logical = logicalTables
    .toSorted((a, b) => compareIds(a.id, b.id))
    .map((table) => ({ id: table.id, schema: table.schema, name: table.name }));
  return { id, catalog, schema, name, engine, ...(logical.length > 0 && { logicalTables: logical }) };
}

/** Written by hand: there may be a million of them, and neither ids nor words of a closed list hold anything to escape. */
function regionText({ id, tableId, leader, followers = [], status, load }: Region): string {
  const leaderText = leader === null ? 'null' : `"${leader}"`;
  const followersText =
    followers.length === 0 ? '' : `,"followers":${JSON.stringify(followers.toSorted(compareIds))}`;
  return `{"id":"${id}","tableId":"${tableId}","leader":${leaderText}${followersText},"status":"${status}"${loadText(load)}}`;
}

function loadText(load: RegionLoad = {}): string {
  let fields = '';
  for (const field of LOAD_FIELDS) {
    const amount = load[field];
    if (amount !== undefined) fields += `${fields === '' ? '' : ','}"${field}":${amount}`;
  }
  return fields === '' ? '' : `,"load":{${fields}}`;
}

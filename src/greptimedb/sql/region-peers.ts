import { compareIds } from '../../domain/ids.ts';
import type { DatanodeId, RegionId } from '../../domain/ids.ts';
import type { RegionStatus } from '../../domain/snapshot.ts';
import { decimalId } from '../../lib/json.ts';
import { idOf, isRounded } from './result.ts';
import type { SqlRows } from './result.ts';

/** One region as a frontend's route cache has it. */
export interface PeerEntry {
  readonly id: RegionId;
  leader: DatanodeId | null;
  status: RegionStatus;
  /** Undefined instead of empty: most regions have none, and there may be a million. */
  followers: DatanodeId[] | undefined;
  /** Whether a row named the leader, if only as null. */
  hasLeaderRow: boolean;
}

export interface PeerTable {
  /** Regions by the number in the upper half of their id: the table that owns them. */
  readonly byTable: ReadonlyMap<number, readonly PeerEntry[]>;
  readonly addrs: ReadonlyMap<DatanodeId, string>;
}

/** Since 0.7. Follower rows exist from 0.14. Never with a predicate: before 1.0 one would lose rows (region_peers.rs at v0.17.0). */
export const REGION_PEER_COLUMNS = ['region_id', 'peer_id', 'peer_addr', 'is_leader', 'status'];

interface Columns {
  readonly region: number;
  readonly peer: number;
  readonly addr: number;
  readonly isLeader: number;
  readonly status: number;
}

/**
 * Reads `information_schema.region_peers`. One pass over up to a million rows, in about a third of the time that parsing took.
 * Regions that 0.7 and 0.8 repeat for each logical table come out once.
 *
 * @throws CallError about the first cell of a wrong type.
 */
export function readRegionPeers(answer: SqlRows): PeerTable {
  try {
    return readRows(answer);
  } catch (error) {
    const exactIds =
      isRounded(error) && answer.find('region_id') === 0 ? answer.firstColumnTexts() : undefined;
    if (exactIds) return readRows(answer, exactIds);
    if (!isRounded(error)) throw error;
    return answer.readExactly((rows) => readRows(rows));
  }
}

function readRows(rows: SqlRows, exactIds?: readonly string[]): PeerTable {
  const columns: Columns = {
    region: rows.require('region_id'),
    peer: rows.require('peer_id'),
    addr: rows.find('peer_addr'),
    isLeader: rows.find('is_leader'),
    status: rows.find('status'),
  };
  const tables = new TableGroups();
  const peers = new PeerNames();
  for (let index = 0; index < rows.rows.length; index += 1) {
    const row = rows.rows[index]!;
    const peer = peers.idOf(row[columns.peer], row[columns.addr]);
    if (peer === undefined)
      throw rows.bad(index, 'peer_id', 'an unsigned integer or null', row[columns.peer]);
    const entry = tables.entryFor(row[columns.region], exactIds?.[index]);
    if (!entry) throw rows.bad(index, 'region_id', 'an unsigned integer', row[columns.region]);
    apply(entry, peer, isLeaderRow(row[columns.isLeader]), row[columns.status]);
  }
  return { byTable: tables.conclude(), addrs: peers.addrs };
}

const TWO_TO_32 = 4_294_967_296;

/** A region id: as the number it came as, or as text where a number would not hold it. */
type RegionKey = number | RegionId;

interface TableGroup {
  readonly entries: PeerEntry[];
  lastKey: RegionKey;
  /** Only where the rows of this table do not come in the order of their ids. */
  byKey: Map<RegionKey, PeerEntry> | undefined;
}

/**
 * The table's number. Dividing gives it also from a rounded id, unless that was rounded up to the very first id of the next table;
 * a BigInt for a million ids would cost more than all the rest.
 */
function tableNumberOf(value: unknown, id: RegionId): number {
  if (typeof value === 'number' && (value <= Number.MAX_SAFE_INTEGER || value % TWO_TO_32 !== 0))
    return Math.floor(value / TWO_TO_32);
  return Number(BigInt(id) >> 32n);
}

/**
 * Groups rows by table and joins those of one region. One hash map of a million ids would cost as much as parsing the answer; the
 * rows of a table mostly stand together and in order, so that looking at the last ones mostly suffices.
 */
class TableGroups {
  readonly #groups = new Map<number, TableGroup>();
  #table = -1;
  #group: TableGroup = newGroup();

  /** @returns undefined when the value is no region id. */
  entryFor(value: unknown, exactId?: string): PeerEntry | undefined {
    const id = exactId === undefined ? idOf(value) : exactId.length < 20 ? exactId : decimalId(exactId);
    if (id === undefined) return undefined;
    const table = tableNumberOf(value, id);
    if (table !== this.#table) this.#switchTo(table);
    const key = typeof value === 'number' && exactId === undefined ? value : id;
    return findInGroup(this.#group, key) ?? addToGroup(this.#group, key, id);
  }

  conclude(): ReadonlyMap<number, readonly PeerEntry[]> {
    return new Map([...this.#groups].map(([table, group]) => [table, group.entries]));
  }

  #switchTo(table: number): void {
    let group = this.#groups.get(table);
    if (!group) {
      group = newGroup();
      this.#groups.set(table, group);
    }
    this.#table = table;
    this.#group = group;
  }
}

function newGroup(): TableGroup {
  return { entries: [], lastKey: -1, byKey: undefined };
}

function findInGroup(group: TableGroup, key: RegionKey): PeerEntry | undefined {
  if (key === group.lastKey) return group.entries.at(-1);
  if (!group.byKey) {
    if (isAfter(key, group.lastKey)) return undefined;
    group.byKey = new Map(group.entries.map((entry) => [keyLike(key, entry.id), entry]));
  }
  return group.byKey.get(key);
}

/** All keys of one table are of one kind. */
function keyLike(key: RegionKey, id: RegionId): RegionKey {
  return typeof key === 'number' ? Number(id) : id;
}

function isAfter(key: RegionKey, last: RegionKey): boolean {
  if (typeof key === 'number' && typeof last === 'number') return key > last;
  return last === -1 || compareIds(String(key), String(last)) > 0;
}

function addToGroup(group: TableGroup, key: RegionKey, id: RegionId): PeerEntry {
  const entry: PeerEntry = { id, leader: null, status: 'alive', followers: undefined, hasLeaderRow: false };
  group.entries.push(entry);
  group.lastKey = key;
  group.byKey?.set(key, entry);
  return entry;
}

/** Before followers had rows every row was a leader's. */
function isLeaderRow(value: unknown): boolean {
  return value === 'Yes' || value === undefined || value === null || value === true || isYes(value);
}

function isYes(value: unknown): boolean {
  return typeof value === 'string' && value.toLowerCase() === 'yes';
}

function apply(entry: PeerEntry, peer: DatanodeId | null, isLeader: boolean, status: unknown): void {
  if (!isLeader) {
    if (peer !== null && !entry.followers?.includes(peer)) (entry.followers ??= []).push(peer);
    return;
  }
  const read = statusOf(status);
  if (!entry.hasLeaderRow) {
    entry.hasLeaderRow = true;
    entry.leader = peer;
    entry.status = read;
  } else if (peer !== entry.leader || read !== entry.status) {
    // Two rows of one region that disagree: one route was read before a change and one after.
    entry.status = 'migrating';
  }
}

/** `ALIVE`; `DOWNGRADED` up to 0.9.3, `DOWNGRADING` later; `STAGING` from 0.17. Anything new counts as not to be touched. */
export function statusOf(value: unknown): RegionStatus {
  if (value === 'ALIVE' || value === null || value === undefined) return 'alive';
  const text = typeof value === 'string' ? value.toUpperCase() : '';
  if (text === 'ALIVE') return 'alive';
  return text.startsWith('STAGING') ? 'staging' : 'migrating';
}

/** Ids below this are looked up by position; all of them in practice. */
const MAX_SMALL_PEER = 65_536;

/** Texts of peer ids, one per datanode rather than one per row. */
class PeerNames {
  readonly addrs = new Map<DatanodeId, string>();
  readonly #small: (DatanodeId | undefined)[] = [];

  /** @returns undefined when the value is no id. */
  idOf(value: unknown, addr: unknown): DatanodeId | null | undefined {
    if (value === null) return null;
    const known = typeof value === 'number' && value < MAX_SMALL_PEER ? this.#small[value] : undefined;
    return known ?? this.#add(value, addr);
  }

  #add(value: unknown, addr: unknown): DatanodeId | undefined {
    const id = idOf(value);
    if (id === undefined) return undefined;
    if (typeof value === 'number' && value < MAX_SMALL_PEER) this.#small[value] = id;
    if (!this.addrs.get(id)) this.addrs.set(id, typeof addr === 'string' ? addr : '');
    return id;
  }
}

/** The entry of one region, or undefined. */
export function findPeerEntry(peers: PeerTable, regionId: RegionId): PeerEntry | undefined {
  return peers.byTable.get(Number(BigInt(regionId) >> 32n))?.find(({ id }) => id === regionId);
}

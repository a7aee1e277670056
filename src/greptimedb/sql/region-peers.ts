import { isBelow } from '../../domain/ids.ts';
import type { DatanodeId, RegionId } from '../../domain/ids.ts';
import type { RegionStatus } from '../../domain/snapshot.ts';
import { decimalId } from '../../lib/json.ts';
import type { SqlRows } from './result.ts';
import { TableRange } from './table-range.ts';

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

/**
 * Reads `information_schema.region_peers`. One pass over up to a million rows, in turns.
 * Regions that 0.7 and 0.8 repeat for each logical table come out once.
 *
 * @throws CallError about the first cell of a wrong type.
 */
export async function readRegionPeers(rows: SqlRows): Promise<PeerTable> {
  const peers = new PeerNames();
  const tables = new TableGroups();
  const [addr, isLeader, status] = [rows.find('peer_addr'), rows.find('is_leader'), rows.find('status')];
  const peer = rows.column('peer_id', 'an unsigned integer or null', (cell, row) =>
    peers.idOf(cell, () => addr(row)),
  );
  const entry = rows.column('region_id', 'an unsigned integer', (cell) => tables.entryFor(cell));
  await rows.each((row) => apply(entry(row), peer(row), isLeaderRow(isLeader(row)), status(row)));
  return { byTable: tables.conclude(), addrs: peers.addrs };
}

interface TableGroup {
  readonly range: TableRange;
  readonly entries: PeerEntry[];
  /** Only where the rows of this table do not come in the order of their ids. */
  byId: Map<RegionId, PeerEntry> | undefined;
}

/**
 * Groups rows by table and joins those of one region. One hash map of a million ids would cost as much as parsing the answer; the
 * rows of a table mostly stand together and in order, so that looking at the last ones mostly suffices.
 */
class TableGroups {
  readonly #groups = new Map<number, TableGroup>();
  #group: TableGroup | undefined;

  /** @returns undefined when the value is no region id. */
  entryFor(value: unknown): PeerEntry | undefined {
    const id = decimalId(value);
    if (id === undefined) return undefined;
    if (!this.#group?.range.has(id)) this.#group = this.#groupOf(new TableRange(id));
    return findInGroup(this.#group, id) ?? addToGroup(this.#group, id);
  }

  conclude(): ReadonlyMap<number, readonly PeerEntry[]> {
    return new Map([...this.#groups].map(([table, group]) => [table, group.entries]));
  }

  #groupOf(range: TableRange): TableGroup {
    const known = this.#groups.get(range.table);
    if (known) return known;
    const group: TableGroup = { range, entries: [], byId: undefined };
    this.#groups.set(range.table, group);
    return group;
  }
}

function findInGroup(group: TableGroup, id: RegionId): PeerEntry | undefined {
  const last = group.entries.at(-1);
  if (!last) return undefined;
  if (!group.byId) {
    if (isBelow(last.id, id)) return undefined;
    if (id === last.id) return last;
    group.byId = new Map(group.entries.map((entry) => [entry.id, entry]));
  }
  return group.byId.get(id);
}

function addToGroup(group: TableGroup, id: RegionId): PeerEntry {
  const entry: PeerEntry = { id, leader: null, status: 'alive', followers: undefined, hasLeaderRow: false };
  group.entries.push(entry);
  group.byId?.set(id, entry);
  return entry;
}

/** Before followers had rows every row was a leader's. */
function isLeaderRow(value: unknown): boolean {
  return value === 'Yes' || typeof value !== 'string' || value.toLowerCase() === 'yes';
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
function statusOf(value: unknown): RegionStatus {
  if (value === 'ALIVE' || value === null || value === undefined) return 'alive';
  const text = typeof value === 'string' ? value.toUpperCase() : '';
  if (text === 'ALIVE') return 'alive';
  return text.startsWith('STAGING') ? 'staging' : 'migrating';
}

/** Texts of peer ids, one per datanode rather than one per row. */
class PeerNames {
  readonly addrs = new Map<DatanodeId, string>();
  readonly #ids = new Map<unknown, DatanodeId>();

  /** @returns undefined when the value is neither an id nor null. */
  idOf(value: unknown, readAddr: () => unknown): DatanodeId | null | undefined {
    if (value === null) return null;
    const known = this.#ids.get(value);
    if (known !== undefined) return known;
    const id = decimalId(value);
    if (id === undefined) return undefined;
    this.#ids.set(value, id);
    const addr = readAddr();
    this.addrs.set(id, typeof addr === 'string' ? addr : '');
    return id;
  }
}

/** The entry of one region, or undefined. */
export function findPeerEntry(peers: PeerTable, regionId: RegionId): PeerEntry | undefined {
  const entries = peers.byTable.get(Number(BigInt(regionId) >> 32n)) ?? [];
  // They mostly stand in the order of their ids: a table may have a hundred thousand, each of which is looked for.
  let [from, to] = [0, entries.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if (isBelow(entries[middle]!.id, regionId)) from = middle + 1;
    else to = middle;
  }
  return entries[from]?.id === regionId ? entries[from] : entries.find(({ id }) => id === regionId);
}

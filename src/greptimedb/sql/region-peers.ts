import { compareIds, isBelow, tableIdOf } from '../../domain/ids.ts';
import type { DatanodeId, RegionId, TableId } from '../../domain/ids.ts';
import type { RegionStatus } from '../../domain/snapshot.ts';
import { decimalId } from '../../lib/json.ts';
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
  readonly byTable: ReadonlyMap<TableId, TableRegions>;
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
  const byTable = new Map<TableId, TableRegions>();
  let regions: TableRegions | undefined;
  const entryFor = (id: RegionId): PeerEntry => {
    // The rows of a table mostly stand together.
    if (!regions?.covers(id)) {
      const tableId = tableIdOf(id);
      regions = byTable.get(tableId) ?? new TableRegions(tableId);
      byTable.set(tableId, regions);
    }
    return regions.entryFor(id);
  };
  const [addr, isLeader, status] = [rows.find('peer_addr'), rows.find('is_leader'), rows.find('status')];
  const [region, peer] = [
    rows.id('region_id'),
    rows.column('peer_id', 'an unsigned integer or null', (cell, row) => peers.idOf(cell, () => addr(row))),
  ];
  await rows.each((row) => apply(entryFor(region(row)), peer(row), isLeaderRow(isLeader(row)), status(row)));
  return { byTable, addrs: peers.addrs };
}

/**
 * The regions of one table. One hash map of a million ids would cost as much as parsing the answer, and a BigInt for each more than all the
 * rest; the rows of a table mostly come in the order of their ids, so that comparing texts with the last one mostly suffices.
 */
class TableRegions {
  readonly #entries: PeerEntry[] = [];
  /** Only where the rows do not come in the order of their ids. */
  #byId: Map<RegionId, PeerEntry> | undefined;
  /** The ids that regions of the table can have. */
  readonly #range: readonly [RegionId, RegionId];

  constructor(tableId: TableId) {
    const first = BigInt(tableId) << 32n;
    this.#range = [first.toString(), (first + 0xffff_ffffn).toString()];
  }

  covers(id: RegionId): boolean {
    return !isBelow(id, this.#range[0]) && !isBelow(this.#range[1], id);
  }

  /** By their ids. */
  get inOrder(): readonly PeerEntry[] {
    return this.#byId ? this.#entries.toSorted((a, b) => compareIds(a.id, b.id)) : this.#entries;
  }

  find(id: RegionId): PeerEntry | undefined {
    if (this.#byId) return this.#byId.get(id);
    // A table may have a hundred thousand, each of which is looked for.
    let [from, to] = [0, this.#entries.length];
    while (from < to) {
      const middle = (from + to) >> 1;
      if (isBelow(this.#entries[middle]!.id, id)) from = middle + 1;
      else to = middle;
    }
    return this.#entries[from]?.id === id ? this.#entries[from] : undefined;
  }

  /** The entry of a region, new if there is none. */
  entryFor(id: RegionId): PeerEntry {
    const last = this.#entries.at(-1);
    if (last && !this.#byId && !isBelow(last.id, id)) {
      if (last.id === id) return last;
      this.#byId = new Map(this.#entries.map((entry) => [entry.id, entry]));
    }
    const known = this.#byId?.get(id);
    if (known) return known;
    const entry: PeerEntry = { id, leader: null, status: 'alive', followers: undefined, hasLeaderRow: false };
    this.#entries.push(entry);
    this.#byId?.set(id, entry);
    return entry;
  }
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
export function findPeerEntry({ byTable }: PeerTable, regionId: RegionId): PeerEntry | undefined {
  return byTable.get(tableIdOf(regionId))?.find(regionId);
}

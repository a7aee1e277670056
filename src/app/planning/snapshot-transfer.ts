import { compareIds } from '../../domain/ids.ts';
import type { Region, RegionLoad, RegionStatus, Snapshot } from '../../domain/snapshot.ts';

/**
 * A snapshot as a few flat arrays, which change threads without being copied. Cloning a million region objects would hold up the
 * sending thread for seconds.
 */
export interface PackedSnapshot {
  readonly rest: Omit<Snapshot, 'regions'>;
  readonly ids: BigUint64Array<ArrayBuffer>;
  /** Index into `tableIds`. */
  readonly table: Int32Array<ArrayBuffer>;
  readonly tableIds: readonly string[];
  /** Index into `datanodeIds`, or -1. */
  readonly leader: Int32Array<ArrayBuffer>;
  readonly datanodeIds: readonly string[];
  /** Index into {@link STATUSES}. */
  readonly status: Uint8Array<ArrayBuffer>;
  /** Four numbers a region, in the order of {@link LOADS}; NaN for unknown. */
  readonly load: Float64Array<ArrayBuffer>;
  /** The few regions that have followers, by index. */
  readonly followers: ReadonlyMap<number, readonly string[]>;
}

const STATUSES = ['alive', 'migrating', 'staging'] as const satisfies readonly RegionStatus[];
const LOADS = [
  'writeBytesPerSecond',
  'memtableBytes',
  'diskBytes',
  'rows',
] as const satisfies readonly (keyof RegionLoad)[];

/** Regions that are packed in one turn: below a millisecond. */
const CHUNK = 1_000;

/** Packs without holding up the thread: `breathe` is awaited every few thousand regions. */
export async function packSnapshot(
  snapshot: Snapshot,
  breathe: () => Promise<void>,
): Promise<PackedSnapshot> {
  const { regions, ...rest } = snapshot;
  const tableIndex = new Indices();
  const datanodeIndex = new Indices();
  const packed: PackedSnapshot = {
    rest,
    ids: new BigUint64Array(regions.length),
    table: new Int32Array(regions.length),
    tableIds: tableIndex.names,
    leader: new Int32Array(regions.length),
    datanodeIds: datanodeIndex.names,
    status: new Uint8Array(regions.length),
    load: new Float64Array(regions.length * LOADS.length),
    followers: new Map(),
  };
  const followers = new Map<number, readonly string[]>();
  for (let index = 0; index < regions.length; index += 1) {
    if (index % CHUNK === 0) await breathe();
    const region = regions[index]!;
    packed.ids[index] = BigInt(region.id);
    packed.table[index] = tableIndex.of(region.tableId);
    packed.leader[index] = region.leader === null ? -1 : datanodeIndex.of(region.leader);
    packed.status[index] = STATUSES.indexOf(region.status);
    LOADS.forEach((name, part) => (packed.load[index * LOADS.length + part] = region.load?.[name] ?? NaN));
    if (region.followers && region.followers.length > 0) followers.set(index, region.followers);
  }
  return { ...packed, followers };
}

/** The buffers that change hands. */
export function transferList({ ids, table, leader, status, load }: PackedSnapshot): ArrayBuffer[] {
  return [ids, table, leader, status, load].map(({ buffer }) => buffer);
}

/** The snapshot as it was, up to what makes no difference: an empty list of followers and an empty load are left out. */
export function unpackSnapshot(packed: PackedSnapshot): Snapshot {
  const { rest, ids, table, tableIds, leader, datanodeIds, status, followers } = packed;
  const regions = Array.from(ids, (id, index): Region => {
    const of = followers.get(index);
    const load = unpackLoad(packed, index);
    const leaderIndex = leader[index]!;
    return {
      id: id.toString(),
      tableId: tableIds[table[index]!]!,
      leader: leaderIndex === -1 ? null : datanodeIds[leaderIndex]!,
      ...(of && { followers: of }),
      status: STATUSES[status[index]!]!,
      ...(load && { load }),
    };
  });
  return { ...rest, regions };
}

function unpackLoad({ load }: PackedSnapshot, region: number): RegionLoad | undefined {
  const base = region * LOADS.length;
  const entries = LOADS.map((name, part) => [name, load[base + part]!] as const);
  const known = entries.filter(([, value]) => !Number.isNaN(value));
  return known.length === 0 ? undefined : Object.fromEntries(known);
}

/** Numbers names in the order in which they first appear. */
class Indices {
  readonly names: string[] = [];
  readonly #known = new Map<string, number>();
  #last = '';
  #lastIndex = -1;

  of(name: string): number {
    if (this.#lastIndex !== -1 && compareIds(name, this.#last) === 0) return this.#lastIndex;
    let index = this.#known.get(name);
    if (index === undefined) {
      index = this.names.push(name) - 1;
      this.#known.set(name, index);
    }
    this.#last = name;
    this.#lastIndex = index;
    return index;
  }
}

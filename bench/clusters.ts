import type { Region, Snapshot } from '../src/domain/snapshot.ts';
import { createPrng } from '../src/lib/prng.ts';

export interface ClusterShape {
  readonly tables: number;
  readonly regionsPerTable: number;
  readonly datanodes: number;
  /** Datanodes that lead something; the others have just joined. */
  readonly used: number;
  /**
   * `random`: each region anywhere. `balanced`: every table and the totals as even as can be over the used datanodes. `power`: the datanodes
   * that come first lead most.
   */
  readonly layout: 'random' | 'balanced' | 'power';
  /** Followers of each region, on used datanodes; none when absent. */
  readonly followers?: number;
}

/** A snapshot as the `snapshot` command writes it, loads included. The same shape gives the same snapshot. */
export function makeSnapshot(shape: ClusterShape): Snapshot {
  const { tables, regionsPerTable, datanodes, used, layout } = shape;
  const prng = createPrng('bench');
  let next = 0;
  const leaderOf = {
    random: () => prng.int(used),
    balanced: () => next++ % used,
    power: () => Math.floor(used * (prng.int(1_000) / 1_000) ** 3),
  };
  const followersOf = (leader: number): string[] => {
    const ids = new Set<number>();
    while (ids.size < (shape.followers ?? 0)) ids.add((leader + 1 + prng.int(used - 1)) % used);
    return [...ids].map(String);
  };
  const regions: Region[] = [];
  for (let table = 0; table < tables; table += 1) {
    for (let number = 0; number < regionsPerTable; number += 1) {
      const leader = leaderOf[layout]();
      regions.push({
        id: String(BigInt(1024 + table) * 4_294_967_296n + BigInt(number)),
        tableId: String(1024 + table),
        leader: String(leader),
        followers: followersOf(leader),
        status: 'alive',
        load: {
          writeBytesPerSecond: prng.int(1_000_000),
          memtableBytes: prng.int(64_000_000),
          diskBytes: prng.int(1_000_000_000),
        },
      });
    }
  }
  return {
    formatVersion: 1,
    takenAt: '2026-11-22T13:00:00.000Z',
    cluster: { name: 'bench', api: 'sql', version: '1.3.0' },
    datanodes: Array.from({ length: datanodes }, (_, id) => ({
      id: String(id),
      addr: `datanode-${id}.greptimedb:4001`,
      status: 'alive',
    })),
    tables: Array.from({ length: tables }, (_, table) => ({
      id: String(1024 + table),
      catalog: 'greptime',
      schema: 'public',
      name: `table_${table}`,
      engine: 'mito',
    })),
    regions,
  };
}

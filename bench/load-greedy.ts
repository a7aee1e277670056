import type { Snapshot } from '../src/domain/snapshot.ts';

export interface GreedyResult {
  readonly moves: number;
  /** Highest load of a datanode at the end, over the mean. */
  readonly highest: number;
}

/**
 * What load balancers of this kind do: while any datanode is outside the tolerance, move the hottest region that fits from the hottest datanode to the
 * coldest, if that makes the hotter of the two less hot. Knows tables no more than they do: made for tables of one region.
 */
export function greedyByLoad({ datanodes, regions }: Snapshot, tolerance: number): GreedyResult {
  const loads = datanodes.map(() => 0);
  const on = datanodes.map((): { load: number }[] => []);
  for (const { leader, load } of regions) {
    const entry = { load: load?.writeBytesPerSecond ?? 0 };
    loads[Number(leader)]! += entry.load;
    on[Number(leader)]!.push(entry);
  }
  for (const list of on) list.sort((a, b) => b.load - a.load);
  const mean = loads.reduce((sum, load) => sum + load, 0) / loads.length;
  let moves = 0;
  for (;;) {
    const hottest = loads.indexOf(Math.max(...loads));
    const coldest = loads.indexOf(Math.min(...loads));
    if (loads[hottest]! <= (1 + tolerance) * mean && loads[coldest]! >= (1 - tolerance) * mean) break;
    const index = on[hottest]!.findIndex(({ load }) => load > 0 && loads[coldest]! + load < loads[hottest]!);
    if (index === -1) break;
    const [moved] = on[hottest]!.splice(index, 1);
    loads[hottest]! -= moved!.load;
    loads[coldest]! += moved!.load;
    on[coldest]!.push(moved!);
    on[coldest]!.sort((a, b) => b.load - a.load);
    moves += 1;
    if (moves > 10 * regions.length) break;
  }
  return { moves, highest: Math.max(...loads) / mean };
}

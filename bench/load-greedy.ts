import { CALM } from '../src/domain/load.ts';
import { EMPTY_MEMORY } from '../src/domain/policy.ts';
import type { Policy } from '../src/domain/policy.ts';
import type { Region, Snapshot } from '../src/domain/snapshot.ts';
import { makePlan } from '../src/planner/plan.ts';

interface GreedyResult {
  readonly moves: number;
  /** Highest load of a datanode at the end. */
  readonly highest: number;
  /** The lowest. */
  readonly lowest: number;
}

export interface GreedyRules {
  /** The band that every datanode shall come into. */
  readonly low: number;
  readonly high: number;
  /** Regions with less are not moved. */
  readonly smallest: number;
  /** Whether it goes on while a datanode lies below the band; otherwise it ends when none lies above. */
  readonly fills: boolean;
}

/**
 * Balancers of this kind move one region at a time and do not look ahead: of the hottest datanode the hottest region, to the coldest datanode, if that
 * makes the hotter of the two less hot; else to the next colder one, else from the next hotter. They end when nothing is outside or nothing helps.
 *
 * - TiKV PD, `pkg/schedule/schedulers/hot_region.go` (`filterSrcStores`, `pickDstStores`, `solve`): a source is above its expectation by a tolerance, a
 *   target below it, the best of source, peer and target in that order is moved, peers below a minimum are no candidates. It ends when no source is
 *   left (`fills: false`).
 * - GreptimeDB Enterprise, Region Balancer (docs.greptime.com, enterprise/autopilot/region-balancer): a source is above the mean by
 *   `acceptable_load_ratio`, regions below `region_min_load_threshold` are not selected.
 *
 * As here, no move may leave a table with more or less than its share on a datanode: both have filters for what must not be moved.
 */
export function greedyByLoad({ datanodes, regions }: Snapshot, rules: GreedyRules): GreedyResult {
  const board = createBoard(datanodes.length, regions);
  const mean = board.loads.reduce((sum, load) => sum + load, 0) / datanodes.length;
  let moves = 0;
  while (moves < 10 * regions.length && step(board, mean, rules)) moves += 1;
  return { moves, highest: Math.max(...board.loads), lowest: Math.min(...board.loads) };
}

/** The highest load that it reaches with the rules of a policy, from where table spread leaves the regions. */
export function greedyHighest(
  snapshot: Snapshot,
  policy: Policy,
  { mean, low, high }: { readonly mean: number; readonly low: number; readonly high: number },
): number {
  const memory = { ...EMPTY_MEMORY, load: CALM };
  const { moves } = makePlan({ snapshot, policy, memory, nowMs: 0 }).plan;
  const to = new Map(moves.map((move) => [move.regionId, move.to]));
  const regions = snapshot.regions.map((region) => ({
    ...region,
    leader: to.get(region.id) ?? region.leader,
  }));
  return greedyByLoad({ ...snapshot, regions }, { low, high, smallest: 0.01 * mean, fills: true }).highest;
}

interface Board {
  readonly loads: number[];
  /** Regions by datanode, from the most load to the least. */
  readonly on: { readonly load: number; readonly table: string }[][];
  /** Regions by table and datanode. */
  readonly counts: ReadonlyMap<string, number[]>;
}

function createBoard(nodes: number, regions: readonly Region[]): Board {
  const loads = Array.from({ length: nodes }, () => 0);
  const on = loads.map((): Board['on'][number] => []);
  const counts = new Map<string, number[]>();
  for (const { leader, load, tableId } of regions) {
    const entry = { load: load?.writeBytesPerSecond ?? 0, table: tableId };
    loads[Number(leader)]! += entry.load;
    on[Number(leader)]!.push(entry);
    const count = counts.get(tableId) ?? loads.map(() => 0);
    count[Number(leader)]! += 1;
    counts.set(tableId, count);
  }
  for (const list of on) list.sort((a, b) => b.load - a.load);
  return { loads, on, counts };
}

/** Makes the next move. Returns whether there was one. */
function step(board: Board, mean: number, { low, high, smallest, fills }: GreedyRules): boolean {
  const { loads, on, counts } = board;
  const order = [...loads.keys()].sort((a, b) => loads[b]! - loads[a]!);
  const isEven = loads[order[0]!]! <= high && !(fills && loads[order.at(-1)!]! < low);
  if (isEven) return false;
  for (const from of order) {
    if (loads[from]! <= (fills ? mean : high)) return false;
    for (const to of order.toReversed()) {
      if (loads[to]! >= mean) break;
      const index = on[from]!.findIndex(
        ({ load, table }) =>
          load >= smallest && loads[to]! + load < loads[from]! && keepsShare(counts.get(table)!, from, to),
      );
      if (index === -1) continue;
      const [moved] = on[from]!.splice(index, 1);
      loads[from]! -= moved!.load;
      loads[to]! += moved!.load;
      on[to]!.push(moved!);
      on[to]!.sort((a, b) => b.load - a.load);
      counts.get(moved!.table)![from]! -= 1;
      counts.get(moved!.table)![to]! += 1;
      return true;
    }
  }
  return false;
}

function keepsShare(count: readonly number[], from: number, to: number): boolean {
  const share = count.reduce((sum, value) => sum + value, 0) / count.length;
  return count[from]! > Math.floor(share) && count[to]! < Math.ceil(share);
}

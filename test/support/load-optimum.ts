import type { Prng } from '../../src/lib/prng.ts';
import type { Region, Snapshot } from '../../src/domain/snapshot.ts';
import { snapshotOf } from './random-case.ts';

/** How good a placement is for the objective `load`, by its definition in words and nothing of the planner's. */
export interface LoadQuality {
  /** Highest load of a target over the mean. */
  readonly highest: number;
  /** Targets outside their bands that carry more than the ceiling. */
  readonly beyond: number;
  /** How far the worst target lies above its band, in tolerances begun. */
  readonly above: number;
  /** The same of all targets in sum. */
  readonly over: number;
  /** Whether any target lies below its band. */
  readonly under: number;
  readonly moves: number;
}

const NOISE = 1e-7;

export interface Tolerated {
  readonly tolerance: number;
  /** The least that a target should carry. */
  readonly low: number;
  /** Load that no target outside its band should have: what plain balancing reaches. */
  readonly ceiling: number;
}

/** @param leaders of the snapshot's regions, all datanodes being targets of weight 1. */
export function measureLoads(
  snapshot: Snapshot,
  leaders: readonly number[],
  { tolerance, low, ceiling }: Tolerated,
): LoadQuality {
  const nodes = snapshot.datanodes.length;
  const load = new Array<number>(nodes).fill(0);
  const heaviest = new Array<number>(nodes).fill(0);
  let moves = 0;
  snapshot.regions.forEach((region, index) => {
    const at = leaders[index]!;
    const own = loadOf(region);
    load[at]! += own;
    heaviest[at] = Math.max(heaviest[at]!, own);
    if (region.leader !== String(at)) moves += 1;
  });
  const mean = load.reduce((sum, value) => sum + value, 0) / nodes;
  const high = (1 + tolerance) * mean;
  let [beyond, above, sum, isUnder] = [0, 0, 0, 0];
  load.forEach((value, node) => {
    // A region too heavy for the band makes its own.
    const limit = heaviest[node]! > high ? heaviest[node]! * (1 + tolerance) : high;
    const over = Math.max(0, value - limit) / mean;
    const steps = over > NOISE ? Math.ceil(over / tolerance - NOISE) : 0;
    above = Math.max(above, steps);
    sum += steps;
    if (steps > 0 && (value - ceiling) / mean > NOISE) beyond += 1;
    if ((low - value) / mean > NOISE) isUnder = 1;
  });
  return { highest: Math.max(...load) / mean, beyond, above, over: sum, under: isUnder, moves };
}

export function loadOf({ load }: Region): number {
  return load?.writeBytesPerSecond ?? 0;
}

export function compareQuality(a: LoadQuality, b: LoadQuality): number {
  return (
    a.beyond - b.beyond || a.above - b.above || a.over - b.over || a.under - b.under || a.moves - b.moves
  );
}

/** The best of all placements that keep every table's spread. Takes `datanodes ** regions` steps at most. */
export function bestByLoad(snapshot: Snapshot, band: Tolerated): LoadQuality {
  const nodes = snapshot.datanodes.length;
  const counts = new Map<string, number[]>();
  const left = new Map<string, number>();
  for (const { tableId } of snapshot.regions) {
    counts.set(tableId, new Array<number>(nodes).fill(0));
    left.set(tableId, (left.get(tableId) ?? 0) + 1);
  }
  const sizes = new Map(left);
  const leaders: number[] = [];
  let best: LoadQuality | undefined;
  const visit = (index: number): void => {
    const region = snapshot.regions[index];
    if (region === undefined) {
      const quality = measureLoads(snapshot, leaders, band);
      if (best === undefined || compareQuality(quality, best) < 0) best = quality;
      return;
    }
    const count = counts.get(region.tableId)!;
    const size = sizes.get(region.tableId)!;
    left.set(region.tableId, left.get(region.tableId)! - 1);
    for (let node = 0; node < nodes; node += 1) {
      if (count[node]! >= Math.ceil(size / nodes)) continue;
      count[node]! += 1;
      leaders[index] = node;
      const lacks = count.reduce((sum, value) => sum + Math.max(0, Math.floor(size / nodes) - value), 0);
      if (lacks <= left.get(region.tableId)!) visit(index + 1);
      count[node]! -= 1;
    }
    left.set(region.tableId, left.get(region.tableId)! + 1);
  };
  visit(0);
  return best!;
}

/** A few tables on a few datanodes, spread as shares want it or anyhow, with loads of one of several kinds. */
export function randomLoads(prng: Prng, datanodes: number, regions: number): Snapshot {
  const tables: number[][] = [];
  for (let left = regions; left > 0;) {
    const size = 1 + prng.int(Math.min(left, 2 * datanodes));
    const counts = new Array<number>(datanodes).fill(0);
    for (let region = 0; region < size; region += 1) counts[prng.int(datanodes)]! += 1;
    tables.push(counts);
    left -= size;
  }
  const draw = prng.pick([
    () => prng.int(1_000),
    () => 10 ** (3 * prng.next()),
    () => 1_000 / (1 + prng.int(regions)),
    () => (prng.chance(0.2) ? 1_000 : 100 + prng.int(100)),
  ]);
  const base = snapshotOf(tables, datanodes);
  return {
    ...base,
    regions: base.regions.map((region) => ({
      ...region,
      load: { writeBytesPerSecond: 1_000 * (1 + draw()) },
    })),
  };
}

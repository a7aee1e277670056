import type { Relocation } from '../choose/choose.ts';
import type { Problem } from '../problem.ts';
import { MAY_MOVE } from './loads.ts';
import type { Loads } from './loads.ts';

/** Within what the load of every target should lie, for each unit of its weight. */
export interface Band {
  readonly mean: number;
  readonly tolerance: number;
  readonly low: number;
  readonly high: number;
  /** By column: what it carries and no move for load takes away. */
  readonly fixed: Float64Array;
  /** The part of that which stays only because its load is not known well enough. */
  readonly unsure: Float64Array;
  /**
   * Regions that fit into the band of fewer than half of the targets, were these emptied of all that may move, from the most load to the least. Whoever leads one, or has too much that is fixed, should carry no more
   * than the tolerance on top of that.
   */
  readonly heavy: readonly number[];
  /** Load of the first of these; 0 where there is none. */
  readonly heaviest: number;
}

/** Column of each counted region once these moves are made; -1 where no target leads it. */
export function columnsAfter(problem: Problem, relocations: readonly Relocation[]): Int32Array {
  const { columnOf, nodeOf, regionsOfTable, hold } = problem;
  const columns = new Int32Array(hold.length).fill(-1);
  for (const region of regionsOfTable) columns[region] = columnOf[nodeOf[region]!]!;
  for (const { region, to } of relocations) columns[region] = columnOf[to]!;
  return columns;
}

/** What each target carries, in all and not for its weight. */
export function carriedBy({ columns, regionsOfTable }: Problem, loads: Loads, at: Int32Array): Float64Array {
  const carried = new Float64Array(columns.length);
  for (const region of regionsOfTable) if (at[region] !== -1) carried[at[region]!]! += loads.of[region]!;
  return carried;
}

/** What a target should carry at the mean. */
export function meanOf({ totalWeight }: Problem, carried: Float64Array): number {
  return carried.reduce((sum, load) => sum + load, 0) / totalWeight;
}

/** @param at the column of each region when nothing is moved for load. @param carried the same as loads. */
export function findBand(
  problem: Problem,
  loads: Loads,
  roles: Uint8Array,
  tolerance: number,
  at: Int32Array,
  carried: Float64Array,
): Band {
  const { weights, regionsOfTable, columns } = problem;
  const mean = meanOf(problem, carried);
  const high = (1 + tolerance) * mean;
  const fixed = new Float64Array(columns.length);
  const unsure = new Float64Array(columns.length);
  for (const region of regionsOfTable) {
    if (roles[region] === MAY_MOVE || at[region] === -1) continue;
    fixed[at[region]!]! += loads.of[region]!;
    if (loads.unreliable[region] === 1 && problem.hold[region] === 0)
      unsure[at[region]!]! += loads.of[region]!;
  }
  const rooms = fixed.map((load, column) => high * weights[column]! - load).sort();
  const room = Math.max(0, rooms[rooms.length >> 1] ?? 0);
  const heavy = [
    ...regionsOfTable.filter(
      (region) => roles[region] === MAY_MOVE && at[region] !== -1 && loads.of[region]! > room,
    ),
  ];
  heavy.sort((a, b) => loads.of[b]! - loads.of[a]!);
  const heaviest = heavy.length === 0 ? 0 : loads.of[heavy[0]!]!;
  const band = { mean, tolerance, high, fixed, unsure, heavy, heaviest, low: 0 };
  return { ...band, low: (1 - tolerance) * Math.min(mean, restMean(problem, loads, band, at, carried)) };
}

/**
 * What a column should carry at most: the tolerance above the mean, or above what it cannot be rid of. For a region that fits nowhere it is not more
 * than the tolerance above the heaviest of all regions, unless the column must carry more.
 *
 * @param fixed what no move takes from it. @param own load of the heaviest region that it leads and that fits nowhere; 0 for none.
 */
export function highFor(
  { tolerance, high, heaviest }: Pick<Band, 'tolerance' | 'high' | 'heaviest'>,
  weight: number,
  fixed: number,
  own: number,
): number {
  const above = 1 + tolerance;
  const most = Math.max(above * heaviest, fixed + own);
  return Math.max(high * weight, above * fixed, Math.min(above * (fixed + own), most));
}

/** The mean of the targets whose band is that of all. */
function restMean(
  { weights, totalWeight }: Problem,
  loads: Loads,
  band: Band,
  at: Int32Array,
  carried: Float64Array,
): number {
  const unavoidable = band.fixed.slice();
  const heaviest = new Float64Array(carried.length);
  for (const region of band.heavy) {
    const column = at[region]!;
    unavoidable[column]! += loads.of[region]!;
    heaviest[column] = Math.max(heaviest[column]!, loads.of[region]!);
  }
  let [load, weight, apart] = [0, totalWeight, 0];
  carried.forEach((carries, column) => {
    const least = band.fixed[column]! + heaviest[column]!;
    load += carries;
    if (heaviest[column] === 0 && least <= band.high * weights[column]!) return;
    apart += Number(heaviest[column]! > 0);
    load -= Math.max(
      unavoidable[column]!,
      Math.min(carries, highFor(band, weights[column]!, band.fixed[column]!, heaviest[column]!)),
    );
    weight -= weights[column]!;
  });
  // Two on one target: the second takes one of the others.
  weight -= (band.heavy.length - apart) * (totalWeight / weights.length);
  return weight > 0 ? Math.max(0, load / weight) : 0;
}

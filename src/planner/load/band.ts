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

/** Where the counted regions are, and what each target carries by that: in all and not for its weight. */
export interface Placed {
  /** Column of each counted region; -1 where no target leads it. */
  readonly at: Int32Array;
  readonly carried: Float64Array;
}

export function placeAtHome(
  { columnOf, columns, nodeOf, regionsOfTable, hold }: Problem,
  loads: Loads,
): Placed {
  const at = new Int32Array(hold.length).fill(-1);
  const carried = new Float64Array(columns.length);
  for (const region of regionsOfTable) {
    const column = columnOf[nodeOf[region]!]!;
    at[region] = column;
    if (column !== -1) carried[column]! += loads.of[region]!;
  }
  return { at, carried };
}

/** The same once these moves are made. */
export function placeAfter(
  { columnOf }: Problem,
  loads: Loads,
  { at, carried }: Placed,
  relocations: readonly Relocation[],
): Placed {
  const after = { at: at.slice(), carried: carried.slice() };
  for (const { region, to } of relocations) {
    const [from, column] = [at[region]!, columnOf[to]!];
    after.at[region] = column;
    const load = loads.of[region]!;
    // Regions that a drain takes though their table is not selected are not counted.
    if (Number.isNaN(load)) continue;
    if (from !== -1) after.carried[from]! -= load;
    after.carried[column]! += load;
  }
  return after;
}

/** What a target should carry at the mean. */
export function meanOf({ totalWeight }: Problem, carried: Float64Array): number {
  return carried.reduce((sum, load) => sum + load, 0) / totalWeight;
}

/** @param placed as the regions are when nothing is moved for load. */
export function findBand(
  problem: Problem,
  loads: Loads,
  roles: Uint8Array,
  tolerance: number,
  placed: Placed,
): Band {
  const { at, carried } = placed;
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
  const heavy: number[] = [];
  for (const region of regionsOfTable)
    if (roles[region] === MAY_MOVE && at[region] !== -1 && loads.of[region]! > room) heavy.push(region);
  heavy.sort((a, b) => loads.of[b]! - loads.of[a]!);
  const heaviest = heavy.length === 0 ? 0 : loads.of[heavy[0]!]!;
  const band = { mean, tolerance, high, fixed, unsure, heavy, heaviest, low: 0 };
  return { ...band, low: (1 - tolerance) * Math.min(mean, restMean(problem, loads, band, placed)) };
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
  { at, carried }: Placed,
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

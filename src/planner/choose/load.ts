import { compareIds } from '../../domain/ids.ts';
import type { SortKeys } from '../../lib/sort.ts';
import type { Region, RegionLoad } from '../../domain/snapshot.ts';
import { UNKNOWN } from '../problem.ts';
import type { Problem } from '../problem.ts';

/** The measures of a region's load, the most telling first. */
const MEASURES = [
  'writeBytesPerSecond',
  'memtableBytes',
  'diskBytes',
] as const satisfies readonly (keyof RegionLoad)[];
type LoadMeasure = (typeof MEASURES)[number];

/** A region that the previous plan moves counts as that much cheaper to move. Write rates of one cycle differ by a third from those of the next: that does not change the choice, a doubled rate does. */
export const PREVIOUS_COST = 0.6;

function costFactor({ previous }: Problem, region: number): number {
  return previous?.has(region) ? PREVIOUS_COST : 1;
}

/**
 * Orders regions by what a migration of them costs, the cheapest first: least write rate, then smallest memtable, then smallest
 * on disk, then what the previous plan moves, then lowest id. Unknown is not zero: it sorts after everything known.
 */
export function compareMoveCost(problem: Problem, a: number, b: number): number {
  return problem.moveRate[a]! - problem.moveRate[b]! || compareOfOneRate(problem, a, b);
}

function compareOfOneRate(problem: Problem, a: number, b: number): number {
  const { regions } = problem.snapshot;
  const [regionA, regionB] = [regions[a]!, regions[b]!];
  const [loadA, loadB] = [regionA.load, regionB.load];
  const [factorA, factorB] = [costFactor(problem, a), costFactor(problem, b)];
  const compare = (costA = UNKNOWN, costB = UNKNOWN): number => costA * factorA - costB * factorB;
  return (
    compare(loadA?.memtableBytes, loadB?.memtableBytes) ||
    compare(loadA?.diskBytes, loadB?.diskBytes) ||
    factorA - factorB ||
    compareIds(regionA.id, regionB.id)
  );
}

/** The order of {@link compareMoveCost}. */
export function byMoveCost(problem: Problem): SortKeys {
  return { key: problem.moveRate, compareEqual: (a, b) => compareOfOneRate(problem, a, b) };
}

/** By datanode, and the cheapest first of each. */
export function inRow(problem: Problem): SortKeys {
  return { group: problem.nodeOf, ...byMoveCost(problem) };
}

/** Above this, or unknown, a measure counts as this: eight thousand of them still add up exactly. */
const DEAREST = 2 ** 40;

/** How many numbers {@link writeMoveCost} writes. */
export function moveCostParts({ previous }: Problem): number {
  return previous ? MEASURES.length + 1 : MEASURES.length;
}

/** What a migration of the region costs, in whole units, in the order in which measures count; last whether the previous plan has it not. */
export function writeMoveCost(problem: Problem, region: number, costs: Float64Array, at: number): void {
  const { load } = problem.snapshot.regions[region]!;
  const factor = costFactor(problem, region);
  for (let part = 0; part < MEASURES.length; part += 1) {
    const cost = load?.[MEASURES[part]!] ?? DEAREST;
    costs[at + part] = Math.round(Math.min(Math.round(cost), DEAREST) * factor);
  }
  if (problem.previous) costs[at + MEASURES.length] = factor < 1 ? 0 : 1;
}

/** The first measure that any region reports, by which the datanodes' load can be evened out. */
export function leadingMeasure(regions: readonly Region[]): LoadMeasure | undefined {
  return MEASURES.find((measure) => regions.some((region) => (region.load?.[measure] ?? 0) > 0));
}

/** What the datanodes carry, in the leading measure, while regions change places. */
export interface NodeLoad {
  /** Undefined: no region tells its load. */
  readonly measure: LoadMeasure | undefined;
  readonly byNode: Float64Array;
  /** Empty where no region tells its load. */
  readonly byRegion: Float64Array;
}

export function createNodeLoad({ snapshot, nodes, nodeOf, writeRate }: Problem): NodeLoad {
  const { regions } = snapshot;
  const measure = leadingMeasure(regions);
  const byNode = new Float64Array(nodes.length);
  const byRegion = new Float64Array(measure === undefined ? 0 : regions.length);
  for (let region = 0; region < byRegion.length; region += 1) {
    const load =
      measure === undefined || measure === 'writeBytesPerSecond'
        ? writeRate[region]!
        : (regions[region]!.load?.[measure] ?? 0);
    byRegion[region] = load === UNKNOWN ? 0 : load;
    if (nodeOf[region] !== -1) byNode[nodeOf[region]!]! += byRegion[region]!;
  }
  return { measure, byNode, byRegion };
}

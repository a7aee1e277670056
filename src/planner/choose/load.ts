import { compareIds } from '../../domain/ids.ts';
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

/** A region that the previous plan moves counts as that much cheaper to move: loads that change a little do not change the choice. */
const PREVIOUS_COST = 0.9;

function costFactor({ previous }: Problem, region: number): number {
  return previous?.has(region) ? PREVIOUS_COST : 1;
}

/**
 * Orders regions by what a migration of them costs, the cheapest first: least write rate, then smallest memtable, then smallest
 * on disk, then what the previous plan moves, then lowest id. Unknown is not zero: it sorts after everything known.
 */
export function compareMoveCost(problem: Problem, a: number, b: number): number {
  const { previous, snapshot, writeRate } = problem;
  if (previous === undefined && writeRate[a] !== writeRate[b]) return writeRate[a]! - writeRate[b]!;
  const [regionA, regionB] = [snapshot.regions[a]!, snapshot.regions[b]!];
  const [loadA, loadB] = [regionA.load, regionB.load];
  const [factorA, factorB] = [costFactor(problem, a), costFactor(problem, b)];
  const compare = (costA = UNKNOWN, costB = UNKNOWN): number => costA * factorA - costB * factorB;
  return (
    compare(writeRate[a], writeRate[b]) ||
    compare(loadA?.memtableBytes, loadB?.memtableBytes) ||
    compare(loadA?.diskBytes, loadB?.diskBytes) ||
    factorA - factorB ||
    compareIds(regionA.id, regionB.id)
  );
}

/** By datanode, and the cheapest first of each. */
export function compareInRow(problem: Problem, a: number, b: number): number {
  return problem.nodeOf[a]! - problem.nodeOf[b]! || compareMoveCost(problem, a, b);
}

/** Above this, or unknown, a measure counts as this: eight thousand of them still add up exactly. */
const DEAREST = 2 ** 40;

/** How many numbers {@link moveCost} gives. */
export function moveCostParts({ previous }: Problem): number {
  return previous ? MEASURES.length + 1 : MEASURES.length;
}

/** What a migration of the region costs, in whole units, in the order in which measures count; last whether the previous plan has it not. */
export function moveCost(problem: Problem, region: number): readonly number[] {
  const { load } = problem.snapshot.regions[region]!;
  const factor = costFactor(problem, region);
  const costs = MEASURES.map((measure) =>
    Math.round(Math.min(Math.round(load?.[measure] ?? DEAREST), DEAREST) * factor),
  );
  return problem.previous ? [...costs, factor < 1 ? 0 : 1] : costs;
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
  of(region: number): number;
  shift(move: { readonly region: number; readonly from: number; readonly to: number }): void;
}

export function createNodeLoad({ snapshot, nodes, nodeOf, writeRate }: Problem): NodeLoad {
  const { regions } = snapshot;
  const measure = leadingMeasure(regions);
  const byNode = new Float64Array(nodes.length);
  const of = (region: number): number => {
    if (measure === undefined) return 0;
    if (measure !== 'writeBytesPerSecond') return regions[region]!.load?.[measure] ?? 0;
    return writeRate[region] === UNKNOWN ? 0 : writeRate[region]!;
  };
  for (let region = 0; region < regions.length; region += 1)
    if (nodeOf[region] !== -1) byNode[nodeOf[region]!]! += of(region);
  return {
    measure,
    byNode,
    of,
    shift: ({ region, from, to }) => {
      byNode[from]! -= of(region);
      byNode[to]! += of(region);
    },
  };
}

import { compareIds } from '../../domain/ids.ts';
import type { Region, RegionLoad } from '../../domain/snapshot.ts';
import type { Problem } from '../problem.ts';

/** The measures of a region's load, the most telling first. */
const MEASURES = [
  'writeBytesPerSecond',
  'memtableBytes',
  'diskBytes',
] as const satisfies readonly (keyof RegionLoad)[];
type LoadMeasure = (typeof MEASURES)[number];

/**
 * Orders regions by what a migration of them costs, the cheapest first: least write rate, then smallest memtable, then smallest
 * on disk, then lowest id. Unknown is not zero: it sorts after everything known.
 */
export function compareMoveCost(a: Region, b: Region): number {
  const [loadA, loadB] = [a.load, b.load];
  return (
    compareKnown(loadA?.writeBytesPerSecond, loadB?.writeBytesPerSecond) ||
    compareKnown(loadA?.memtableBytes, loadB?.memtableBytes) ||
    compareKnown(loadA?.diskBytes, loadB?.diskBytes) ||
    compareIds(a.id, b.id)
  );
}

function compareKnown(a = Number.MAX_VALUE, b = Number.MAX_VALUE): number {
  return a - b;
}

/** Above this, or unknown, a measure counts as this: eight thousand of them still add up exactly. */
const DEAREST = 2 ** 40;
export const MOVE_COST_PARTS = MEASURES.length;

/** What a migration of the region costs, in whole units, in the order in which measures count. */
export function moveCost({ load }: Region): readonly number[] {
  return MEASURES.map((measure) => Math.min(Math.round(load?.[measure] ?? DEAREST), DEAREST));
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

export function createNodeLoad({ snapshot, nodes, nodeOf }: Problem): NodeLoad {
  const { regions } = snapshot;
  const measure = leadingMeasure(regions);
  const byNode = new Float64Array(nodes.length);
  const of = (region: number): number =>
    measure === undefined ? 0 : (regions[region]!.load?.[measure] ?? 0);
  if (measure !== undefined) {
    for (let region = 0; region < regions.length; region += 1) {
      if (nodeOf[region] !== -1) byNode[nodeOf[region]!]! += of(region);
    }
  }
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

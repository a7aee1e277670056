import { compareIds } from '../../domain/ids.ts';
import type { Region, RegionLoad } from '../../domain/snapshot.ts';

/** The measures of a region's load, the most telling first. */
const MEASURES = [
  'writeBytesPerSecond',
  'memtableBytes',
  'diskBytes',
] as const satisfies readonly (keyof RegionLoad)[];
export type LoadMeasure = (typeof MEASURES)[number];

/**
 * Orders regions by what a migration of them costs, the cheapest first: least write rate, then smallest memtable, then smallest
 * on disk, then lowest id. Unknown is not zero: it sorts after everything known.
 */
export function compareMoveCost(a: Region, b: Region): number {
  for (const measure of MEASURES) {
    const difference = costIn(a, measure) - costIn(b, measure);
    if (difference < 0 || difference > 0) return difference;
  }
  return compareIds(a.id, b.id);
}

/** Above this, or unknown, a measure counts as this: eight thousand of them still add up exactly. */
const DEAREST = 2 ** 40;
export const MOVE_COST_PARTS = MEASURES.length;

/** What a migration of the region costs, in whole units, in the order in which measures count. */
export function moveCost({ load }: Region): readonly number[] {
  return MEASURES.map((measure) => Math.min(Math.round(load?.[measure] ?? DEAREST), DEAREST));
}

function costIn(region: Region, measure: LoadMeasure): number {
  // A finite stand-in: infinity minus infinity would not compare.
  return region.load?.[measure] ?? Number.MAX_VALUE;
}

/** The first measure that any region reports, by which the datanodes' load can be evened out. */
export function leadingMeasure(regions: readonly Region[]): LoadMeasure | undefined {
  return MEASURES.find((measure) => regions.some((region) => (region.load?.[measure] ?? 0) > 0));
}

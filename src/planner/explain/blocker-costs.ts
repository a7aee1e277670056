import { crowdedInQuarantine, unevenTables } from '../../domain/balance.ts';
import type { BlockerCode } from '../../domain/codes.ts';
import type { RegionCounts } from '../../domain/region-counts.ts';
import type { Counts } from '../counts.ts';
import type { Problem } from '../problem.ts';

/** Regions that nobody serves, as far as is known: something is wrong with each of them. */
const UNSERVED: readonly BlockerCode[] = ['no-leader', 'leader-dead', 'unknown-datanode'];
/** Regions that somebody wants to stay, or that nobody knows of; they count for no share. */
const UNCOUNTED: readonly BlockerCode[] = ['cordoned', 'query-only', 'unknown-table'];

/**
 * Whether a blocked region keeps the cluster from something, after the plan: it is served by nobody, is left on a draining datanode, or could
 * leave one that has more than the least share of a table, or of all regions, that is uneven; in quarantine, more than its share of all would be.
 *
 * @param counts with all moves of the plan made.
 */
export function createBlockerCosts(
  problem: Problem,
  counts: Counts,
  result: RegionCounts,
): (region: number, code: BlockerCode) => boolean {
  const { nodes, nodeOf, tableOf, columns } = problem;
  // Most plans have no blockers: it is looked for with the first.
  let uneven: ReadonlySet<number> | undefined;
  let crowded: ReadonlySet<number> | undefined;
  const areNodesUneven =
    problem.evenTotals &&
    columns.some((node) => {
      const { floor, ceil } = counts.nodeShare(node);
      return counts.total(node) < floor || counts.total(node) > ceil;
    });
  return (region, code) => {
    if (UNSERVED.includes(code)) return true;
    const [node, table] = [nodeOf[region]!, tableOf[region]!];
    if (nodes[node]?.drains) return true;
    if (UNCOUNTED.includes(code)) return false;
    if (code === 'target-quarantined') return (crowded ??= crowdedInQuarantine(result, 'after')).has(node);
    uneven ??= unevenTables(result, 'after');
    if (uneven.has(table) && counts.ofTable(table, node) > counts.tableShare(table, node).floor) return true;
    return areNodesUneven && counts.total(node) > counts.nodeShare(node).floor;
  };
}

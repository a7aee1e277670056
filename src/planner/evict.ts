import { compareIds } from '../domain/ids.ts';
import type { Relocation } from './choose/choose.ts';
import { mayLead } from './targets.ts';
import { hasToLeave } from './problem.ts';
import type { Problem } from './problem.ts';

/**
 * Where the regions of tables that are not selected go when their datanode is drained: each to the target that leads the fewest regions of
 * its table, and of those to the one that leads the fewest in all, by weight. They must leave, and count for no balance.
 *
 * @param relocations what the balance moves: the totals are those after it.
 */
export function evictUnselected(problem: Problem, relocations: readonly Relocation[]): Relocation[] {
  const leaving: number[] = [];
  for (let region = 0; region < problem.hold.length; region += 1)
    if (hasToLeave(problem.hold[region]!)) leaving.push(region);
  if (leaving.length === 0 || problem.columns.length === 0) return [];
  const { regions } = problem.snapshot;
  leaving.sort((a, b) => compareIds(regions[a]!.id, regions[b]!.id));
  const totals = totalsAfter(problem, relocations);
  const ofTable = countTables(problem, leaving);
  return leaving.flatMap((region) => {
    const counts = ofTable.get(problem.tableOf[region]!)!;
    const column = leastColumn(problem, region, counts, totals);
    if (column === undefined) return [];
    counts[column]! += 1;
    totals[column]! += 1;
    return [{ region, from: problem.nodeOf[region]!, to: problem.columns[column]! }];
  });
}

function leastColumn(
  problem: Problem,
  region: number,
  ofTable: Int32Array,
  totals: Int32Array,
): number | undefined {
  const { weights } = problem;
  let best: number | undefined;
  let [fewest, least] = [Infinity, Infinity];
  for (let column = 0; column < weights.length; column += 1) {
    const count = ofTable[column]! / weights[column]!;
    const total = totals[column]! / weights[column]!;
    if (count > fewest || (count === fewest && total >= least)) continue;
    if (!mayLead(problem, region, column)) continue;
    [best, fewest, least] = [column, count, total];
  }
  return best;
}

/** All regions that each target will lead, whatever table they are of. */
function totalsAfter(problem: Problem, relocations: readonly Relocation[]): Int32Array {
  const { columnOf, nodeOf } = problem;
  const totals = new Int32Array(problem.columns.length);
  const add = (node: number, regions: number): void => {
    const column = node === -1 ? -1 : columnOf[node]!;
    if (column !== -1) totals[column]! += regions;
  };
  for (const node of nodeOf) add(node, 1);
  for (const { from, to } of relocations) {
    add(from, -1);
    add(to, 1);
  }
  return totals;
}

/** Regions per target of the tables that these regions belong to. */
function countTables(problem: Problem, leaving: readonly number[]): ReadonlyMap<number, Int32Array> {
  const { tableOf, nodeOf, columnOf, columns } = problem;
  const counts = new Map(leaving.map((region) => [tableOf[region]!, new Int32Array(columns.length)]));
  for (let region = 0; region < tableOf.length; region += 1) {
    const node = nodeOf[region]!;
    const column = node === -1 ? -1 : columnOf[node]!;
    const ofTable = column === -1 ? undefined : counts.get(tableOf[region]!);
    if (ofTable) ofTable[column]! += 1;
  }
  return counts;
}

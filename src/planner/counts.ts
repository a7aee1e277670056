import type { Problem } from './problem.ts';
import { isCounted } from './problem.ts';
import { ceilShare, floorShare, violation } from './quotas.ts';

/** Live numbers of counted regions per table and datanode, with the bounds that they should stay in. */
export interface Counts {
  ofTable(table: number, node: number): number;
  /** Calls back for each datanode that leads regions of the table. */
  forEachOf(table: number, callback: (node: number, count: number) => void): void;
  /** The sum of all targets' floors of a table. */
  floorsOf(table: number): number;
  /** Counted regions of a datanode. */
  total(node: number): number;
  /** All regions in scope that a datanode leads, those included that do not count (cordoned, dead). */
  led(node: number): number;
  /** Regions of a table that count, wherever they are. */
  regionsOf(table: number): number;
  /** Floor and ceil of a target's share of a table; 0 and 0 for other datanodes. */
  tableShare(table: number, node: number): Share;
  /** Floor and ceil of a target's share of all regions; 0 and 0 for other datanodes. */
  nodeShare(node: number): Share;
  /** By how much a move would lower the table-spread violation (negative: raise it). */
  tableGain(table: number, from: number, to: number): number;
  /** By how much a move would lower the node-spread violation (negative: raise it). */
  nodeGain(from: number, to: number): number;
  move(table: number, from: number, to: number): void;
}

export interface Share {
  readonly floor: number;
  readonly ceil: number;
}

const NO_SHARE: Share = { floor: 0, ceil: 0 };

export function createCounts(problem: Problem): Counts {
  const { weights, totalWeight, columnOf, nodes } = problem;
  const perTable = problem.tables.map(() => new Map<number, number>());
  const regionsPerTable = new Int32Array(problem.tables.length);
  const totals = new Int32Array(nodes.length);
  const uncounted = new Int32Array(nodes.length);
  let all = 0;
  for (let region = 0; region < problem.hold.length; region += 1) {
    if (!isCounted(problem.hold[region]!)) {
      if (problem.nodeOf[region] !== -1 && problem.inScope[problem.tableOf[region]!])
        uncounted[problem.nodeOf[region]!]! += 1;
      continue;
    }
    add(problem.tableOf[region]!, problem.nodeOf[region]!, 1);
    regionsPerTable[problem.tableOf[region]!]! += 1;
    all += 1;
  }

  function add(table: number, node: number, units: number): void {
    const byNode = perTable[table]!;
    byNode.set(node, (byNode.get(node) ?? 0) + units);
    totals[node]! += units;
  }
  const shareOf = (regions: number, node: number): Share => {
    const column = columnOf[node]!;
    if (column === -1) return NO_SHARE;
    return {
      floor: floorShare(regions, weights[column]!, totalWeight),
      ceil: ceilShare(regions, weights[column]!, totalWeight),
    };
  };
  /** Tables of equal size have equal floors: summed once per size. */
  const floorSums = new Map<number, number>();
  const floorSum = (regions: number): number => {
    const known = floorSums.get(regions);
    if (known !== undefined) return known;
    const sum = weights.reduce((floors, weight) => floors + floorShare(regions, weight, totalWeight), 0);
    floorSums.set(regions, sum);
    return sum;
  };
  const nodeShares = nodes.map((_, node) => shareOf(all, node));
  /**
   * What one region more (or less, with `step` -1) does to the violation of a target that leads `count` of `regions`; other
   * datanodes have no spread to violate. Called for every move again and again, so it makes no objects.
   */
  const change = (node: number, count: number, step: number, regions: number): number => {
    const column = columnOf[node]!;
    if (column === -1) return 0;
    const product = regions * weights[column]!;
    const rest = product % totalWeight;
    const floor = (product - rest) / totalWeight;
    const ceil = rest === 0 ? floor : floor + 1;
    return violation(count + step, floor, ceil) - violation(count, floor, ceil);
  };

  const counts: Counts = {
    ofTable: (table, node) => perTable[table]!.get(node) ?? 0,
    forEachOf(table, callback) {
      for (const [node, count] of perTable[table]!) if (count > 0) callback(node, count);
    },
    floorsOf: (table) => floorSum(regionsPerTable[table]!),
    total: (node) => totals[node]!,
    led: (node) => totals[node]! + uncounted[node]!,
    regionsOf: (table) => regionsPerTable[table]!,
    tableShare: (table, node) => shareOf(regionsPerTable[table]!, node),
    nodeShare: (node) => nodeShares[node]!,
    tableGain: (table, from, to) => {
      const regions = regionsPerTable[table]!;
      const byNode = perTable[table]!;
      return -change(from, byNode.get(from) ?? 0, -1, regions) - change(to, byNode.get(to) ?? 0, 1, regions);
    },
    nodeGain: (from, to) => -change(from, totals[from]!, -1, all) - change(to, totals[to]!, 1, all),
    move(table, from, to) {
      add(table, from, -1);
      add(table, to, 1);
    },
  };
  return counts;
}

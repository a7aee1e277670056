import { isCounted } from './problem.ts';
import type { Problem } from './problem.ts';
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
  /** A handle for the number of a table's regions on a datanode; it stays valid as regions move. */
  cell(table: number, node: number): number;
  /** The number behind a handle. */
  at(cell: number): number;
  /** By how much a move between two datanodes would lower the table-spread violation (negative: raise it). */
  tableGain(table: number, from: number, fromCell: number, to: number, toCell: number): number;
  /** By how much a move would lower the node-spread violation (negative: raise it). */
  nodeGain(from: number, to: number): number;
  move(from: number, fromCell: number, to: number, toCell: number): void;
}

export interface Share {
  readonly floor: number;
  readonly ceil: number;
}

const NO_SHARE: Share = { floor: 0, ceil: 0 };

export function createCounts(problem: Problem): Counts {
  const { weights, totalWeight, columnOf, nodes, start } = problem;
  const cells = createCells(problem);
  const { totals, uncounted } = countPerNode(problem);
  const all = problem.regionsOfTable.length;
  const regionsOf = (table: number): number => start[table + 1]! - start[table]!;

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

  return {
    ofTable: (table, node) => cells.count(table, node),
    forEachOf: cells.forEach,
    floorsOf: (table) => floorSum(regionsOf(table)),
    total: (node) => totals[node]!,
    led: (node) => totals[node]! + uncounted[node]!,
    regionsOf,
    tableShare: (table, node) => shareOf(regionsOf(table), node),
    nodeShare: (node) => nodeShares[node]!,
    cell: cells.locate,
    at: cells.at,
    tableGain(table, from, fromCell, to, toCell) {
      const regions = regionsOf(table);
      return -change(from, cells.at(fromCell), -1, regions) - change(to, cells.at(toCell), 1, regions);
    },
    nodeGain: (from, to) => -change(from, totals[from]!, -1, all) - change(to, totals[to]!, 1, all),
    move(from, fromCell, to, toCell) {
      cells.add(fromCell, -1);
      cells.add(toCell, 1);
      totals[from]! -= 1;
      totals[to]! += 1;
    },
  };
}

function countPerNode(problem: Problem): { totals: Int32Array; uncounted: Int32Array } {
  const { hold, nodeOf, tableOf, inScope, nodes } = problem;
  const totals = new Int32Array(nodes.length);
  const uncounted = new Int32Array(nodes.length);
  for (let region = 0; region < hold.length; region += 1) {
    const node = nodeOf[region]!;
    if (isCounted(hold[region]!)) totals[node]! += 1;
    else if (node !== -1 && inScope[tableOf[region]!]) uncounted[node]! += 1;
  }
  return { totals, uncounted };
}

interface Cells {
  /** The handle of a cell, which is made where there is none yet. */
  readonly locate: (table: number, node: number) => number;
  readonly count: (table: number, node: number) => number;
  readonly at: (cell: number) => number;
  readonly add: (cell: number, units: number) => void;
  readonly forEach: (table: number, callback: (node: number, count: number) => void) => void;
}

/**
 * Table by datanode, only where there is something: the cells that the snapshot fills lie side by side per table, and the few that
 * moves fill later behind all of them.
 */
function createCells(problem: Problem): Cells {
  const { nodes, tables } = problem;
  const { first, nodeOfCell, count } = filledCells(problem);
  const filled = first[tables.length]!;
  const extra: number[] = [];
  const extraOf = new Map<number, { node: number; cell: number }[]>();

  const find = (table: number, node: number): number => {
    const end = first[table + 1]!;
    for (let cell = first[table]!; cell < end; cell += 1) if (nodeOfCell[cell] === node) return cell;
    return extraOf.get(table)?.find((entry) => entry.node === node)?.cell ?? -1;
  };
  const at = (cell: number): number => (cell < filled ? count[cell]! : extra[cell - filled]!);
  return {
    at,
    locate(table, node) {
      const known = find(table, node);
      if (known !== -1) return known;
      if (node < 0 || node >= nodes.length) throw new RangeError(`No datanode of index ${node}`);
      const cell = filled + extra.push(0) - 1;
      extraOf.set(table, [...(extraOf.get(table) ?? []), { node, cell }]);
      return cell;
    },
    count(table, node) {
      const cell = find(table, node);
      return cell === -1 ? 0 : at(cell);
    },
    add(cell, units) {
      if (cell < filled) count[cell]! += units;
      else extra[cell - filled]! += units;
    },
    forEach(table, callback) {
      for (let cell = first[table]!; cell < first[table + 1]!; cell += 1) {
        if (count[cell]! > 0) callback(nodeOfCell[cell]!, count[cell]!);
      }
      for (const { node, cell } of extraOf.get(table) ?? []) if (at(cell) > 0) callback(node, at(cell));
    },
  };
}

/** Cells of table t: `first[t] .. first[t + 1]`. */
function filledCells({ start, regionsOfTable, nodeOf, nodes, tables }: Problem): {
  readonly first: Int32Array;
  readonly nodeOfCell: Int32Array;
  readonly count: Int32Array;
} {
  const first = new Int32Array(tables.length + 1);
  const nodeOfCell = new Int32Array(regionsOfTable.length);
  const count = new Int32Array(regionsOfTable.length);
  const latest = new Int32Array(nodes.length).fill(-1);
  let next = 0;
  for (let table = 0; table < tables.length; table += 1) {
    first[table] = next;
    for (let index = start[table]!; index < start[table + 1]!; index += 1) {
      const node = nodeOf[regionsOfTable[index]!]!;
      let cell = latest[node]!;
      if (cell < first[table]!) {
        cell = next++;
        nodeOfCell[cell] = node;
        latest[node] = cell;
      }
      count[cell]! += 1;
    }
  }
  first[tables.length] = next;
  return { first, nodeOfCell, count };
}

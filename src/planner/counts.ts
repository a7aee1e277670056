import { ceilShare, floorShare, violation } from '../domain/quotas.ts';
import { NO_LEADER, TABLE_SCOPES } from '../domain/region-counts.ts';
import type { CountedDatanode, RegionCounts, TableScope } from '../domain/region-counts.ts';
import { hasToLeave, isCountedHold, isMovable } from './problem.ts';
import type { Problem } from './problem.ts';

/** Regions per table and datanode while a plan is made, with the bounds that they should stay in. */
export interface Counts {
  ofTable(table: number, node: number): number;
  /** Counted regions of a datanode. */
  total(node: number): number;
  /** The same with regions that do not count and that the plan moves. */
  moved(node: number): number;
  /** Regions of selected tables that a datanode leads, those included that do not count (cordoned, dead); of one that drains all. */
  selected(node: number): number;
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
  move(move: CountedMove): void;
  /** For everybody but the planner: `now` as it was at first, `after` with the moves made since. */
  result(): RegionCounts;
}

/** One region's move, with handles of its table's cells. */
interface CountedMove {
  readonly region: number;
  readonly from: number;
  readonly fromCell: number;
  readonly to: number;
  readonly toCell: number;
}

export interface Share {
  readonly floor: number;
  readonly ceil: number;
}

const NO_SHARE: Share = { floor: 0, ceil: 0 };

export function createCounts(problem: Problem): Counts {
  const { weights, totalWeight, columnOf, nodes, start } = problem;
  const cells = createCells(problem);
  const { totals, selected } = cells;
  const moved = totals.slice();
  problem.hold.forEach((hold, region) => {
    if (hasToLeave(hold)) moved[problem.nodeOf[region]!]! += 1;
  });
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
    total: (node) => totals[node]!,
    moved: (node) => moved[node]!,
    selected: (node) => selected[node]!,
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
    move({ region, from, fromCell, to, toCell }) {
      cells.add(fromCell, -1);
      cells.add(toCell, 1);
      moved[from]! -= 1;
      moved[to]! += 1;
      selected[from]! -= 1;
      if (!isCountedHold(problem.hold[region]!)) return;
      selected[to]! += 1;
      totals[from]! -= 1;
      totals[to]! += 1;
    },
    result: cells.result,
  };
}

interface Cells {
  /** Counted regions of each node, and those of selected tables. */
  readonly totals: Int32Array;
  readonly selected: Int32Array;
  /** The handle of a cell, which is made where there is none yet. */
  readonly locate: (table: number, node: number) => number;
  readonly count: (table: number, node: number) => number;
  readonly at: (cell: number) => number;
  readonly add: (cell: number, units: number) => void;
  readonly result: () => RegionCounts;
}

/**
 * Table by datanode, only where there is something: the cells that the snapshot fills lie side by side per table, and the few that
 * moves fill later behind all of them.
 */
function createCells(problem: Problem): Cells {
  const { nodes } = problem;
  const known = fillCells(problem);
  const { first, datanodeOf, now } = known;
  const filled = now.length;
  const count = now.slice();
  const added = { node: [] as number[], count: [] as number[], next: [] as number[] };
  /** First and last of the added cells of each table. */
  const firstAdded = new Int32Array(first.length).fill(-1);
  const lastAdded = new Int32Array(first.length);
  const forEachAdded = (table: number, callback: (node: number, index: number) => void): void => {
    for (let index = firstAdded[table]!; index !== -1; index = added.next[index]!)
      callback(added.node[index]!, index);
  };

  /** Where the cells of the table are that was asked for last: the next question is mostly about the same. */
  const cellOf = new Int32Array(nodes.length);
  const tableOf = new Int32Array(nodes.length).fill(-1);
  let latest = -1;
  const note = (table: number, node: number, cell: number): void => {
    cellOf[node] = cell;
    tableOf[node] = table;
  };
  const find = (table: number, node: number): number => {
    if (table !== latest) {
      latest = table;
      for (let cell = first[table]!; cell < first[table + 1]!; cell += 1)
        note(table, datanodeOf[cell]!, cell);
      forEachAdded(table, (other, index) => note(table, other, filled + index));
    }
    return tableOf[node] === table ? cellOf[node]! : -1;
  };
  const at = (cell: number): number => (cell < filled ? count[cell]! : added.count[cell - filled]!);
  return {
    totals: known.totals,
    selected: known.selected,
    at,
    locate(table, node) {
      const cell = find(table, node);
      if (cell !== -1) return cell;
      if (node < 0 || node >= nodes.length) throw new RangeError(`No datanode of index ${node}`);
      const index = added.node.push(node) - 1;
      added.count.push(0);
      added.next.push(-1);
      if (firstAdded[table] === -1) firstAdded[table] = index;
      else added.next[lastAdded[table]!] = index;
      lastAdded[table] = index;
      note(table, node, filled + index);
      return filled + index;
    },
    count(table, node) {
      const cell = find(table, node);
      return cell === -1 ? 0 : at(cell);
    },
    add(cell, units) {
      if (cell < filled) count[cell]! += units;
      else added.count[cell - filled]! += units;
    },
    result() {
      const { datanodes, scope } = known;
      return { datanodes, tables: problem.tables, scope, ...merged() };
    },
  };

  /** The filled cells and the others, by table. */
  function merged(): Pick<RegionCounts, 'first' | 'datanodeOf' | 'now' | 'after'> {
    const size = filled + added.node.length;
    const all = {
      first: new Int32Array(first.length),
      datanodeOf: new Int32Array(size),
      now: new Int32Array(size),
      after: new Int32Array(size),
    };
    let next = 0;
    for (let row = 0; row + 1 < first.length; row += 1) {
      all.first[row] = next;
      for (let cell = first[row]!; cell < first[row + 1]!; cell += 1) {
        all.datanodeOf[next] = datanodeOf[cell]!;
        all.now[next] = now[cell]!;
        all.after[next++] = count[cell]!;
      }
      forEachAdded(row, (node, index) => {
        all.datanodeOf[next] = node;
        all.after[next++] = added.count[index]!;
      });
    }
    all.first[first.length - 1] = next;
    return all;
  }
}

type Filled = Pick<RegionCounts, 'datanodes' | 'scope' | 'first' | 'datanodeOf' | 'now'> &
  Pick<Cells, 'totals' | 'selected'>;

/** Counts the snapshot. Nodes come first among the datanodes, tables among the rows. */
function fillCells(problem: Problem): Filled {
  const { start, regionsOfTable, nodeOf, nodes, tables } = problem;
  const { datanodes, rows: otherRows, cells: otherCells } = countOthers(problem);
  const scope = scopesOf(problem);
  const size = regionsOfTable.length + otherCells;
  const first = new Int32Array(scope.length + 1);
  const datanodeOf = new Int32Array(size);
  const count = new Int32Array(size);
  const totals = new Int32Array(nodes.length);
  const selected = new Int32Array(nodes.length);
  const latest = new Int32Array(nodes.length).fill(-1);
  let next = 0;
  for (let row = 0; row < scope.length; row += 1) {
    first[row] = next;
    const end = row < tables.length ? start[row + 1]! : 0;
    for (let index = row < tables.length ? start[row]! : 0; index < end; index += 1) {
      const node = nodeOf[regionsOfTable[index]!]!;
      let cell = latest[node]!;
      if (cell < first[row]!) {
        cell = next++;
        datanodeOf[cell] = node;
        latest[node] = cell;
      }
      count[cell]! += 1;
      totals[node]! += 1;
      selected[node]! += 1;
    }
    const others = otherRows.get(row);
    if (!others) continue;
    for (const [node, regions] of others) {
      datanodeOf[next] = node;
      count[next++] = regions;
      if (node >= 0 && node < nodes.length && (problem.inScope[row] || nodes[node]!.drains))
        selected[node]! += regions;
    }
  }
  first[scope.length] = next;
  return {
    ...{ datanodes, scope, first, totals, selected },
    datanodeOf: datanodeOf.slice(0, next),
    now: count.slice(0, next),
  };
}

interface Others {
  readonly datanodes: readonly CountedDatanode[];
  /** By table: regions that do not count, by datanode. The row behind the last table is for tables that the snapshot does not list. */
  readonly rows: ReadonlyMap<number, ReadonlyMap<number, number>>;
  readonly cells: number;
}

/** Regions that do not count: of unknown, not selected or immovable tables, led by nobody, by dead, cordoned or unlisted datanodes. */
function countOthers({ snapshot, hold, nodeOf, tableOf, nodes, tables }: Problem): Others {
  const datanodes: CountedDatanode[] = [...nodes];
  const unlisted = new Map<string, number>();
  const rows = new Map<number, Map<number, number>>();
  let cells = 0;
  const indexOf = (region: number): number => {
    const { leader } = snapshot.regions[region]!;
    if (leader === null) return NO_LEADER;
    if (nodeOf[region] !== -1) return nodeOf[region]!;
    const known = unlisted.get(leader);
    if (known !== undefined) return known;
    const added = datanodes.push({ id: leader, state: 'unlisted', weight: 1, drains: false }) - 1;
    unlisted.set(leader, added);
    return added;
  };
  for (let region = 0; region < hold.length; region += 1) {
    if (isCountedHold(hold[region]!)) continue;
    const known = tableOf[region]!;
    const table = known === -1 ? tables.length : known;
    const row = rows.get(table) ?? new Map<number, number>();
    rows.set(table, row);
    const datanode = indexOf(region);
    if (!row.has(datanode)) cells += 1;
    row.set(datanode, (row.get(datanode) ?? 0) + 1);
  }
  return { datanodes, rows, cells };
}

function scopesOf({ tables, inScope }: Problem): RegionCounts['scope'] {
  const code = (scope: TableScope): number => TABLE_SCOPES.indexOf(scope);
  const scope = new Uint8Array(tables.length + 1).fill(code('counted'));
  tables.forEach((table, index) => {
    if (!inScope[index]) scope[index] = code('not-selected');
    else if (!isMovable(table)) scope[index] = code('unsupported-engine');
  });
  scope[tables.length] = code('unknown-table');
  return scope;
}

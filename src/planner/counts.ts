import { ceilShare, floorShare } from '../domain/quotas.ts';
import { NO_LEADER, TABLE_SCOPES } from '../domain/region-counts.ts';
import type { CountedDatanode, RegionCounts, TableScope } from '../domain/region-counts.ts';
import { hasToLeave, isCountedHold, isMovable } from './problem.ts';
import type { Problem } from './problem.ts';

/** Regions per table and datanode while a plan is made, with the bounds that they should stay in. */
export interface Counts {
  /** What moves change, for whoever looks at it for every move again and again. */
  readonly tallies: Tallies;
  ofTable(table: number, node: number): number;
  /** Counted regions of a datanode. */
  total(node: number): number;
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
  move(move: CountedMove): void;
  /** For everybody but the planner: `now` as it was at first, `after` with the moves made since. */
  result(): RegionCounts;
}

/**
 * Numbers as they are after the moves made so far. This and what looks at it are plain objects and functions of the module: functions that are
 * made for each plan would have to be compiled for each plan.
 */
export interface Tallies {
  /** By handle. Replaced when there are more handles than it has room for. */
  count: Int32Array;
  /** Counted regions of each node, and the same with regions that do not count and that the plan moves. */
  readonly totals: Int32Array;
  readonly moved: Int32Array;
  /** Those of selected tables. */
  readonly selected: Int32Array;
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
  const { tallies } = cells;
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

  return {
    tallies,
    ofTable(table, node) {
      const cell = findCell(cells, table, node);
      return cell === -1 ? 0 : tallies.count[cell]!;
    },
    total: (node) => tallies.totals[node]!,
    selected: (node) => tallies.selected[node]!,
    regionsOf,
    tableShare: (table, node) => shareOf(regionsOf(table), node),
    nodeShare: (node) => nodeShares[node]!,
    cell: (table, node) => locateCell(cells, table, node),
    at: (cell) => tallies.count[cell]!,
    move: ({ region, from, fromCell, to, toCell }) =>
      countMove(tallies, isCountedHold(problem.hold[region]!), from, fromCell, to, toCell),
    result: () => mergeCells(problem, cells),
  };
}

/** Counts a move of a region, which does or does not count for the totals. */
export function countMove(
  { count, totals, moved, selected }: Tallies,
  isCounted: boolean,
  from: number,
  fromCell: number,
  to: number,
  toCell: number,
): void {
  count[fromCell]! -= 1;
  count[toCell]! += 1;
  moved[from]! -= 1;
  moved[to]! += 1;
  selected[from]! -= 1;
  if (!isCounted) return;
  selected[to]! += 1;
  totals[from]! -= 1;
  totals[to]! += 1;
}

/**
 * Table by datanode, only where there is something: the cells that the snapshot fills lie side by side per table, and the few that
 * moves fill later behind all of them.
 */
interface Cells {
  readonly known: Filled;
  readonly tallies: Tallies;
  /** Of the added cells: their datanodes, and the next one of the same table, or -1. */
  readonly nodeOfAdded: number[];
  readonly nextAdded: number[];
  /** First and last of the added cells of each table. */
  readonly firstAdded: Int32Array;
  readonly lastAdded: Int32Array;
  /** Where the cells of the table are that was asked for last: the next question is mostly about the same. By datanode. */
  readonly cellOf: Int32Array;
  readonly tableOf: Int32Array;
  latest: number;
}

function createCells(problem: Problem): Cells {
  const { nodes, hold, nodeOf } = problem;
  const known = fillCells(problem);
  const { first, now, totals, selected } = known;
  const moved = totals.slice();
  for (let region = 0; region < hold.length; region += 1)
    if (hasToLeave(hold[region]!)) moved[nodeOf[region]!]! += 1;
  return {
    known,
    tallies: { count: now.slice(), totals, moved, selected },
    nodeOfAdded: [],
    nextAdded: [],
    firstAdded: new Int32Array(first.length).fill(-1),
    lastAdded: new Int32Array(first.length),
    cellOf: new Int32Array(nodes.length),
    tableOf: new Int32Array(nodes.length).fill(-1),
    latest: -1,
  };
}

/** The handle of a cell, or -1 where there is none. */
function findCell(cells: Cells, table: number, node: number): number {
  const { known, cellOf, tableOf } = cells;
  if (table !== cells.latest) {
    cells.latest = table;
    for (let cell = known.first[table]!; cell < known.first[table + 1]!; cell += 1) {
      cellOf[known.datanodeOf[cell]!] = cell;
      tableOf[known.datanodeOf[cell]!] = table;
    }
    for (let index = cells.firstAdded[table]!; index !== -1; index = cells.nextAdded[index]!) {
      cellOf[cells.nodeOfAdded[index]!] = known.now.length + index;
      tableOf[cells.nodeOfAdded[index]!] = table;
    }
  }
  return tableOf[node] === table ? cellOf[node]! : -1;
}

/** The handle of a cell, which is made where there is none yet. */
function locateCell(cells: Cells, table: number, node: number): number {
  const known = findCell(cells, table, node);
  if (known !== -1) return known;
  const { tallies, firstAdded, lastAdded, nextAdded, cellOf, tableOf } = cells;
  if (node < 0 || node >= cellOf.length) throw new RangeError(`No datanode of index ${node}`);
  const index = cells.nodeOfAdded.push(node) - 1;
  nextAdded.push(-1);
  if (firstAdded[table] === -1) firstAdded[table] = index;
  else nextAdded[lastAdded[table]!] = index;
  lastAdded[table] = index;
  const cell = cells.known.now.length + index;
  if (cell >= tallies.count.length) tallies.count = withRoom(tallies.count);
  cellOf[node] = cell;
  tableOf[node] = table;
  return cell;
}

function withRoom(count: Int32Array): Int32Array {
  const larger = new Int32Array(2 * count.length + 16);
  larger.set(count);
  return larger;
}

/** The filled cells and the others, by table. */
function mergeCells(problem: Problem, cells: Cells): RegionCounts {
  const { known, tallies, nodeOfAdded } = cells;
  const { count } = tallies;
  const filled = known.now.length;
  const size = filled + nodeOfAdded.length;
  const first = new Int32Array(known.first.length);
  const datanodeOf = new Int32Array(size);
  const now = new Int32Array(size);
  const after = new Int32Array(size);
  let next = 0;
  for (let row = 0; row + 1 < first.length; row += 1) {
    first[row] = next;
    for (let cell = known.first[row]!; cell < known.first[row + 1]!; cell += 1) {
      datanodeOf[next] = known.datanodeOf[cell]!;
      now[next] = known.now[cell]!;
      after[next] = count[cell]!;
      next += 1;
    }
    for (let index = cells.firstAdded[row]!; index !== -1; index = cells.nextAdded[index]!) {
      datanodeOf[next] = nodeOfAdded[index]!;
      after[next] = count[filled + index]!;
      next += 1;
    }
  }
  first[first.length - 1] = next;
  const { datanodes, scope } = known;
  return { datanodes, tables: problem.tables, scope, first, datanodeOf, now, after };
}

type Filled = Pick<RegionCounts, 'datanodes' | 'scope' | 'first' | 'datanodeOf' | 'now'> &
  Pick<Tallies, 'totals' | 'selected'>;

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
    datanodes,
    scope,
    first,
    datanodeOf: datanodeOf.slice(0, next),
    now: count.slice(0, next),
    totals,
    selected,
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

import { sortFew } from '../../lib/sort.ts';
import type { Problem } from '../problem.ts';
import { hasTarget } from '../targets.ts';
import { floorShare } from '../../domain/quotas.ts';

/**
 * Tables as the rows of a sparse matrix whose columns are the targets. A row stores a *slot* for each target that leads, must
 * lead, or is meant to lead regions of the table; every other cell of the row is *implicit*: no region there now, none needed,
 * one allowed. That keeps the matrix proportional to the number of regions, however many targets there are.
 *
 * All tables of a single region are one row, the last: wherever their regions are, their spread is as even as it can be, so that no cell
 * of that row has a bound.
 */
export interface Rows {
  readonly count: number;
  /** Row of the tables of a single region, or -1. */
  readonly unbounded: number;
  /** Counted regions of row r: `members[first[r] .. first[r + 1])`, by region index. */
  readonly first: Int32Array;
  readonly members: Int32Array;
  /** Those of them that can end on a target: all but the ones stuck on draining datanodes. */
  readonly supply: Int32Array;
  /** Slots of row r: `start[r] .. end[r]`; there is room up to `start[r + 1]`. The arrays of slots are replaced when a row needs more. */
  start: Int32Array;
  end: Int32Array;
  column: Int32Array;
  /** Regions that the column leads now. */
  have: Int32Array;
  /** Those of them that must stay. */
  fixed: Int32Array;
  /** Regions that the column shall lead: the solver's variable. */
  want: Int32Array;
}

/**
 * Slots beyond those that the snapshot fills. A plan seldom needs more: most cells that get a region also give one back sooner or later. A
 * third of the memory, and with it of the collector's work, is saved against room for all that could be.
 */
const SPARE_SLOTS = 12;

/** The ceil of a cell without one. */
export const NO_CEIL = 2 ** 31 - 1;

/** @param leaveOut tables that become no rows. */
export function buildRows(problem: Problem, leaveOut: ReadonlySet<number>): Rows {
  const columnCount = problem.columns.length;
  const { count, unbounded, first, members } = groupMembers(problem, leaveOut);
  const start = new Int32Array(count + 1);
  const countFloors = createFloorCounter(problem);
  const floorsOf = (row: number): number =>
    row === unbounded ? 0 : countFloors(first[row + 1]! - first[row]!);
  for (let row = 0; row < count; row += 1) {
    const regions = first[row + 1]! - first[row]!;
    start[row + 1] = start[row]! + Math.min(columnCount, regions + floorsOf(row) + SPARE_SLOTS);
  }
  const slots = start[count]!;
  const rows: Rows = {
    count,
    unbounded,
    first,
    members,
    supply: new Int32Array(count),
    start,
    end: start.slice(0, count),
    column: new Int32Array(slots),
    have: new Int32Array(slots),
    fixed: new Int32Array(slots),
    want: new Int32Array(slots),
  };
  const scratch = createScratch(columnCount);
  for (let row = 0; row < count; row += 1) {
    rows.supply[row] = tally(problem, rows, row, scratch);
    fillRow(problem, rows, row, scratch, floorsOf(row) > 0);
  }
  return rows;
}

/** Counted regions by row: tables in their order, then those of a single region together. */
function groupMembers(
  { start, regionsOfTable, tables }: Problem,
  leaveOut: ReadonlySet<number>,
): Pick<Rows, 'count' | 'unbounded' | 'first' | 'members'> {
  const first = new Int32Array(tables.length + 2);
  const members = new Int32Array(regionsOfTable.length);
  const singles: number[] = [];
  let count = 0;
  let next = 0;
  for (let table = 0; table < tables.length; table += 1) {
    const regions = start[table + 1]! - start[table]!;
    if (regions === 0 || leaveOut.has(table)) continue;
    if (regions === 1) {
      singles.push(regionsOfTable[start[table]!]!);
      continue;
    }
    members.set(regionsOfTable.subarray(start[table], start[table + 1]), next);
    next += regions;
    count += 1;
    first[count] = next;
  }
  const unbounded = singles.length > 0 ? count : -1;
  for (let index = 0; index < singles.length; index += 1) members[next + index] = singles[index]!;
  if (unbounded !== -1) {
    count += 1;
    first[count] = next + singles.length;
  }
  return { count, unbounded, first: first.slice(0, count + 1), members };
}

/** Regions of a row, wherever they are. */
export function regionsOf(rows: Rows, row: number): number {
  return rows.first[row + 1]! - rows.first[row]!;
}

interface Scratch {
  readonly have: Int32Array;
  readonly fixed: Int32Array;
  readonly touched: number[];
}

function createScratch(columnCount: number): Scratch {
  return {
    have: new Int32Array(columnCount),
    fixed: new Int32Array(columnCount),
    touched: [],
  };
}

/** Counts a row's regions per column into `scratch`. Returns how many can end on a target. */
function tally(problem: Problem, { first, members }: Rows, row: number, scratch: Scratch): number {
  for (const column of scratch.touched) scratch.have[column] = scratch.fixed[column] = 0;
  scratch.touched.length = 0;
  let supply = 0;
  for (let index = first[row]!; index < first[row + 1]!; index += 1) {
    const region = members[index]!;
    const column = problem.columnOf[problem.nodeOf[region]!]!;
    const isHeld = problem.hold[region] !== 0;
    if (column === -1) {
      if (!isHeld && hasTarget(problem, region)) supply += 1;
      continue;
    }
    supply += 1;
    if (scratch.have[column] === 0) scratch.touched.push(column);
    scratch.have[column]! += 1;
    if (isHeld) scratch.fixed[column]! += 1;
  }
  return supply;
}

/** How many columns must lead at least one region of a table with so many. Tables of one size share the answer. */
function createFloorCounter({ weights, totalWeight }: Problem): (regions: number) => number {
  const known = new Map<number, number>();
  return (regions) => {
    let floors = known.get(regions);
    if (floors === undefined) {
      floors = weights.reduce((count, weight) => count + (regions * weight >= totalWeight ? 1 : 0), 0);
      known.set(regions, floors);
    }
    return floors;
  };
}

/** The columns that lead some of the table, ascending: by looking at all columns where that is cheaper than to sort. */
function inOrder({ touched, have }: Scratch, columnCount: number): readonly number[] {
  if (touched.length * Math.log2(touched.length + 1) * 4 < columnCount)
    return sortFew(touched, (a, b) => a - b);
  let next = 0;
  for (let column = 0; column < columnCount; column += 1) if (have[column]! > 0) touched[next++] = column;
  return touched;
}

function fillRow(problem: Problem, rows: Rows, row: number, scratch: Scratch, hasFloors: boolean): void {
  for (const column of inOrder(scratch, problem.columns.length)) {
    addSlot(rows, row, column, scratch.have[column]!, scratch.fixed[column]!);
  }
  if (!hasFloors) return;
  for (let column = 0; column < problem.columns.length; column += 1) {
    if (scratch.have[column] === 0 && floorOf(problem, regionsOf(rows, row), column) > 0)
      addSlot(rows, row, column, 0, 0);
  }
}

/**
 * Appends a slot to a row and returns its index.
 *
 * @throws Error when the row is full.
 */
function addSlot(rows: Rows, row: number, column: number, have: number, fixed: number): number {
  const slot = rows.end[row]!;
  if (slot >= rows.start[row + 1]!) throw new Error(`Row ${row} has no room for column ${column}`);
  rows.column[slot] = column;
  rows.have[slot] = have;
  rows.fixed[slot] = fixed;
  rows.want[slot] = fixed;
  rows.end[row] = slot + 1;
  return slot;
}

/** The slot of a column in a row, or -1 while the cell is implicit. */
export function findSlot(rows: Rows, row: number, column: number): number {
  const end = rows.end[row]!;
  for (let slot = rows.start[row]!; slot < end; slot += 1) if (rows.column[slot] === column) return slot;
  return -1;
}

function floorOf(problem: Problem, regions: number, column: number): number {
  return floorShare(regions, problem.weights[column]!, problem.totalWeight);
}

/** Takes regions out of a cell. A cell that becomes implicit gives its slot back, so that the row never outgrows its room. */
export function lowerCell(rows: Rows, bounds: SlotBounds, row: number, column: number, regions = 1): void {
  const slot = findSlot(rows, row, column);
  rows.want[slot]! -= regions;
  if (rows.want[slot]! > 0 || rows.have[slot]! > 0 || bounds.slotFloor[slot]! > 0) return;
  const last = rows.end[row]! - 1;
  for (const values of [rows.column, rows.have, rows.fixed, rows.want, bounds.slotFloor, bounds.slotCeil]) {
    values[slot] = values[last]!;
  }
  rows.end[row] = last;
}

/** Puts regions into a cell. */
export function raiseCell(rows: Rows, bounds: SlotBounds, row: number, column: number, regions = 1): void {
  let slot = findSlot(rows, row, column);
  if (slot === -1) {
    if (rows.end[row] === rows.start[row + 1]) widen(rows, bounds);
    slot = addSlot(rows, row, column, 0, 0);
    bounds.slotFloor[slot] = 0;
    bounds.slotCeil[slot] = row === rows.unbounded ? NO_CEIL : 1;
  }
  rows.want[slot]! += regions;
}

/** Floor and ceil of every slot. Replaced together with the slots. */
export interface SlotBounds {
  slotFloor: Int32Array;
  slotCeil: Int32Array;
}

/** Gives every row twice the room that it uses. Slots keep their order, so that nothing else changes. */
function widen(rows: Rows, bounds: SlotBounds): void {
  const start = new Int32Array(rows.count + 1);
  const end = new Int32Array(rows.count);
  for (let row = 0; row < rows.count; row += 1) {
    const used = rows.end[row]! - rows.start[row]!;
    end[row] = start[row]! + used;
    start[row + 1] = start[row]! + 2 * used + SPARE_SLOTS;
  }
  const moved = (old: Int32Array): Int32Array => {
    const values = new Int32Array(start[rows.count]!);
    for (let row = 0; row < rows.count; row += 1)
      values.set(old.subarray(rows.start[row], rows.end[row]), start[row]);
    return values;
  };
  bounds.slotFloor = moved(bounds.slotFloor);
  bounds.slotCeil = moved(bounds.slotCeil);
  rows.column = moved(rows.column);
  rows.have = moved(rows.have);
  rows.fixed = moved(rows.fixed);
  rows.want = moved(rows.want);
  rows.start = start;
  rows.end = end;
}

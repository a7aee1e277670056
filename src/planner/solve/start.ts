import type { Bounds } from './costs.ts';
import { createNeedOrder } from './need-order.ts';
import type { NeedOrder } from './need-order.ts';
import { raiseCell } from './rows.ts';
import type { Rows } from './rows.ts';

/**
 * The greedy start: every table for itself reaches its best spread with the fewest moves, ignoring the datanodes' totals. Where
 * a table has several equally good choices, the columns that lack regions most are preferred, which leaves the solver little
 * to repair. Because each row is optimal alone, the sum of the rows' moves is a lower bound for any plan.
 *
 * Fills `rows.want` and adds to the columns' totals.
 */
export function greedyStart(rows: Rows, bounds: Bounds, totals: Int32Array): void {
  const open: number[] = [];
  const left = new Int32Array(rows.count);
  for (let row = 0; row < rows.count; row += 1) {
    left[row] = rows.supply[row]! - sumOfFixed(rows, row, totals);
    if (!fillCertainSteps(rows, bounds, row, left, totals)) open.push(row);
  }
  const chooser = createChooser(totals, bounds);
  for (const row of open) fillOpenSteps(rows, bounds, row, left, chooser);
}

function sumOfFixed(rows: Rows, row: number, totals: Int32Array): number {
  let sum = 0;
  for (let slot = rows.start[row]!; slot < rows.end[row]!; slot += 1) {
    sum += rows.fixed[slot]!;
    totals[rows.column[slot]!]! += rows.fixed[slot]!;
  }
  return sum;
}

/**
 * The steps by which a cell fills up, cheapest first: up to its floor from what it has, up to its floor from elsewhere, up to
 * its ceil from what it has, up to its ceil from elsewhere. The ceils of a row sum to at least its regions, so no step beyond
 * a ceil is ever needed here.
 */
const STEPS = 4;

function roomInStep(rows: Rows, bounds: Bounds, slot: number, step: number): number {
  const want = rows.want[slot]!;
  const have = rows.have[slot]!;
  const bound = step < 2 ? bounds.slotFloor[slot]! : bounds.slotCeil[slot]!;
  const upTo = step % 2 === 0 ? Math.min(bound, have) : bound;
  return Math.max(0, upTo - want);
}

/** Fills each step that fits as a whole. Returns whether nothing is left to place. */
function fillCertainSteps(
  rows: Rows,
  bounds: Bounds,
  row: number,
  left: Int32Array,
  totals: Int32Array,
): boolean {
  for (let step = 0; step < STEPS && left[row]! > 0; step += 1) {
    let room = 0;
    for (let slot = rows.start[row]!; slot < rows.end[row]!; slot += 1)
      room += roomInStep(rows, bounds, slot, step);
    const hasImplicitRoom = step === STEPS - 1;
    if (room > left[row]! || hasImplicitRoom) return false;
    for (let slot = rows.start[row]!; slot < rows.end[row]!; slot += 1) {
      const units = roomInStep(rows, bounds, slot, step);
      rows.want[slot]! += units;
      totals[rows.column[slot]!]! += units;
    }
    left[row]! -= room;
  }
  return left[row] === 0;
}

interface Chooser {
  readonly totals: Int32Array;
  readonly need: NeedOrder;
  readonly candidates: Int32Array;
  readonly keys: Float64Array;
  /** What the row at hand says of each column: see {@link CLOSED} and {@link OPEN}; 0 for implicit cells. */
  readonly mark: Uint8Array;
}

const CLOSED = 1;
const OPEN = 2;

function createChooser(totals: Int32Array, bounds: Bounds): Chooser {
  const columnCount = totals.length;
  return {
    totals,
    need: createNeedOrder(totals.map((total, column) => total - bounds.columnFloor[column]!)),
    candidates: new Int32Array(columnCount),
    keys: new Float64Array(columnCount),
    mark: new Uint8Array(columnCount),
  };
}

/** Fills what is left of a row in the first steps with room, the neediest columns first. */
function fillOpenSteps(rows: Rows, bounds: Bounds, row: number, left: Int32Array, chooser: Chooser): void {
  for (let step = 0; step < STEPS; step += 1) {
    while (left[row]! > 0) {
      const collect = step === STEPS - 1 ? collectNeediest : collectFromSlots;
      const take = collect(rows, bounds, row, step, left[row]!, chooser);
      if (take === 0) break;
      for (let index = 0; index < take; index += 1) {
        const column = chooser.candidates[index]!;
        raiseCell(rows, bounds, row, column);
        chooser.totals[column]! += 1;
        chooser.need.fill(column);
      }
      left[row]! -= take;
    }
  }
  if (left[row] !== 0) throw new Error(`Row ${row} of the balance has ${left[row]} regions without a place`);
}

/** Up to `most` columns with room in a step that only slots have, the neediest first. Returns how many. */
function collectFromSlots(
  rows: Rows,
  bounds: Bounds,
  row: number,
  step: number,
  most: number,
  { candidates, keys, need }: Chooser,
): number {
  let count = 0;
  for (let slot = rows.start[row]!; slot < rows.end[row]!; slot += 1) {
    if (roomInStep(rows, bounds, slot, step) === 0) continue;
    candidates[count] = rows.column[slot]!;
    keys[count] = need.keyOf(rows.column[slot]!);
    count += 1;
  }
  const take = Math.min(count, most);
  if (take < count) selectSmallest(keys, candidates, count, take);
  return take;
}

/** The same for the last step, in which every implicit cell has room too: walks the columns in the order of their need. */
function collectNeediest(
  rows: Rows,
  bounds: Bounds,
  row: number,
  step: number,
  most: number,
  { candidates, need, mark }: Chooser,
): number {
  for (let slot = rows.start[row]!; slot < rows.end[row]!; slot += 1) {
    mark[rows.column[slot]!] = roomInStep(rows, bounds, slot, step) === 0 ? CLOSED : OPEN;
  }
  let count = 0;
  for (let index = 0; index < need.order.length && count < most; index += 1) {
    const column = need.order[index]!;
    if (mark[column] !== CLOSED) candidates[count++] = column;
  }
  for (let slot = rows.start[row]!; slot < rows.end[row]!; slot += 1) mark[rows.column[slot]!] = 0;
  return count;
}

/**
 * Partitions `items[0..count)` so that the `take` smallest by (key, item) come first (Hoare's quickselect with a median pivot;
 * the result does not depend on the order of the input).
 */
function selectSmallest(keys: Float64Array, items: Int32Array, count: number, take: number): void {
  let low = 0;
  let high = count - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    const pivotKey = keys[middle]!;
    const pivotItem = items[middle]!;
    let left = low;
    let right = high;
    while (left <= right) {
      while (isLess(keys[left]!, items[left]!, pivotKey, pivotItem)) left += 1;
      while (isLess(pivotKey, pivotItem, keys[right]!, items[right]!)) right -= 1;
      if (left > right) break;
      swap(keys, items, left, right);
      left += 1;
      right -= 1;
    }
    if (take - 1 <= right) high = right;
    else if (take - 1 >= left) low = left;
    else return;
  }
}

function isLess(keyA: number, itemA: number, keyB: number, itemB: number): boolean {
  return keyA < keyB || (keyA === keyB && itemA < itemB);
}

function swap(keys: Float64Array, items: Int32Array, a: number, b: number): void {
  const key = keys[a]!;
  keys[a] = keys[b]!;
  keys[b] = key;
  const item = items[a]!;
  items[a] = items[b]!;
  items[b] = item;
}

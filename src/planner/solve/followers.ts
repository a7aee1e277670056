import { placeClasses, relaxClasses, splitRow, spreadRaiseCost } from './classes.ts';
import type { ClassRow } from './classes.ts';
import { columnLowerCost, columnRaiseCost, IMPLICIT_RAISE_COST, lowerCost, raiseCost } from './costs.ts';
import { lowerCell, raiseCell, findSlot } from './rows.ts';
import type { Search } from './search.ts';

/**
 * The same optimum where followers forbid what the numbers alone would allow. The tables concerned are split into classes of
 * equal regions (see classes.ts); the others stay plain rows. One region at a time goes along a cheapest path until none improves,
 * which is slower than the plain search and just as exact.
 *
 * @returns whether the result is proven; false when `shouldStop` ended it.
 */
export function solveWithClasses(
  search: Search,
  classRows: readonly ClassRow[],
  shouldStop: () => boolean,
): boolean {
  for (;;) {
    if (shouldStop()) return false;
    const paths = findPaths(search, classRows);
    const end = cheapestEnd(search);
    if (end.cost >= 0) return true;
    shipOne(search, classRows, paths, end.column);
  }
}

/** Replaces a plain row by its classes, placed at the prices of the search. */
export function openClassRow(search: Search, row: number): ClassRow {
  const { rows, totals, problem } = search;
  for (let slot = rows.start[row]!; slot < rows.end[row]!; slot += 1)
    totals[rows.column[slot]!]! -= rows.want[slot]!;
  const classRow = splitRow(problem, rows, row);
  placeClasses(search, classRow);
  classRow.count.forEach((count, column) => (totals[column]! += count));
  return classRow;
}

/** Writes the classes' numbers back into the plain row. */
export function closeClassRow({ rows, bounds }: Search, { row, count }: ClassRow): void {
  for (let column = 0; column < count.length; column += 1) {
    let slot = findSlot(rows, row, column);
    while ((slot === -1 ? 0 : rows.want[slot]!) > count[column]!) {
      lowerCell(rows, bounds, row, column);
      slot = findSlot(rows, row, column);
    }
  }
  for (let column = 0; column < count.length; column += 1) {
    const slot = findSlot(rows, row, column);
    for (let want = slot === -1 ? 0 : rows.want[slot]!; want < count[column]!; want += 1) {
      raiseCell(rows, bounds, row, column);
    }
  }
}

/** How each column, row, cell and class is reached most cheaply from the hub. */
interface Paths {
  /** Plain row or class row (by index, counted from -2 downwards) that reaches each column; -1 for the hub itself. */
  readonly columnFrom: Int32Array;
  /** Column that reaches each plain row. */
  readonly rowFrom: Int32Array;
  readonly classPaths: readonly ClassPaths[];
}

interface ClassPaths {
  readonly cellDistance: Float64Array;
  readonly classDistance: Float64Array;
  readonly cellFrom: Int32Array;
  readonly classFrom: Int32Array;
}

function findPaths(search: Search, classRows: readonly ClassRow[]): Paths {
  const { totals, bounds, units, potentials, rows } = search;
  const columns = totals.length;
  for (let column = 0; column < columns; column += 1) {
    const [floor, ceil] = [bounds.columnFloor[column]!, bounds.columnCeil[column]!];
    potentials.column[column] = columnLowerCost(totals[column]!, floor, ceil, units);
  }
  potentials.row.fill(Infinity);
  const paths: Paths = {
    columnFrom: new Int32Array(columns).fill(-1),
    rowFrom: new Int32Array(rows.count).fill(-1),
    classPaths: classRows.map(({ classes }) => ({
      cellDistance: new Float64Array(columns).fill(Infinity),
      classDistance: new Float64Array(classes.length).fill(Infinity),
      cellFrom: new Int32Array(columns).fill(-1),
      classFrom: new Int32Array(classes.length).fill(-1),
    })),
  };
  const isSplit = new Set(classRows.map(({ row }) => row));
  for (let improved = true; improved;) {
    improved = false;
    for (let row = 0; row < rows.count; row += 1) {
      if (!isSplit.has(row) && relaxPlainRow(search, paths, row)) improved = true;
    }
    classRows.forEach((classRow, index) => {
      if (relaxClassRow(search, paths, classRow, index)) improved = true;
    });
  }
  return paths;
}

function relaxPlainRow(
  { rows, bounds, units, potentials, totals }: Search,
  paths: Paths,
  row: number,
): boolean {
  const distance = potentials.column;
  let improved = false;
  const slotOf = new Map<number, number>();
  for (let slot = rows.start[row]!; slot < rows.end[row]!; slot += 1) {
    const column = rows.column[slot]!;
    slotOf.set(column, slot);
    const want = rows.want[slot]!;
    if (want <= rows.fixed[slot]!) continue;
    const reached =
      distance[column]! +
      lowerCost(want, rows.have[slot]!, bounds.slotFloor[slot]!, bounds.slotCeil[slot]!, units);
    if (reached >= potentials.row[row]!) continue;
    potentials.row[row] = reached;
    paths.rowFrom[row] = column;
    improved = true;
  }
  for (let column = 0; column < totals.length; column += 1) {
    const slot = slotOf.get(column);
    const step =
      slot === undefined
        ? IMPLICIT_RAISE_COST
        : raiseCost(
            rows.want[slot]!,
            rows.have[slot]!,
            bounds.slotFloor[slot]!,
            bounds.slotCeil[slot]!,
            units,
          );
    const reached = potentials.row[row]! + step;
    if (reached >= distance[column]!) continue;
    distance[column] = reached;
    paths.columnFrom[column] = row;
    improved = true;
  }
  return improved;
}

function relaxClassRow(search: Search, paths: Paths, classRow: ClassRow, index: number): boolean {
  const { cellDistance, classDistance, cellFrom, classFrom } = paths.classPaths[index]!;
  const distance = search.potentials.column;
  let improved = false;
  for (let column = 0; column < distance.length; column += 1) {
    if (!classRow.classes.some(({ placed }) => placed[column]! > 0)) continue;
    const reached = distance[column]! - spreadRaiseCost(lowered(classRow, column), column, search);
    if (reached >= cellDistance[column]!) continue;
    cellDistance[column] = reached;
    cellFrom[column] = -1;
    improved = true;
  }
  if (relaxClasses(classRow, classDistance, cellDistance, classFrom, cellFrom)) improved = true;
  for (let column = 0; column < distance.length; column += 1) {
    const reached = cellDistance[column]! + spreadRaiseCost(classRow, column, search);
    if (reached >= distance[column]!) continue;
    distance[column] = reached;
    paths.columnFrom[column] = -2 - index;
    improved = true;
  }
  return improved;
}

/** The row as it is with one region less in a column: stepping down costs what stepping up again would give back. */
function lowered(row: ClassRow, column: number): ClassRow {
  const count = row.count.slice();
  count[column]! -= 1;
  return { ...row, count };
}

function cheapestEnd({ potentials, totals, bounds, units }: Search): { cost: number; column: number } {
  let end = { cost: Infinity, column: -1 };
  for (let column = 0; column < totals.length; column += 1) {
    const [floor, ceil] = [bounds.columnFloor[column]!, bounds.columnCeil[column]!];
    const cost = potentials.column[column]! + columnRaiseCost(totals[column]!, floor, ceil, units);
    if (cost < end.cost) end = { cost, column };
  }
  return end;
}

/** Walks the links back from the taking column to the giving one, and moves one region on every step. */
function shipOne(search: Search, classRows: readonly ClassRow[], paths: Paths, end: number): void {
  const { rows, bounds, totals } = search;
  totals[end]! += 1;
  let column = end;
  for (let hop = 0; paths.columnFrom[column] !== -1; hop += 1) {
    if (hop > totals.length) throw new Error('A cheapest path visits a column twice');
    const from = paths.columnFrom[column]!;
    if (from >= 0) {
      const giver = paths.rowFrom[from]!;
      lowerCell(rows, bounds, from, giver);
      raiseCell(rows, bounds, from, column);
      column = giver;
    } else {
      column = shipThroughClasses(classRows[-2 - from]!, paths.classPaths[-2 - from]!, column);
    }
  }
  totals[column]! -= 1;
}

/** Returns the column that gave the region. */
function shipThroughClasses(classRow: ClassRow, { cellFrom, classFrom }: ClassPaths, end: number): number {
  classRow.count[end]! += 1;
  let cell = end;
  while (cellFrom[cell] !== -1) {
    const regionClass = classRow.classes[cellFrom[cell]!]!;
    const previous = classFrom[cellFrom[cell]!]!;
    regionClass.placed[cell]! += 1;
    regionClass.placed[previous]! -= 1;
    cell = previous;
  }
  classRow.count[cell]! -= 1;
  return cell;
}

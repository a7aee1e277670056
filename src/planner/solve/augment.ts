import { columnLowerCost, columnRaiseCost, IMPLICIT_RAISE_COST, lowerCost, raiseCost } from './costs.ts';
import { findSlot, lowerCell, raiseCell } from './rows.ts';
import type { Search } from './search.ts';

/**
 * Ships regions along cheapest paths, one unit per path, in one round: a depth-first search in which every column and table that
 * leads nowhere is passed over from then on (as in Dinic's blocking flow). What a round leaves over, the next one finds, with new
 * distances.
 *
 * A path leads from a column that gives (hub to column) through tables to a column that takes. Only *tight* steps are used: those
 * on which the distances say that the path stays a cheapest one.
 *
 * @throws Error when no path is found, although the distances say that there is one.
 */
export function augment(search: Search, pathCost: number): void {
  if (shipRound(openRound(search, pathCost)) === 0)
    throw new Error('The distances promise a path that is not there');
}

interface Round {
  readonly search: Search;
  readonly pathCost: number;
  /** Tight steps out of each column, grouped by column: `givers[first[c] .. first[c + 1])` are rows. */
  readonly first: Int32Array;
  readonly givers: Int32Array;
  /** Next giver to try, per column. */
  readonly nextGiver: Int32Array;
  /** Next slot (offset from the row's start), then next implicit column, to try per row. */
  readonly nextSlot: Int32Array;
  readonly nextImplicit: Int32Array;
  readonly columnState: Uint8Array;
  readonly rowOnPath: Uint8Array;
  /** The path: column, row, column, row, … column. */
  readonly pathColumns: number[];
  readonly pathRows: number[];
}

const FREE = 0;
const ON_PATH = 1;
const DEAD = 2;

function openRound(search: Search, pathCost: number): Round {
  const { rows, totals } = search;
  const { first, givers } = tightGivers(search);
  return {
    search,
    pathCost,
    first,
    givers,
    nextGiver: first.slice(0, totals.length),
    nextSlot: new Int32Array(rows.count),
    nextImplicit: new Int32Array(rows.count),
    columnState: new Uint8Array(totals.length),
    rowOnPath: new Uint8Array(rows.count),
    pathColumns: [],
    pathRows: [],
  };
}

function tightGivers(search: Search): { first: Int32Array; givers: Int32Array } {
  const { rows, totals } = search;
  const first = new Int32Array(totals.length + 1);
  for (let row = 0; row < rows.count; row += 1) {
    for (let slot = rows.start[row]!; slot < rows.end[row]!; slot += 1) {
      if (givesTightly(search, row, slot)) first[rows.column[slot]! + 1]! += 1;
    }
  }
  for (let column = 0; column < totals.length; column += 1) first[column + 1]! += first[column]!;
  const next = first.slice();
  const givers = new Int32Array(first[totals.length]!);
  for (let row = 0; row < rows.count; row += 1) {
    for (let slot = rows.start[row]!; slot < rows.end[row]!; slot += 1) {
      if (givesTightly(search, row, slot)) givers[next[rows.column[slot]!]!++] = row;
    }
  }
  return { first, givers };
}

/** Whether taking a region out of this cell continues a cheapest path. */
function givesTightly({ rows, bounds, units, potentials }: Search, row: number, slot: number): boolean {
  const want = rows.want[slot]!;
  if (want <= rows.fixed[slot]!) return false;
  const step = lowerCost(want, rows.have[slot]!, bounds.slotFloor[slot]!, bounds.slotCeil[slot]!, units);
  return potentials.column[rows.column[slot]!]! + step === potentials.row[row];
}

/** Whether putting a region into this cell continues a cheapest path. */
function takesTightly({ rows, bounds, units, potentials }: Search, row: number, slot: number): boolean {
  const step = raiseCost(
    rows.want[slot]!,
    rows.have[slot]!,
    bounds.slotFloor[slot]!,
    bounds.slotCeil[slot]!,
    units,
  );
  return potentials.row[row]! + step === potentials.column[rows.column[slot]!];
}

/** Runs one round from every column that gives. Returns the units shipped. */
function shipRound(round: Round): number {
  const { totals, bounds, units, potentials } = round.search;
  let shipped = 0;
  for (let source = 0; source < totals.length; source += 1) {
    for (;;) {
      const step = columnLowerCost(
        totals[source]!,
        bounds.columnFloor[source]!,
        bounds.columnCeil[source]!,
        units,
      );
      if (round.columnState[source] === DEAD || step !== potentials.column[source]) break;
      if (!findPath(round, source)) break;
      shipPath(round);
      shipped += 1;
    }
  }
  return shipped;
}

/** Depth-first search for a taking column. Leaves the path in `round`. */
function findPath(round: Round, source: number): boolean {
  const { pathColumns, pathRows, columnState, rowOnPath, nextGiver, first, givers } = round;
  pathColumns.length = pathRows.length = 0;
  pathColumns.push(source);
  columnState[source] = ON_PATH;
  for (;;) {
    const column = pathColumns[pathColumns.length - 1]!;
    if (pathColumns.length > 1 && takes(round, column)) return true;
    let forward = false;
    while (nextGiver[column]! < first[column + 1]!) {
      const row = givers[nextGiver[column]!]!;
      const next = rowOnPath[row] === 0 && stillGives(round, row, column) ? nextTaker(round, row) : -1;
      if (next === -1) {
        nextGiver[column]! += 1;
        continue;
      }
      pathRows.push(row);
      rowOnPath[row] = 1;
      pathColumns.push(next);
      columnState[next] = ON_PATH;
      forward = true;
      break;
    }
    if (forward) continue;
    columnState[column] = DEAD;
    pathColumns.pop();
    const row = pathRows.pop();
    if (row === undefined) return false;
    rowOnPath[row] = 0;
  }
}

/** Whether the column ends a path of the wanted cost. */
function takes({ search, pathCost }: Round, column: number): boolean {
  const { totals, bounds, units, potentials } = search;
  const step = columnRaiseCost(
    totals[column]!,
    bounds.columnFloor[column]!,
    bounds.columnCeil[column]!,
    units,
  );
  return potentials.column[column]! + step === pathCost;
}

function stillGives({ search }: Round, row: number, column: number): boolean {
  const slot = findSlot(search.rows, row, column);
  return slot !== -1 && givesTightly(search, row, slot);
}

/** The next column that the row can give a region to on a cheapest path, or -1. */
function nextTaker(round: Round, row: number): number {
  const { search, nextSlot, nextImplicit, columnState } = round;
  const { rows, potentials, totals } = search;
  const from = rows.start[row]!;
  while (from + nextSlot[row]! < rows.end[row]!) {
    const slot = from + nextSlot[row]!;
    if (columnState[rows.column[slot]!] === FREE && takesTightly(search, row, slot))
      return rows.column[slot]!;
    nextSlot[row]! += 1;
  }
  const reached = potentials.row[row]! + IMPLICIT_RAISE_COST;
  while (nextImplicit[row]! < totals.length) {
    const column = nextImplicit[row]!;
    const isTight = potentials.column[column] === reached && columnState[column] === FREE;
    if (isTight && findSlot(rows, row, column) === -1) return column;
    nextImplicit[row]! += 1;
  }
  return -1;
}

/** Moves one region along the path that was found. */
function shipPath({ search, pathColumns, pathRows, columnState, rowOnPath }: Round): void {
  for (let hop = 0; hop < pathRows.length; hop += 1) {
    lowerCell(search.rows, search.bounds, pathRows[hop]!, pathColumns[hop]!);
    raiseCell(search.rows, search.bounds, pathRows[hop]!, pathColumns[hop + 1]!);
    rowOnPath[pathRows[hop]!] = 0;
  }
  for (const column of pathColumns) columnState[column] = FREE;
  search.totals[pathColumns[0]!]! -= 1;
  search.totals[pathColumns[pathColumns.length - 1]!]! += 1;
}

import type { Snapshot } from '../src/domain/snapshot.ts';

/**
 * A plain two-dimensional greedy, as the closest relatives of this tool plan (Kudu's rule): a table whose skew is the greatest gives a
 * region from its most loaded to its least loaded datanode, ties going to the datanodes' totals; once every table's skew is at most
 * one, totals are evened out by moves that leave it so, the greatest difference first. Equal weights, no pins. What a move may change
 * is kept up to date, nothing is looked for twice.
 *
 * @param counts regions of each table on each datanode; changed in place.
 * @param onMove called with each move.
 * @returns the number of moves.
 */
export function greedyMoves(
  counts: number[][],
  onMove: (table: number, from: number, to: number) => void = () => undefined,
): number {
  const totals = (counts[0] ?? []).map((_, node) => counts.reduce((sum, row) => sum + row[node]!, 0));
  let moves = 0;
  const shift = (table: number, from: number, to: number): void => {
    counts[table]![from]! -= 1;
    counts[table]![to]! += 1;
    totals[from]! -= 1;
    totals[to]! += 1;
    moves += 1;
    onMove(table, from, to);
  };
  evenTables(counts, totals, shift);
  evenTotals(counts, totals, shift);
  return moves;
}

/** Moves one region of a table. */
type Shift = (table: number, from: number, to: number) => void;

function evenTables(counts: readonly (readonly number[])[], totals: readonly number[], shift: Shift): void {
  const bySkew: number[][] = [];
  const file = (table: number): void => {
    const row = counts[table]!;
    const skew = Math.max(...row) - Math.min(...row);
    (bySkew[skew] ??= []).push(table);
  };
  for (const table of counts.keys()) file(table);
  for (let worst = bySkew.length - 1; worst > 1;) {
    const table = bySkew[worst]?.pop();
    if (table === undefined) {
      worst -= 1;
      continue;
    }
    const [from, to] = widest(counts[table]!, totals);
    shift(table, from, to);
    file(table);
  }
}

/** From the fullest to the emptiest datanode of a table; among equals from the fullest to the emptiest in total. */
function widest(row: readonly number[], totals: readonly number[]): [number, number] {
  let from = 0;
  let to = 0;
  row.forEach((count, node) => {
    if (count > row[from]! || (count === row[from]! && totals[node]! > totals[from]!)) from = node;
    if (count < row[to]! || (count === row[to]! && totals[node]! < totals[to]!)) to = node;
  });
  return [from, to];
}

function evenTotals(counts: readonly (readonly number[])[], totals: readonly number[], shift: Shift): void {
  /** Tables that may have a region more on one datanode than on another. */
  const between: number[][][] = totals.map(() => totals.map(() => []));
  const file = (table: number, from: number, to: number): void => {
    if (counts[table]![from]! > counts[table]![to]!) between[from]![to]!.push(table);
  };
  const nodes = [...totals.keys()];
  for (const table of counts.keys()) for (const from of nodes) for (const to of nodes) file(table, from, to);
  const takeTable = (from: number, to: number): number | undefined => {
    const tables = between[from]![to]!;
    while (tables.length > 0 && counts[tables.at(-1)!]![from]! <= counts[tables.at(-1)!]![to]!) tables.pop();
    return tables.at(-1);
  };
  for (;;) {
    let best: { from: number; to: number; table: number } | undefined;
    let gap = 1;
    for (const from of nodes) {
      for (const to of nodes) {
        const table = totals[from]! - totals[to]! > gap ? takeTable(from, to) : undefined;
        if (table === undefined) continue;
        gap = totals[from]! - totals[to]!;
        best = { from, to, table };
      }
    }
    if (!best) return;
    const { from, to, table } = best;
    shift(table, from, to);
    for (const other of nodes) {
      file(table, to, other);
      file(table, other, from);
    }
  }
}

interface GreedyMove {
  readonly regionId: string;
  readonly from: string;
  readonly to: string;
}

/** The same from a snapshot to the regions that move, which is what a plan has to say at least. */
export function greedyPlan({ datanodes, tables, regions }: Snapshot): GreedyMove[] {
  const nodeOf = new Map(datanodes.map(({ id }, node) => [id, node]));
  const tableOf = new Map(tables.map(({ id }, table) => [id, table]));
  const led: string[][][] = tables.map(() => datanodes.map(() => []));
  for (const { id, tableId, leader } of regions) led[tableOf.get(tableId)!]![nodeOf.get(leader!)!]!.push(id);
  const moves: GreedyMove[] = [];
  greedyMoves(
    led.map((row) => row.map(({ length }) => length)),
    (table, from, to) => {
      const regionId = led[table]![from]!.pop()!;
      led[table]![to]!.push(regionId);
      moves.push({ regionId, from: datanodes[from]!.id, to: datanodes[to]!.id });
    },
  );
  return moves;
}

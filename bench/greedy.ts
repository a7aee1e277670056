/**
 * A plain two-dimensional greedy, as the closest relatives of this tool plan: a table whose skew is the greatest gives a region
 * from its most loaded to its least loaded datanode, ties going to the datanodes' totals; once every table's skew is at most one,
 * totals are evened out by moves that leave it so. Equal weights, no pins.
 *
 * @param counts regions of each table on each datanode; changed in place.
 * @returns the number of moves.
 */
export function greedyMoves(counts: number[][]): number {
  const nodes = counts[0]?.length ?? 0;
  const totals = Array.from({ length: nodes }, (_, node) => counts.reduce((sum, row) => sum + row[node]!, 0));
  let moves = 0;
  for (;;) {
    const move = nextMove(counts, totals);
    if (!move) return moves;
    counts[move.table]![move.from]! -= 1;
    counts[move.table]![move.to]! += 1;
    totals[move.from]! -= 1;
    totals[move.to]! += 1;
    moves += 1;
  }
}

interface Candidate {
  readonly table: number;
  readonly from: number;
  readonly to: number;
}

function nextMove(counts: readonly number[][], totals: readonly number[]): Candidate | undefined {
  const skews = counts.map((row) => Math.max(...row) - Math.min(...row));
  const worst = Math.max(0, ...skews);
  if (worst > 1) {
    const tables = [...skews.keys()].filter((table) => skews[table] === worst);
    return best(
      tables.map((table) => widest(table, counts[table]!, totals)),
      totals,
    );
  }
  if (Math.max(...totals) - Math.min(...totals) <= 1) return undefined;
  const candidates: Candidate[] = [];
  counts.forEach((row, table) =>
    row.forEach((give, from) =>
      row.forEach((take, to) => {
        if (give > take && totals[from]! - totals[to]! > 1) candidates.push({ table, from, to });
      }),
    ),
  );
  return best(candidates, totals);
}

/** From the fullest to the emptiest datanode of a table; among equals from the fullest to the emptiest in total. */
function widest(table: number, row: readonly number[], totals: readonly number[]): Candidate {
  let from = 0;
  let to = 0;
  row.forEach((count, node) => {
    if (count > row[from]! || (count === row[from]! && totals[node]! > totals[from]!)) from = node;
    if (count < row[to]! || (count === row[to]! && totals[node]! < totals[to]!)) to = node;
  });
  return { table, from, to };
}

/** The candidate that evens out the totals most, the first among equals. */
function best(candidates: readonly Candidate[], totals: readonly number[]): Candidate | undefined {
  let chosen: Candidate | undefined;
  for (const candidate of candidates) {
    const gain = totals[candidate.from]! - totals[candidate.to]!;
    if (!chosen || gain > totals[chosen.from]! - totals[chosen.to]!) chosen = candidate;
  }
  return chosen;
}

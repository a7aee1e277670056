import { sortByKey, sortFew } from '../../lib/sort.ts';
import type { Problem } from '../problem.ts';
import { forEachAway } from '../solve/follower-row.ts';
import type { FollowerRow } from '../solve/follower-row.ts';
import type { Rows } from '../solve/rows.ts';
import { createNodeLoad, inRow } from './load.ts';
import { keepTargets, spreadLoad } from './spread.ts';
import type { Exchange, Taker } from './spread.ts';

/** One region's change of leader, by region and node index. */
export interface Relocation {
  readonly region: number;
  readonly from: number;
  readonly to: number;
}

/**
 * Turns the wanted numbers into regions: of each table and source the cheapest regions to move, and of the targets the one
 * that carries least takes the heaviest of them. Tables with followers know their regions already.
 */
export function chooseRegions(
  problem: Problem,
  rows: Rows,
  followerRows: readonly FollowerRow[],
): Relocation[] {
  const load = createNodeLoad(problem);
  const relocations: Relocation[] = [];
  const assign = (region: number, column: number): void => {
    const [from, to] = [problem.nodeOf[region]!, problem.columns[column]!];
    relocations.push({ region, from, to });
    if (load.measure === undefined) return;
    load.byNode[from]! -= load.byRegion[region]!;
    load.byNode[to]! += load.byRegion[region]!;
  };
  for (const row of followerRows) forEachAway(row, assign);
  const giveOf = new Int32Array(problem.nodes.length);
  for (let row = 0; row < rows.count; row += 1) {
    const exchange = exchangeOf(problem, rows, row, giveOf);
    if (exchange.takers.length === 0) continue;
    if (load.measure === undefined) takeTurns(keepTargets(problem, exchange, assign), assign);
    else for (const { region, column } of spreadLoad(problem, exchange, load)) assign(region, column);
  }
  return relocations;
}

/** @param giveOf scratch, by node. */
function exchangeOf(problem: Problem, rows: Rows, row: number, giveOf: Int32Array): Exchange {
  const takers: Taker[] = [];
  for (let slot = rows.start[row]!; slot < rows.end[row]!; slot += 1) {
    const surplus = rows.have[slot]! - rows.want[slot]!;
    giveOf[problem.columns[rows.column[slot]!]!] = Math.max(0, surplus);
    if (surplus < 0) takers.push({ column: rows.column[slot]!, lack: -surplus });
  }
  sortFew(takers, (a, b) => a.column - b.column);
  return { takers, leaving: takers.length === 0 ? [] : leavingOf(problem, rows, row, giveOf) };
}

/** @param giveOf how many regions each target's datanode gives, used up by this; a draining one gives all that can leave. */
function leavingOf(problem: Problem, { first, members }: Rows, row: number, giveOf: Int32Array): number[] {
  const { nodeOf, hold, columnOf } = problem;
  const regions: number[] = [];
  for (let index = first[row]!; index < first[row + 1]!; index += 1) {
    const region = members[index]!;
    const node = nodeOf[region]!;
    if (hold[region] === 0 && (columnOf[node] === -1 || giveOf[node]! > 0)) regions.push(region);
  }
  return sortByKey(regions, inRow(problem)).filter(
    (region) => columnOf[nodeOf[region]!] === -1 || giveOf[nodeOf[region]!]!-- > 0,
  );
}

/** Each target in turn, so that the regions of one source go to many of them. */
function takeTurns({ leaving, takers }: Exchange, assign: (region: number, column: number) => void): void {
  let open = takers.map(({ column, lack }) => ({ column, lack }));
  let next = 0;
  while (open.length > 0) {
    for (const taker of open) {
      assign(leaving[next++]!, taker.column);
      taker.lack -= 1;
    }
    open = open.filter(({ lack }) => lack > 0);
  }
}

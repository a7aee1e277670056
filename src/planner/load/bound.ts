import { carriedBy } from './band.ts';
import type { Board } from './board.ts';
import { fewestDepartures } from './departures.ts';
import { NOISE, scoreOf } from './score.ts';

/**
 * A lower bound on the moves of every plan that brings the targets as near to the band as this one does. Regions have to leave the targets with too
 * much, and to each with too little at least as many arrive as the heaviest of all need to fill the gap. Each move leaves one datanode and reaches
 * one, so that each of the two sums bounds the plan. Where this plan leaves targets above their bands, as many others may stay there, as far above
 * as the worst of them; where it leaves some below, no gap has to be filled.
 *
 * @param board at the plan's end.
 */
export function boundMoves(board: Board): number {
  const { problem } = board;
  const score = scoreOf(board);
  const atStart = carriedBy(problem, board.loads, board.home);
  const free = problem.regionsOfTable.filter((region) => problem.hold[region] === 0);
  const leave = fewestDepartures(board, free, atStart, score);
  return score.under === 0 ? Math.max(leave, arrivals(board, free, atStart)) : leave;
}

function arrivals({ problem, band, loads }: Board, free: Int32Array, atStart: Float64Array): number {
  const slack = NOISE * band.mean;
  const lacks = atStart
    .map((load, column) => band.low * problem.weights[column]! - load)
    .filter((lack) => lack > slack);
  if (lacks.length === 0) return 0;
  const sorted = [...free].sort((a, b) => loads.of[b]! - loads.of[a]!);
  return lacks.reduce((sum, lack) => sum + fewestFor(sorted, loads.of, lack - slack), 0);
}

/** How many regions, those with the most load first, add up to an amount; all where they do not. */
function fewestFor(regions: readonly number[], of: Float64Array, amount: number): number {
  let [sum, count] = [0, 0];
  for (const region of regions) {
    if (sum >= amount) break;
    sum += of[region]!;
    count += 1;
  }
  return count;
}

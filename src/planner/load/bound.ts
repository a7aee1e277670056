import type { Board } from './board.ts';
import { fewestDepartures, heaviestFirst } from './departures.ts';
import { NOISE } from './score.ts';
import type { Score } from './score.ts';

/**
 * A lower bound on the moves of every plan that brings the targets as near to the band as this one does. Regions have to leave the targets with too
 * much, and to each with too little at least as many arrive as the heaviest of all need to fill the gap. Each move leaves one datanode and reaches
 * one, so that each of the two sums bounds the plan. Where this plan leaves targets above their bands, as many others may stay there, as far above
 * as the worst of them; where it leaves some below, no gap has to be filled.
 *
 * @param score of the board at the plan's end.
 */
export function boundMoves(board: Board, score: Pick<Score, 'above' | 'over' | 'under'>): number {
  const leave = fewestDepartures(board, score);
  return score.under === 0 ? Math.max(leave, arrivals(board)) : leave;
}

function arrivals({ problem, band, loads, carriedAtHome }: Board): number {
  const slack = NOISE * band.mean;
  const lacks = carriedAtHome
    .map((load, column) => band.low * problem.weights[column]! - load)
    .filter((lack) => lack > slack);
  if (lacks.length === 0) return 0;
  const free = problem.regionsOfTable.filter((region) => problem.hold[region] === 0);
  const sorted = heaviestFirst(loads, free);
  return lacks.reduce((sum, lack) => sum + fewestFor(sorted, lack - slack), 0);
}

/** How many loads, the largest first, add up to an amount; all where they do not. */
function fewestFor(loads: Float64Array, amount: number): number {
  let [sum, count] = [0, 0];
  while (count < loads.length && sum < amount) {
    sum += loads[count]!;
    count += 1;
  }
  return count;
}

import { carriedBy, highFor } from './band.ts';
import type { Board } from './board.ts';
import { NOISE, scoreOf } from './score.ts';
import type { Score } from './score.ts';

/**
 * A lower bound on the moves of every plan that brings the targets as near to the band as this one does. From each target with too much at least as
 * many regions leave as its heaviest need to add up to the excess, and to each with too little at least as many arrive as the heaviest of all need
 * to fill the gap. Each move leaves one datanode and reaches one, so that each of the two sums bounds the plan. Where this plan leaves targets above
 * their bands, as many others may stay there, as far above as the worst of them; where it leaves some below, no gap has to be filled.
 *
 * @param board at the plan's end. @param leaving regions that leave draining datanodes, whatever the load.
 */
export function boundMoves(board: Board, leaving: number): number {
  const { problem, home } = board;
  const { above, over, under } = scoreOf(board);
  const atStart = carriedBy(problem, board.loads, home);
  const free = problem.regionsOfTable.filter((region) => problem.hold[region] === 0);
  const leave = leaving + departures(board, free, atStart, { above, over });
  return under === 0 ? Math.max(leave, arrivals(board, free, atStart)) : leave;
}

/**
 * Each target ends without a region that fits nowhere, or the heaviest of those that it leads at the end allows it more. Each such region is the
 * heaviest of one target at most: what all of them spare together is no more than each spares where it spares most, and no more than each target is
 * spared by the one that spares it most.
 */
function departures(
  board: Board,
  free: Int32Array,
  atStart: Float64Array,
  { above, over }: Pick<Score, 'above' | 'over'>,
): number {
  const { problem, home, band } = board;
  const heavyAt = problem.columns.map((): number[] => []);
  for (const region of band.heavy) if (home[region] !== -1) heavyAt[home[region]!]!.push(region);
  const matters = atStart.map((load, column) =>
    Number(load > band.high * problem.weights[column]! * (1 + NOISE) || heavyAt[column]!.length > 0),
  );
  const regions = problem.columns.map((): number[] => []);
  for (const region of free)
    if (home[region] !== -1 && matters[home[region]!] === 1) regions[home[region]!]!.push(region);
  let [sum, sparedByTarget] = [0, 0];
  const sparedByStaying: number[] = [];
  const sparedByRegion = new Float64Array(band.heavy.length);
  matters.forEach((does, column) => {
    if (does === 0) return;
    const target = { column, load: atStart[column]!, regions: regions[column]! };
    const fewest = createCounter(board, target, 0);
    const fewestAbove = createCounter(board, target, above);
    const without = Math.max(fewest(-1), heavyAt[column]!.length);
    let [most, staying] = [0, without - fewestAbove(-1)];
    band.heavy.forEach((region, index) => {
      const needed = fewest(region);
      const spared = Math.max(0, without - needed);
      sparedByRegion[index] = Math.max(sparedByRegion[index]!, spared);
      most = Math.max(most, spared);
      staying = Math.max(staying, needed - fewestAbove(region));
    });
    sum += without;
    sparedByTarget += most;
    sparedByStaying.push(staying);
  });
  const total = (values: Iterable<number>): number => [...values].reduce((all, value) => all + value, 0);
  // Of all that could stay above, the ones that spare most.
  const stay = sparedByStaying.sort((a, b) => b - a).slice(0, above === 0 ? 0 : over);
  return Math.max(0, sum - Math.min(sparedByTarget, total(sparedByRegion)) - total(stay));
}

interface Target {
  readonly column: number;
  readonly load: number;
  /** Those that may leave. */
  readonly regions: readonly number[];
}

/**
 * Counts the regions that leave a target at least if, at the end, the given one is the heaviest there that fits nowhere (-1: none is).
 *
 * @param above tolerances that it may stay above its band.
 */
function createCounter(
  board: Board,
  { column, load, regions }: Target,
  above: number,
): (heaviest: number) => number {
  const { loads, band, problem, home } = board;
  const extra = (above * band.tolerance * problem.weights[column]! + NOISE) * band.mean;
  const sorted = [...regions].sort((a, b) => loads.of[b]! - loads.of[a]!);
  return (heaviest) => {
    const own = heaviest === -1 ? 0 : loads.of[heaviest]!;
    const comes = heaviest !== -1 && home[heaviest] !== column;
    const high = highFor(band, problem.weights[column]!, band.fixed[column]! + own) + extra;
    return fewestFor(sorted, loads.of, load + (comes ? own : 0) - high, heaviest);
  };
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
function fewestFor(regions: readonly number[], of: Float64Array, amount: number, without = -1): number {
  let [sum, count] = [0, 0];
  for (const region of regions) {
    if (sum >= amount) break;
    if (region === without) continue;
    sum += of[region]!;
    count += 1;
  }
  return count;
}

import type { Board, Place } from './board.ts';
import { NOISE, outside } from './score.ts';

/** Regions that change places together, and what that does for the balance. */
export interface Step {
  readonly places: readonly Place[];
  /** Moves that it adds to the plan; less than 0 where it saves some. */
  readonly cost: number;
  /** By how much less the two targets lie outside their bands. */
  readonly gain: number;
  /** By how much the sum of squared loads falls, for equal gains. */
  readonly evens: number;
}

/** Regions of a source that are looked at, and targets for each: the heaviest, and the emptiest. */
const MOST_REGIONS = 16;
const MOST_TARGETS = 8;

/**
 * What it would do to move a region alone, or in exchange for another one; undefined when it would not help, or would make a new worst datanode.
 *
 * @param back the region that comes in exchange; -1 for none.
 */
function weigh(board: Board, from: number, to: number, out: number, back: number): Step | undefined {
  const { carried, loads, problem, band } = board;
  const net = loads.of[out]! - (back === -1 ? 0 : loads.of[back]!);
  if (net <= 0) return undefined;
  const [a, b] = [carried[from]!, carried[to]!];
  const [wa, wb] = [problem.weights[from]!, problem.weights[to]!];
  const [highFrom, highTo] = [board.high(from, out, back), board.high(to, back, out)];
  if (b + net > highTo && (b + net) / wb >= a / wa) return undefined;
  const [lowFrom, lowTo] = [board.low(from), board.low(to)];
  const before = outside(a, lowFrom, board.high(from)) + outside(b, lowTo, board.high(to));
  const gain = before - outside(a - net, lowFrom, highFrom) - outside(b + net, lowTo, highTo);
  if (!(gain > NOISE * band.mean)) return undefined;
  const places = [{ region: out, column: to }];
  if (back !== -1) places.push({ region: back, column: from });
  const cost = places.reduce((sum, { region, column }) => sum + board.costOf(region, column), 0);
  const evens = (a * a - (a - net) ** 2) / wa + (b * b - (b + net) ** 2) / wb;
  return { places, cost, gain, evens };
}

/** Which of two steps is the better one: more gain for each move, then more even loads. */
export function isBetterStep(a: Step, b: Step | undefined): boolean {
  if (b === undefined) return true;
  const [x, y] = [a.gain / Math.max(0.25, a.cost), b.gain / Math.max(0.25, b.cost)];
  if (Math.abs(x - y) > 1e-9 * Math.max(x, y)) return x > y;
  return a.evens > b.evens;
}

/** Tells each way to take load from one target: a region alone, or in exchange for a lighter one of its table. Returns how many were looked at. */
export function forEachStep(
  board: Board,
  from: number,
  regions: readonly number[],
  targets: readonly number[],
  roles: Uint8Array,
  tell: (step: Step) => void,
): number {
  let looked = 0;
  const tellIfGood = (to: number, out: number, back: number): void => {
    const step = weigh(board, from, to, out, back);
    if (step) tell(step);
  };
  for (const region of regions) {
    const { lists, floor, ceil } = board.cells(board.problem.tableOf[region]!);
    const mayLeave = lists[from]!.length > floor[from]!;
    let found = 0;
    for (const column of targets) {
      if (found >= MOST_TARGETS) break;
      looked += 1;
      if (column === from || !board.mayLead(region, column)) continue;
      const isFree = mayLeave && lists[column]!.length < ceil[column]!;
      if (isFree) tellIfGood(column, region, -1);
      const partner = lightest(board, lists[column]!, region, from, roles);
      if (partner !== -1) tellIfGood(column, region, partner);
      if (isFree || partner !== -1) found += 1;
    }
  }
  return looked;
}

/** The lightest region of the same table on a target that may change places with this one, or -1. */
function lightest(
  board: Board,
  list: readonly number[],
  region: number,
  back: number,
  roles: Uint8Array,
): number {
  for (const partner of list) {
    if (board.loads.of[partner]! >= board.loads.of[region]!) return -1;
    if (roles[partner] !== 0 && board.mayLead(partner, back)) return partner;
  }
  return -1;
}

/** Of a list from the most load to the least: the heaviest, and those around a wanted amount. */
export function someRegions(board: Board, list: readonly number[], amount: number): number[] {
  if (list.length <= 2 * MOST_REGIONS) return [...list];
  let [low, high] = [0, list.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (board.loads.of[list[middle]!]! > amount) low = middle + 1;
    else high = middle;
  }
  const around = Math.max(MOST_REGIONS, low - MOST_REGIONS / 2);
  return [...list.slice(0, MOST_REGIONS), ...list.slice(around, around + MOST_REGIONS)];
}

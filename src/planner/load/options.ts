import type { Board } from './board.ts';

/** A region with the target that shall lead it. */
interface Place {
  readonly region: number;
  readonly column: number;
}

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

/** What a step between two targets would do; undefined when it would not help, or would make a new worst datanode. */
function weigh(
  board: Board,
  from: number,
  to: number,
  places: Step['places'],
  [out, back]: readonly [out: number, back: number],
): Step | undefined {
  const { carried, loads, problem, band } = board;
  const net = loads.of[out]! - (back === -1 ? 0 : loads.of[back]!);
  if (net <= 0) return undefined;
  const [a, b] = [carried[from]!, carried[to]!];
  const [wa, wb] = [problem.weights[from]!, problem.weights[to]!];
  if (b + net > board.high(to, back, out) && (b + net) / wb >= a / wa) return undefined;
  const before = board.excess(from, a) + board.excess(to, b);
  const after = board.excess(from, a - net, out, back) + board.excess(to, b + net, back, out);
  const gain = before - after;
  if (!(gain > 1e-9 * band.mean)) return undefined;
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
  for (const region of regions) {
    const mayLeave = board.canLeave(region);
    let found = 0;
    for (const column of targets) {
      if (found >= MOST_TARGETS) break;
      looked += 1;
      if (column === from || !board.mayLead(region, column)) continue;
      const isFree = mayLeave && board.canEnter(region, column);
      if (isFree) {
        const step = weigh(board, from, column, [{ region, column }], [region, -1]);
        if (step) tell(step);
      }
      const partner = lightest(board, region, column, from, roles);
      if (isFree || partner !== -1) found += 1;
      if (partner === -1) continue;
      const places = [
        { region, column },
        { region: partner, column: from },
      ];
      const step = weigh(board, from, column, places, [region, partner]);
      if (step) tell(step);
    }
  }
  return looked;
}

/** The lightest region of the same table on a target that may change places with this one, or -1. */
function lightest(board: Board, region: number, column: number, back: number, roles: Uint8Array): number {
  const list = board.cells(board.problem.tableOf[region]!).lists[column]!;
  const load = board.loads.of[region]!;
  for (const partner of list) {
    if (board.loads.of[partner]! >= load) return -1;
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

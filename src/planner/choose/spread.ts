import { sortByKey } from '../../lib/sort.ts';
import type { Problem } from '../problem.ts';
import { compareMoveCost } from './load.ts';
import type { NodeLoad } from './load.ts';

/** A target that lacks so many regions of a row. */
export interface Taker {
  readonly column: number;
  readonly lack: number;
}

/** What one row moves. */
export interface Exchange {
  /** The regions that leave. */
  readonly leaving: readonly number[];
  /** Columns that lack regions, and how many. */
  readonly takers: readonly Taker[];
}

interface Assignment {
  readonly region: number;
  readonly column: number;
}

/** Targets of the previous plan are kept while the highest load stays within this of what a fresh choice reaches. */
const KEEP_WITHIN = 1.1;

/**
 * The heaviest region goes where least is carried for the weight. Regions that the previous plan moves keep their targets where the load is
 * spread about as well so.
 */
export function spreadLoad(problem: Problem, exchange: Exchange, load: NodeLoad): readonly Assignment[] {
  const fresh = createSpread(problem, exchange, load);
  fill(fresh, exchange.leaving);
  if (!problem.previous) return fresh.assignments;
  const limit = KEEP_WITHIN * highestOf(fresh);
  const kept = createSpread(problem, exchange, load);
  const takerOf = new Map(exchange.takers.map(({ column }, taker) => [column, taker]));
  const rest = keepTargets(
    problem,
    exchange,
    (region, column) => give(kept, region, takerOf.get(column)!),
    (region, column) => loadWith(kept, region, takerOf.get(column)!) <= limit,
  );
  fill(kept, rest.leaving);
  return highestOf(kept) <= limit ? kept.assignments : fresh.assignments;
}

/**
 * Gives regions to the targets that the previous plan gave them, as far as those still lack any.
 *
 * @returns what is left to exchange.
 */
export function keepTargets(
  problem: Problem,
  exchange: Exchange,
  give: (region: number, column: number) => void,
  mayKeep: (region: number, column: number) => boolean = () => true,
): Exchange {
  const { previous } = problem;
  if (!previous) return exchange;
  const lacks = new Map(exchange.takers.map(({ column, lack }) => [column, lack]));
  const leaving = exchange.leaving.filter((region) => {
    const column = previous.get(region)?.column;
    const lack = column === undefined ? undefined : lacks.get(column);
    if (column === undefined || !lack || !mayKeep(region, column)) return true;
    lacks.set(column, lack - 1);
    give(region, column);
    return false;
  });
  const takers = [...lacks].flatMap(([column, lack]) => (lack > 0 ? [{ column, lack }] : []));
  return { leaving, takers };
}

/** What the targets of one row carry while it is decided who takes what. They are named by their place among the takers. */
interface Spread {
  readonly problem: Problem;
  readonly load: NodeLoad;
  readonly takers: readonly Taker[];
  readonly lack: number[];
  readonly carried: number[];
  readonly perWeight: number[];
  readonly assignments: Assignment[];
}

function createSpread(problem: Problem, { takers }: Exchange, load: NodeLoad): Spread {
  const carried = takers.map(({ column }) => load.byNode[problem.columns[column]!]!);
  return {
    problem,
    load,
    takers,
    lack: takers.map(({ lack }) => lack),
    carried,
    perWeight: takers.map(({ column }, taker) => carried[taker]! / problem.weights[column]!),
    assignments: [],
  };
}

function give(spread: Spread, region: number, taker: number): void {
  const { carried, perWeight, lack, takers, load } = spread;
  perWeight[taker] = loadWith(spread, region, taker);
  carried[taker]! += load.byRegion[region]!;
  lack[taker]! -= 1;
  spread.assignments.push({ region, column: takers[taker]!.column });
}

/** What a target would carry for its weight with one region more. */
function loadWith({ carried, load, problem, takers }: Spread, region: number, taker: number): number {
  return (carried[taker]! + load.byRegion[region]!) / problem.weights[takers[taker]!.column]!;
}

function highestOf({ perWeight }: Spread): number {
  return perWeight.reduce((most, value) => Math.max(most, value), 0);
}

/**
 * Gives the heaviest region first, to the target that carries least of those that lack any, among equals the first: the top of a heap.
 *
 * @throws Error when there are more than are lacking.
 */
function fill(spread: Spread, leaving: readonly number[]): void {
  const { problem, load, lack } = spread;
  const lightestFirst = sortByKey(leaving.slice(), {
    key: load.byRegion,
    compareEqual: (a, b) => compareMoveCost(problem, b, a),
  });
  const heap = lack.flatMap((regions, taker) => (regions > 0 ? [taker] : []));
  for (let place = (heap.length >> 1) - 1; place >= 0; place -= 1) sink(spread, heap, place);
  for (let place = lightestFirst.length - 1; place >= 0; place -= 1) {
    const taker = heap[0];
    if (taker === undefined) throw new Error('More regions leave than are lacking');
    give(spread, lightestFirst[place]!, taker);
    if (lack[taker] === 0) {
      heap[0] = heap.at(-1)!;
      heap.pop();
    }
    sink(spread, heap, 0);
  }
}

function sink({ perWeight }: Spread, heap: number[], start: number): void {
  for (let place = start; ;) {
    let child = 2 * place + 1;
    if (child >= heap.length) return;
    if (child + 1 < heap.length && isLess(perWeight, heap[child + 1]!, heap[child]!)) child += 1;
    if (!isLess(perWeight, heap[child]!, heap[place]!)) return;
    const lower = heap[place]!;
    heap[place] = heap[child]!;
    heap[child] = lower;
    place = child;
  }
}

function isLess(perWeight: readonly number[], a: number, b: number): boolean {
  const difference = perWeight[a]! - perWeight[b]!;
  return difference < 0 || (difference === 0 && a < b);
}

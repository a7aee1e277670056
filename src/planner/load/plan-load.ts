import { standOf } from '../../domain/counted-load.ts';
import type { CountedLoad } from '../../domain/counted-load.ts';
import { isTime } from '../../domain/load.ts';
import type { LoadMemory, LoadPolicy } from '../../domain/load.ts';
import { createPrng } from '../../lib/prng.ts';
import type { Relocation } from '../choose/choose.ts';
import type { Budget } from '../budget.ts';
import type { Placement } from '../place.ts';
import type { Problem } from '../problem.ts';
import { carriedBy, columnsAfter, findBand, meanOf } from './band.ts';
import type { Band } from './band.ts';
import { Board } from './board.ts';
import { boundMoves } from './bound.ts';
import { prepareExact } from './exact.ts';
import { findRoles, smallestToMove } from './loads.ts';
import type { Loads } from './loads.ts';
import { keepPrevious } from './keep-previous.ts';
import { isBetterScore, scoreOf } from './score.ts';
import { LoadSearch } from './search.ts';
import type { Effort } from './search.ts';
import { orderForLoad, partMoves } from './sequence.ts';
import type { LoadStep } from './sequence.ts';

type Bands = Omit<CountedLoad, 'now' | 'after' | 'ofMove'>;

/** What the objective `load` adds to a placement that drains and table spread ask for. */
export interface LoadPlan {
  readonly base: readonly Relocation[];
  readonly forLoad: readonly LoadStep[];
  readonly minimumMoves: number;
  readonly optimal: boolean;
  readonly band: Band;
  readonly load: Omit<CountedLoad, 'ofMove'>;
}

export interface LoadInput {
  readonly problem: Problem;
  readonly loads: Loads;
  readonly policy: LoadPolicy;
  readonly memory: LoadMemory | undefined;
  /** What drains and table spread ask for. */
  readonly placement: Placement;
  /** What the previous plan moves and can still be moved so. */
  readonly previous: Problem['previous'];
}

/** Ways that a search looks at; and placements of the exact search. */
const SEARCH_STEPS = 300_000;
const EXACT_STEPS = 400_000;
/** What the plan's budget is charged for each time that it is asked. */
const STEPS_A_LOOK = 64;
/** Starts after the first: fewer where each takes long. */
const ROUNDS = 1_000;
const SEED = 'load';

export function planForLoad(input: LoadInput, budget: Budget): LoadPlan {
  const { problem, loads, policy, memory, placement } = input;
  const now = carriedBy(problem, loads, columnsAfter(problem, []));
  const at = columnsAfter(problem, placement.relocations);
  const settled = carriedBy(problem, loads, at);
  const roles = findRoles(problem, loads, smallestToMove(problem, loads, meanOf(problem, settled)));
  const band = findBand(problem, loads, roles, policy.tolerance, at, settled);
  const board = new Board(problem, loads, band, at, placement.relocations);
  const found = standOf(bandsOf(board, policy), loadOf(board, now), (isAbove) =>
    isTime(isAbove, memory, policy),
  );
  const isPlanned = found.state === 'uneven' && problem.columns.length > 1 && band.mean > 0;
  const isExact = isPlanned && evenOut(board, roles, input.previous, () => budget.spend(STEPS_A_LOOK));
  const parts = partMoves(board, placement.relocations);
  const afterBase = carriedBy(problem, loads, columnsAfter(problem, parts.base));
  const limit = Math.max(highestOf(problem, now), highestOf(problem, afterBase));
  const forLoad = orderForLoad(board, parts.forLoad, afterBase, limit);
  const end = carriedBy(problem, loads, board.at);
  const moves = parts.base.length + forLoad.length;
  const minimumMoves = isPlanned ? boundOf(board, placement, moves, isExact) : placement.minimumMoves;
  const bands = bandsOf(board, policy);
  const after = standOf(bands, loadOf(board, end), (isAbove) => isPlanned && isAbove);
  const { outside } = standOf(bands, found.ofDatanode, () => true);
  return {
    ...parts,
    forLoad,
    band,
    minimumMoves,
    optimal: isPlanned ? placement.optimal && minimumMoves === moves : placement.optimal,
    // Where no move helps, it is as the plan leaves it.
    load: { ...bands, now: moves === 0 && isPlanned ? after : { ...found, outside }, after },
  };
}

/** Searches for fewer and better moves. Returns whether no better placement can exist. */
function evenOut(
  board: Board,
  roles: Uint8Array,
  previous: Problem['previous'],
  shouldStop: () => boolean,
): boolean {
  const exact = prepareExact(board, roles);
  const before = scoreOf(board);
  const mark = board.mark();
  const searcher = (fills: boolean): LoadSearch =>
    new LoadSearch(board, roles, { steps: SEARCH_STEPS, shouldStop }, fills);
  const search = (fills: boolean): void => searcher(fills).run(createPrng(SEED), ROUNDS);
  search(false);
  fillUp(board, search);
  const effort: Effort = { steps: EXACT_STEPS, shouldStop };
  const isExact = exact?.run(effort) ?? false;
  // Nothing is moved for load unless it helps.
  if (!isBetterScore(scoreOf(board), before)) board.undo(mark);
  else if (previous) keepPrevious(board, mark, previous, (fills) => searcher(fills).finish());
  return isExact;
}

/** Goes on to fill those that carry too little; where not all can be filled, none is: what is moved for nothing costs as much. */
function fillUp(board: Board, search: (fills: boolean) => void): void {
  const before = scoreOf(board);
  if (before.under === 0) return;
  const mark = board.mark();
  search(true);
  if (!isBetterScore(scoreOf(board), before)) board.undo(mark);
}

function boundOf(board: Board, placement: Placement, moves: number, isExact: boolean): number {
  if (isExact && placement.optimal) return moves;
  return Math.min(moves, Math.max(placement.minimumMoves, boundMoves(board)));
}

function highestOf({ weights }: Problem, carried: Float64Array): number {
  return carried.reduce((most, load, column) => Math.max(most, load / weights[column]!), 0);
}

/** The band of each datanode, with every load taken for sure: what cannot be moved only because little is known of it is no excuse. */
function bandsOf(board: Board, policy: LoadPolicy): Bands {
  const { problem, band } = board;
  const byDatanode = (of: (column: number) => number): Float64Array => spread(problem, of);
  return {
    policy,
    ...{ mean: band.mean, low: band.low, high: band.high },
    lowOf: byDatanode((column) => board.low(column)),
    highOf: byDatanode((column) => board.highIfSure(column)),
  };
}

function loadOf({ problem }: Board, carried: Float64Array): Float64Array {
  return spread(problem, (column) => Math.max(0, carried[column]!));
}

/** By datanode; NaN for those that are no targets. */
function spread({ nodes, columns }: Problem, of: (column: number) => number): Float64Array {
  const ofNode = new Float64Array(nodes.length).fill(NaN);
  columns.forEach((node, column) => (ofNode[node] = of(column)));
  return ofNode;
}

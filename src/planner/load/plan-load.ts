import { standOf } from '../../domain/counted-load.ts';
import type { CountedLoad } from '../../domain/counted-load.ts';
import { isTime } from '../../domain/load.ts';
import type { LoadMemory, LoadPolicy } from '../../domain/load.ts';
import type { Relocation } from '../choose/choose.ts';
import type { Budget } from '../budget.ts';
import type { Placement } from '../place.ts';
import type { Problem } from '../problem.ts';
import { findBand, meanOf, placeAfter, placeAtHome } from './band.ts';
import type { Band } from './band.ts';
import { Board } from './board.ts';
import { evenOut } from './even-out.ts';
import { findRoles, smallestToMove } from './loads.ts';
import type { Loads } from './loads.ts';
import { NOISE } from './score.ts';
import { orderForLoad, partMoves } from './sequence.ts';
import type { LoadStep } from './sequence.ts';

type Bands = Omit<CountedLoad, 'now' | 'after' | 'ofMove' | 'cyclesToWait' | 'readingsToWait'>;

/** What the objective `load` adds to a placement that drains and table spread ask for. */
export interface LoadPlan {
  /** Whether it is time to even out the load. */
  readonly isPlanned: boolean;
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

/** What the plan's budget is charged for each time that it is asked. */
const STEPS_A_LOOK = 64;

export function planForLoad(input: LoadInput, budget: Budget): LoadPlan {
  const { problem, loads, policy, memory, placement } = input;
  const home = placeAtHome(problem, loads);
  const settled = placeAfter(problem, loads, home, placement.relocations);
  const roles = findRoles(problem, loads, smallestToMove(problem, loads, meanOf(problem, settled.carried)));
  const band = findBand(problem, loads, roles, policy.tolerance, settled);
  const board = new Board(problem, loads, band, home, settled, placement.relocations.length);
  const found = standOf(
    bandsOf(board, policy),
    loadOf(board, home.carried),
    (isAbove) => isTime(isAbove, memory, policy) && (loads.readingsToWait === 0 || memory?.active === true),
  );
  const isPlanned = found.state === 'uneven' && problem.columns.length > 1 && band.mean > 0;
  const shouldStop = (): boolean => budget.spend(STEPS_A_LOOK);
  const options = { roles, base: placement, previous: input.previous, shouldStop };
  const needed = isPlanned ? evenOut(board, options) : placement.minimumMoves;
  const parts = partMoves(board, placement.relocations);
  const afterBase = placeAfter(problem, loads, home, parts.base).carried;
  const limit = Math.max(highestOf(problem, home.carried), highestOf(problem, afterBase));
  const { base, spreads } = parts;
  const forLoad = orderForLoad(board, parts.forLoad, {
    base,
    carried: afterBase,
    limit,
    spreads,
    previous: input.previous,
  });
  const moves = base.length + forLoad.length;
  const minimumMoves = Math.min(moves, needed);
  const bands = bandsOf(board, policy);
  // Too much of what is not known well enough yet is waited for.
  const isTold = isPlanned && (forLoad.length > 0 || !isUnsure(board));
  const after = standOf(bands, loadOf(board, board.carried), (isAbove) => isTold && isAbove);
  const { outside } = standOf(bands, found.ofDatanode, () => true);
  const cyclesToWait = isTime(true, memory, policy) ? 0 : policy.stableFor - (memory?.cyclesAbove ?? 0) - 1;
  const { readingsToWait } = loads;
  return {
    isPlanned,
    base,
    forLoad,
    band,
    minimumMoves,
    optimal: placement.optimal && minimumMoves === moves,
    // Where no move helps, it is as the plan leaves it.
    load: {
      ...bands,
      cyclesToWait,
      readingsToWait,
      now: moves === 0 && isPlanned ? after : { ...found, outside },
      after,
    },
  };
}

/** Whether all that is too much stays because its load is not known well enough yet: too new, or too unsteady. */
function isUnsure(board: Board): boolean {
  const slack = NOISE * board.band.mean;
  return board.carried.every((load, column) => load <= board.high(column) + slack);
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

import { compareIds } from '../../domain/ids.ts';
import { violation } from '../../domain/quotas.ts';
import type { Relocation } from '../choose/choose.ts';
import type { Problem } from '../problem.ts';
import type { Board } from './board.ts';

/** All moves of a plan, apart: those that drains and table spread ask for, and those for the load alone. */
export interface Parted {
  readonly base: readonly Relocation[];
  readonly forLoad: readonly Relocation[];
}

/** @param base the moves that drains and table spread asked for, before anything was moved for load. */
export function partMoves(board: Board, base: readonly Relocation[]): Parted {
  const { problem, at, home } = board;
  const changed = new Set(board.touchedSince(0).map((region) => problem.tableOf[region]!));
  const kept = base.filter(({ region }) => !changed.has(problem.tableOf[region]!));
  const parts = [...changed]
    .sort((a, b) => a - b)
    .map((table) => {
      const moves: Relocation[] = [];
      for (let index = problem.start[table]!; index < problem.start[table + 1]!; index += 1) {
        const region = problem.regionsOfTable[index]!;
        if (at[region] === -1 || at[region] === home[region]) continue;
        moves.push({ region, from: problem.nodeOf[region]!, to: problem.columns[at[region]!]! });
      }
      const { regions } = problem.snapshot;
      moves.sort((a, b) => compareIds(regions[a.region]!.id, regions[b.region]!.id));
      return partTable(board, table, moves);
    });
  return {
    base: [...kept, ...parts.flatMap((part) => part.base)],
    forLoad: parts.flatMap((part) => part.forLoad),
  };
}

/** What empties draining datanodes, and what brings the table's own spread nearer to its share. */
function partTable(board: Board, table: number, moves: readonly Relocation[]): Parted {
  const { problem, home } = board;
  const { floor, ceil } = board.cells(table);
  const count = new Int32Array(problem.columns.length);
  for (let index = problem.start[table]!; index < problem.start[table + 1]!; index += 1) {
    const column = home[problem.regionsOfTable[index]!]!;
    if (column !== -1) count[column]! += 1;
  }
  const change = (column: number, step: number): number =>
    violation(count[column]! + step, floor[column]!, ceil[column]!) -
    violation(count[column]!, floor[column]!, ceil[column]!);
  const base = moves.filter(({ from }) => problem.columnOf[from] === -1);
  for (const { to } of base) count[problem.columnOf[to]!]! += 1;
  let open = moves.filter(({ from }) => problem.columnOf[from] !== -1);
  // First what mends both ends, then what mends one: each move is taken where it still helps.
  for (const least of [2, 1]) {
    open = open.filter((move) => {
      const [from, to] = [problem.columnOf[move.from]!, problem.columnOf[move.to]!];
      if (-change(from, -1) - change(to, 1) < least) return true;
      count[from]! -= 1;
      count[to]! += 1;
      base.push(move);
      return false;
    });
  }
  return { base, forLoad: open };
}

/** A move for load in its place, with the loads right before it. */
export interface LoadStep extends Relocation {
  readonly atFrom: number;
  readonly atTo: number;
  /** The region that changes places with this one. */
  readonly partner: number;
  /** The table's spread is worse than its share until the partner has moved too. */
  readonly opens: boolean;
  /** This move lifts a target above the highest load at the start: no order avoids it. */
  readonly peaks: boolean;
}

/** Moves that belong together: one, or two that change places. */
type Unit = readonly [Relocation] | readonly [Relocation, Relocation];

/** What the order of the moves goes by. */
interface Course {
  /** By each column before these moves; kept up to date. */
  readonly carried: Float64Array;
  /** Highest load for its weight at the start: no move lifts a target above it while another one is left. */
  readonly limit: number;
  readonly previous: Problem['previous'];
}

/** So many units are compared with each other. */
const WINDOW = 1_000;

/**
 * Orders the moves for load: what takes from the fullest target first, and nothing that would lift one above the highest load at the start while
 * anything else is left. Moves of the previous plan come before others, in their order. Regions that change places do so one right after the other.
 */
export function orderForLoad(board: Board, moves: readonly Relocation[], course: Course): LoadStep[] {
  const units = pairUp(board, moves);
  const steps: LoadStep[] = [];
  for (let at = 0; at < units.length; at += WINDOW) {
    const open = units.slice(at, at + WINDOW);
    while (open.length > 0) {
      const next = pickUnit(board, open, course);
      const [unit] = open.splice(next, 1);
      steps.push(...playUnit(board, unit!, course));
    }
  }
  return steps;
}

function pairUp(board: Board, moves: readonly Relocation[]): Unit[] {
  const waiting = new Map<string, Relocation[]>();
  const units: Unit[] = [];
  const { tableOf } = board.problem;
  for (const move of moves) {
    const back = waiting.get(`${tableOf[move.region]!} ${move.to} ${move.from}`)?.pop();
    if (back !== undefined) {
      units.push([move, back]);
      continue;
    }
    const key = `${tableOf[move.region]!} ${move.from} ${move.to}`;
    const same = waiting.get(key);
    if (same) same.push(move);
    else waiting.set(key, [move]);
  }
  return [...[...waiting.values()].flat().map((move): Unit => [move]), ...units];
}

function pickUnit(board: Board, open: readonly Unit[], course: Course): number {
  const { carried, limit } = course;
  let best = 0;
  let rank = [Infinity, Infinity, Infinity];
  open.forEach((unit, index) => {
    const [first] = inOrder(board, unit, course);
    const own = [
      Math.max(0, peakOf(board, first, carried) - limit),
      Math.min(...unit.map((move) => positionOf(course, move))),
      -Math.max(...unit.map((move) => levelOf(board, move.from, carried))),
    ];
    const differs = own.findIndex((part, place) => part !== rank[place]);
    if (differs !== -1 && own[differs]! < rank[differs]!) [best, rank] = [index, own];
  });
  return best;
}

/** Where a move stands in the previous plan; after all of its moves where it has it not. */
function positionOf({ previous }: Course, { region }: Relocation): number {
  return previous?.get(region)?.position ?? Number.MAX_SAFE_INTEGER;
}

/** What a datanode carries for its weight. */
function levelOf({ problem }: Board, node: number, carried: Float64Array): number {
  const column = problem.columnOf[node]!;
  return carried[column]! / problem.weights[column]!;
}

/** What the target of a move carries for its weight right after it. */
function peakOf({ problem, loads }: Board, { region, to }: Relocation, carried: Float64Array): number {
  const column = problem.columnOf[to]!;
  return (carried[column]! + loads.of[region]!) / problem.weights[column]!;
}

/** As in the previous plan, else the heavier first; unless that lifts its target too high and the other way does less. */
function inOrder(board: Board, unit: Unit, course: Course): Unit {
  if (unit.length === 1) return unit;
  const [a, b] = unit;
  const { carried, limit } = course;
  const { of } = board.loads;
  const order = positionOf(course, a) - positionOf(course, b) || of[b.region]! - of[a.region]!;
  const [first, second] = order <= 0 ? [a, b] : [b, a];
  const peak = peakOf(board, first, carried);
  return peak > limit && peakOf(board, second, carried) < peak ? [second, first] : [first, second];
}

function playUnit(board: Board, unit: Unit, course: Course): LoadStep[] {
  const { carried, limit } = course;
  const ordered = inOrder(board, unit, course);
  return ordered.map((move, index): LoadStep => {
    const [from, to] = [board.problem.columnOf[move.from]!, board.problem.columnOf[move.to]!];
    const load = board.loads.of[move.region]!;
    const other = ordered[1 - index];
    const step: LoadStep = {
      ...move,
      atFrom: carried[from]!,
      atTo: carried[to]!,
      partner: other === undefined ? -1 : other.region,
      opens: other !== undefined && index === 0,
      peaks: peakOf(board, move, carried) > limit * (1 + 1e-9),
    };
    carried[from]! -= load;
    carried[to]! += load;
    return step;
  });
}

import { compareIds } from '../../domain/ids.ts';
import type { Relocation } from '../choose/choose.ts';
import type { Problem } from '../problem.ts';
import type { Board } from './board.ts';
import { TableSpreads } from './table-spreads.ts';

/** All moves of a plan, apart: those that drains and table spread ask for, and those for the load alone. */
interface Moves {
  readonly base: readonly Relocation[];
  readonly forLoad: readonly Relocation[];
}

export interface Parted extends Moves {
  /** Of the tables with moves for load, once the others are made. */
  readonly spreads: TableSpreads;
}

/** @param base the moves that drains and table spread asked for, before anything was moved for load. */
export function partMoves(board: Board, base: readonly Relocation[]): Parted {
  const { problem, at, home } = board;
  const spreads = new TableSpreads(board);
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
      return partTable(board, spreads, moves);
    });
  return {
    base: [...kept, ...parts.flatMap((part) => part.base)],
    forLoad: parts.flatMap((part) => part.forLoad),
    spreads,
  };
}

/** What empties draining datanodes, and what brings the table's own spread nearer to its share. */
function partTable({ problem }: Board, spreads: TableSpreads, moves: readonly Relocation[]): Moves {
  const base = moves.filter(({ from }) => problem.columnOf[from] === -1);
  for (const move of base) spreads.make(move);
  let open = moves.filter(({ from }) => problem.columnOf[from] !== -1);
  // First what mends both ends, then what mends one: each move is taken where it still helps.
  for (const most of [-2, -1]) {
    open = open.filter((move) => {
      if (spreads.change(move) > most) return true;
      spreads.make(move);
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
  /** It makes the table's spread worse, until the moves of the table right after it are made too. */
  readonly opens: boolean;
  /** This move lifts a target above the highest load at the start. */
  readonly peaks: boolean;
}

/** Moves that belong together: one, or two that change places. */
type Unit = readonly [Relocation] | readonly [Relocation, Relocation];

/** What the order of the moves goes by. */
export interface Course {
  readonly base: readonly Relocation[];
  /** By each column before these moves; kept up to date. */
  readonly carried: Float64Array;
  /** Highest load for its weight at the start. */
  readonly limit: number;
  /** Before these moves; kept up to date. */
  readonly spreads: TableSpreads;
  readonly previous: Problem['previous'];
}

/** So many units are compared with each other. */
const WINDOW = 1_000;

/**
 * Orders the moves for load: what takes from the fullest target first. But first comes what makes no table's spread worse, then what lifts no datanode to
 * two regions more than at the start and at the end, then what lifts no target above the highest load at the start, then what the previous plan moves, in
 * its order. Regions that change places do so one right after the other.
 */
export function orderForLoad(board: Board, moves: readonly Relocation[], course: Course): LoadStep[] {
  const units = pairUp(board, moves);
  const sequencer = new Sequencer(board, moves, course);
  const steps: LoadStep[] = [];
  for (let at = 0; at < units.length; at += WINDOW) {
    const open = units.slice(at, at + WINDOW);
    while (open.length > 0) {
      const [unit] = open.splice(sequencer.pick(open), 1);
      steps.push(...sequencer.play(unit!));
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

class Sequencer {
  readonly #board: Board;
  readonly #course: Course;
  /** By node: how many regions more it may lead than now, before it has two more than at the start and at the end. */
  readonly #room: Int32Array;

  constructor(board: Board, moves: readonly Relocation[], course: Course) {
    this.#board = board;
    this.#course = course;
    const size = board.problem.nodes.length;
    const [now, end] = [new Int32Array(size), new Int32Array(size)];
    countInto(now, course.base);
    countInto(end, [...course.base, ...moves]);
    this.#room = end.map((more, node) => Math.max(0, more) + 1 - now[node]!);
  }

  /** Index of the unit that comes next. */
  pick(open: readonly Unit[]): number {
    let best = 0;
    let least: readonly number[] = [Infinity];
    open.forEach((unit, index) => {
      const level = Math.max(...unit.map(({ from }) => this.#levelOf(from)));
      const rank = [...this.#rankOf(this.#inOrder(unit)[0]), -level];
      if (isLess(rank, least)) [best, least] = [index, rank];
    });
    return best;
  }

  play(unit: Unit): LoadStep[] {
    const { carried, limit, spreads } = this.#course;
    const ordered = this.#inOrder(unit);
    return ordered.map((move, index): LoadStep => {
      const [from, to] = [this.#columnOf(move.from), this.#columnOf(move.to)];
      const load = this.#loadOf(move);
      const step: LoadStep = {
        ...move,
        atFrom: carried[from]!,
        atTo: carried[to]!,
        partner: ordered[1 - index]?.region ?? -1,
        opens: spreads.change(move) > 0,
        peaks: this.#levelOf(move.to, load) > limit * (1 + 1e-9),
      };
      spreads.make(move);
      carried[from]! -= load;
      carried[to]! += load;
      this.#room[move.from]! += 1;
      this.#room[move.to]! -= 1;
      return step;
    });
  }

  /** What harms least comes first, then what the previous plan has first, then the heavier. */
  #inOrder(unit: Unit): Unit {
    if (unit.length === 1) return unit;
    const [a, b] = unit;
    const rank = (move: Relocation): number[] => [...this.#rankOf(move), -this.#loadOf(move)];
    return isLess(rank(b), rank(a)) ? [b, a] : [a, b];
  }

  #rankOf(move: Relocation): number[] {
    const { limit, spreads, previous } = this.#course;
    return [
      spreads.change(move),
      Math.max(0, 1 - this.#room[move.to]!),
      Math.max(0, this.#levelOf(move.to, this.#loadOf(move)) - limit),
      previous?.get(move.region)?.position ?? Number.MAX_SAFE_INTEGER,
    ];
  }

  /** What a datanode carries for its weight, with so much more. */
  #levelOf(node: number, more = 0): number {
    const column = this.#columnOf(node);
    return (this.#course.carried[column]! + more) / this.#board.problem.weights[column]!;
  }

  #columnOf(node: number): number {
    return this.#board.problem.columnOf[node]!;
  }

  #loadOf({ region }: Relocation): number {
    return this.#board.loads.of[region]!;
  }
}

/** Adds to how many regions more each datanode leads. */
function countInto(more: Int32Array, moves: readonly Relocation[]): void {
  for (const { from, to } of moves) {
    more[from]! -= 1;
    more[to]! += 1;
  }
}

/** Whether the first number that differs is less. */
function isLess(a: readonly number[], b: readonly number[]): boolean {
  const differs = a.findIndex((part, index) => part !== b[index]);
  return differs !== -1 && a[differs]! < b[differs]!;
}

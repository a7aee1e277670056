import type { MoveReason } from '../../domain/codes.ts';
import type { Relocation } from './choose.ts';
import type { Counts } from '../counts.ts';
import { hasToLeave } from '../problem.ts';
import type { Problem } from '../problem.ts';

/** A relocation in its place in the plan, with what it did for the balance at that point. */
export interface OrderedMove extends Relocation {
  readonly reason: MoveReason;
  /** Regions of the table on source and target right before this move. */
  readonly tableAtFrom: number;
  readonly tableAtTo: number;
  /** Regions in total on source and target right before this move; of a source that drains also those that are not selected. */
  readonly totalAtFrom: number;
  readonly totalAtTo: number;
  /** One sentence, of moves for load; the others are told by their numbers. */
  readonly detail?: string;
}

/**
 * Orders the moves so that the plan may stop after any of them.
 *
 * The moves that help most come first: those that empty draining datanodes, then by how much table spread, then node spread,
 * they mend at that point. Among equals, sources and targets take turns. No datanode ever leads more than one region above the
 * greater of its numbers at the start and at the end: when a move fills a datanode beyond that, the next ones go on from there
 * until the surplus has settled (a trail), before anything else begins.
 *
 * Table-spread violation does not rise on the way: taking back the last of a cell's changes cannot improve an optimal placement,
 * and the earlier steps of a convex cost are never dearer than the last. Only where followers make a datanode both give and take
 * regions of one table can a move be harmful at one point and harmless at another; it waits for that point.
 *
 * @param write called with each move in its turn; a million are not kept for it.
 */
export function orderMoves(
  problem: Problem,
  relocations: readonly Relocation[],
  counts: Counts,
  write: (move: OrderedMove) => void,
): void {
  const limit = highestAllowed(problem, relocations, counts);
  const cells = cellsOf(problem, relocations, counts);
  const gainOf = (index: number): number => {
    const { region, from, to } = relocations[index]!;
    if (hasToLeave(problem.hold[region]!)) return 0;
    return counts.tableGain(problem.tableOf[region]!, from, cells.from[index]!, to, cells.to[index]!);
  };
  const rankOf = (index: number): number => helpfulness(problem, counts, relocations[index]!, gainOf(index));
  const queue = createQueue(relocations.length, rankOf);
  const outOf: number[][] = problem.nodes.map(() => []);
  for (const index of previousFirst(problem, relocations, takeTurns(problem, relocations))) {
    queue.add(index);
    outOf[relocations[index]!.from]!.push(index);
  }
  outOf.forEach((list) => list.reverse());

  const execute = (index: number): number => {
    queue.close(index);
    const move = relocations[index]!;
    const [fromCell, toCell] = [cells.from[index]!, cells.to[index]!];
    write(noteMove(problem, counts, move, gainOf(index), fromCell, toCell));
    counts.move({ region: move.region, from: move.from, fromCell, to: move.to, toCell });
    return move.to;
  };
  for (let index = queue.take(); index !== undefined; index = queue.take()) {
    let filled = execute(index);
    while (counts.moved(filled) > limit[filled]!) {
      const next = harmlessFrom(outOf[filled]!, queue.isOpen, gainOf);
      if (next === undefined)
        throw new Error(`Datanode ${problem.nodes[filled]!.id} would stay above its limit`);
      filled = execute(next);
    }
  }
}

/** The last open entry of a list that does no harm now, else the last open one. Drops closed entries from the end. */
function harmlessFrom(
  list: number[],
  isOpen: (index: number) => boolean,
  gainOf: (index: number) => number,
): number | undefined {
  while (list.length > 0 && !isOpen(list.at(-1)!)) list.pop();
  return list.findLast((index) => isOpen(index) && gainOf(index) >= 0) ?? list.at(-1);
}

/** Handles to the numbers that each relocation changes: they are asked for again and again. */
function cellsOf(
  { tableOf }: Problem,
  relocations: readonly Relocation[],
  counts: Counts,
): { readonly from: Int32Array; readonly to: Int32Array } {
  const cells = { from: new Int32Array(relocations.length), to: new Int32Array(relocations.length) };
  for (const [index, { region, from, to }] of relocations.entries()) {
    cells.from[index] = counts.cell(tableOf[region]!, from);
    cells.to[index] = counts.cell(tableOf[region]!, to);
  }
  return cells;
}

/** The move with the numbers right before it. */
function noteMove(
  problem: Problem,
  counts: Counts,
  { region, from, to }: Relocation,
  tableGain: number,
  fromCell: number,
  toCell: number,
): OrderedMove {
  const drains = problem.nodes[from]!.state === 'draining';
  return {
    region,
    from,
    to,
    reason: drains ? 'drain' : tableGain > 0 || !problem.evenTotals ? 'table-spread' : 'node-spread',
    tableAtFrom: counts.at(fromCell),
    tableAtTo: counts.at(toCell),
    totalAtFrom: drains ? counts.selected(from) : counts.total(from),
    totalAtTo: counts.total(to),
  };
}

/** The level that no datanode may exceed by more than one region on the way. */
function highestAllowed(problem: Problem, relocations: readonly Relocation[], counts: Counts): Int32Array {
  const end = Int32Array.from(problem.nodes, (_, node) => counts.moved(node));
  for (const { from, to } of relocations) {
    end[from]! -= 1;
    end[to]! += 1;
  }
  return end.map((value, node) => Math.max(value, counts.moved(node)));
}

/**
 * Indices of the relocations in an order in which no datanode gives or takes all its regions in a row: each move is placed at
 * its mean relative position among its source's and its target's moves.
 */
function takeTurns(problem: Problem, relocations: readonly Relocation[]): Int32Array {
  const size = relocations.length;
  const [given, taken] = [new Int32Array(problem.nodes.length), new Int32Array(problem.nodes.length)];
  const [gave, took] = [new Int32Array(size), new Int32Array(size)];
  for (const [index, { from, to }] of relocations.entries()) {
    gave[index] = given[from]!++;
    took[index] = taken[to]!++;
  }
  // Position and index in one number sort natively, which is many times faster than with a function: the index breaks ties.
  const steps = Math.floor(Number.MAX_SAFE_INTEGER / 4 / Math.max(1, size));
  const keys = new Float64Array(size);
  for (const [index, { from, to }] of relocations.entries()) {
    const position = (gave[index]! + 0.5) / given[from]! + (took[index]! + 0.5) / taken[to]!;
    keys[index] = Math.floor(position * steps) * size + index;
  }
  return new Int32Array(keys.sort().map((key) => key % size));
}

/** What the previous plan moves comes first, in its order, so that changed loads do not change the order. */
function previousFirst(
  { previous }: Problem,
  relocations: readonly Relocation[],
  turns: Int32Array,
): Int32Array {
  if (!previous) return turns;
  const positionOf = (index: number): number =>
    previous.get(relocations[index]!.region)?.position ?? Number.MAX_SAFE_INTEGER;
  return turns.toSorted((a, b) => positionOf(a) - positionOf(b));
}

const HARMFUL = 0;
const RANKS = 1 + 2 * 3 * 5;

/** Higher is better: draining first, then table spread mended (0 to 2), then node spread mended (-2 to 2). */
function helpfulness(
  problem: Problem,
  counts: Counts,
  { region, from, to }: Relocation,
  tableGain: number,
): number {
  if (tableGain < 0) return HARMFUL;
  const drains = problem.nodes[from]!.state === 'draining' ? 1 : 0;
  const nodeGain = hasToLeave(problem.hold[region]!) ? 2 : counts.nodeGain(from, to) + 2;
  return 1 + (drains * 3 + tableGain) * 5 + nodeGain;
}

interface Queue {
  add(index: number): void;
  close(index: number): void;
  readonly isOpen: (index: number) => boolean;
  /** The open entry that helps most, the earliest added among equals. */
  take(): number | undefined;
}

/**
 * A priority queue of few ranks. Ranks sink as others' moves are made; an entry found below its list is filed anew. Harmful
 * entries may become harmless, so they are looked at again once nothing else is left.
 */
function createQueue(size: number, rankOf: (index: number) => number): Queue {
  const closed = new Uint8Array(size);
  const lists: number[][] = Array.from({ length: RANKS }, () => []);
  const heads = new Int32Array(RANKS);
  /** Entries only sink, so that a list which was used up stays so. */
  let highest = RANKS - 1;
  const takeFrom = (rank: number): number | undefined => {
    const list = lists[rank]!;
    while (heads[rank]! < list.length) {
      const index = list[heads[rank]!++]!;
      if (closed[index] === 1) continue;
      const current = rankOf(index);
      if (current >= rank) return index;
      lists[current]!.push(index);
    }
    return undefined;
  };
  const takeHarmful = (): number | undefined => {
    const waiting = lists[HARMFUL]!.filter((index) => closed[index] === 0);
    const next = waiting.find((index) => rankOf(index) > HARMFUL) ?? waiting[0];
    lists[HARMFUL] = waiting.filter((index) => index !== next);
    return next;
  };
  return {
    add: (index) => lists[rankOf(index)]!.push(index),
    close: (index) => {
      closed[index] = 1;
    },
    isOpen: (index) => closed[index] === 0,
    take() {
      for (; highest > HARMFUL; highest -= 1) {
        const index = takeFrom(highest);
        if (index !== undefined) return index;
      }
      return takeHarmful();
    },
  };
}

import type { MoveReason } from '../../domain/codes.ts';
import type { Relocation } from './choose.ts';
import { countMove } from '../counts.ts';
import type { Counts, Tallies } from '../counts.ts';
import type { Problem } from '../problem.ts';
import { createQueue, fileStep, takeStep } from './queue.ts';
import type { Queue } from './queue.ts';
import { createSteps, tableGain } from './steps.ts';

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
  const queue = createQueue(createSteps(problem, relocations, counts));
  const turns = previousFirst(problem, relocations, takeTurns(problem, relocations));
  for (const index of turns) fileStep(queue, index);
  const { moved } = counts.tallies;
  const limit = highestAllowed(relocations, moved);
  let outOf: number[][] | undefined;
  for (let index = takeStep(queue); index !== -1; index = takeStep(queue)) {
    let filled = execute(problem, queue, index, write);
    while (moved[filled]! > limit[filled]!) {
      outOf ??= leavingInTurn(problem, relocations, turns);
      const next = harmlessFrom(outOf[filled]!, queue);
      if (next === -1) throw new Error(`Datanode ${problem.nodes[filled]!.id} would stay above its limit`);
      filled = execute(problem, queue, next, write);
    }
  }
}

/** Makes a move. Returns the datanode that it fills. */
function execute(
  { evenTotals }: Problem,
  { steps, closed }: Queue,
  index: number,
  write: (move: OrderedMove) => void,
): number {
  const { relocations, source, target, tallies } = steps;
  const { count, totals, selected } = tallies;
  const { region, from, to } = relocations[index]!;
  const [fromCell, toCell] = [source.cell[index]!, target.cell[index]!];
  const isTableSpread = tableGain(steps, index) > 0 || !evenTotals;
  const drains = steps.isDraining[from] === 1;
  closed[index] = 1;
  write({
    region,
    from,
    to,
    reason: drains ? 'drain' : isTableSpread ? 'table-spread' : 'node-spread',
    tableAtFrom: count[fromCell]!,
    tableAtTo: count[toCell]!,
    totalAtFrom: drains ? selected[from]! : totals[from]!,
    totalAtTo: totals[to]!,
  });
  countMove(tallies, steps.isCounted[index] === 1, from, fromCell, to, toCell);
  return to;
}

/** Of each datanode the relocations that leave it, the first turn last. */
function leavingInTurn(
  { nodes }: Problem,
  relocations: readonly Relocation[],
  turns: Int32Array,
): number[][] {
  const outOf: number[][] = nodes.map(() => []);
  for (const index of turns.toReversed()) outOf[relocations[index]!.from]!.push(index);
  return outOf;
}

/** The last open entry of a list that does no harm now, else the last open one, or -1. Drops closed entries from the end. */
function harmlessFrom(list: number[], { steps, closed }: Queue): number {
  while (list.length > 0 && closed[list.at(-1)!] === 1) list.pop();
  for (let place = list.length - 1; place >= 0; place -= 1) {
    const index = list[place]!;
    if (closed[index] === 0 && tableGain(steps, index) >= 0) return index;
  }
  return list.at(-1) ?? -1;
}

/** The level that no datanode may exceed by more than one region on the way. */
function highestAllowed(relocations: readonly Relocation[], moved: Tallies['moved']): Int32Array {
  const end = moved.slice();
  for (const { from, to } of relocations) {
    end[from]! -= 1;
    end[to]! += 1;
  }
  return end.map((value, node) => Math.max(value, moved[node]!));
}

/**
 * Indices of the relocations in an order in which no datanode gives or takes all its regions in a row: each move is placed at
 * its mean relative position among its source's and its target's moves.
 */
function takeTurns(problem: Problem, relocations: readonly Relocation[]): Int32Array {
  const size = relocations.length;
  const [given, taken] = [new Int32Array(problem.nodes.length), new Int32Array(problem.nodes.length)];
  const [gave, took] = [new Int32Array(size), new Int32Array(size)];
  for (let index = 0; index < size; index += 1) {
    const { from, to } = relocations[index]!;
    gave[index] = given[from]!++;
    took[index] = taken[to]!++;
  }
  // Position and index in one number sort natively, which is many times faster than with a function: the index breaks ties.
  const steps = Math.floor(Number.MAX_SAFE_INTEGER / 4 / Math.max(1, size));
  const keys = new Float64Array(size);
  for (let index = 0; index < size; index += 1) {
    const { from, to } = relocations[index]!;
    const position = (gave[index]! + 0.5) / given[from]! + (took[index]! + 0.5) / taken[to]!;
    keys[index] = Math.floor(position * steps) * size + index;
  }
  keys.sort();
  // Not by modulo, which takes longer than the sort. The quotient is never rounded up: its error is below half of 1 / size.
  const turns = new Int32Array(size);
  for (let turn = 0; turn < size; turn += 1)
    turns[turn] = keys[turn]! - Math.floor(keys[turn]! / size) * size;
  return turns;
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

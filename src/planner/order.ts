import type { MoveReason } from '../domain/codes.ts';
import type { Relocation } from './choose.ts';
import type { Counts } from './counts.ts';
import type { Problem } from './problem.ts';

/** A relocation in its place in the plan, with what it did for the balance at that point. */
export interface OrderedMove extends Relocation {
  readonly reason: MoveReason;
  /** Regions of the table on source and target right before this move. */
  readonly tableAtFrom: number;
  readonly tableAtTo: number;
  /** Regions in total on source and target right before this move. */
  readonly totalAtFrom: number;
  readonly totalAtTo: number;
}

/**
 * Orders the moves so that the plan may stop after any of them.
 *
 * The moves that help most come first: those that empty draining datanodes, then by how much table spread, then node spread,
 * they mend at that point. Among equals, sources and targets take turns. No datanode ever leads more than one region above the
 * greater of its numbers at the start and at the end: when a move fills a datanode beyond that, the next ones go on from there
 * until the surplus has settled (a trail), before anything else begins.
 *
 * Table-spread violation never rises on the way, whatever the order: taking back the last of a cell's changes cannot improve an
 * optimal placement, and the earlier steps of a convex cost are never dearer than the last.
 */
export function orderMoves(
  problem: Problem,
  relocations: readonly Relocation[],
  counts: Counts,
): OrderedMove[] {
  const sequence = takeTurns(problem, relocations);
  const limit = highestAllowed(problem, relocations, counts);
  const buckets = createBuckets();
  const fromNode: number[][] = problem.nodes.map(() => []);
  sequence.forEach((index) => {
    buckets.add(helpfulness(problem, counts, relocations[index]!), index);
    fromNode[relocations[index]!.from]!.push(index);
  });
  fromNode.forEach((list) => list.reverse());

  const done = new Uint8Array(relocations.length);
  const ordered: OrderedMove[] = [];
  const execute = (index: number): number => {
    const move = relocations[index]!;
    done[index] = 1;
    ordered.push(apply(problem, counts, move));
    return move.to;
  };
  for (;;) {
    const index = buckets.take(
      (candidate) => done[candidate] === 0,
      (candidate) => helpfulness(problem, counts, relocations[candidate]!),
    );
    if (index === undefined) return ordered;
    let filled = execute(index);
    while (counts.total(filled) > limit[filled]!) {
      const next = popOpen(fromNode[filled]!, done);
      if (next === undefined)
        throw new Error(`Datanode ${problem.nodes[filled]!.id} would stay above its limit`);
      filled = execute(next);
    }
  }
}

function popOpen(list: number[], done: Uint8Array): number | undefined {
  for (;;) {
    const index = list.pop();
    if (index === undefined || done[index] === 0) return index;
  }
}

function apply(problem: Problem, counts: Counts, move: Relocation): OrderedMove {
  const table = problem.tableOf[move.region]!;
  const before = {
    tableAtFrom: counts.ofTable(table, move.from),
    tableAtTo: counts.ofTable(table, move.to),
    totalAtFrom: counts.total(move.from),
    totalAtTo: counts.total(move.to),
  };
  const reason = reasonOf(problem, counts, move);
  counts.move(table, move.from, move.to);
  return { ...move, reason, ...before };
}

function reasonOf(problem: Problem, counts: Counts, move: Relocation): MoveReason {
  if (problem.nodes[move.from]!.state === 'draining') return 'drain';
  return counts.tableGain(problem.tableOf[move.region]!, move.from, move.to) > 0
    ? 'table-spread'
    : 'node-spread';
}

/** The level that no datanode may exceed by more than one region on the way. */
function highestAllowed(problem: Problem, relocations: readonly Relocation[], counts: Counts): Int32Array {
  const end = Int32Array.from(problem.nodes, (_, node) => counts.total(node));
  for (const { from, to } of relocations) {
    end[from]! -= 1;
    end[to]! += 1;
  }
  return end.map((value, node) => Math.max(value, counts.total(node)));
}

/**
 * Indices of the relocations in an order in which no datanode gives or takes all its regions in a row: each move is placed at
 * its mean relative position among its source's and its target's moves.
 */
function takeTurns(problem: Problem, relocations: readonly Relocation[]): number[] {
  const given = new Int32Array(problem.nodes.length);
  const taken = new Int32Array(problem.nodes.length);
  const ranks = relocations.map(({ from, to }) => [given[from]!++, taken[to]!++] as const);
  const position = Float64Array.from(relocations, ({ from, to }, index) => {
    const [gave, took] = ranks[index]!;
    return (gave + 0.5) / given[from]! + (took + 0.5) / taken[to]!;
  });
  return [...relocations.keys()].sort((a, b) => position[a]! - position[b]! || a - b);
}

/** Higher is better: draining first, then table spread mended (0 to 2), then node spread mended (-2 to 2). */
function helpfulness(problem: Problem, counts: Counts, move: Relocation): number {
  const drains = problem.nodes[move.from]!.state === 'draining' ? 1 : 0;
  const tableGain = Math.max(0, counts.tableGain(problem.tableOf[move.region]!, move.from, move.to));
  const nodeGain = counts.nodeGain(move.from, move.to) + 2;
  return (drains * 3 + tableGain) * 5 + nodeGain;
}

const BUCKETS = 30;

interface Buckets {
  add(rank: number, index: number): void;
  /** The first open entry of the highest rank. Entries whose rank has sunk are filed anew on the way. */
  take(isOpen: (index: number) => boolean, rankOf: (index: number) => number): number | undefined;
}

function createBuckets(): Buckets {
  const lists: number[][] = Array.from({ length: BUCKETS }, () => []);
  const heads = new Int32Array(BUCKETS);
  return {
    add: (rank, index) => lists[rank]!.push(index),
    take(isOpen, rankOf) {
      for (let rank = BUCKETS - 1; rank >= 0; rank -= 1) {
        const list = lists[rank]!;
        while (heads[rank]! < list.length) {
          const index = list[heads[rank]!++]!;
          if (!isOpen(index)) continue;
          const current = rankOf(index);
          if (current >= rank) return index;
          lists[current]!.push(index);
        }
      }
      return undefined;
    },
  };
}

import { HARMFUL, rankOf, RANKS } from './steps.ts';
import type { Steps } from './steps.ts';

/**
 * A priority queue of few ranks. Ranks sink as others' moves are made; an entry found below its list is filed anew. Harmful
 * entries may become harmless, so they are looked at again once nothing else is left.
 */
export interface Queue {
  readonly steps: Steps;
  /** 1: the move is made. */
  readonly closed: Uint8Array;
  readonly lists: number[][];
  /** The first entry of each list that was not looked at. */
  readonly heads: Int32Array;
  /** Entries only sink, so that a list which was used up stays so. */
  highest: number;
}

export function createQueue(steps: Steps): Queue {
  return {
    steps,
    closed: new Uint8Array(steps.relocations.length),
    lists: Array.from({ length: RANKS }, () => []),
    heads: new Int32Array(RANKS),
    highest: RANKS - 1,
  };
}

export function fileStep({ lists, steps }: Queue, index: number): void {
  lists[rankOf(steps, index)]!.push(index);
}

/** The open entry that helps most, the earliest filed among equals; -1 when all are closed. */
export function takeStep(queue: Queue): number {
  for (; queue.highest > HARMFUL; queue.highest -= 1) {
    const index = takeOfRank(queue, queue.highest);
    if (index !== -1) return index;
  }
  return takeHarmful(queue);
}

function takeOfRank({ steps, closed, lists, heads }: Queue, rank: number): number {
  const list = lists[rank]!;
  while (heads[rank]! < list.length) {
    const index = list[heads[rank]!++]!;
    if (closed[index] === 1) continue;
    const current = rankOf(steps, index);
    if (current >= rank) return index;
    lists[current]!.push(index);
  }
  return -1;
}

function takeHarmful({ steps, closed, lists }: Queue): number {
  const waiting = lists[HARMFUL]!.filter((index) => closed[index] === 0);
  const next = waiting.find((index) => rankOf(steps, index) > HARMFUL) ?? waiting[0] ?? -1;
  lists[HARMFUL] = waiting.filter((index) => index !== next);
  return next;
}

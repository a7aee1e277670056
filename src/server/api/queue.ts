import type { Move } from '../../domain/plan.ts';
import type { QueueView } from './answers.ts';
import type { QueueQuery } from './inputs.ts';
import type { Placement } from './regions.ts';

/** Moves of the latest plan that have not begun, in their order. */
export function* waitingMoves({
  plan,
  ended,
  currentMove,
}: Pick<Placement, 'plan' | 'ended' | 'currentMove'>): Generator<Move, void, undefined> {
  const underWay = currentMove?.move.planId === plan?.planId ? currentMove?.move.regionId : undefined;
  for (const move of plan?.moves ?? [])
    if (!ended.has(move.regionId) && move.regionId !== underWay) yield move;
}

/** Those of them that the filters let through. */
export function buildQueue(placement: Placement, { limit, offset, datanode, text }: QueueQuery): QueueView {
  const moves: Move[] = [];
  let total = 0;
  for (const move of waitingMoves(placement)) {
    if (datanode !== undefined && move.from !== datanode && move.to !== datanode) continue;
    if (text !== undefined && !move.table.includes(text) && !move.regionId.includes(text)) continue;
    total += 1;
    if (total > offset && moves.length < limit) moves.push(move);
  }
  return { total, moves };
}

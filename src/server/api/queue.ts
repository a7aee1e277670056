import type { Move } from '../../domain/plan.ts';
import type { QueueView } from './answers.ts';
import type { QueueQuery } from './inputs.ts';
import { movesAhead } from '../../observability/live-state.ts';
import type { LiveState } from '../../observability/live-state.ts';

/** Moves of the latest plan that have not begun, in their order. */
export function waitingMoves(state: QueueState): IteratorObject<Move, undefined> {
  const { plan, currentMove } = state;
  const underWay = currentMove?.move.planId === plan?.planId ? currentMove?.move.regionId : undefined;
  return movesAhead(state).filter(({ regionId }) => regionId !== underWay);
}

type QueueState = Pick<LiveState, 'plan' | 'ended' | 'currentMove' | 'rebalance'>;

/** Those of them that the filters let through. */
export function buildQueue(state: QueueState, { limit, text }: QueueQuery): QueueView {
  const moves: Move[] = [];
  let total = 0;
  for (const move of waitingMoves(state)) {
    if (text !== undefined && !move.table.includes(text) && !move.regionId.includes(text)) continue;
    total += 1;
    if (moves.length < limit) moves.push(move);
  }
  return { total, moves };
}

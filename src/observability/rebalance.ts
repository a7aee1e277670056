import { isEven } from '../domain/balance.ts';
import type { Plan } from '../domain/plan.ts';

/** All moves from the first plan that has some until the cluster is balanced or blocked, over any number of cycles and plans. */
export interface Rebalance {
  /** ms since 1970. */
  readonly startedAtMs: number;
  readonly moved: number;
  /** Moves that ended otherwise. */
  readonly failed: number;
  readonly isRunning: boolean;
}

/** The rebalance once another plan was made. */
export function rebalanceAfterPlan(current: Rebalance | null, plan: Plan, atMs: number): Rebalance | null {
  if (current?.isRunning) return isOver(plan) ? { ...current, isRunning: false } : current;
  if (plan.moves.length === 0) return current;
  return { startedAtMs: atMs, moved: 0, failed: 0, isRunning: true };
}

export function rebalanceAfterMove(current: Rebalance | null, succeeded: boolean): Rebalance | null {
  if (!current?.isRunning) return current;
  const { moved, failed } = current;
  return { ...current, moved: moved + (succeeded ? 1 : 0), failed: failed + (succeeded ? 0 : 1) };
}

function isOver(plan: Plan): boolean {
  return plan.moves.length === 0 && (isEven(plan.after) || !waitsForCooldowns(plan));
}

/** Whether cooldowns alone keep the cluster from being balanced: they end by themselves. */
export function waitsForCooldowns({ blocked }: Pick<Plan, 'blocked'>): boolean {
  const costly = blocked.filter(({ harmless }) => !harmless);
  return costly.length > 0 && costly.every(({ code }) => code === 'cooldown');
}

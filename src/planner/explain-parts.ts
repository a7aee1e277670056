import { EXPLANATIONS } from '../domain/codes.ts';
import type { ExplanationReason } from '../domain/explanation.ts';
import type { Plan } from '../domain/plan.ts';
import type { Counts, Share } from './counts.ts';
import type { Problem } from './problem.ts';

/** What all explanations look at. */
export interface ExplainContext {
  readonly problem: Problem;
  /** Numbers as they are now. */
  readonly counts: Counts;
  readonly plan: Pick<Plan, 'moves' | 'blocked'>;
}

/** Regions that a datanode gains by the moves, less those that it loses. */
export function netMoves(moves: readonly { from: string; to: string }[], datanode: string): number {
  return moves.reduce((net, { from, to }) => net + Number(to === datanode) - Number(from === datanode), 0);
}

/** A reason of `explain` with its standard sentence, or a more telling one. */
export function reason(
  code: keyof typeof EXPLANATIONS,
  detail: string = EXPLANATIONS[code],
): ExplanationReason {
  return { code, detail };
}

/** Each code once, with how often it occurs. */
export function countReasons(codes: readonly ExplanationReason['code'][]): ExplanationReason[] {
  const counted = new Map<ExplanationReason['code'], number>();
  for (const code of codes) counted.set(code, (counted.get(code) ?? 0) + 1);
  return [...counted].map(([code, count]) => ({ code, detail: `${count} of its regions: ${code}.` }));
}

export function shareText({ floor, ceil }: Share): string {
  return floor === ceil ? String(floor) : `${floor} to ${ceil}`;
}

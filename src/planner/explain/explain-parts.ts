import { BLOCKERS, EXPLANATIONS, MOVE_REASONS } from '../../domain/codes.ts';
import type { ExplanationReason } from '../../domain/explanation.ts';
import type { Plan } from '../../domain/plan.ts';
import type { Counts, Share } from '../counts.ts';
import type { Problem } from '../problem.ts';
import type { LoadContext } from './load-context.ts';

/** As much of a plan as explanations look at. */
export type ExplainedPlan = Pick<Plan, 'moves' | 'blocked'> &
  Partial<Pick<Plan, 'planId' | 'before' | 'after'>>;

/** What all explanations look at. */
export interface ExplainContext {
  readonly problem: Problem;
  /** Numbers as they are now. */
  readonly counts: Counts;
  readonly plan: ExplainedPlan;
  /** Where load is evened out. */
  readonly load?: LoadContext | undefined;
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

/** Why regions move, each code once with how many there are. */
export function countMoves(moves: Plan['moves']): ExplanationReason[] {
  return count(moves.map(({ reason: code }) => code)).map(([code, of]) => ({
    code,
    detail: `For ${plural(of)} that move${of === 1 ? 's' : ''}: ${MOVE_REASONS[code]}`,
  }));
}

/** What blocks regions, each code once with how many there are: those that cost balance first. */
export function countBlocked(blocked: Plan['blocked']): ExplanationReason[] {
  const told = (list: Plan['blocked'], text: (of: number) => string): ExplanationReason[] =>
    count(list.map(({ code }) => code)).map(([code, of]) => ({
      code,
      detail: `For ${plural(of)} that ${text(of)}: ${BLOCKERS[code]}`,
    }));
  return [
    ...told(blocked.filter(costsBalance), () => 'cannot move as wanted'),
    ...told(
      blocked.filter(({ harmless }) => harmless),
      (of) => (of === 1 ? 'stays where it is' : 'stay where they are'),
    ),
  ];
}

export function costsBalance({ harmless }: Plan['blocked'][number]): boolean {
  return harmless !== true;
}

function count<Code>(codes: readonly Code[]): [Code, number][] {
  const counted = new Map<Code, number>();
  for (const code of codes) counted.set(code, (counted.get(code) ?? 0) + 1);
  return [...counted];
}

function plural(regions: number): string {
  return `${regions} region${regions === 1 ? '' : 's'}`;
}

export function shareText({ floor, ceil }: Share): string {
  return floor === ceil ? String(floor) : `${floor} to ${ceil}`;
}

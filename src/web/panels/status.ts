import { countsForSkew } from '../../domain/datanode-state.ts';
import type { StatusView, Verdict } from '../../server/api/answers.ts';

/** What several panels ask of the status. */

export interface StatusProps {
  readonly status: StatusView;
}

export type PlannedMove = StatusView['queue']['next'][number];

const STUCK: ReadonlySet<Verdict> = new Set([
  ...(['blocked', 'attention', 'paused', 'dry-run', 'nothing-selected', 'lost-contact'] as const),
]);

/** Whether nothing moves though something should: why that is so comes first then. At the hourly limit a balancing cluster waits as well. */
export function isStuck({ verdict, gates, cycle }: StatusView): boolean {
  return STUCK.has(verdict.code) || (cycle === null && gates.some(({ code }) => code === 'hourly-limit'));
}

/** Between two moves of a cycle there is a short pause: the move that comes after it. */
export function nextMove({
  leader,
  cycle,
  gates,
  dryRun,
  queue,
  verdict,
  currentMove,
}: StatusView): PlannedMove | undefined {
  const isHeld = currentMove !== null || !leader.leads || !cycle || dryRun || verdict.code === 'lost-contact';
  return !isHeld && gates.length === 0 ? queue.next[0] : undefined;
}

/** Whether a load is too high, and has to stay so for longer before moves are planned for it. */
export function isWatched({ load, queue }: StatusView): boolean {
  return load?.state === 'waiting' && queue.length === 0;
}

/** Whether pins keep it uneven: no move is left, and most of what is held is pinned. */
export function isBlockedByPins(status: StatusView): boolean {
  return hasNoWay(status) && costlyOf(status)[0]?.code === 'pinned';
}

/** Whether no move is left though something is wrong. Where moves wait it is something else that holds them. */
export function hasNoWay({ verdict, queue }: StatusView): boolean {
  const isHeld = verdict.code === 'blocked' || verdict.code === 'attention';
  return isHeld && queue.length === 0;
}

/** Only where weights differ is skew not in whole regions. */
export function hasWeights(datanodes: StatusView['datanodes']): boolean {
  const measured = datanodes.filter(({ state }) => countsForSkew(state));
  return measured.some(({ weight }) => weight !== measured[0]?.weight);
}

/** What keeps regions that cost balance where they are, the most frequent first. What rests where it should be is in nobody's way. */
export function costlyOf({ blocked }: StatusView): StatusView['blocked'] {
  return blocked.filter(({ count, harmless }) => count > harmless);
}

/** Datanodes that are to be emptied, and are not empty yet. */
export function drainingOf({ datanodes }: Pick<StatusView, 'datanodes'>): StatusView['datanodes'] {
  return datanodes.filter(({ state, regions }) => state === 'draining' && regions > 0);
}

import { isSuccess, RECENT_MOVES } from '../../observability/live-state.ts';
import type { EarlierState } from '../../observability/live-state.ts';
import type { Rebalance } from '../../observability/rebalance.ts';
import type { CycleEnd, Store } from '../../store/port.ts';

const CYCLES = 1_000;
const MOVES = 10_000;

/** What the store knows of the time before this process. */
export function readEarlierState(
  store: Pick<Store, 'listCycles' | 'recentDurationsMs' | 'successesSince'>,
): EarlierState {
  const ends = store.listCycles(CYCLES).flatMap(({ end }) => end ?? []);
  return {
    lastSuccessAtMs: ends.find(({ outcome }) => isSuccess(outcome))?.endedAtMs ?? null,
    recentDurationsMs: store.recentDurationsMs(RECENT_MOVES).toReversed(),
    rebalance: interruptedRebalance(store, ends),
  };
}

/** The rebalance that the process before this one was in the middle of: what moved since the cluster was last balanced or blocked. */
function interruptedRebalance(
  store: Pick<Store, 'successesSince'>,
  ends: readonly CycleEnd[],
): Rebalance | null {
  const settled = ends.find(({ outcome }) => outcome === 'balanced' || outcome === 'blocked');
  if (!settled && ends.length === CYCLES) return null;
  const moves = store.successesSince(settled?.endedAtMs ?? 0, MOVES);
  const [first] = moves;
  return first ? { startedAtMs: first.createdAtMs, moved: moves.length, failed: 0, isRunning: true } : null;
}

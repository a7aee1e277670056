import { countsForSkew } from '../../domain/datanode-state.ts';
import type { Balance } from '../../domain/plan.ts';
import type { LiveSource } from '../../observability/live-state.ts';
import type { BalanceSample, Store } from '../../store/port.ts';
import { unlessStateFails } from './state-trouble.ts';

/**
 * Keeps how even the cluster is, for the charts: with each plan and each move that ends.
 *
 * @returns a function that ends it.
 */
export function recordSamples(store: Pick<Store, 'saveSample'>, live: LiveSource): () => void {
  let moved = 0;
  return live.subscribe((event, { balance }) => {
    if (event.type === 'move-finished' && event.move.state === 'succeeded') moved += 1;
    const isDue = event.type === 'planned' || event.type === 'move-finished';
    if (!isDue || !balance) return;
    const sample = { atMs: event.atMs, moved, ...measure(balance.now) };
    // A chart may have a hole.
    moved = unlessStateFails(() => {
      store.saveSample(sample);
      return 0;
    }, moved);
  });
}

/** How even a placement is, as the charts show it. */
export function measure({
  tableSkewMax,
  nodeSkew,
  datanodes,
}: Balance): Omit<BalanceSample, 'atMs' | 'moved'> {
  const targets = datanodes.filter(({ state }) => countsForSkew(state)).map(({ regions }) => regions);
  const [least, most] = targets.length === 0 ? [null, null] : [Math.min(...targets), Math.max(...targets)];
  return { tableSkewMax, nodeSkew, least, most };
}

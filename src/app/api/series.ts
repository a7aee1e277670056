import { yieldToEventLoop } from '../../lib/event-loop.ts';
import type { LiveState } from '../../observability/live-state.ts';
import type { SeriesView } from '../../server/api/answers.ts';
import { buildSeries } from '../../server/api/series.ts';
import type { SeriesStep } from '../../server/api/series.ts';
import type { SeriesQuery } from '../../server/api/inputs.ts';
import type { Store } from '../../store/port.ts';
import { measure } from '../daemon/samples.ts';

/** Years of history are read in so many parts, with a few ms for each: what waits is served in between. */
const PARTS = 10;

/** Skew and moves over time, from the stored history and this moment. */
export async function readSeries(
  { range: rangeMs, points }: SeriesQuery,
  {
    store,
    live,
    nowMs,
  }: { readonly store: Pick<Store, 'history'>; readonly live: LiveState; readonly nowMs: number },
): Promise<SeriesView> {
  const stepMs = Math.ceil(rangeMs / points);
  // Whole steps since 1970: they stay the same ones when they are asked for again.
  const endMs = (Math.floor(nowMs / stepMs) + 1) * stepMs;
  const sinceMs = endMs - stepMs * points;
  const stepsOfPart = Math.ceil(points / PARTS);
  const steps: SeriesStep[] = [];
  for (let step = 0; step < points; step += stepsOfPart) {
    const fromMs = sinceMs + step * stepMs;
    const untilMs = Math.min(fromMs + stepsOfPart * stepMs, endMs);
    steps.push(...store.history({ sinceMs: fromMs, untilMs, stepMs }));
    await yieldToEventLoop();
  }
  if (live.balance)
    steps.push({ atMs: endMs - stepMs, cycles: 0, failed: 0, moved: 0, ...measure(live.balance.now) });
  return buildSeries({ sinceMs, untilMs: nowMs, stepMs }, steps);
}

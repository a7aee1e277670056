import { yieldToEventLoop } from '../../lib/event-loop.ts';
import { isoTime } from '../../observability/event-view.ts';
import type { LiveState } from '../../observability/live-state.ts';
import type { SeriesView } from '../../server/api/answers.ts';
import type { SeriesQuery } from '../../server/api/inputs.ts';
import type { HistoryStep, Store } from '../../store/port.ts';
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
  const steps: HistoryStep[] = [];
  for (let step = 0; step < points; step += stepsOfPart) {
    const fromMs = sinceMs + step * stepMs;
    const untilMs = Math.min(fromMs + stepsOfPart * stepMs, endMs);
    steps.push(...store.history({ sinceMs: fromMs, untilMs, stepMs }));
    await yieldToEventLoop();
  }
  if (live.balance) {
    const now = {
      atMs: endMs - stepMs,
      cycles: 0,
      failed: 0,
      moved: 0,
      failedMoves: 0,
      ...measure(live.balance.now),
    };
    const last = steps.at(-1)?.atMs === now.atMs ? steps.pop() : undefined;
    steps.push(last ? join(last, now) : now);
  }
  return {
    since: isoTime(sinceMs),
    until: isoTime(nowMs),
    stepSeconds: stepMs / 1_000,
    points: steps.map(({ atMs, ...step }) => ({ at: isoTime(atMs), ...step })),
  };
}

/** The step with what is seen now: the extremes of both. */
function join(last: HistoryStep, now: HistoryStep): HistoryStep {
  return {
    ...last,
    tableSkewMax: pick(Math.max, last.tableSkewMax, now.tableSkewMax),
    nodeSkew: pick(Math.max, last.nodeSkew, now.nodeSkew),
    least: pick(Math.min, last.least, now.least),
    most: pick(Math.max, last.most, now.most),
  };
}

function pick(of: (a: number, b: number) => number, a: number | null, b: number | null): number | null {
  return a === null || b === null ? (a ?? b) : of(a, b);
}

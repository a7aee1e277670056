import { yieldToEventLoop } from '../../lib/event-loop.ts';
import type { LiveState } from '../../observability/live-state.ts';
import type { SeriesView } from '../../server/api/answers.ts';
import { buildSeries } from '../../server/api/series.ts';
import type { PastCycle, PastSample, SeriesQuery } from '../../server/api/series.ts';
import type { Store } from '../../store/port.ts';

/** Skew and moves over time, from the stored history and the running cycle. */
export async function readSeries(
  query: SeriesQuery,
  { store, live, nowMs }: { readonly store: Store; readonly live: LiveState; readonly nowMs: number },
): Promise<SeriesView> {
  const sinceMs = nowMs - query.rangeMs;
  const cycles = [...runningCycle(live, nowMs), ...(await cyclesSince(store, sinceMs))];
  return buildSeries(
    query,
    nowMs,
    cycles,
    samplesSince(store, sinceMs, live.balance?.now.datanodes.length ?? 0),
  );
}

/** The running cycle as far as it got: it may take hours. */
function runningCycle({ cycle, plan, balance, ended }: LiveState, nowMs: number): PastCycle[] {
  if (!cycle || !plan || !balance || Date.parse(plan.createdAt) < cycle.startedAtMs) return [];
  const { tableSkewMax, nodeSkew } = balance.now;
  const moved = ended.values().reduce((sum, state) => (state === 'succeeded' ? sum + 1 : sum), 0);
  return [{ endedAtMs: nowMs, failed: false, moved, tableSkewMax, nodeSkew }];
}

const PAGE = 1_000;
/** Two months of cycles of every five minutes. */
const MAX_PAGES = 20;

async function cyclesSince(store: Pick<Store, 'listCycles'>, sinceMs: number): Promise<PastCycle[]> {
  const found: PastCycle[] = [];
  let beforeId: number | undefined;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const cycles = store.listCycles(PAGE, beforeId);
    for (const { startedAtMs, end } of cycles) {
      if (startedAtMs < sinceMs) return found;
      if (!end) continue;
      const { endedAtMs, outcome, moved, tableSkewMax, nodeSkew } = end;
      found.push({ endedAtMs, failed: outcome === 'failed', moved, tableSkewMax, nodeSkew });
    }
    beforeId = cycles.at(-1)?.id;
    if (cycles.length < PAGE || beforeId === undefined) break;
    // A page takes some milliseconds; what waits is served in between.
    await yieldToEventLoop();
  }
  return found;
}

/** Each sample names every datanode: the more there are, the fewer samples are looked at. */
const MAX_COUNTS = 200_000;
const MAX_SAMPLES = 10_000;

function samplesSince(store: Store, sinceMs: number, datanodes: number): readonly PastSample[] {
  const limit = Math.min(MAX_SAMPLES, Math.ceil(MAX_COUNTS / Math.max(1, datanodes)));
  return store.listSamples(sinceMs, limit);
}

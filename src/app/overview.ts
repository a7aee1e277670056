import type { LiveStateTracker } from '../observability/live-state.ts';
import { isoTime } from '../observability/event-view.ts';
import { buildMatrix, buildQueue, buildRegions, buildSeries } from '../server/overview.ts';
import type { PastCycle, PastSample } from '../server/overview.ts';
import type { OverviewViews } from '../server/overview-ports.ts';
import type { MatrixView } from '../server/overview-schemas.ts';
import type { Store } from '../store/port.ts';
import type { Worksite } from './worksite.ts';

/** What the page shows at a glance. */
export function createOverview(
  site: Pick<Worksite, 'store' | 'clock'>,
  live: LiveStateTracker,
): OverviewViews {
  const { store, clock } = site;
  let matrix: { readonly of: readonly unknown[]; readonly view: MatrixView | undefined } | undefined;
  return {
    matrix() {
      const state = live.state();
      const of = [state.snapshot, state.plan, state.ended];
      if (!matrix?.of.every((part, index) => part === of[index])) matrix = { of, view: buildMatrix(state) };
      return matrix.view;
    },
    regions: (query) => buildRegions(live.state(), query),
    queue: (query) => buildQueue(live.state(), query),
    series(query) {
      const nowMs = clock.now();
      const sinceMs = nowMs - query.rangeMs;
      const datanodes = live.state().regionsNow.size;
      return buildSeries(query, nowMs, cyclesSince(store, sinceMs), samplesSince(store, sinceMs, datanodes));
    },
    audit: (limit) => ({
      entries: store.listAudit(limit).map(({ atMs, ...entry }) => ({ at: isoTime(atMs), ...entry })),
    }),
  };
}

const PAGE = 1_000;
/** Two months of cycles of every five minutes. */
const MAX_PAGES = 20;

function cyclesSince(store: Store, sinceMs: number): PastCycle[] {
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

import { yieldToEventLoop } from '../../lib/event-loop.ts';
import type { LiveState, LiveStateTracker } from '../../observability/live-state.ts';
import { isoTime } from '../../observability/event-view.ts';
import {
  buildMatrix,
  buildQueue,
  buildRegions,
  buildSeries,
  countMatrix,
} from '../../server/api/overview.ts';
import type { MatrixBase, PastCycle, PastSample } from '../../server/api/overview.ts';
import type { OverviewViews } from '../../server/api/overview-ports.ts';
import type { MatrixView } from '../../server/api/overview-schemas.ts';
import type { Store } from '../../store/port.ts';
import type { ClusterSession } from '../daemon/cluster-session.ts';

interface Counting {
  readonly snapshot: MatrixBase['snapshot'];
  readonly plan: MatrixBase['plan'];
  readonly base: Promise<MatrixBase>;
}

interface KnownMatrix {
  readonly of: MatrixBase;
  readonly ended: LiveState['ended'];
  readonly view: MatrixView;
}

/** What the page shows at a glance. */
export function createOverview(
  session: Pick<ClusterSession, 'store' | 'clock'>,
  live: LiveStateTracker,
): OverviewViews {
  const { store, clock } = session;
  let counting: Counting | undefined;
  let matrix: KnownMatrix | undefined;
  return {
    async matrix() {
      const { snapshot, plan, ended } = live.state();
      if (!snapshot) return undefined;
      // Those who ask while it is counted wait for the same count.
      if (counting?.snapshot !== snapshot || counting.plan !== plan)
        counting = { snapshot, plan, base: countMatrix(snapshot, plan) };
      const base = await counting.base;
      if (matrix?.of !== base || matrix.ended !== ended)
        matrix = { of: base, ended, view: buildMatrix(base, ended) };
      return matrix.view;
    },
    regions: (query) => buildRegions(live.state(), query),
    queue: (query) => buildQueue(live.state(), query),
    async series(query) {
      const nowMs = clock.now();
      const sinceMs = nowMs - query.rangeMs;
      const datanodes = live.state().regionsNow.size;
      return buildSeries(
        query,
        nowMs,
        [...runningCycle(live, nowMs), ...(await cyclesSince(store, sinceMs))],
        samplesSince(store, sinceMs, datanodes),
      );
    },
    audit: (limit) => ({
      entries: store.listAudit(limit).map(({ atMs, ...entry }) => ({ at: isoTime(atMs), ...entry })),
    }),
  };
}

/** The running cycle as far as it got: it may take hours. */
function runningCycle(live: LiveStateTracker, nowMs: number): PastCycle[] {
  const { cycle, plan, movesDone } = live.state();
  if (!cycle || !plan || Date.parse(plan.createdAt) < cycle.startedAtMs) return [];
  const { tableSkewMax, nodeSkew } = plan.before;
  return [{ endedAtMs: nowMs, failed: false, moved: movesDone, tableSkewMax, nodeSkew }];
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

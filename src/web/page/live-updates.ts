import { ApiError, get } from '../api/client.ts';
import { followEvents } from '../api/event-stream.ts';
import type { StreamEvent } from '../api/event-stream.ts';
import type { Store, Topic } from './state.ts';

/** More regions are shown as bars, not one by one. */
const MAX_CELLS = 1_500;
/** At most one request of a kind in so many ms: a thousand moves a second must not become a thousand requests. */
const STATUS_EVERY_MS = 400;
const OVERVIEW_EVERY_MS = 1_500;
/** Ages and gates change without an event. */
const STATUS_AT_LEAST_MS = 5_000;
const RETRY_MS = [500, 1_000, 2_000, 4_000, 8_000];

/** Keeps the page's state as the daemon is, until the signal aborts. */
export async function keepUpToDate(store: Store, signal: AbortSignal): Promise<void> {
  const status = limited(STATUS_EVERY_MS, () => loadStatus(store));
  const overview = limited(OVERVIEW_EVERY_MS, () => loadOverview(store));
  const timers = [
    setInterval(() => {
      if (!document.hidden && store.get().connection === 'live') status();
    }, STATUS_AT_LEAST_MS),
    setInterval(() => {
      if (!document.hidden) store.set({ nowMs: Date.now() + store.get().clockOffsetMs });
    }, 1_000),
  ];
  signal.addEventListener('abort', () => timers.forEach(clearInterval));
  let lastEventId: string | undefined;
  for (let failures = 0; !signal.aborted; failures += 1) {
    try {
      await loadStatus(store);
      failures = 0;
      await followEvents(
        lastEventId,
        (event, id) => {
          lastEventId = id ?? lastEventId;
          if (store.get().connection !== 'live') store.set({ connection: 'live', problem: null });
          react(event, store, { status, overview });
        },
        signal,
      );
      store.set({ connection: 'lost', problem: 'The rebalancer ended the connection.' });
    } catch (error) {
      noteFailure(store, error);
    }
    if (store.get().connection === 'locked') return;
    await waitFor(RETRY_MS[Math.min(failures, RETRY_MS.length - 1)] ?? 8_000, signal);
  }
}

interface Loaders {
  readonly status: () => void;
  readonly overview: () => void;
}

/** What each event is about. After a `hello` or `reset` anything may have happened. */
const TOPICS: Readonly<Record<string, readonly Topic[]>> = {
  hello: ['plan', 'moves', 'cycles', 'audit'],
  reset: ['plan', 'moves', 'cycles', 'audit'],
  planned: ['plan'],
  'move-finished': ['moves'],
  'cycle-started': ['audit'],
  'cycle-finished': ['cycles'],
  paused: ['audit'],
  resumed: ['audit'],
  'drain-requested': ['audit'],
  'drain-ended': ['audit'],
  'cordon-requested': ['audit'],
  'cordon-ended': ['audit'],
  'quarantine-released': ['audit'],
};

function react({ type }: StreamEvent, store: Store, load: Loaders): void {
  load.status();
  const topics = TOPICS[type] ?? [];
  if (topics.length === 0) return;
  const revisions = { ...store.get().revisions };
  for (const topic of topics) revisions[topic] += 1;
  store.set({ revisions });
  if (topics.includes('plan') || topics.includes('moves')) load.overview();
}

async function loadStatus(store: Store): Promise<void> {
  const status = await get('/api/v1/status');
  const { startedAt, uptimeSeconds } = status.process;
  const clockOffsetMs = Date.parse(startedAt) + uptimeSeconds * 1_000 - Date.now();
  store.set({ status, clockOffsetMs, nowMs: Date.now() + clockOffsetMs });
}

async function loadOverview(store: Store): Promise<void> {
  const matrix = await orNull(get('/api/v1/matrix'));
  // To read a large answer and to show it are two tasks of the browser, so that it can do something else between them.
  await waitFor(0);
  const count = store.get().status?.snapshot?.regions ?? 0;
  const found =
    matrix !== null && count <= MAX_CELLS ? await orNull(get('/api/v1/regions', { limit: MAX_CELLS })) : null;
  const regions = found && found.total === found.regions.length ? found : null;
  store.set({ matrix, regions });
}

/** Before the first snapshot there is nothing yet. */
async function orNull<Value>(loading: Promise<Value>): Promise<Value | null> {
  try {
    return await loading;
  } catch (error) {
    if (error instanceof ApiError && error.status === 503) return null;
    throw error;
  }
}

function noteFailure(store: Store, error: unknown): void {
  if (error instanceof ApiError && error.status === 401) {
    store.set({ connection: 'locked', problem: null });
    return;
  }
  const problem = error instanceof ApiError ? error.message : 'The connection to the rebalancer broke.';
  store.set({ connection: 'lost', problem });
}

/** Runs `work` now, or as soon as its interval is over; calls in between become one. */
function limited(everyMs: number, work: () => Promise<void>): () => void {
  let asked = 0;
  let isBusy = false;
  const run = async (): Promise<void> => {
    isBusy = true;
    const serving = asked;
    const pause = waitFor(everyMs);
    // A failure shows in the stream as well, which is what reconnects.
    await work().catch(() => undefined);
    await pause;
    isBusy = false;
    if (asked > serving) void run();
  };
  return () => {
    asked += 1;
    if (!isBusy) void run();
  };
}

function waitFor(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal?.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

import { expect, it } from 'vitest';
import { readSeries } from '../../../src/app/api/series.ts';
import { VirtualClock } from '../../../src/lib/clock.ts';
import { trackLiveState } from '../../../src/observability/live-state.ts';
import { openStore } from '../../../src/store/sqlite.ts';
import { eventBus } from '../../support/observability.ts';

it('a long time is read in pages, and what waits is served between two of them', async () => {
  const clock = new VirtualClock();
  const store = openStore({ path: ':memory:' }, { clock });
  const end = { endedAtMs: clock.now(), outcome: 'balanced', moved: 1, detail: '' } as const;
  for (let count = 0; count < 2_001; count += 1) store.endCycle(store.beginCycle('cron', clock.now()), end);
  const seen: string[] = [];
  const watched = {
    ...store,
    listCycles: (limit: number, beforeId?: number) => {
      seen.push('page');
      setImmediate(() => seen.push('others'));
      return store.listCycles(limit, beforeId);
    },
  };
  const live = trackLiveState(eventBus().bus).state();
  const { points } = await readSeries(
    { rangeMs: 60_000, points: 1 },
    { store: watched, live, nowMs: clock.now() },
  );
  expect(points).toMatchObject([{ cycles: 2_001, moved: 2_001 }]);
  expect(seen).toEqual(['page', 'others', 'page', 'others', 'page']);
});

import { describe, expect, it } from 'vitest';
import { PAUSE_RAN_OUT, watchPause } from '../../../src/app/daemon/pause-watch.ts';
import { OperatingError } from '../../../src/domain/errors.ts';
import { openStore } from '../../../src/store/sqlite.ts';
import { eventBus } from '../../support/observability.ts';

/** @param earlierMs how long a pause lasts yet that an earlier process was asked for. */
function rig(earlierMs?: number) {
  const { clock, bus: events } = eventBus();
  const store = openStore({ path: ':memory:' }, { clock });
  const told: string[] = [];
  events.subscribe((event) => {
    if (event.type === 'resumed') told.push(event.by);
  });
  const setPause = (forMs: number | null): void => {
    const untilMs = forMs === null ? null : clock.now() + forMs;
    store.setPause({ reason: 'work', by: 'anna', atMs: clock.now(), untilMs });
  };
  const state = { isBroken: false };
  const read: typeof store.pause = (nowMs) => {
    if (state.isBroken) throw new OperatingError('state-io', 'The disk reported an error');
    return store.pause(nowMs);
  };
  if (earlierMs !== undefined) setPause(earlierMs);
  watchPause({ clock, events, store: { pause: read } });
  const pause = (forMs: number | null): void => {
    setPause(forMs);
    events.emit({ type: 'paused', untilMs: null, reason: 'work', by: 'anna' });
  };
  const beginCycle = (): void => events.emit({ type: 'cycle-started', cycleId: 1, trigger: 'schedule' });
  return { clock, store, events, told, pause, state, beginCycle };
}

describe('the end of a pause', () => {
  it('is told when it runs out', async () => {
    const { clock, told, pause } = rig();
    pause(60_000);
    await clock.advance(59_999);
    expect(told).toEqual([]);
    await clock.advance(1);
    expect(told).toEqual([PAUSE_RAN_OUT]);
  });

  it('is told of a pause that an earlier process was asked for', async () => {
    const { clock, told } = rig(60_000);
    await clock.advance(60_000);
    expect(told).toEqual([PAUSE_RAN_OUT]);
  });

  it('is not told twice when somebody resumes before', async () => {
    const { clock, store, events, told, pause } = rig();
    pause(60_000);
    store.clearPause();
    events.emit({ type: 'resumed', by: 'anna' });
    await clock.advance(120_000);
    expect(told).toEqual(['anna']);
  });

  it('moves when the pause is made longer', async () => {
    const { clock, told, pause } = rig();
    pause(60_000);
    await clock.advance(30_000);
    pause(60_000);
    await clock.advance(59_999);
    expect(told).toEqual([]);
    await clock.advance(1);
    expect(told).toEqual([PAUSE_RAN_OUT]);
  });

  it('never comes by itself where it has no time', async () => {
    const { clock, told, pause } = rig();
    pause(null);
    await clock.advance(86_400_000);
    expect(told).toEqual([]);
  });

  it('is seen at the next cycle when the wall clock jumps over it', () => {
    const { clock, told, pause, beginCycle } = rig();
    pause(60_000);
    clock.jumpWall(3_600_000);
    beginCycle();
    expect(told).toEqual([PAUSE_RAN_OUT]);
  });

  it('waits for a state folder that can be read again', async () => {
    const { clock, told, pause, state, beginCycle } = rig();
    pause(60_000);
    state.isBroken = true;
    await clock.advance(60_000);
    expect(told).toEqual([]);
    state.isBroken = false;
    beginCycle();
    expect(told).toEqual([PAUSE_RAN_OUT]);
  });
});

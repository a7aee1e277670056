import { describe, expect, it } from 'vitest';
import { PAUSE_RAN_OUT, watchPause } from '../../../src/app/daemon/pause-watch.ts';
import { OperatingError } from '../../../src/domain/errors.ts';
import { VirtualClock } from '../../harness/virtual-clock.ts';
import { EventBus } from '../../../src/observability/events.ts';
import { openStore } from '../../../src/store/sqlite.ts';

function rig() {
  const clock = new VirtualClock();
  const store = openStore({ path: ':memory:' }, { clock });
  const events = new EventBus({
    now: () => clock.now(),
    onListenerError: (error) => {
      throw error;
    },
  });
  const told: string[] = [];
  events.subscribe((event) => {
    if (event.type === 'resumed') told.push(event.by);
  });
  const pause = (forMs: number | null): void => {
    const untilMs = forMs === null ? null : clock.now() + forMs;
    store.setPause({ reason: 'work', by: 'anna', atMs: clock.now(), untilMs });
    events.emit({ type: 'paused', untilMs, reason: 'work', by: 'anna' });
  };
  return { clock, store, events, told, pause };
}

describe('the end of a pause', () => {
  it('is told when it runs out', async () => {
    const { clock, told, pause, ...rest } = rig();
    watchPause({ clock, ...rest });
    pause(60_000);
    await clock.advance(59_999);
    expect(told).toEqual([]);
    await clock.advance(1);
    expect(told).toEqual([PAUSE_RAN_OUT]);
  });

  it('is told of a pause that an earlier process was asked for', async () => {
    const { clock, told, pause, ...rest } = rig();
    pause(60_000);
    watchPause({ clock, ...rest });
    await clock.advance(60_000);
    expect(told).toEqual([PAUSE_RAN_OUT]);
  });

  it('is not told twice when somebody resumes before', async () => {
    const { clock, store, events, told, pause } = rig();
    watchPause({ clock, store, events });
    pause(60_000);
    store.clearPause();
    events.emit({ type: 'resumed', by: 'anna' });
    await clock.advance(120_000);
    expect(told).toEqual(['anna']);
  });

  it('moves when the pause is made longer', async () => {
    const { clock, told, pause, ...rest } = rig();
    watchPause({ clock, ...rest });
    pause(60_000);
    await clock.advance(30_000);
    pause(60_000);
    await clock.advance(59_999);
    expect(told).toEqual([]);
    await clock.advance(1);
    expect(told).toEqual([PAUSE_RAN_OUT]);
  });

  it('never comes by itself where it has no time', async () => {
    const { clock, told, pause, ...rest } = rig();
    watchPause({ clock, ...rest });
    pause(null);
    await clock.advance(86_400_000);
    expect(told).toEqual([]);
  });

  it('is seen at the next cycle when the wall clock jumps over it', async () => {
    const { clock, events, told, pause, store } = rig();
    watchPause({ clock, store, events });
    pause(60_000);
    clock.jumpWall(3_600_000);
    events.emit({ type: 'cycle-started', cycleId: 1, trigger: 'schedule' });
    expect(told).toEqual([PAUSE_RAN_OUT]);
  });

  it('waits for a state folder that can be read again', async () => {
    const { clock, events, told, pause, store } = rig();
    let isBroken = false;
    const broken: typeof store.pause = (nowMs) => {
      if (isBroken) throw new OperatingError('state-io', 'The disk reported an error');
      return store.pause(nowMs);
    };
    watchPause({ clock, events, store: { pause: broken } });
    pause(60_000);
    isBroken = true;
    await clock.advance(60_000);
    expect(told).toEqual([]);
    isBroken = false;
    events.emit({ type: 'cycle-started', cycleId: 1, trigger: 'schedule' });
    expect(told).toEqual([PAUSE_RAN_OUT]);
  });
});

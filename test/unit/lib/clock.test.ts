import { afterEach, describe, expect, it, vi } from 'vitest';
import { deadlineSignal, sleep, systemClock } from '../../../src/lib/clock.ts';
import { VirtualClock } from '../../harness/virtual-clock.ts';

describe('VirtualClock', () => {
  it('fires timers by due time, in whatever order they were set, and those due together as they were set', async () => {
    const clock = new VirtualClock(1_000);
    const fired: string[] = [];
    for (const [name, delayMs] of [
      ['d', 20],
      ['b', 10],
      ['c', 10],
      ['a', -5],
      ['e', 1_000],
    ] as const)
      clock.setTimer(delayMs, () => fired.push(`${name}@${clock.monotonicMs()}`));
    await clock.advance(20);
    expect(fired).toEqual(['a@0', 'b@10', 'c@10', 'd@20']);
    expect([clock.now(), clock.nextDelayMs()]).toEqual([1_020, 980]);
  });

  it('fires what a timer sets on its way, within the same advance', async () => {
    const clock = new VirtualClock();
    let count = 0;
    const again = (): void => {
      count += 1;
      clock.setTimer(10, again);
    };
    clock.setTimer(10, again);
    await clock.advance(100);
    expect(count).toBe(10);
  });

  it('neither fires a cancelled timer nor lets time jump to it', async () => {
    const clock = new VirtualClock();
    const cancel = clock.setTimer(1_000, () => expect.unreachable());
    cancel();
    expect(clock.nextDelayMs()).toBeUndefined();
    await clock.run(() => false);
    expect(clock.monotonicMs()).toBe(0);
  });

  it('jumps the wall clock without touching durations', async () => {
    const clock = new VirtualClock(0);
    clock.jumpWall(-5_000);
    await clock.advance(10);
    expect([clock.now(), clock.monotonicMs()]).toEqual([-4_990, 10]);
  });
});

describe('sleep', () => {
  it('resolves after the delay', async () => {
    const clock = new VirtualClock();
    let awake = false;
    void sleep(clock, 50).then(() => (awake = true));
    await clock.advance(49);
    expect(awake).toBe(false);
    await clock.advance(1);
    expect(awake).toBe(true);
  });

  it('rejects at once with the reason of a signal that aborts, and leaves no timer', async () => {
    const clock = new VirtualClock();
    const controller = new AbortController();
    const asleep = sleep(clock, 50, controller.signal);
    controller.abort(new Error('told to stop'));
    await expect(asleep).rejects.toThrow('told to stop');
    expect(clock.nextDelayMs()).toBeUndefined();
  });

  it('rejects without a timer when the signal is aborted already', async () => {
    const clock = new VirtualClock();
    await expect(sleep(clock, 50, AbortSignal.abort('no error'))).rejects.toThrow('Aborted');
    expect(clock.nextDelayMs()).toBeUndefined();
  });
});

describe('deadlineSignal', () => {
  it('aborts with a TimeoutError that names the time', async () => {
    const clock = new VirtualClock();
    const { signal } = deadlineSignal(clock, 100);
    await clock.advance(100);
    expect(signal.reason).toMatchObject({ name: 'TimeoutError', message: 'No answer within 100 ms' });
  });

  it('passes the reason of its parent on', () => {
    const parent = new AbortController();
    const { signal } = deadlineSignal(new VirtualClock(), 100, parent.signal);
    parent.abort(new Error('stop'));
    expect(signal.reason).toMatchObject({ message: 'stop' });
  });

  it('does nothing more once released', async () => {
    const clock = new VirtualClock();
    const parent = new AbortController();
    const { signal, release } = deadlineSignal(clock, 100, parent.signal);
    release();
    parent.abort();
    await clock.advance(200);
    expect(signal.aborted).toBe(false);
  });
});

describe('systemClock', () => {
  afterEach(() => vi.useRealTimers());

  it('does not cut a wait short that is longer than the timers of Node can be', () => {
    vi.useFakeTimers();
    const days = 24 * 60 * 60 * 1_000;
    let fired = 0;
    systemClock.setTimer(60 * days, () => (fired += 1));
    const cancel = systemClock.setTimer(40 * days, () => expect.unreachable());
    vi.advanceTimersByTime(59 * days - 25 * days);
    cancel();
    vi.advanceTimersByTime(25 * days);
    expect(fired).toBe(0);
    vi.advanceTimersByTime(days);
    expect(fired).toBe(1);
  });
});

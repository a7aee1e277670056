import { describe, expect, test } from 'vitest';
import { OperatingError } from '../../../src/domain/errors.ts';
import { Election } from '../../../src/ha/election.ts';
import type { Lock, LockReading } from '../../../src/ha/port.ts';
import { VirtualClock } from '../../harness/virtual-clock.ts';

const TIMING = { leaseDurationMs: 15_000, renewDeadlineMs: 10_000, retryPeriodMs: 2_000, identity: 'me' };

/** A lock that answers as told. */
class ScriptedLock implements Lock {
  next: () => Promise<LockReading> = () => Promise.resolve({ kind: 'held', term: '1' });
  written = true;
  released = 0;
  acquireOrRenew(): Promise<LockReading> {
    return this.next();
  }
  readNote(): Promise<string | undefined> {
    return Promise.resolve('note');
  }
  writeNote(): Promise<boolean> {
    return Promise.resolve(this.written);
  }
  release(): Promise<void> {
    this.released += 1;
    return Promise.resolve();
  }
  close(): Promise<void> {
    return Promise.resolve();
  }
}

function createRig() {
  const clock = new VirtualClock();
  const lock = new ScriptedLock();
  const troubles: (string | undefined)[] = [];
  const changes: (number | undefined)[] = [];
  const election = new Election(TIMING, {
    lock,
    clock,
    random: () => 0,
    onTrouble: (problem) => troubles.push(problem),
  });
  election.onChange(() => changes.push(election.term()));
  election.start();
  return { clock, lock, election, troubles, changes };
}

const held = (term: string) => (): Promise<LockReading> => Promise.resolve({ kind: 'held', term });
const lost = (holder: string | null) => (): Promise<LockReading> => Promise.resolve({ kind: 'lost', holder });
const broken = (): Promise<LockReading> => Promise.reject(new OperatingError('lock-unreachable', 'No way'));
const { signal } = new AbortController();

describe('an election', () => {
  test('leads in one term as long as the lock is renewed', async () => {
    const { clock, election, changes } = createRig();
    expect(election.term()).toBeUndefined();
    await clock.advance(600_000);
    expect(election.term()).toBe(1);
    expect(election.holder()).toBe('me');
    expect(changes).toEqual([1]);
  });

  test('ends the lead when the lock could not be renewed for renewDeadline, before the lease can be taken', async () => {
    const { clock, lock, election, troubles, changes } = createRig();
    await clock.advance(0);
    lock.next = broken;
    await clock.advance(9_999);
    expect(election.term()).toBe(1);
    await clock.advance(1);
    expect(election.term()).toBeUndefined();
    expect(changes).toEqual([1, undefined]);
    expect(troubles).toEqual(['No way']);
    lock.next = held('1');
    await clock.advance(4_000);
    expect(election.term()).toBe(2);
    expect(troubles).toEqual(['No way', undefined]);
  });

  test('a lock that never answers ends the lead just so', async () => {
    const { clock, lock, election } = createRig();
    await clock.advance(0);
    lock.next = () => new Promise(() => undefined);
    await clock.advance(10_000);
    expect(election.term()).toBeUndefined();
  });

  test('counts the time from when the request left, not from when the answer came', async () => {
    const { clock, lock, election } = createRig();
    await clock.advance(0);
    lock.next = () =>
      new Promise((resolve) => {
        clock.setTimer(7_000, () => resolve({ kind: 'held', term: '1' }));
        lock.next = broken;
      });
    await clock.advance(11_999);
    expect(election.term()).toBe(1);
    await clock.advance(1);
    expect(election.term()).toBeUndefined();
  });

  test('a machine that was suspended does not trust its monotonic clock', async () => {
    const { clock, lock, election } = createRig();
    await clock.advance(0);
    lock.next = broken;
    clock.jumpWall(10_000);
    expect(election.term()).toBeUndefined();
  });

  test('another holder ends the lead at once and is known', async () => {
    const { clock, lock, election, changes } = createRig();
    await clock.advance(0);
    lock.next = lost('other');
    await clock.advance(2_000);
    expect(election.term()).toBeUndefined();
    expect(election.holder()).toBe('other');
    lock.next = broken;
    await clock.advance(30_000);
    expect(election.holder()).toBeNull();
    expect(changes).toEqual([1, undefined]);
  });

  test('a lock that was taken by somebody else in between is a new term, even when nobody noticed', async () => {
    const { clock, lock, election, changes } = createRig();
    await clock.advance(0);
    lock.next = held('2');
    await clock.advance(2_000);
    expect(changes).toEqual([1, 2]);
    expect(election.term()).toBe(2);
  });

  test('a note that the lock refuses ends the lead', async () => {
    const { clock, lock, election } = createRig();
    expect(await election.writeNote('x', signal)).toBe(false);
    await clock.advance(0);
    expect(await election.writeNote('x', signal)).toBe(true);
    lock.written = false;
    expect(await election.writeNote('x', signal)).toBe(false);
    expect(election.term()).toBeUndefined();
  });

  /** When the lock was asked, in ms. */
  function asked({ clock, lock }: ReturnType<typeof createRig>): number[] {
    const times: number[] = [];
    const { next } = lock;
    lock.acquireOrRenew = () => {
      times.push(clock.monotonicMs());
      return lock.next();
    };
    lock.next = next;
    return times;
  }

  test('a standby looks twice as often as a leader renews, and just after the lock may be taken', async () => {
    const rig = createRig();
    const times = asked(rig);
    rig.lock.next = lost('other');
    await rig.clock.advance(4_000);
    expect(times).toEqual([2_000, 3_000, 4_000]);
    rig.lock.next = () => Promise.resolve({ kind: 'lost', holder: 'other', freeInMs: 300 });
    await rig.clock.advance(1_500);
    expect(times.slice(3)).toEqual([5_000, 5_350]);
  });

  test('after a failure tries again soon, then less and less often', async () => {
    const rig = createRig();
    const times = asked(rig);
    await rig.clock.advance(2_000);
    rig.lock.next = broken;
    await rig.clock.advance(8_000);
    expect(times).toEqual([2_000, 4_000, 4_500, 5_500, 7_500, 9_500]);
    rig.lock.next = held('1');
    await rig.clock.advance(6_000);
    expect(times.slice(6)).toEqual([11_500, 13_500, 15_500]);
    expect(rig.election.term()).toBe(1);
  });

  test('gives the lock back at its end, once, and only when it may hold it', async () => {
    const { clock, lock, election } = createRig();
    await clock.advance(0);
    await Promise.all([election.stop(), election.stop()]);
    expect(lock.released).toBe(1);
    expect(election.term()).toBeUndefined();
    const second = createRig();
    second.lock.next = lost('other');
    await second.clock.advance(2_000);
    await second.election.stop();
    expect(second.lock.released).toBe(0);
  });
});

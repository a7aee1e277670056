import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../src/lib/clock.ts';
import { createPrng } from '../../../src/lib/prng.ts';
import { Journal } from '../../../src/simulator/cluster/journal.ts';
import { describeLocks, LockTable } from '../../../src/simulator/cluster/locks.ts';
import type { LockKey } from '../../../src/simulator/cluster/locks.ts';
import { isUuid, seededUuid } from '../../../src/simulator/procedures/uuid.ts';
import { createServerTime, humanTime, parseHumanTime } from '../../../src/simulator/cluster/time.ts';

describe('humantime', () => {
  it.each([
    [0, '0s'],
    [1, '1ms'],
    [2_113, '2s 113ms'],
    [63_000, '1m 3s'],
    [7_381_020, '2h 3m 1s 20ms'],
    [86_400_000, '1day'],
    [172_800_001, '2days 1ms'],
    [-5, '0s'],
  ])('prints %i ms as %s', (durationMs, text) => {
    expect(humanTime(durationMs)).toBe(text);
  });

  it.each([
    ['500ms', 500],
    ['5m', 300_000],
    ['1h30m', 5_400_000],
    ['1h 30m', 5_400_000],
    ['2days', 172_800_000],
    ['60', undefined],
    ['', undefined],
    ['5 parsecs', undefined],
    ['-5s', undefined],
  ])('reads %j as %s', (text, durationMs) => {
    expect(parseHumanTime(text)).toBe(durationMs);
  });
});

it('the servers keep their own time when the wall clock of the client jumps', () => {
  const clock = new VirtualClock();
  const time = createServerTime(clock, 5_000);
  const before = time.now();
  expect(before - clock.now()).toBe(5_000);
  clock.jumpWall(3_600_000);
  expect(time.now()).toBe(before);
});

it('procedure ids are UUIDs of version 4, and repeat with the seed', () => {
  const ids = [1, 1, 2].map((seed) => seededUuid(createPrng(seed)));
  expect(ids.every(isUuid)).toBe(true);
  expect(ids[0]).toBe(ids[1]);
  expect(ids[0]).not.toBe(ids[2]);
});

describe('locks', () => {
  const share = (key: string): LockKey => ({ mode: 'Share', key });
  const exclusive = (key: string): LockKey => ({ mode: 'Exclusive', key });

  it.each([
    [[share('t')], [share('t')], true],
    [[share('t')], [exclusive('t')], false],
    [[exclusive('t')], [share('t')], false],
    [[exclusive('t')], [exclusive('t')], false],
    [[exclusive('t')], [exclusive('u')], true],
    [[share('t'), exclusive('r')], [share('t'), exclusive('s')], true],
    [[share('t'), exclusive('r')], [share('t'), exclusive('r')], false],
  ])('%j held, %j asked: %s', (held, asked, granted) => {
    const table = new LockTable();
    const order: string[] = [];
    const release = table.claim(held, () => order.push('first'));
    table.claim(asked, () => order.push('second'));
    expect(order).toEqual(granted ? ['first', 'second'] : ['first']);
    release();
    expect(order).toEqual(['first', 'second']);
  });

  it('are given in the order of asking', () => {
    const table = new LockTable();
    const order: string[] = [];
    const release = table.claim([share('t')], () => order.push('reader'));
    const releaseWriter = table.claim([exclusive('t')], () => order.push('writer'));
    table.claim([share('t')], () => order.push('late reader'));
    expect(order).toEqual(['reader']);
    release();
    expect(order).toEqual(['reader', 'writer']);
    releaseWriter();
    expect(order).toEqual(['reader', 'writer', 'late reader']);
  });

  it('a waiting claim that is given back never gets them', () => {
    const table = new LockTable();
    const order: string[] = [];
    const release = table.claim([exclusive('t')], () => order.push('first'));
    table.claim([exclusive('t')], () => order.push('gone'))();
    release();
    expect(order).toEqual(['first']);
  });

  it('are printed with the shared ones first', () => {
    expect(describeLocks([exclusive('b'), share('d'), exclusive('a'), share('c')])).toBe(
      'Share("c"),Share("d"),Exclusive("a"),Exclusive("b")',
    );
  });
});

describe('the journal', () => {
  it('numbers events, tells them at once and keeps the last ones', () => {
    let now = 100;
    const journal = new Journal({ limit: 10 }, { now: () => now++ });
    const heard: number[] = [];
    const stop = journal.onEvent((event) => heard.push(event.seq));
    for (let count = 0; count < 35; count += 1) journal.record({ kind: 'leader-lost', metasrv: 0 });
    stop();
    journal.record({ kind: 'leader-lost', metasrv: 0 });
    expect(heard).toHaveLength(35);
    expect(journal.events.length).toBeLessThanOrEqual(20);
    expect(journal.events.at(-1)).toMatchObject({ seq: 36, atMs: 135 });
  });
});

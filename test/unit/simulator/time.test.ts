import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../harness/virtual-clock.ts';
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

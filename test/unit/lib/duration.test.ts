import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  exactDuration,
  formatDuration,
  formatEstimate,
  MAX_DURATION_MS,
  parseDuration,
} from '../../../src/lib/duration.ts';

describe('parseDuration', () => {
  it.each([
    ['500ms', 500],
    ['30s', 30_000],
    ['5m', 300_000],
    ['1h30m', 5_400_000],
    ['7d', 604_800_000],
    ['1.5s', 1_500],
    ['1.005s', 1_005],
    ['0s', 0],
    ['2m500ms', 120_500],
    ['36500d', MAX_DURATION_MS],
    ['36501d', undefined],
    ['5', undefined],
    ['', undefined],
    ['s', undefined],
    ['-5s', undefined],
    ['5 s', undefined],
    ['5S', undefined],
    ['5m 3s', undefined],
    ['1e3s', undefined],
    ['.5s', undefined],
    [' 5s', undefined],
    ['5s\n', undefined],
    ['1d2h3m4s5ms', 93_784_005],
    ['1m1h', undefined],
    ['30s1m', undefined],
    ['5ms1s', undefined],
    ['5m5m', undefined],
    ['1h1m1h', undefined],
  ])('reads %j as %j ms', (text, wanted) => {
    expect(parseDuration(text)).toBe(wanted);
  });
});

it('writes a duration exactly, so that reading it gives the same milliseconds', () => {
  fc.assert(
    fc.property(
      fc.nat({ max: MAX_DURATION_MS }),
      (durationMs) => parseDuration(exactDuration(durationMs)) === durationMs,
    ),
  );
});

describe('formatDuration', () => {
  it.each([
    [0, '0 s'],
    [-5, '0 s'],
    [850, '850 ms'],
    [999.6, '1 s'],
    [4_400, '4.4 s'],
    [9_949, '9.9 s'],
    [9_950, '10 s'],
    [42_000, '42 s'],
    [59_600, '1 min'],
    [185_000, '3 min 5 s'],
    [599_400, '9 min 59 s'],
    [1_556_000, '26 min'],
    [7_800_000, '2 h 10 min'],
    [3_600_000, '1 h'],
    [3_605_000, '1 h'],
    [273_600_000, '3 d 4 h'],
  ])('writes %j ms as %j', (durationMs, wanted) => {
    expect(formatDuration(durationMs)).toBe(wanted);
  });
});

describe('formatEstimate', () => {
  it.each([
    [0, '1 s'],
    [4_400, '5 s'],
    [100_000, '2 min'],
    [484_000, '9 min'],
    [1_556_000, '26 min'],
  ])('writes %j ms as %j', (durationMs, wanted) => {
    expect(formatEstimate(durationMs)).toBe(wanted);
  });
});

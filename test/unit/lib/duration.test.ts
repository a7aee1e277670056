import { describe, expect, it } from 'vitest';
import { formatDuration, MAX_DURATION_MS, parseDuration } from '../../../src/lib/duration.ts';

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
  ])('reads %j as %j ms', (text, wanted) => {
    expect(parseDuration(text)).toBe(wanted);
  });
});

describe('formatDuration', () => {
  it.each([
    [0, '0ms'],
    [-5, '0ms'],
    [850, '850ms'],
    [999.6, '1s'],
    [42_000, '42s'],
    [59_600, '1m'],
    [185_000, '3m5s'],
    [7_800_000, '2h10m'],
    [3_600_000, '1h'],
    [3_605_000, '1h'],
    [273_600_000, '3d4h'],
  ])('writes %j ms as %j', (durationMs, wanted) => {
    expect(formatDuration(durationMs)).toBe(wanted);
  });
});

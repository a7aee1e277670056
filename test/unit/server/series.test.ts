import { describe, expect, it } from 'vitest';
import { buildSeries } from '../../../src/server/api/series.ts';
import type { SeriesStep } from '../../../src/server/api/series.ts';

const range = { sinceMs: 10_000, untilMs: 39_000, stepMs: 10_000 };
const nothing = {
  cycles: 0,
  failed: 0,
  moved: 0,
  tableSkewMax: null,
  nodeSkew: null,
  least: null,
  most: null,
};
const stored: SeriesStep = {
  ...nothing,
  atMs: 30_000,
  cycles: 2,
  failed: 1,
  moved: 3,
  nodeSkew: 1,
  least: 2,
  most: 9,
};

describe('the series', () => {
  it('names each step by its begin', () => {
    expect(buildSeries(range, [stored])).toEqual({
      since: '1970-01-01T00:00:10.000Z',
      until: '1970-01-01T00:00:39.000Z',
      stepSeconds: 10,
      points: [
        {
          at: '1970-01-01T00:00:30.000Z',
          ...{ cycles: 2, failed: 1, moved: 3, tableSkewMax: null, nodeSkew: 1, least: 2, most: 9 },
        },
      ],
    });
  });

  it('sums what was done and keeps the extremes of what was seen in a step', () => {
    const now = { ...nothing, atMs: 30_000, moved: 1, tableSkewMax: 5, nodeSkew: 0, least: 1, most: 4 };
    expect(buildSeries(range, [stored, now]).points).toMatchObject([
      { cycles: 2, failed: 1, moved: 4, tableSkewMax: 5, nodeSkew: 1, least: 1, most: 9 },
    ]);
  });

  it('is empty without a history', () => {
    expect(buildSeries(range, []).points).toEqual([]);
  });
});

import { describe, expect, it } from 'vitest';
import { buildSeries } from '../../../src/server/api/series.ts';

describe('the series', () => {
  const nowMs = Date.UTC(2026, 0, 2);
  const query = { rangeMs: 100_000, points: 10 };

  it('sums what was done and keeps the greatest of what was seen in each step', () => {
    const { points, stepSeconds } = buildSeries(
      query,
      nowMs,
      [
        { endedAtMs: nowMs - 95_000, failed: false, moved: 2, tableSkewMax: 3, nodeSkew: 1 },
        { endedAtMs: nowMs - 94_000, failed: true, moved: 1, tableSkewMax: 5 },
        { endedAtMs: nowMs, failed: false, moved: 0, nodeSkew: 0 },
      ],
      [
        { atMs: nowMs - 95_000, regions: { '0': 9, '1': 2 } },
        { atMs: nowMs - 94_000, regions: { '0': 4, '1': 5 } },
        { atMs: nowMs - 50_000, regions: {} },
      ],
    );
    expect(stepSeconds).toBe(10);
    expect(points).toEqual([
      {
        at: new Date(nowMs - 100_000).toISOString(),
        cycles: 2,
        failed: 1,
        moved: 3,
        tableSkewMax: 5,
        nodeSkew: 1,
        least: 2,
        most: 9,
      },
      {
        at: new Date(nowMs - 10_000).toISOString(),
        cycles: 1,
        failed: 0,
        moved: 0,
        tableSkewMax: null,
        nodeSkew: 0,
        least: null,
        most: null,
      },
    ]);
  });

  it('is empty without a history', () => {
    expect(buildSeries(query, nowMs, [], []).points).toEqual([]);
  });
});

import { describe, expect, it } from 'vitest';
import { killAtEvery } from '../support/crash-world.ts';
import { atTime, KILL_POINTS } from '../support/kill-points.ts';

describe('a real process that is killed', () => {
  it('at every point of a move loses nothing and doubles nothing', { timeout: 180_000 }, async () => {
    const points = [...KILL_POINTS, atTime(70), atTime(400)];
    const verdict = await killAtEvery({ profile: '1.3.0', points, seed: 'crash' });
    expect(verdict).toMatchObject({ lost: [], doubled: [], untrue: [] });
    expect(verdict.died).toHaveLength(points.length);
    expect(verdict.moved).toBeGreaterThanOrEqual(points.length - 5);
  });
});

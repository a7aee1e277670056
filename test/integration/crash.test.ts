import { describe, expect, it } from 'vitest';
import { killAtEvery } from '../harness/crash/crash-world.ts';
import { SHORT_SERIES } from '../harness/crash/kill-points.ts';

/** Every point, in several versions: `npm run crash`. */
describe('a real process that is killed', () => {
  it('at each stage of a move loses nothing and doubles nothing', { timeout: 180_000 }, async () => {
    const verdict = await killAtEvery({ profile: '1.3.0', points: SHORT_SERIES, seed: 'crash' });
    expect(verdict).toMatchObject({ lost: [], doubled: [], untrue: [] });
    expect(verdict.died).toHaveLength(SHORT_SERIES.length);
    expect(verdict.moved).toBeGreaterThanOrEqual(SHORT_SERIES.length);
  });
});

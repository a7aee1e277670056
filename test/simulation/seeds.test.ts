import { describe, expect, it } from 'vitest';
import { runSeed } from '../harness/sim/run.ts';

/** As many tests as there can be failures told apart at a glance; each runs its share of the seeds. */
const SEEDS = 300;
const SEEDS_PER_TEST = 25;
const shares = Array.from({ length: SEEDS / SEEDS_PER_TEST }, (_, index) => index * SEEDS_PER_TEST + 1);

describe('the whole daemon in a simulated cluster with trouble', () => {
  it.each(shares)(
    'breaks no rule and ends in balance: seeds from %i on',
    { timeout: 120_000 },
    async (first) => {
      for (let seed = first; seed < first + SEEDS_PER_TEST; seed += 1) {
        const { violations } = await runSeed(String(seed));
        const replay = `npm run sim -- --seed ${seed} --trace`;
        expect({ replay, violations }).toEqual({ replay, violations: [] });
      }
    },
  );

  it('replays a seed exactly', async () => {
    const [first, second] = [await runSeed('replay'), await runSeed('replay')];
    expect(second.digest).toBe(first.digest);
    expect(second.deaths).toEqual(first.deaths);
    expect(first.requests).toBeGreaterThan(0);
  });
});

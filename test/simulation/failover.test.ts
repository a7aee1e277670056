import { describe, expect, test } from 'vitest';
import { LEASE_MS, runFailovers } from '../harness/ha/failover-run.ts';

const FAILOVERS_PER_SEED = 5;
const SEEDS = 8;
const seeds = Array.from({ length: SEEDS }, (_, index) => String(index + 1));

describe.each(['etcd', 'kubernetes'] as const)('replicas with a lock in %s', (provider) => {
  test.each(seeds)(
    'never have two migrations at a time, have a leader again soon, and end in balance: seed %s',
    { timeout: 120_000 },
    async (seed) => {
      const result = await runFailovers(seed, { provider, failovers: FAILOVERS_PER_SEED });
      expect(result).toMatchObject({ violations: [], left: '' });
      expect(result.requests).toBeGreaterThan(0);
      expect(Math.max(0, ...result.leaderlessMs)).toBeLessThanOrEqual(1.5 * LEASE_MS);
    },
  );
});

describe('the checkers', () => {
  /** A seed for each fault that shows it. */
  test.each([
    { sabotage: 'no-note', found: /was sent while others were under way/ },
    { sabotage: 'no-check-at-the-wire', found: /was sent while others were under way/ },
  ] as const)('find replicas with $sabotage', { timeout: 240_000 }, async ({ sabotage, found }) => {
    const violations: string[] = [];
    for (let seed = 1; seed <= 60 && !violations.some((line) => found.test(line)); seed += 1) {
      const result = await runFailovers(String(seed), { provider: 'etcd', failovers: 5, sabotage });
      violations.push(...result.violations);
    }
    expect(violations.join('\n')).toMatch(found);
  });
});

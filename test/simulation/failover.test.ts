import { describe, expect, test } from 'vitest';
import { runFailovers } from '../support/ha/failover-run.ts';

const FAILOVERS_PER_SEED = 5;
const SEEDS = 8;
const seeds = Array.from({ length: SEEDS }, (_, index) => String(index + 1));

describe.each(['etcd', 'kubernetes'] as const)('replicas with a lock in %s', (provider) => {
  test.each(seeds)(
    'never have two migrations at a time, and end in balance: seed %s',
    { timeout: 120_000 },
    async (seed) => {
      const result = await runFailovers(seed, { provider, failovers: FAILOVERS_PER_SEED });
      expect(result).toMatchObject({ violations: [], left: '' });
      expect(result.requests).toBeGreaterThan(0);
    },
  );
});

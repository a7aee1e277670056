import { describe, expect, it } from 'vitest';
import { REQUEST_RULES } from '../harness/sim/check-requests.ts';
import { runSeed } from '../harness/sim/run.ts';
import { BROKEN_DAEMONS } from '../harness/sim/sabotage.ts';

/** What is wrong need not show in every run. */
const SEEDS = 25;

/** The first seed in which a broken daemon is caught by its rule. */
async function findCatch(name: string): Promise<string | undefined> {
  const { rule, sabotage, options } = BROKEN_DAEMONS[name]!;
  for (let seed = 1; seed <= SEEDS; seed += 1) {
    const { violations } = await runSeed(`broken-${seed}`, { ...options, sabotage });
    const caught = violations.find((violation) => violation.rule === rule);
    if (caught) return caught.detail;
  }
  return undefined;
}

describe('a daemon that', () => {
  it.each(Object.keys(BROKEN_DAEMONS))('%s is found out', { timeout: 120_000 }, async (name) => {
    expect(await findCatch(name)).toEqual(expect.any(String));
  });

  it('is whole breaks no rule in any of these worlds', { timeout: 120_000 }, async () => {
    for (const { options } of Object.values(BROKEN_DAEMONS)) {
      const { violations, requests } = await runSeed('broken-1', { ...options, cycles: 8 });
      expect({ options, violations }).toEqual({ options, violations: [] });
      expect(requests).toBeGreaterThanOrEqual(0);
    }
  });
});

describe('the rules for requests', () => {
  const caught = new Set(Object.values(BROKEN_DAEMONS).map(({ rule }) => rule));
  it.each(REQUEST_RULES)('%s has a daemon that breaks it', (rule) => {
    expect([...caught]).toContain(rule);
  });
});

import { describe, expect, it } from 'vitest';
import { Budget } from '../../../src/planner/budget.ts';
import { createPrng } from '../../../src/lib/prng.ts';
import { makePlan } from '../../../src/planner/plan.ts';
import { randomCase } from '../../support/random-case.ts';
import type { CaseLimits, PlannerCase } from '../../support/random-case.ts';

const LIMITS: CaseLimits = {
  maxDatanodes: 12,
  maxTables: 30,
  maxRegionsPerTable: 12,
  withBlockers: true,
  withFollowers: true,
  withWeights: true,
  withDrains: true,
};

/** Clusters that just grew, so that the totals have much to mend: half the datanodes lead nothing. */
function forEachCase(name: string, check: (input: PlannerCase, steps: number, seed: string) => void): void {
  for (let run = 0; run < 300; run += 1) {
    const seed = `${name} ${run}`;
    const prng = createPrng(seed);
    const maxRegionsPerTable = run % 3 === 0 ? 1 : LIMITS.maxRegionsPerTable;
    const flags = { withBlockers: run % 2 === 0, withFollowers: run % 4 < 2 };
    const input = randomCase(prng, { ...LIMITS, ...flags, maxRegionsPerTable });
    const { datanodes } = input.snapshot;
    const joined = datanodes.map((node, index) => ({ ...node, id: String(datanodes.length + index) }));
    check(
      { ...input, snapshot: { ...input.snapshot, datanodes: [...datanodes, ...joined] } },
      prng.int(2_000),
      seed,
    );
  }
}

describe('a plan whose search was cut short', () => {
  it('is the same every time, and says what ended it', () => {
    let cut = 0;
    forEachCase('cut', (input, steps, seed) => {
      const { plan } = makePlan(input, new Budget(steps));
      expect(makePlan(input, new Budget(steps)).plan, `seed ${seed}`).toEqual(plan);
      expect(plan.cutShortBy, `seed ${seed}`).toBe(plan.optimal ? undefined : 'budget');
      if (!plan.optimal) cut += 1;
    });
    expect(cut).toBeGreaterThan(50);
  });

  it('drains and spreads the tables as well as the whole search, and its bound holds', () => {
    let bounds = 0;
    forEachCase('bound', (input, steps, seed) => {
      const { plan } = makePlan(input, new Budget(steps));
      const { plan: whole } = makePlan(input);
      const { regionsOnDraining, tableSpreadViolation } = whole.after;
      expect(plan.after, `seed ${seed}`).toMatchObject({ regionsOnDraining, tableSpreadViolation });
      expect(plan.minimumMoves, `seed ${seed}`).toBeLessThanOrEqual(whole.minimumMoves);
      bounds += plan.minimumMoves / Math.max(1, whole.minimumMoves);
    });
    expect(bounds).toBeGreaterThan(200);
  });

  it('tells that the clock ended it', () => {
    forEachCase('clock', (input, _steps, seed) => {
      const { plan } = makePlan(input, new Budget(Infinity, () => true));
      expect(plan.cutShortBy, `seed ${seed}`).toBe(plan.optimal ? undefined : 'clock');
    });
  });
});

import { describe, expect, it } from 'vitest';
import { createPrng } from '../../../src/lib/prng.ts';
import { makePlan } from '../../../src/planner/plan.ts';
import { flowOptimum } from '../../support/min-cost-flow.ts';
import { bruteForceOptimum } from '../../support/optimum.ts';
import { inputOf, NOW_MS, randomCase, snapshotOf } from '../../support/random-case.ts';
import type { CaseLimits } from '../../support/random-case.ts';
import { EMPTY_MEMORY } from '../../../src/domain/policy.ts';
import { DEFAULT_POLICY } from '../../support/plans.ts';

const SMALL: CaseLimits = {
  maxDatanodes: 4,
  maxTables: 4,
  maxRegionsPerTable: 6,
  withBlockers: false,
  withFollowers: false,
  withWeights: false,
  withDrains: false,
};
const ALL = { withBlockers: true, withFollowers: true, withWeights: true, withDrains: true };

describe('a plan is the best that brute force can find', () => {
  it.each([
    ['equal weights', {}],
    ['weights', { withWeights: true }],
    ['drains', { withDrains: true, withWeights: true }],
    [
      'pins, cooldowns, cordons and dead datanodes',
      { withBlockers: true, withDrains: true, withWeights: true },
    ],
    ['followers', { withFollowers: true, withDrains: true }],
    ['all of these together', ALL],
  ])('with %s', (name, flags) => {
    for (let run = 0; run < 600; run += 1) {
      const seed = `${name} ${run}`;
      const { snapshot, policy, memory, nowMs } = randomCase(createPrng(seed), { ...SMALL, ...flags });
      const { plan } = makePlan({ snapshot, policy, memory, nowMs });
      const optimum = bruteForceOptimum(snapshot, policy, memory, nowMs);
      const { regionsOnDraining, tableSpreadViolation, nodeSpreadViolation } = plan.after;
      const reached = {
        regionsOnDraining,
        tableSpreadViolation,
        nodeSpreadViolation,
        moves: plan.moves.length,
      };
      expect(reached, `seed ${seed}`).toEqual(optimum);
      expect(plan, `seed ${seed}`).toMatchObject({ optimal: true, minimumMoves: optimum.moves });
    }
  });

  it.each([
    ['small tables', { maxTables: 12, maxRegionsPerTable: 6 }],
    ['tables of a single region', { maxTables: 40, maxRegionsPerTable: 1 }],
    ['large tables', { maxTables: 3, maxRegionsPerTable: 30 }],
  ])('or a min-cost flow with a vertex for each region, with followers and %s', (name, limits) => {
    for (let run = 0; run < 300; run += 1) {
      const seed = `flow ${name} ${run}`;
      const flags = { ...SMALL, ...limits, maxDatanodes: 9, withFollowers: true, withDrains: true };
      const { snapshot, policy, memory, nowMs } = randomCase(createPrng(seed), {
        ...flags,
        withWeights: run % 2 === 0,
      });
      const { plan } = makePlan({ snapshot, policy, memory, nowMs });
      const optimum = flowOptimum(snapshot, policy);
      const { regionsOnDraining, tableSpreadViolation, nodeSpreadViolation } = plan.after;
      const moves = plan.moves.length;
      expect({ regionsOnDraining, tableSpreadViolation, nodeSpreadViolation, moves }, `seed ${seed}`).toEqual(
        optimum,
      );
      expect(plan, `seed ${seed}`).toMatchObject({ optimal: true, minimumMoves: moves });
    }
  });

  it('for every placement of up to two tables of up to three regions on three datanodes', () => {
    const rows = countVectors(3, 3);
    for (const first of rows) {
      for (const second of rows) {
        const snapshot = snapshotOf([first, second], 3);
        const { plan } = makePlan(inputOf(snapshot));
        const optimum = bruteForceOptimum(snapshot, DEFAULT_POLICY, EMPTY_MEMORY, NOW_MS);
        expect(plan.moves.length, `${first.join()} and ${second.join()}`).toBe(optimum.moves);
        expect(plan.after).toMatchObject({ tableSpreadViolation: 0, nodeSpreadViolation: 0 });
      }
    }
  });

  it('five moves when a seventh datanode joins where both spreads together force one more than four', () => {
    const snapshot = snapshotOf(
      [
        [2, 2, 2, 1, 2, 2, 0],
        [1, 1, 1, 2, 1, 1, 0],
        [2, 1, 2, 1, 2, 2, 0],
      ],
      7,
    );
    const { plan } = makePlan(inputOf(snapshot));
    expect(plan).toMatchObject({ minimumMoves: 5, optimal: true });
    expect(plan.moves).toHaveLength(5);
  });
});

/** All ways to put up to `most` regions on `nodes` datanodes. */
function countVectors(nodes: number, most: number): number[][] {
  if (nodes === 0) return [[]];
  return Array.from({ length: most + 1 }, (_, count) => count).flatMap((count) =>
    countVectors(nodes - 1, most - count).map((rest) => [count, ...rest]),
  );
}

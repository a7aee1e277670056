import { describe, expect, it } from 'vitest';
import { createPrng } from '../../../src/lib/prng.ts';
import { makePlan } from '../../../src/planner/plan.ts';
import { optimumOf } from '../../support/optimum.ts';
import { inputOf, randomCase, snapshotOf } from '../../support/random-case.ts';
import type { CaseLimits, PlannerCase } from '../../support/random-case.ts';

const SMALL = { maxDatanodes: 4, maxTables: 4, maxRegionsPerTable: 6 };
const ALL = { withBlockers: true, withFollowers: true, withWeights: true, withDrains: true };

function expectOptimum(input: PlannerCase, name: string): void {
  const { plan } = makePlan(input);
  const { regionsOnDraining, tableSpreadViolation, nodeSpreadViolation } = plan.after;
  const moves = plan.moves.length;
  expect({ regionsOnDraining, tableSpreadViolation, nodeSpreadViolation, moves }, name).toEqual(
    optimumOf(input),
  );
  expect(plan, name).toMatchObject({ optimal: true, minimumMoves: moves });
}

describe('a plan is the best that a min-cost flow with a vertex for each region finds', () => {
  it.each<[string, runs: number, Partial<CaseLimits>]>([
    ['equal weights', 600, {}],
    ['weights', 600, { withWeights: true }],
    ['drains', 600, { withDrains: true, withWeights: true }],
    ['pins, cooldowns, cordons and dead datanodes', 600, { ...ALL, withFollowers: false }],
    ['followers', 600, { withFollowers: true, withDrains: true }],
    ['all of these together', 600, ALL],
    ['small tables', 300, { ...ALL, maxDatanodes: 9, maxTables: 12 }],
    ['tables of a single region', 300, { ...ALL, maxDatanodes: 9, maxTables: 40, maxRegionsPerTable: 1 }],
    ['large tables', 300, { ...ALL, maxDatanodes: 9, maxTables: 3, maxRegionsPerTable: 30 }],
    ['many datanodes', 60, { ...ALL, maxDatanodes: 20, maxTables: 20, maxRegionsPerTable: 20 }],
  ])('with %s', (name, runs, limits) => {
    for (let run = 0; run < runs; run += 1) {
      const seed = `${name} ${run}`;
      expectOptimum(randomCase(createPrng(seed), { ...SMALL, ...limits }), `seed ${seed}`);
    }
  });

  it('for every placement of up to two tables of up to three regions on three datanodes', () => {
    const rows = countVectors(3, 3);
    for (const first of rows) {
      for (const second of rows) {
        expectOptimum(inputOf(snapshotOf([first, second], 3)), `${first.join()} and ${second.join()}`);
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

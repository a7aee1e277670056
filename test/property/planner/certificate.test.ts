import { describe, expect, it } from 'vitest';
import { createPrng } from '../../../src/lib/prng.ts';
import { hasTarget } from '../../../src/planner/choose/choose.ts';
import { buildProblem } from '../../../src/planner/problem.ts';
import { buildRows, findSlot } from '../../../src/planner/solve/rows.ts';
import { solve } from '../../../src/planner/solve/solver.ts';
import { certificateFaults } from '../../support/certificate.ts';
import type { CertificateInput } from '../../support/certificate.ts';
import { randomCase } from '../../support/random-case.ts';

const LIMITS = {
  maxDatanodes: 20,
  maxTables: 40,
  maxRegionsPerTable: 60,
  withFollowers: false,
  withWeights: true,
  withDrains: true,
};

function solved(seed: string, withBlockers: boolean): CertificateInput {
  const { snapshot, policy, memory, nowMs } = randomCase(createPrng(seed), { ...LIMITS, withBlockers });
  const problem = buildProblem(snapshot, policy, memory, nowMs);
  const rows = buildRows(problem, (region) => hasTarget(problem, region));
  const { potentials, units, proven } = solve(problem, rows, () => false);
  expect(proven, `seed ${seed}`).toBe(true);
  const dense = (values: Int32Array): number[][] =>
    Array.from({ length: rows.count }, (_, row) =>
      problem.columns.map((_, column) => {
        const slot = findSlot(rows, row, column);
        return slot === -1 ? 0 : values[slot]!;
      }),
    );
  return {
    weights: [...problem.weights],
    have: dense(rows.have),
    fixed: dense(rows.fixed),
    want: dense(rows.want),
    regions: [...rows.regions],
    columnPrice: potentials.column,
    rowPrice: potentials.row,
    tableUnit: units.table,
    nodeUnit: units.node,
  };
}

describe('the proof that comes with a plan', () => {
  it.each([false, true])(
    'holds when checked from the definition alone (with blockers: %s)',
    (withBlockers) => {
      for (let run = 0; run < 300; run += 1) {
        const seed = `certificate ${withBlockers} ${run}`;
        expect(certificateFaults(solved(seed, withBlockers)), `seed ${seed}`).toEqual([]);
      }
    },
  );

  it('is refuted by the checker when one region is put elsewhere', () => {
    let refuted = 0;
    for (let run = 0; run < 50; run += 1) {
      const input = solved(`tampered ${run}`, false);
      const want = input.want.map((row) => [...row]);
      const row = want.find((cells) => cells.length > 1 && cells.some((count) => count > 0));
      if (!row) continue;
      const from = row.findIndex((count) => count > 0);
      row[from]! -= 1;
      row[(from + 1) % row.length]! += 1;
      if (certificateFaults({ ...input, want }).length > 0) refuted += 1;
    }
    expect(refuted).toBeGreaterThan(30);
  });
});

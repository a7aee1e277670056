import { describe, expect, it } from 'vitest';
import { createPrng } from '../../../src/lib/prng.ts';
import { Budget } from '../../../src/planner/budget.ts';
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
  const rows = buildRows(problem, new Set());
  const { potentials, units, proven } = solve(problem, rows, [], new Budget());
  expect(proven, `seed ${seed}`).toBe(true);
  const tables: TableProof[] = [];
  for (let row = 0; row < rows.count; row += 1) {
    const dense = (values: Int32Array): number[] =>
      problem.columns.map((_, column) => {
        const slot = findSlot(rows, row, column);
        return slot === -1 ? 0 : values[slot]!;
      });
    const table: TableProof = {
      have: dense(rows.have),
      fixed: dense(rows.fixed),
      want: dense(rows.want),
      regions: rows.first[row + 1]! - rows.first[row]!,
      price: potentials.row[row]!,
    };
    if (row === rows.unbounded) tables.push(...singleTables(table, potentials.column));
    else tables.push(table);
  }
  return {
    weights: [...problem.weights],
    have: tables.map(({ have }) => have),
    fixed: tables.map(({ fixed }) => fixed),
    want: tables.map(({ want }) => want),
    regions: tables.map(({ regions }) => regions),
    columnPrice: potentials.column,
    rowPrice: tables.map(({ price }) => price),
    tableUnit: units.table,
    nodeUnit: units.node,
  };
}

/** What the checker wants to know of one table. */
interface TableProof {
  readonly have: number[];
  readonly fixed: number[];
  readonly want: number[];
  readonly regions: number;
  readonly price: number;
}

/** The tables of a single region, which the solver has in one row: each with the place of its own region, and the price that follows. */
function singleTables(whole: TableProof, columnPrice: Float64Array): TableProof[] {
  const { have, fixed, want } = whole;
  const none = want.map(() => 0);
  const oneAt = (column: number): number[] => none.with(column, 1);
  const tables: TableProof[] = [];
  const leaving: (number | undefined)[] = [];
  want.forEach((count, column) => {
    const stays = Math.min(count, have[column]!);
    for (let index = 0; index < stays; index += 1) {
      const isFixed = index < fixed[column]!;
      const price = isFixed ? Math.max(...columnPrice) : columnPrice[column]!;
      const there = oneAt(column);
      tables.push({ have: there, fixed: isFixed ? there : none, want: there, regions: 1, price });
    }
    for (let index = stays; index < have[column]!; index += 1) leaving.push(column);
  });
  want.forEach((count, column) => {
    for (let index = have[column]!; index < count; index += 1) {
      const home = leaving.pop();
      const there = home === undefined ? none : oneAt(home);
      tables.push({
        have: there,
        fixed: none,
        want: oneAt(column),
        regions: 1,
        price: columnPrice[column]! - 1,
      });
    }
  });
  // Those that cannot leave draining datanodes count for the shares.
  while (tables.length < whole.regions)
    tables.push({ have: none, fixed: none, want: none, regions: 1, price: Math.max(...columnPrice) });
  return tables;
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

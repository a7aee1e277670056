/**
 * Checks the proof that comes with a solution, from the definition of balance alone: no step that takes a region from one cell and
 * gives it to another may have a negative cost at the given prices, and no column may give or take at a profit. By the optimality
 * conditions of convex-cost flows that rules out any better placement. Shares no code with the solver.
 */
export interface CertificateInput {
  readonly weights: readonly number[];
  /** Per table and target: regions there now, those that must stay, those wanted. */
  readonly have: readonly (readonly number[])[];
  readonly fixed: readonly (readonly number[])[];
  readonly want: readonly (readonly number[])[];
  /** Counted regions per table, those on draining datanodes included. */
  readonly regions: readonly number[];
  readonly columnPrice: ArrayLike<number>;
  readonly rowPrice: ArrayLike<number>;
  /** What one violation of table spread and of node spread counts, in moves. */
  readonly tableUnit: number;
  readonly nodeUnit: number;
}

/** Everything that is wrong with the proof; empty when it holds. */
export function certificateFaults(input: CertificateInput): string[] {
  const { weights, have, fixed, want, regions, columnPrice, rowPrice, tableUnit, nodeUnit } = input;
  const all = weights.reduce((sum, weight) => sum + weight, 0);
  const outside = (count: number, share: number): number =>
    Math.max(0, count - Math.ceil(share - 1e-9), Math.floor(share + 1e-9) - count);
  const cell = (table: number, target: number, count: number): number =>
    tableUnit * outside(count, (regions[table]! * weights[target]!) / all) +
    Math.max(0, count - have[table]![target]!);
  const whole = regions.reduce((sum, count) => sum + count, 0);
  const column = (target: number, count: number): number =>
    nodeUnit * outside(count, (whole * weights[target]!) / all);

  const faults: string[] = [];
  weights.forEach((_, target) => {
    const total = want.reduce((sum, row) => sum + row[target]!, 0);
    const give = column(target, total - 1) - column(target, total);
    const take = column(target, total + 1) - column(target, total);
    if (columnPrice[target]! > give) faults.push(`target ${target} could give at a profit`);
    if (columnPrice[target]! + take < 0) faults.push(`target ${target} could take at a profit`);
    want.forEach((row, table) => {
      const count = row[target]!;
      if (count > fixed[table]![target]!) {
        const lower = cell(table, target, count - 1) - cell(table, target, count);
        if (rowPrice[table]! > columnPrice[target]! + lower)
          faults.push(`table ${table} could take from ${target}`);
      }
      const raise = cell(table, target, count + 1) - cell(table, target, count);
      if (columnPrice[target]! > rowPrice[table]! + raise)
        faults.push(`table ${table} could give to ${target}`);
    });
  });
  return faults;
}

import type { Balance } from '../domain/plan.ts';
import type { Counts, Share } from './counts.ts';
import type { Problem } from './problem.ts';
import { violation } from './quotas.ts';

/** Sums up how even the placement in `counts` is. */
export function measureBalance(problem: Problem, counts: Counts): Balance {
  const { nodes, columns, tables } = problem;
  const weightOf = comparableWeights(problem);
  let tableSkewMax = 0;
  let tableSpreadViolation = 0;
  for (let table = 0; table < tables.length; table += 1) {
    if (counts.regionsOf(table) === 0) continue;
    const spread = tableSpread(problem, counts, table, weightOf);
    tableSkewMax = Math.max(tableSkewMax, spread.skew);
    tableSpreadViolation += spread.violation;
  }
  const shares = columns.map((node) => counts.total(node) / weightOf(node));
  const nodeSpreadViolation = columns.reduce((sum, node) => {
    const { floor, ceil } = counts.nodeShare(node);
    return sum + violation(counts.total(node), floor, ceil);
  }, 0);
  const regionsOnDraining = nodes.reduce(
    (sum, node, index) => (node.state === 'draining' ? sum + counts.led(index) : sum),
    0,
  );
  return {
    tableSkewMax: rounded(tableSkewMax),
    nodeSkew: rounded(range(shares)),
    tableSpreadViolation,
    nodeSpreadViolation,
    regionsOnDraining,
    datanodes: nodes.map(({ id, state, weight }, node) => ({ id, regions: counts.led(node), state, weight })),
  };
}

/** Counts are divided by weight where weights differ; where they are all the same, skew is in whole regions. */
function comparableWeights({ weights, nodes }: Problem): (node: number) => number {
  const differ = weights.some((weight) => weight !== weights[0]);
  return differ ? (node) => nodes[node]!.weight : () => 1;
}

/** Skew and violation of one table, from the targets that lead some of it; all others lead none and lack their floor. */
function tableSpread(
  problem: Problem,
  counts: Counts,
  table: number,
  weightOf: (node: number) => number,
): { skew: number; violation: number } {
  let most = 0;
  let least = Infinity;
  let sum = 0;
  let leading = 0;
  let floorsMet = 0;
  // Neighbours mostly weigh the same, and share what follows from the weight.
  let weight = NaN;
  let share: Share = { floor: 0, ceil: 0 };
  counts.forEachOf(table, (node, count) => {
    const column = problem.columnOf[node]!;
    if (column === -1) return;
    if (problem.weights[column] !== weight) {
      weight = problem.weights[column]!;
      share = counts.tableShare(table, node);
    }
    const scaled = count / weightOf(node);
    sum += violation(count, share.floor, share.ceil);
    if (scaled > most) most = scaled;
    if (scaled < least) least = scaled;
    leading += 1;
    floorsMet += share.floor;
  });
  if (leading < problem.columns.length) {
    least = 0;
    sum += counts.floorsOf(table) - floorsMet;
  }
  return { skew: problem.columns.length === 0 ? 0 : most - least, violation: sum };
}

function range(values: readonly number[]): number {
  let most = -Infinity;
  let least = Infinity;
  for (const value of values) {
    most = Math.max(most, value);
    least = Math.min(least, value);
  }
  return values.length === 0 ? 0 : most - least;
}

/** Nine decimals: what differs beyond is the error of a division, not of the balance. */
function rounded(value: number): number {
  return Math.round(value * 1e9) / 1e9;
}

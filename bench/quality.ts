import { createPrng } from '../src/lib/prng.ts';
import { makePlan } from '../src/planner/plan.ts';
import { optimumOf } from '../test/support/optimum.ts';
import { inputOf, snapshotOf } from '../test/support/random-case.ts';
import { greedyMoves } from './greedy.ts';
import type { Row } from './row.ts';

const CASES = 4_000;
const OPTIMUM_CASES = 1_500;

function randomCounts(seed: string, nodes: number, tables: number, most: number): number[][] {
  const prng = createPrng(seed);
  const width = 2 + prng.int(nodes - 1);
  return Array.from({ length: 1 + prng.int(tables) }, () =>
    Array.from({ length: width }, () => prng.int(most + 1)),
  );
}

function plan(counts: readonly number[][]): { readonly moves: number; readonly balanced: boolean } {
  const { moves, after } = makePlan(inputOf(snapshotOf(counts))).plan;
  return { moves: moves.length, balanced: after.tableSpreadViolation + after.nodeSpreadViolation === 0 };
}

/** How many moves plans have, against the optimum and against a greedy that reaches the same balance. */
export async function* qualitySuite(): AsyncGenerator<Row> {
  let optimal = 0;
  for (let run = 0; run < OPTIMUM_CASES; run += 1) {
    const counts = randomCounts(`optimum ${run}`, 4, 4, 2);
    const best = optimumOf(inputOf(snapshotOf(counts)));
    if (plan(counts).moves === best.moves) optimal += 1;
  }
  yield {
    name: `Moves against a min-cost flow, ${OPTIMUM_CASES} random clusters`,
    figure: `${optimal} optimal`,
    reference: `${OPTIMUM_CASES}`,
    target: 'all',
    ratio: `${((100 * optimal) / OPTIMUM_CASES).toFixed(1)} %`,
    met: optimal === OPTIMUM_CASES,
  };
  await Promise.resolve();
  let fewer = 0;
  let more = 0;
  let ours = 0;
  let theirs = 0;
  for (let run = 0; run < CASES; run += 1) {
    const counts = randomCounts(`greedy ${run}`, 7, 9, 4);
    const { moves, balanced } = plan(counts);
    const greedy = greedyMoves(counts);
    ours += moves;
    theirs += greedy;
    if (moves < greedy) fewer += 1;
    if (moves > greedy || !balanced) more += 1;
  }
  yield {
    name: `Moves against a plain two-dimensional greedy, ${CASES} random clusters`,
    figure: `${ours} moves, fewer in ${((100 * fewer) / CASES).toFixed(1)} % of the cases`,
    reference: `${theirs} moves`,
    target: 'never more',
    ratio: `${(ours / theirs).toFixed(3)} ×`,
    met: more === 0,
  };
}

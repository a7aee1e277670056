import { describe, expect, it } from 'vitest';
import { loadCells, loadLine } from '../../../src/cli/render/load-lines.ts';
import { proofLine } from '../../../src/cli/render/plan-table.ts';
import type { Balance, Plan } from '../../../src/domain/plan.ts';
import { makeBalance, makePlan } from '../../support/plans.ts';

const MB = 1_000_000;

type LoadBalance = NonNullable<Balance['load']>;

function balance(
  loads: readonly number[],
  state: LoadBalance['state'],
  waits: Pick<LoadBalance, 'cyclesToWait' | 'readingsToWait'> = {},
): Balance {
  const load: LoadBalance = { by: 'writes', mean: 6 * MB, low: 5.4 * MB, high: 6.6 * MB, outside: 0, state };
  return makeBalance(
    loads.map((each) => ({ regions: 4, load: each * MB })),
    { load: { ...load, ...waits } },
  );
}

function byLoad(change: Partial<Plan> = {}): Plan {
  const before = balance([9.1, 3.9, 5], 'uneven');
  return makePlan({ objective: 'load', before, after: balance([6.4, 6.1, 5.5], 'even'), ...change });
}

describe('a plan for load on the terminal', () => {
  it('tells mean, band, highest and lowest', () => {
    expect(loadLine(byLoad())).toBe(
      'Writes per datanode: mean 6.0 MB/s, even within 5.4 to 6.6; highest 9.1 → 6.4, lowest 3.9 → 5.5.',
    );
  });

  it('tells what each datanode carries before and after', () => {
    const cells = loadCells(byLoad())!;
    expect([cells('0'), cells('1'), cells('9')]).toEqual(['9.1 → 6.4 MB/s', '3.9 → 6.1 MB/s', '']);
  });

  it('says nothing of loads where regions are counted', () => {
    expect([loadLine(makePlan()), loadCells(makePlan())]).toEqual([undefined, undefined]);
  });

  it.each([
    ['moves and their bound', {}, '1 move; fewer is impossible.'],
    ['a bound below the moves', { optimal: false, minimumMoves: 0 }, '1 move; at least 0 are needed.'],
    [
      'what stays uneven',
      { after: balance([8, 6, 4], 'uneven') },
      '1 move; fewer is impossible. No move or exchange evens out the rest of the load.',
    ],
    [
      'that nothing helps',
      { moves: [], after: balance([8, 6, 4], 'uneven') },
      'Unbalanced: datanode 0 is 33 % above the mean load, and no move or exchange helps.',
    ],
    [
      'who carries most, and for how many cycles that has to last',
      { moves: [], after: balance([6, 8, 4], 'waiting', { cyclesToWait: 2, readingsToWait: 1 }) },
      'Unbalanced: datanode 1 is 33 % above the mean load. If it stays so, a plan follows in 2 cycles.',
    ],
    [
      'how many more are too high',
      { moves: [], after: balance([9, 8, 1], 'uneven') },
      'Unbalanced: datanode 0 is 50 % above the mean load, 1 more datanode too high, and no move or exchange helps.',
    ],
    [
      'for how long at most the loads are too new',
      { moves: [], after: balance([6, 8, 4], 'waiting', { cyclesToWait: 1, readingsToWait: 9 }) },
      'Unbalanced: datanode 1 is 33 % above the mean load. If it stays so, a plan follows in at most 9 cycles: the loads are too new to rely on.',
    ],
    [
      'that the loads vary too much',
      { moves: [], after: balance([6, 8, 4], 'waiting', { cyclesToWait: 0, readingsToWait: 0 }) },
      'Unbalanced: datanode 1 is 33 % above the mean load. A plan follows once the loads of its regions, too new or varying too much, are known better; when cannot be told.',
    ],
    [
      'who carries least, where none has too much',
      { moves: [], after: balance([6.5, 6.5, 4], 'uneven') },
      'Unbalanced: datanode 2 is 33 % below the mean load, and no move or exchange helps.',
    ],
    [
      'that loads are uneven over datanodes that are not listed',
      { moves: [], after: { ...balance([], 'uneven'), regionsOnDead: 1, nodeSpreadViolation: 1 } },
      '1 region led by datanodes that are not listed: left to failover. Unbalanced.',
    ],
    [
      'that it is even enough',
      { moves: [], after: balance([7, 6, 5], 'tolerated') },
      'Balanced. Nothing to move.',
    ],
  ])('tells %s', (_, change, line) => {
    expect(proofLine(byLoad(change))).toBe(line);
  });
});

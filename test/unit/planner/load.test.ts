import { describe, expect, it } from 'vitest';
import type { LoadPolicy } from '../../../src/domain/load.ts';
import { EMPTY_MEMORY } from '../../../src/domain/policy.ts';
import type { Memory, Policy } from '../../../src/domain/policy.ts';
import type { RegionLoad, Snapshot } from '../../../src/domain/snapshot.ts';
import { judgePlan } from '../../../src/planner/judge.ts';
import { makePlan } from '../../../src/planner/plan.ts';
import type { PlanDraft } from '../../../src/planner/plan.ts';
import { DEFAULT_POLICY } from '../../support/plans.ts';
import { snapshotOf } from '../../support/random-case.ts';

const MB = 1_000_000;
const LOAD: LoadPolicy = { by: 'writes', tolerance: 0.1, trigger: 0.2, stableFor: 3, minimum: MB };
const NOTHING: Memory = EMPTY_MEMORY;

/** Tables of one region each: `megabytes[n]` are the loads of the regions on datanode n. */
function singles(megabytes: readonly (readonly number[])[]): Snapshot {
  const nodes = megabytes.length;
  const loads = megabytes.flat();
  const owners = megabytes.flatMap((list, node) => list.map(() => node));
  const base = snapshotOf(
    owners.map((owner) => Array.from({ length: nodes }, (_, node) => Number(node === owner))),
  );
  return withLoads(base, (index) => ({ writeBytesPerSecond: loads[index]! * MB }));
}

function withLoads(snapshot: Snapshot, of: (index: number) => RegionLoad | undefined): Snapshot {
  const regions = snapshot.regions.map((region, index) => {
    const load = of(index);
    return load ? { ...region, load } : region;
  });
  return { ...snapshot, regions };
}

function plan(
  snapshot: Snapshot,
  change: Partial<LoadPolicy> = {},
  memory = NOTHING,
  policy: Partial<Policy> = {},
): PlanDraft {
  const byLoad: Policy = { ...DEFAULT_POLICY, objective: 'load', load: { ...LOAD, ...change }, ...policy };
  return makePlan({ snapshot, policy: byLoad, memory, nowMs: 0 }).plan;
}

const loadsOf = ({ datanodes }: PlanDraft['after']): (number | undefined)[] =>
  datanodes.map(({ load }) => load && Math.round(load / MB));

describe('the objective load', () => {
  const hot = singles([
    [5, 3, 2],
    [2, 2],
    [1, 2],
  ]);

  it('brings every datanode within the tolerance, and proves how few moves that takes', () => {
    const draft = plan(singles([[4, 3, 3], [3, 3], [2]]));
    expect(draft.objective).toBe('load');
    expect(draft.moves.map(({ reason }) => reason)).toEqual(['load']);
    expect(loadsOf(draft.after)).toEqual([6, 6, 6]);
    expect([draft.minimumMoves, draft.optimal]).toEqual([draft.moves.length, true]);
  });

  it('tells each move in numbers', () => {
    const [move] = plan(hot).moves;
    expect(move?.detail).toMatch(
      /^Datanode 0 writes 10\.0 MB\/s, 76 % above the mean of 5\.7; this region has \d\.\d MB\/s of it; datanode 2 has 3\.0\.$/,
    );
  });

  it.each([
    ['no datanode is above the trigger', hot, { trigger: 2 }, NOTHING, 'tolerated'],
    ['the datanode above it carries less than the minimum', hot, { minimum: 11 * MB }, NOTHING, 'tolerated'],
    [
      'it has not been above for long enough',
      hot,
      {},
      { ...NOTHING, load: { cyclesAbove: 1, active: false } },
      'waiting',
    ],
    [
      'all are within the tolerance',
      singles([
        [3, 3],
        [3, 3],
        [3, 3],
      ]),
      {},
      NOTHING,
      'even',
    ],
  ] as const)('moves nothing where %s', (_, snapshot, change, memory, state) => {
    const draft = plan(snapshot, change, memory);
    expect(draft.moves).toEqual([]);
    expect(draft.before.load?.state).toBe(state);
  });

  it('counts a datanode as outside its band also while too little is known of what it carries to move it', () => {
    const { regions } = hot;
    const loads = {
      values: Float64Array.from(regions, ({ load }) => load?.writeBytesPerSecond ?? NaN),
      unsteady: new Uint8Array(regions.length).fill(1),
    };
    const policy: Policy = { ...DEFAULT_POLICY, objective: 'load', load: LOAD };
    const draft = makePlan({ snapshot: hot, policy, loads, memory: NOTHING, nowMs: 0 }).plan;
    const { low = 0, high = 0, outside } = draft.before.load ?? {};
    expect(outside).toBe(draft.before.datanodes.filter(({ load = 0 }) => load > high || load < low).length);
    expect(outside).toBeGreaterThan(0);
  });

  it('tolerates what is outside its band and below the trigger where no move mends it', () => {
    const draft = plan(
      singles([
        [2.25, 2.25, 2.25],
        [2.25, 2.25, 0.75],
      ]),
      {},
      { ...NOTHING, load: { cyclesAbove: 9, active: true } },
    );
    expect([draft.moves.length, draft.before.load?.state, draft.after.load?.state]).toEqual([
      0,
      'tolerated',
      'tolerated',
    ]);
  });

  it('begins in the last of the cycles that it waits for, and goes on down to the tolerance once begun', () => {
    expect(plan(hot, {}, { ...NOTHING, load: { cyclesAbove: 2, active: false } }).moves).not.toEqual([]);
    const belowTrigger = singles([
      [3, 3.4],
      [2, 3],
      [3, 2.4],
    ]);
    expect(plan(belowTrigger, {}, { ...NOTHING, load: { cyclesAbove: 0, active: false } }).moves).toEqual([]);
    expect(plan(belowTrigger, {}, { ...NOTHING, load: { cyclesAbove: 0, active: true } }).moves).not.toEqual(
      [],
    );
  });

  it('exchanges a hot region for a cold one where the table has no room to spare', () => {
    const snapshot = withLoads(
      snapshotOf([
        [1, 1],
        [1, 1],
      ]),
      (index) => ({
        writeBytesPerSecond: [9, 1, 9, 1][index]! * MB,
      }),
    );
    const draft = plan(snapshot);
    expect(draft.moves).toHaveLength(2);
    expect(new Set(draft.moves.map(({ tableId }) => tableId)).size).toBe(1);
    expect(loadsOf(draft.after)).toEqual([10, 10]);
    expect(draft.after.tableSpreadViolation).toBe(0);
    expect(draft.moves[0]?.detail).toContain('changes places with region');
  });

  it('leaves a region alone that is heavier than any share', () => {
    const draft = plan(singles([[50], [2, 2], [2, 2], [2, 2]]));
    expect(draft.moves).toEqual([]);
    expect(draft.before.load?.state).toBe('even');
  });

  it('does not move what is pinned, rests, is too small or varies too much', () => {
    const snapshot = singles([
      [5, 5],
      [1, 1],
    ]);
    const ids = snapshot.regions.map(({ id }) => id);
    expect(plan(snapshot, {}, NOTHING, { pins: { tables: [], regions: ids } }).moves).toEqual([]);
    const resting = ids.map((regionId) => ({ regionId, untilMs: 1 }));
    expect(plan(snapshot, {}, { ...NOTHING, cooldowns: resting }).moves).toEqual([]);
    const policy: Policy = { ...DEFAULT_POLICY, objective: 'load', load: LOAD };
    const values = Float64Array.from(snapshot.regions, ({ load }) => load!.writeBytesPerSecond!);
    const given = (unsteady: number): PlanDraft =>
      makePlan({
        ...{ snapshot, policy, memory: NOTHING, nowMs: 0 },
        loads: { values, unsteady: new Uint8Array(values.length).fill(unsteady) },
      }).plan;
    expect(given(1).moves).toEqual([]);
    // What is too new or too unsteady is no failure of the search: it has to become known first.
    expect([given(1).before.load?.state, given(1).after.load?.state]).toEqual(['waiting', 'waiting']);
    expect(given(0).moves).not.toEqual([]);
  });

  it('evens out what datanodes carry for their weight', () => {
    const draft = plan(singles([[3, 3, 3], [3, 3, 3], []]), {}, NOTHING, { weights: { 1: 2, 2: 3 } });
    expect(loadsOf(draft.after)).toEqual([3, 6, 9]);
  });

  it('goes by the size on disk or the rows just as well', () => {
    const snapshot = withLoads(hot, (index) => ({
      diskBytes: [5, 3, 2, 2, 2, 1, 2][index]! * MB,
      rows: [5, 3, 2, 2, 2, 1, 2][index]! * MB,
    }));
    expect(plan(snapshot, { by: 'disk' }).moves[0]?.detail).toContain('Datanode 0 stores 10.0 MB,');
    expect(plan(snapshot, { by: 'rows' }).moves[0]?.detail).toContain('Datanode 0 holds 10.0 M rows,');
  });
});

describe('a plan for load that is looked at again before it is applied', () => {
  const snapshot = singles([[4, 3, 3], [3, 3], [2]]);
  const policy: Policy = { ...DEFAULT_POLICY, objective: 'load', load: LOAD };
  const input = { snapshot, policy, memory: NOTHING, nowMs: 0 };

  it('helps while the loads are as they were', () => {
    const { open, faults, helps } = judgePlan(input, plan(snapshot).moves);
    expect([open.length, faults, helps]).toEqual([1, [], true]);
  });

  it('does not help once the loads have changed places', () => {
    const turned = withLoads(snapshot, (index) => ({ writeBytesPerSecond: (index < 3 ? 1 : 9) * MB }));
    expect(judgePlan({ ...input, snapshot: turned }, plan(snapshot).moves).helps).toBe(false);
  });
});

describe('loads that say too little', () => {
  const base = snapshotOf([
    [6, 6, 6],
    [9, 0, 0],
  ]);

  it.each([
    ['of none', () => undefined],
    ['of more than a tenth', (index: number) => (index % 8 === 0 ? undefined : { writeBytesPerSecond: MB })],
    ['that are negative', () => ({ writeBytesPerSecond: -1 })],
    ['that are no numbers', () => ({ writeBytesPerSecond: NaN })],
    ['that are infinite', () => ({ writeBytesPerSecond: Infinity })],
  ])('fall back to counting regions: %s', (_, of) => {
    const draft = plan(withLoads(base, of));
    const counted = makePlan({ snapshot: base, policy: DEFAULT_POLICY, memory: NOTHING, nowMs: 0 }).plan;
    expect(draft.objective).toBe('count');
    expect(draft.moves.length).toBe(counted.moves.length);
    expect(draft.warnings).toMatchObject([{ code: 'load-unknown', key: 'balance.objective' }]);
  });

  it.each([
    ['all zero', () => 0],
    ['all equal', () => MB],
    ['2^63', () => 2 ** 63],
    ['2^63 beside 1', (index: number) => (index === 3 ? 2 ** 63 : 1)],
    ['all on one region', (index: number) => (index === 0 ? 9 * MB : 0)],
    ['the largest numbers', () => Number.MAX_VALUE],
    ['the smallest numbers', () => Number.MIN_VALUE],
  ])('plan what tables ask for, and end: %s', (_, of) => {
    const draft = plan(
      withLoads(base, (index) => ({ writeBytesPerSecond: of(index) })),
      { minimum: 0 },
    );
    expect(draft.after.tableSpreadViolation).toBe(0);
    expect(draft.after.datanodes.every(({ load }) => load === undefined || load >= 0)).toBe(true);
  });

  it('take a few unknown ones for the mean of their table', () => {
    const snapshot = withLoads(snapshotOf([[20, 20]]), (index) =>
      index === 0 ? undefined : { writeBytesPerSecond: MB },
    );
    const draft = plan(snapshot);
    expect(loadsOf(draft.before)).toEqual([20, 20]);
    expect(draft.moves).toEqual([]);
  });
});

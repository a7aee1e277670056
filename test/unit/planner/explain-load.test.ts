import { describe, expect, it } from 'vitest';
import { EMPTY_MEMORY } from '../../../src/domain/policy.ts';
import type { Policy } from '../../../src/domain/policy.ts';
import type { Snapshot } from '../../../src/domain/snapshot.ts';
import { explain } from '../../../src/planner/explain/explain.ts';
import { makePlan } from '../../../src/planner/plan.ts';
import type { PlanInput } from '../../../src/planner/plan.ts';
import { DEFAULT_POLICY } from '../../support/plans.ts';
import { regionId, snapshotOf } from '../../support/random-case.ts';

const MB = 1_000_000;
const POLICY: Policy = {
  ...DEFAULT_POLICY,
  objective: 'load',
  load: { by: 'writes', tolerance: 0.1, trigger: 0.2, stableFor: 3, minimum: 0 },
};

/** `megabytes[t][n]`: the load of the only region of table t on datanode n, if there is one. */
function inputOf(
  megabytes: readonly (readonly (number | undefined)[])[],
  change: Partial<PlanInput> = {},
): PlanInput {
  const base = snapshotOf(megabytes.map((row) => row.map((load) => Number(load !== undefined))));
  const loads = megabytes.flat().filter((load) => load !== undefined);
  const snapshot: Snapshot = {
    ...base,
    regions: base.regions.map((region, index) => ({
      ...region,
      load: { writeBytesPerSecond: loads[index]! * MB },
    })),
  };
  return { snapshot, policy: POLICY, memory: EMPTY_MEMORY, nowMs: 0, ...change };
}

const N = undefined;
const HOT = [
  [5, N, N],
  [4, N, N],
  [0.01, N, N],
  [N, 3, N],
  [N, 2, N],
  [N, N, 4],
];

function reasonsOf(input: PlanInput, region: number): [code: string | undefined, detail: string | undefined] {
  const { plan } = makePlan(input);
  const found = explain(input, plan, 'region', input.snapshot.regions[region]!.id);
  return [found?.reasons[0]?.code, found?.reasons[0]?.detail];
}

describe('explain with the objective load', () => {
  /** Two datanodes with a region of each table, alike; what makes the difference is pinned. */
  const PAIRS = [
    [5, 4.9],
    [5, 4.9],
    [5, 4.9],
    [10, N],
  ];
  const pinned: Policy = { ...POLICY, pins: { tables: [], regions: [regionId(1027, 0)] } };
  const calm = { ...EMPTY_MEMORY, load: { cyclesAbove: 0, active: false } };

  it('says why a region moves, in numbers, and nothing of what is cheapest', () => {
    const input = inputOf(HOT);
    const { plan } = makePlan(input);
    const found = explain(input, plan, 'region', plan.moves[0]!.regionId);
    expect(found?.reasons).toHaveLength(1);
    expect(found?.answer).toMatch(
      /Datanode 0 writes 9\.0 MB\/s, 50 % above the mean of 6\.0; this region has \d\.\d MB\/s of it/,
    );
  });

  it.each([
    ['load-too-small', 'of a region that is too small', inputOf(HOT), 2],
    ['load-within-tolerance', 'on a datanode that has none too much', inputOf(HOT), 5],
    ['load-not-stable', 'while it has not lasted', inputOf(HOT, { memory: calm }), 0],
    [
      'load-within-tolerance',
      'where all is even',
      inputOf([
        [3, N],
        [N, 3],
      ]),
      0,
    ],
    [
      'load-no-exchange-helps',
      'where no datanode has room',
      inputOf([
        [4, N, N],
        [4, N, N],
        [N, 5, N],
        [N, N, 4],
      ]),
      0,
    ],
    ['load-table-spread', 'where the table has a region on each', inputOf(PAIRS, { policy: pinned }), 0],
  ] as const)('says %s %s', (code, _, input, region) => {
    const { plan } = makePlan(input);
    const index = plan.moves.some(({ regionId }) => regionId === input.snapshot.regions[region]!.id)
      ? -1
      : region;
    expect(index).toBe(region);
    expect(reasonsOf(input, region)[0]).toBe(code);
  });

  it('says that the loads were not watched for long enough, and moves nothing for them', () => {
    const values = Float64Array.from(
      HOT.flat().filter((load) => load !== undefined),
      (load) => load * MB,
    );
    const loads = { values, unsteady: new Uint8Array(values.length), readingsToWait: 4 };
    const input = inputOf(HOT, { loads });
    const state = { load: { state: 'waiting', cyclesToWait: 0, readingsToWait: 4 } };
    expect(makePlan(input).plan).toMatchObject({ moves: [], before: state });
    expect(reasonsOf(input, 0)).toEqual([
      'load-not-stable',
      expect.stringContaining('watched for too short a time'),
    ]);
    const begun = { ...EMPTY_MEMORY, load: { cyclesAbove: 5, active: true } };
    expect(makePlan({ ...input, memory: begun }).plan.moves).not.toEqual([]);
  });

  it.each([
    [0, 2],
    [1, 1],
  ])('tells after %i cycles above the trigger how many more it waits for', (cyclesAbove, cyclesToWait) => {
    const memory = { ...EMPTY_MEMORY, load: { cyclesAbove, active: false } };
    const { moves, before } = makePlan(inputOf(HOT, { memory })).plan;
    expect({ moves, ...before.load }).toMatchObject({ moves: [], state: 'waiting', cyclesToWait });
  });

  it('says what a datanode carries, and what is wanted', () => {
    const input = inputOf(HOT);
    const found = explain(input, makePlan(input).plan, 'datanode', '0');
    expect(found?.answer).toContain('It writes 9.0 MB/s; 6.0 is its share, and 5.4 to 6.6 is even enough.');
    expect(found?.reasons.map(({ code }) => code)).not.toContain('out-of-balance');
  });

  it.each([
    [
      'is even',
      [
        [1, N],
        [N, 1],
      ],
      'Its load is within the tolerance.',
    ],
    [
      'becomes even',
      [
        [1, N],
        [1, N],
        [1, N],
        [1, N],
      ],
      'After the plan its load is within the tolerance.',
    ],
  ])('says when a datanode %s', (_name, megabytes, detail) => {
    const input = inputOf(megabytes);
    const found = explain(input, makePlan(input).plan, 'datanode', '0');
    expect(found?.reasons[0]).toEqual({ code: 'balanced', detail });
  });
});

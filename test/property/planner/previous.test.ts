import { describe, expect, it } from 'vitest';
import type { Move } from '../../../src/domain/plan.ts';
import { EMPTY_MEMORY } from '../../../src/domain/policy.ts';
import type { Policy } from '../../../src/domain/policy.ts';
import type { Snapshot } from '../../../src/domain/snapshot.ts';
import { createPrng } from '../../../src/lib/prng.ts';
import type { Prng } from '../../../src/lib/prng.ts';
import { makePlan } from '../../../src/planner/plan.ts';
import type { PlanDraft, PlanInput } from '../../../src/planner/plan.ts';
import {
  afterMoves,
  inputOf,
  randomCase,
  snapshotOf,
  wildMoves,
  withRates,
} from '../../support/random-case.ts';
import { loadOf, randomLoads } from '../../support/load-optimum.ts';
import { DEFAULT_POLICY } from '../../support/plans.ts';

function plan(snapshot: Snapshot, previous?: PlanInput['previous'], policy?: Partial<Policy>): PlanDraft {
  return makePlan({ ...inputOf(snapshot, { policy }), previous }).plan;
}

/** Write rates between one and two MB/s, and files to match. */
function withLoads(snapshot: Snapshot, prng: Prng): Snapshot {
  const regions = snapshot.regions.map((region) => {
    const writeBytesPerSecond = 1_000_000 + prng.int(1_000_000);
    return { ...region, load: { writeBytesPerSecond, diskBytes: 1_000 * writeBytesPerSecond } };
  });
  return { ...snapshot, regions };
}

/** Each load at most so much off. */
function withNoise(snapshot: Snapshot, prng: Prng, noise: number): Snapshot {
  const regions = snapshot.regions.map(({ load, ...region }) => {
    const off = (value = 0): number => value * (1 + noise * (prng.int(2_001) / 1_000 - 1));
    const { writeBytesPerSecond, diskBytes } = load ?? {};
    return {
      ...region,
      load: { writeBytesPerSecond: off(writeBytesPerSecond), diskBytes: off(diskBytes) },
    };
  });
  return { ...snapshot, regions };
}

const routes = ({ moves }: PlanDraft): string[] =>
  moves.map(({ regionId, from, to }) => `${regionId}: ${from} to ${to}`);

/** Clusters like those on which people looked at plans that changed: several tables, a few moves each. */
const COUNTS = [
  [9, 3, 2, 2],
  [4, 8, 1, 3],
  [6, 1, 1, 0],
  [2, 2, 5, 3],
  [1, 0, 0, 0],
  [1, 0, 0, 0],
];

describe('a daemon that plans again', () => {
  it.each<[string, Partial<Policy>]>([
    ['balances', {}],
    ['drains', { drain: ['1'] }],
    ['has weights', { weights: { 2: 2 } }],
  ])('and %s keeps all its moves, in their order, while loads differ by 5 %%', (_name, policy) => {
    let withoutPrevious = 0;
    for (let run = 0; run < 30; run += 1) {
      const prng = createPrng(`noise ${run}`);
      const calm = withLoads(snapshotOf(COUNTS), prng);
      const first = plan(calm, undefined, policy);
      expect(first.moves.length).toBeGreaterThan(8);
      let last = first;
      for (let cycle = 0; cycle < 5; cycle += 1) {
        const snapshot = withNoise(calm, prng, 0.05);
        last = plan(snapshot, last.moves, policy);
        expect(routes(last), `run ${run}, cycle ${cycle}`).toEqual(routes(first));
        withoutPrevious += Number(
          String(routes(plan(snapshot, undefined, policy))) !== String(routes(first)),
        );
      }
    }
    expect(withoutPrevious).toBeGreaterThan(100);
  });

  it('keeps nearly all of its moves while each rate is up to 30 % off', () => {
    let [kept, moves] = [0, 0];
    for (let run = 0; run < 30; run += 1) {
      const prng = createPrng(`rates ${run}`);
      const calm = withLoads(snapshotOf(COUNTS), prng);
      let last = plan(withNoise(calm, prng, 0.3));
      for (let cycle = 0; cycle < 5; cycle += 1) {
        const next = plan(withNoise(calm, prng, 0.3), last.moves);
        const before = new Set(routes(last));
        kept += routes(next).filter((route) => before.has(route)).length;
        moves += next.moves.length;
        last = next;
      }
    }
    expect(kept / moves).toBeGreaterThan(0.95);
  });

  it('keeps the rest of its moves after each that it made, with and without loads', () => {
    for (let run = 0; run < 30; run += 1) {
      const prng = createPrng(`steps ${run}`);
      const counted = snapshotOf(COUNTS);
      const calm = run % 2 === 0 ? withLoads(counted, prng) : counted;
      const first = plan(calm);
      let last = first;
      for (let made = 1; made <= first.moves.length; made += 1) {
        const snapshot = afterMoves(calm, first.moves.slice(0, made));
        last = plan(run % 2 === 0 ? withNoise(snapshot, prng, 0.05) : snapshot, last.moves);
        expect(routes(last).sort(), `run ${run}, ${made} made`).toEqual(routes(first).slice(made).sort());
      }
    }
  });

  it('chooses another region where the load of one doubles', () => {
    const base = snapshotOf([[4, 2]]);
    const first = plan(withRates(base, [1_000, 1_050, 3_000, 3_000, 1, 1]));
    expect(first.moves.map(({ regionId }) => regionId)).toEqual([base.regions[0]!.id]);
    const sooner = plan(withRates(base, [1_050, 1_000, 3_000, 3_000, 1, 1]), first.moves);
    expect(routes(sooner)).toEqual(routes(first));
    const later = plan(withRates(base, [2_000, 1_050, 3_000, 3_000, 1, 1]), first.moves);
    expect(later.moves.map(({ regionId }) => regionId)).toEqual([base.regions[1]!.id]);
  });

  it('chooses another target where the load of one doubles', () => {
    const base = snapshotOf([
      [3, 0, 0],
      [0, 4, 4],
    ]);
    // The regions that stay are the load of datanodes 1 and 2.
    const withLoad = (first: number, second: number): Snapshot =>
      withRates(base, [
        3_000,
        2_000,
        1_000,
        ...Array<number>(4).fill(first),
        ...Array<number>(4).fill(second),
      ]);
    const before = plan(withLoad(1_000, 1_010));
    const swapped = withLoad(1_010, 1_000);
    expect(routes(plan(swapped))).not.toEqual(routes(before));
    expect(routes(plan(swapped, before.moves))).toEqual(routes(before));
    const doubled = withLoad(2_000, 1_000);
    expect(routes(plan(doubled, before.moves)).sort()).toEqual(routes(plan(doubled)).sort());
    expect(routes(plan(doubled)).sort()).not.toEqual(routes(before).sort());
  });
});

it('whatever the previous plan was, as few moves reach the same balance', () => {
  const limits = { maxDatanodes: 8, maxTables: 8, maxRegionsPerTable: 16 };
  let kept = 0;
  for (let run = 0; run < 400; run += 1) {
    const prng = createPrng(`previous ${run}`);
    const flags = { withBlockers: true, withFollowers: run % 2 === 0, withWeights: true, withDrains: true };
    const { snapshot: drawn, ...rest } = randomCase(prng, { ...limits, ...flags });
    const snapshot = run % 3 === 0 ? drawn : withLoads(drawn, prng);
    const earlier = makePlan({ ...rest, snapshot: withNoise(snapshot, prng, 0.9) }).plan.moves;
    const fresh = makePlan({ ...rest, snapshot }).plan;
    expect(makePlan({ ...rest, snapshot, previous: [] }).plan).toEqual(fresh);
    for (const previous of [earlier, wildMoves(snapshot, prng)]) {
      const made = makePlan({ ...rest, snapshot, previous }).plan;
      const { minimumMoves, optimal, after } = made;
      const { tableSpreadViolation, nodeSpreadViolation, regionsOnDraining } = fresh.after;
      expect({ minimumMoves, optimal, moves: made.moves.length }, `run ${run}`).toEqual({
        minimumMoves: fresh.minimumMoves,
        optimal: fresh.optimal,
        moves: fresh.moves.length,
      });
      expect(after, `run ${run}`).toMatchObject({
        tableSpreadViolation,
        nodeSpreadViolation,
        regionsOnDraining,
      });
      expect(new Set(made.moves.map(({ regionId }) => regionId)).size).toBe(made.moves.length);
      kept += Number(String(routes(made)) !== String(routes(fresh)));
    }
  }
  expect(kept).toBeGreaterThan(100);
});

describe('the previous plan, where loads are evened out', () => {
  const load = { by: 'writes', tolerance: 0.1, trigger: 0.2, stableFor: 3, minimum: 0 } as const;
  const policy = { ...DEFAULT_POLICY, objective: 'load', load } as const;
  const key = ({ regionId, to }: Move): string => `${regionId} ${to}`;

  it('is kept in its order where another datanode has become the fullest', () => {
    const base = snapshotOf([
      [1, 0, 0, 0],
      [1, 0, 0, 0],
      [0, 1, 0, 0],
      [0, 1, 0, 0],
      [0, 0, 1, 0],
      [0, 0, 0, 1],
    ]);
    const before = plan(withRates(base, [6_000, 4_100, 6_000, 4_000, 2_000, 2_000]), undefined, policy);
    expect(before.moves.map(({ from }) => from)).toEqual(['0', '1']);
    const now = withRates(base, [6_000, 4_000, 6_000, 4_100, 2_000, 2_000]);
    expect(plan(now, undefined, policy).moves.map(({ from }) => from)).toEqual(['1', '0']);
    expect(routes(plan(now, before.moves, policy))).toEqual(routes(before));
  });

  it('leaves drains and tables as they are, and plans nothing for load before its time', () => {
    const limits = { maxDatanodes: 6, maxTables: 6, maxRegionsPerTable: 12 };
    const flags = { withBlockers: true, withFollowers: true, withWeights: true, withDrains: true };
    const notYet = { cyclesAbove: 0, active: false };
    let kept = 0;
    for (let run = 0; run < 150; run += 1) {
      const prng = createPrng(`wild ${run}`);
      const drawn = randomCase(prng, { ...limits, ...flags });
      const rates = drawn.snapshot.regions.map(() => 1_000 + prng.int(1_000_000));
      const snapshot = withRates(drawn.snapshot, rates);
      const earlier = withRates(
        snapshot,
        rates.map((rate) => rate * (0.5 + prng.next())),
      );
      const memory = { ...drawn.memory, ...(run % 2 === 0 && { load: notYet }) };
      const input = {
        ...drawn,
        snapshot,
        memory,
        policy: { ...drawn.policy, objective: 'load', load } as const,
      };
      const fresh = makePlan(input).plan;
      const before = makePlan({ ...input, snapshot: earlier }).plan.moves;
      for (const previous of [before, wildMoves(snapshot, prng)]) {
        const { moves, after } = makePlan({ ...input, previous }).plan;
        const { regionsOnDraining, tableSpreadViolation } = fresh.after;
        expect(after, `run ${run}`).toMatchObject({ regionsOnDraining, tableSpreadViolation });
        expect(moves.length, `run ${run}`).toBeLessThanOrEqual(fresh.moves.length);
        if (run % 2 === 0) expect(moves.filter(({ reason }) => reason === 'load')).toEqual([]);
        kept += Number(String(moves.map(key)) !== String(fresh.moves.map(key)));
      }
    }
    expect(kept).toBeGreaterThan(30);
  });

  /** A plan, and how many of its moves the plan has that is made right after, when every load has changed a little. */
  function planTwice(
    seed: number,
    change: number,
    done: number,
  ): { first: readonly Move[]; kept: number; moves: number; without: number } {
    const prng = createPrng(`swing ${seed}`);
    const snapshot = randomLoads(prng, 8, 120);
    const input = { policy, memory: EMPTY_MEMORY, nowMs: 0 };
    const first = makePlan({ ...input, snapshot }).plan.moves;
    const made = new Map(first.slice(0, done).map(({ regionId, to }) => [regionId, to]));
    const regions = snapshot.regions.map((region) => ({
      ...region,
      leader: made.get(region.id) ?? region.leader,
      load: { writeBytesPerSecond: loadOf(region) * (1 + change * (2 * prng.next() - 1)) },
    }));
    const next = { ...input, snapshot: { ...snapshot, regions } };
    const { moves } = makePlan({ ...next, previous: first }).plan;
    const before = new Set(first.map(key));
    return {
      first,
      kept: moves.filter((move) => before.has(key(move))).length,
      moves: moves.length,
      without: makePlan(next).plan.moves.length,
    };
  }

  it('is made again where nothing has changed', () => {
    for (let seed = 0; seed < 10; seed += 1) {
      const { first, kept, moves } = planTwice(seed, 0, 0);
      expect([kept, moves]).toEqual([first.length, first.length]);
    }
  });

  it.each([
    ['loads change by a hundredth', 0.01, 0],
    ['three of its moves are done', 0, 3],
  ])('is mostly kept where %s, and never costs a move', (_, change, done) => {
    let [kept, moves] = [0, 0];
    for (let seed = 0; seed < 10; seed += 1) {
      const result = planTwice(seed, change, done);
      kept += result.kept;
      moves += result.moves;
      expect(result.moves).toBeLessThanOrEqual(result.without);
    }
    expect(kept / moves).toBeGreaterThan(0.8);
  });
});

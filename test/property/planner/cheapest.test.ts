import { expect, it } from 'vitest';
import type { Policy } from '../../../src/domain/policy.ts';
import type { Region, RegionLoad, Snapshot } from '../../../src/domain/snapshot.ts';
import { createPrng, type Prng } from '../../../src/lib/prng.ts';
import { makePlan } from '../../../src/planner/plan.ts';
import { inputOf, randomCase, snapshotOf, withRates } from '../../support/random-case.ts';

const MEASURES = ['writeBytesPerSecond', 'memtableBytes', 'diskBytes'] as const;

function withLoads(snapshot: Snapshot, prng: Prng): Snapshot {
  const load = (): RegionLoad => Object.fromEntries(MEASURES.map((name) => [name, 1 + prng.int(5)]));
  return { ...snapshot, regions: snapshot.regions.map((region) => ({ ...region, load: load() })) };
}

function costOf(regions: readonly Region[]): number[] {
  return MEASURES.map((name) => regions.reduce((sum, { load }) => sum + (load?.[name] ?? 0), 0));
}

/**
 * What the cheapest of all plans costs that leave no violation and move so many regions: every placement of every region is tried, by the
 * definition of balance alone.
 */
function cheapestCost(snapshot: Snapshot, policy: Policy, moves: number): number[] | undefined {
  const targets = snapshot.datanodes.map(({ id }) => id).filter((id) => !policy.drain.includes(id));
  const weight = (id: string): number => policy.weights[id] ?? 1;
  const weights = targets.reduce((sum, id) => sum + weight(id), 0);
  const isFair = (leaders: readonly string[], of: readonly number[]): boolean =>
    targets.every((id) => {
      const share = (of.length * weight(id)) / weights;
      const count = of.filter((index) => leaders[index] === id).length;
      return count >= Math.floor(share + 1e-9) && count <= Math.ceil(share - 1e-9);
    });
  const { regions } = snapshot;
  const all = [...regions.keys()];
  const groups = snapshot.tables.map(({ id }) => all.filter((index) => regions[index]!.tableId === id));
  let best: number[] | undefined;
  const place = (leaders: readonly string[], moved: readonly Region[]): void => {
    if (moved.length > moves) return;
    const region = regions[leaders.length];
    if (region) {
      for (const id of targets) place([...leaders, id], id === region.leader ? moved : [...moved, region]);
      return;
    }
    if (moved.length !== moves || ![all, ...groups].every((group) => isFair(leaders, group))) return;
    const cost = costOf(moved);
    if (!best || compare(cost, best) < 0) best = cost;
  };
  place([], []);
  return best;
}

function compare(a: readonly number[], b: readonly number[]): number {
  const index = a.findIndex((value, at) => value !== b[at]);
  return index === -1 ? 0 : a[index]! - b[index]!;
}

it('of all plans with the fewest moves it is one whose regions are cheapest to move', () => {
  const limits = { maxDatanodes: 3, maxTables: 3, maxRegionsPerTable: 3 };
  const flags = { withWeights: true, withDrains: true };
  let chosen = 0;
  for (let run = 0; run < 900; run += 1) {
    const prng = createPrng(`cheapest ${run}`);
    const { policy, memory, nowMs, ...drawn } = randomCase(prng, { ...limits, ...flags });
    if (policy.drain.length === drawn.snapshot.datanodes.length) continue;
    const snapshot = withLoads(drawn.snapshot, prng);
    const { moves } = makePlan({ snapshot, policy, memory, nowMs }).plan;
    const moving = new Set(moves.map(({ regionId }) => regionId));
    const cost = costOf(snapshot.regions.filter(({ id }) => moving.has(id)));
    expect(cost, `run ${run}`).toEqual(cheapestCost(snapshot, policy, moves.length));
    chosen += moves.length;
  }
  expect(chosen).toBeGreaterThan(400);
});

it('a region of another table moves when that one is cheaper', () => {
  const base = snapshotOf([
    [1, 0],
    [1, 0],
  ]);
  for (const cheap of [0, 1]) {
    const snapshot = withRates(base, cheap === 0 ? [0, 9_000_000] : [9_000_000, 0]);
    const { moves } = makePlan(inputOf(snapshot)).plan;
    expect(moves.map(({ regionId }) => regionId)).toEqual([base.regions[cheap]!.id]);
  }
});

import { describe, expect, it } from 'vitest';
import type { Plan } from '../../../src/domain/plan.ts';
import type { Snapshot } from '../../../src/domain/snapshot.ts';
import { createPrng } from '../../../src/lib/prng.ts';
import type { Prng } from '../../../src/lib/prng.ts';
import { Budget } from '../../../src/planner/budget.ts';
import { makePlan } from '../../../src/planner/plan.ts';
import { afterMoves, inputOf, randomCase, snapshotOf, wildMoves } from '../../support/random-case.ts';
import type { PlannerCase } from '../../support/random-case.ts';

const LIMITS = {
  maxDatanodes: 9,
  maxTables: 12,
  maxRegionsPerTable: 24,
  withBlockers: true,
  withFollowers: true,
  withWeights: true,
  withDrains: true,
};
const RUNS = 400;

type Draft = Omit<Plan, 'planId' | 'createdAt'>;

function forEachCase(
  name: string,
  check: (input: PlannerCase, plan: Draft, seed: string, prng: Prng) => void,
): void {
  for (let run = 0; run < RUNS; run += 1) {
    const seed = `${name} ${run}`;
    const prng = createPrng(seed);
    const flag = (): boolean => prng.chance(0.5);
    const input = randomCase(prng, {
      ...LIMITS,
      withBlockers: flag(),
      withFollowers: prng.chance(0.3),
      withWeights: flag(),
      withDrains: flag(),
    });
    const tables = prng.chance(0.3)
      ? { include: ['public.t1*', 'public.t2'], exclude: [] }
      : input.policy.tables;
    const previous = run % 3 === 0 ? wildMoves(input.snapshot, createPrng(`${seed} previous`)) : undefined;
    const selected = { ...input, policy: { ...input.policy, tables }, previous };
    check(selected, makePlan(selected).plan, seed, prng);
  }
}

function countsOf(snapshot: Snapshot): Map<string, number> {
  const counts = new Map(snapshot.datanodes.map(({ id }) => [id, 0]));
  for (const { leader } of snapshot.regions) if (leader !== null) counts.set(leader, counts.get(leader)! + 1);
  return counts;
}

describe('every plan', () => {
  it('is empty after it was applied', () => {
    forEachCase('idempotent', (input, plan, seed) => {
      const after = makePlan({ ...input, snapshot: afterMoves(input.snapshot, plan.moves) }).plan;
      expect(after.moves, `seed ${seed}`).toEqual([]);
      expect(after.before, `seed ${seed}`).toEqual(plan.after);
    });
  });

  it('moves no region twice, none that must stay, and none to where it must not go', () => {
    forEachCase('allowed', ({ snapshot, policy, memory }, plan, seed) => {
      const regions = new Map(snapshot.regions.map((region) => [region.id, region]));
      const alive = new Set(
        snapshot.datanodes.filter(({ status }) => status === 'alive').map(({ id }) => id),
      );
      const failed = memory.quarantine.map(({ regionId }) => regionId);
      const [taking, giving] = (['target', 'source'] as const).map((role) =>
        memory.datanodes.filter((rest) => rest.role === role).map(({ datanode }) => datanode),
      );
      const cooling = memory.cooldowns.map(({ regionId }) => regionId);
      expect(new Set(plan.moves.map(({ regionId }) => regionId)).size, `seed ${seed}`).toBe(
        plan.moves.length,
      );
      const blocked = new Set(plan.blocked.map(({ regionId }) => regionId));
      for (const move of plan.moves) {
        const region = regions.get(move.regionId)!;
        const why = `seed ${seed}, region ${move.regionId}`;
        expect(region, why).toMatchObject({ leader: move.from, status: 'alive', tableId: move.tableId });
        expect(region.followers ?? [], why).not.toContain(move.to);
        expect(alive.has(move.from) && alive.has(move.to), why).toBe(true);
        expect([...policy.drain, ...policy.cordon, move.from], why).not.toContain(move.to);
        expect(taking, why).not.toContain(move.to);
        expect([...policy.cordon, ...giving!], why).not.toContain(move.from);
        expect([...policy.pins.regions, ...failed], why).not.toContain(move.regionId);
        if (move.reason !== 'drain') expect(cooling, why).not.toContain(move.regionId);
        expect(policy.pins.tables, why).not.toContain(move.tableId);
        expect(blocked.has(move.regionId), why).toBe(false);
      }
    });
  });

  it('may stop after any move: drain and table spread never get worse, no datanode gets crowded on the way', () => {
    forEachCase('prefix', (input, plan, seed) => {
      const start = countsOf(input.snapshot);
      const end = countsOf(afterMoves(input.snapshot, plan.moves));
      let previous = plan.before;
      for (let count = 1; count <= plan.moves.length; count += 1) {
        const snapshot = afterMoves(input.snapshot, plan.moves.slice(0, count));
        const { before } = makePlan({ ...input, snapshot }, new Budget(0)).plan;
        const why = `seed ${seed}, after ${count} moves`;
        expect(before.regionsOnDraining, why).toBeLessThanOrEqual(previous.regionsOnDraining);
        // Emptying a draining datanode outranks table spread: followers may leave it only a target that has enough already.
        const isForced =
          plan.moves[count - 1]!.reason === 'drain' && snapshot.regions.some(({ followers }) => followers);
        if (!isForced) {
          expect(before.tableSpreadViolation, why).toBeLessThanOrEqual(previous.tableSpreadViolation);
        }
        for (const [id, regions] of countsOf(snapshot)) {
          expect(regions, why).toBeLessThanOrEqual(Math.max(start.get(id)!, end.get(id)!) + 1);
        }
        previous = before;
      }
    });
  });

  it('is the same whatever the order of the input', () => {
    forEachCase('order', (input, plan, seed, prng) => {
      const shuffled = {
        ...input.snapshot,
        datanodes: shuffle(prng, input.snapshot.datanodes),
        tables: shuffle(prng, input.snapshot.tables),
        regions: shuffle(prng, input.snapshot.regions),
      };
      expect(JSON.stringify(makePlan({ ...input, snapshot: shuffled }).plan), `seed ${seed}`).toBe(
        JSON.stringify(plan),
      );
    });
  });

  it('has as many moves when all ids are renamed', () => {
    forEachCase('rename', ({ snapshot, policy, memory, nowMs }, plan, seed) => {
      const renamed = (id: string): string => String(1_000 - Number(id));
      const { plan: other } = makePlan({
        snapshot: {
          ...snapshot,
          datanodes: snapshot.datanodes.map((node) => ({ ...node, id: renamed(node.id) })),
          regions: snapshot.regions.map((region) => ({
            ...region,
            leader: region.leader === null ? null : renamed(region.leader),
            ...(region.followers ? { followers: region.followers.map(renamed) } : {}),
          })),
        },
        policy: {
          ...policy,
          weights: Object.fromEntries(
            Object.entries(policy.weights).map(([id, weight]) => [renamed(id), weight]),
          ),
          drain: policy.drain.map(renamed),
          cordon: policy.cordon.map(renamed),
        },
        memory: {
          ...memory,
          datanodes: memory.datanodes.map((rest) => ({ ...rest, datanode: renamed(rest.datanode) })),
        },
        nowMs,
      });
      expect(other.moves.length, `seed ${seed}`).toBe(plan.moves.length);
    });
  });

  it('is balanced on both levels unless something blocks it', () => {
    forEachCase('balanced', (_input, plan, seed) => {
      if (plan.blocked.length > 0) return;
      expect(plan.after, `seed ${seed}`).toMatchObject({
        regionsOnDraining: 0,
        tableSpreadViolation: 0,
        nodeSpreadViolation: 0,
      });
    });
  });
});

describe('what is blocked', () => {
  it('costs something where the balance that was asked for is not reached, and nothing where it is', () => {
    let [uneven, even] = [0, 0];
    forEachCase('costs', ({ snapshot, policy }, plan, seed) => {
      const costly = plan.blocked.filter(({ harmless }) => !harmless);
      const { tableSpreadViolation, nodeSpreadViolation } = plan.after;
      if (tableSpreadViolation + nodeSpreadViolation > 0) {
        uneven += 1;
        expect(costly.length, `seed ${seed}`).toBeGreaterThan(0);
        return;
      }
      even += 1;
      const unfit = new Set([
        ...policy.drain,
        ...snapshot.datanodes.filter(({ status }) => status === 'dead').map(({ id }) => id),
      ]);
      expect(
        // A datanode in quarantine is outside the shares, and may still be crowded.
        costly.filter(({ code, datanodeId }) => code !== 'target-quarantined' && !unfit.has(datanodeId!)),
        `seed ${seed}`,
      ).toEqual([]);
    });
    expect(Math.min(uneven, even)).toBeGreaterThan(20);
  });
});

describe('weights', () => {
  it('1:1:2 give 1:1:2', () => {
    const { plan } = makePlan(inputOf(snapshotOf([[40, 0, 0]]), { policy: { weights: { 2: 2 } } }));
    expect(plan.after.datanodes.map(({ regions }) => regions)).toEqual([10, 10, 20]);
  });
});

function shuffle<T>(prng: Prng, items: readonly T[]): T[] {
  const copy = [...items];
  for (let index = copy.length - 1; index > 0; index -= 1) {
    const other = prng.int(index + 1);
    [copy[index], copy[other]] = [copy[other]!, copy[index]!];
  }
  return copy;
}

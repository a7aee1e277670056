import { describe, expect, it } from 'vitest';
import { withLastPlan } from '../../../src/app/planning/last-plan.ts';
import { createPlanner, planNow } from '../../../src/app/planning/planner.ts';
import { packSnapshot, unpackSnapshot } from '../../../src/app/planning/snapshot-transfer.ts';
import { planChunks } from '../../../src/domain/plan-file.ts';
import type { Snapshot } from '../../../src/domain/snapshot.ts';
import { systemClock } from '../../../src/lib/clock.ts';
import { createPrng } from '../../../src/lib/prng.ts';
import { inputOf, randomCase, regionId, snapshotOf, withRates } from '../../support/random-case.ts';

const OPTIONS = { timeBudgetMs: 60_000 };
const noWait = (): Promise<void> => Promise.resolve();

function large(): Snapshot {
  const prng = createPrng('large');
  return snapshotOf(
    Array.from({ length: 300 }, () => Array.from({ length: 10 }, () => prng.int(16))),
    10,
  );
}

describe('a plan made in a thread of its own', () => {
  it('is the same as one made here', async () => {
    const snapshot = large();
    expect(snapshot.regions.length).toBeGreaterThan(20_000);
    const pins = { tables: [], regions: [regionId(1024, 0)] };
    const afresh = inputOf(snapshot, { policy: { drain: ['3'], pins } });
    // Turned around, so that it makes a difference.
    const input = { ...afresh, previous: planNow(afresh, OPTIONS, systemClock).plan.moves.toReversed() };
    const apart = await createPlanner(systemClock)(input, OPTIONS, new AbortController().signal);
    const here = planNow(input, OPTIONS, systemClock);
    expect(here.plan.moves).not.toEqual(planNow(afresh, OPTIONS, systemClock).plan.moves);
    const { createdAt, planId } = here.plan;
    expect([...planChunks({ ...apart.plan, createdAt, planId })]).toEqual([...planChunks(here.plan)]);
    expect(apart.counts).toEqual(here.counts);
  });

  it('ends when it is told to', async () => {
    const controller = new AbortController();
    const plan = createPlanner(systemClock)(inputOf(large()), OPTIONS, controller.signal);
    controller.abort(new DOMException('Told to stop', 'AbortError'));
    await expect(plan).rejects.toThrow('Told to stop');
  });

  it('is cut short by its budget, and says so', () => {
    const input = inputOf(large());
    const { plan: whole } = planNow(input, OPTIONS, systemClock);
    const { plan: short } = planNow(input, { timeBudgetMs: 0 }, systemClock);
    expect(whole.optimal).toBe(true);
    expect(short.optimal).toBe(false);
    expect(short.after.tableSpreadViolation).toBe(0);
    expect(short.minimumMoves).toBeLessThanOrEqual(whole.minimumMoves);
  });
});

describe('a planner that knows its last plan', () => {
  it('keeps the choices of that one', async () => {
    const base = snapshotOf([[4, 2]]);
    const here = createPlanner(systemClock);
    const planner = withLastPlan(here);
    const movesOf = async (rates: readonly number[], ask = planner): Promise<readonly string[]> => {
      const snapshot = withRates(base, [...rates, 9_000, 9_000, 9_000, 9_000]);
      const { plan } = await ask(inputOf(snapshot), OPTIONS, new AbortController().signal);
      return plan.moves.map(({ regionId: id }) => id);
    };
    const [one, other] = base.regions.map(({ id }) => id);
    expect(await movesOf([1_000, 1_050])).toEqual([one]);
    expect(await movesOf([1_050, 1_000], here)).toEqual([other]);
    expect(await movesOf([1_050, 1_000])).toEqual([one]);
    expect(await movesOf([2_000, 1_000])).toEqual([other]);
    expect(await movesOf([1_000, 1_050])).toEqual([other]);
  });
});

describe('a snapshot that changes threads', () => {
  it('arrives as it was', async () => {
    for (let run = 0; run < 100; run += 1) {
      const prng = createPrng(`pack ${run}`);
      const limits = { maxDatanodes: 6, maxTables: 6, maxRegionsPerTable: 8 };
      const { snapshot } = randomCase(prng, { ...limits, withBlockers: true, withFollowers: true });
      const loaded: Snapshot = {
        ...snapshot,
        regions: snapshot.regions.map((region, index) => ({
          ...region,
          leader: index % 5 === 4 ? null : region.leader,
          ...(index % 3 === 0
            ? {}
            : { load: index % 3 === 1 ? { diskBytes: index } : { writeBytesPerSecond: 0 } }),
        })),
      };
      expect(unpackSnapshot(await packSnapshot(loaded, noWait))).toEqual(loaded);
    }
  });

  it('keeps ids that no double holds', async () => {
    const base = snapshotOf([[1]], 1);
    const snapshot = { ...base, regions: [{ ...base.regions[0]!, id: '18446744073709551615' }] };
    expect(unpackSnapshot(await packSnapshot(snapshot, noWait)).regions[0]!.id).toBe('18446744073709551615');
  });
});

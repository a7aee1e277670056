import { describe, expect, it } from 'vitest';
import { createPlanner, planNow } from '../../../src/app/planning/planner.ts';
import { packSnapshot, unpackSnapshot } from '../../../src/app/planning/snapshot-transfer.ts';
import { planChunks } from '../../../src/domain/plan-file.ts';
import { EMPTY_MEMORY } from '../../../src/domain/policy.ts';
import type { Snapshot } from '../../../src/domain/snapshot.ts';
import { systemClock } from '../../../src/lib/clock.ts';
import { createPrng } from '../../../src/lib/prng.ts';
import { NOW_MS, randomCase, regionId, snapshotOf } from '../../support/random-case.ts';
import { DEFAULT_POLICY } from '../../support/plans.ts';

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
    const input = {
      snapshot,
      policy: { ...DEFAULT_POLICY, drain: ['3'], pins: { tables: [], regions: [regionId(1024, 0)] } },
      memory: EMPTY_MEMORY,
      nowMs: NOW_MS,
    };
    const apart = await createPlanner(systemClock)(input, OPTIONS, new AbortController().signal);
    const here = planNow(input, OPTIONS, systemClock);
    const { createdAt, planId } = here.plan;
    expect([...planChunks({ ...apart.plan, createdAt, planId })]).toEqual([...planChunks(here.plan)]);
    expect(apart.counts).toEqual(here.counts);
  });

  it('ends when it is told to', async () => {
    const controller = new AbortController();
    const input = { snapshot: large(), policy: DEFAULT_POLICY, memory: EMPTY_MEMORY, nowMs: NOW_MS };
    const plan = createPlanner(systemClock)(input, OPTIONS, controller.signal);
    controller.abort(new DOMException('Told to stop', 'AbortError'));
    await expect(plan).rejects.toThrow('Told to stop');
  });

  it('is cut short by its budget, and says so', () => {
    const input = { snapshot: large(), policy: DEFAULT_POLICY, memory: EMPTY_MEMORY, nowMs: NOW_MS };
    const { plan: whole } = planNow(input, OPTIONS, systemClock);
    const { plan: short } = planNow(input, { timeBudgetMs: 0 }, systemClock);
    expect(whole.optimal).toBe(true);
    expect(short.optimal).toBe(false);
    expect(short.after.tableSpreadViolation).toBe(0);
    expect(short.minimumMoves).toBeLessThanOrEqual(whole.minimumMoves);
  });
});

describe('a snapshot that changes threads', () => {
  it('arrives as it was', async () => {
    for (let run = 0; run < 100; run += 1) {
      const prng = createPrng(`pack ${run}`);
      const { snapshot } = randomCase(prng, {
        maxDatanodes: 6,
        maxTables: 6,
        maxRegionsPerTable: 8,
        withBlockers: true,
        withFollowers: true,
        withWeights: false,
        withDrains: false,
      });
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

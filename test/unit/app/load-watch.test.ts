import { describe, expect, it } from 'vitest';
import { LoadWatch, savedLoadsOf } from '../../../src/app/planning/load-watch.ts';
import type { Planner } from '../../../src/app/planning/planner.ts';
import { planNow } from '../../../src/app/planning/planner.ts';
import type { LoadMemory } from '../../../src/domain/load.ts';
import { EMPTY_MEMORY } from '../../../src/domain/policy.ts';
import type { Policy } from '../../../src/domain/policy.ts';
import type { Snapshot } from '../../../src/domain/snapshot.ts';
import type { PlanInput } from '../../../src/planner/plan.ts';
import { openStore } from '../../../src/store/sqlite.ts';
import type { Store } from '../../../src/store/port.ts';
import { VirtualClock } from '../../harness/virtual-clock.ts';
import { DEFAULT_POLICY } from '../../support/plans.ts';
import { snapshotOf } from '../../support/random-case.ts';

const MINUTE = 60_000;
const MB = 1_000_000;

/** Two datanodes with a region each of three tables; loads in MB/s, undefined for unknown. */
function snapshotWith(megabytes: readonly (number | undefined)[]): Snapshot {
  const base = snapshotOf([
    [1, 0],
    [1, 0],
    [0, 1],
  ]);
  const regions = base.regions.map((region, index) => {
    const load = megabytes[index];
    return load === undefined ? region : { ...region, load: { writeBytesPerSecond: load * MB } };
  });
  return { ...base, regions };
}

function memoryStore(): Store {
  return openStore({ path: ':memory:' }, { clock: new VirtualClock() });
}

/** Notes one reading after another, five minutes apart, and tells what is known at the end. */
function watched(readings: readonly (number | undefined)[], pauseMs = 0): [load: number, unsteady: number] {
  const watch = new LoadWatch(memoryStore());
  readings.forEach((reading, index) => watch.note(snapshotWith([reading]), 'writes', index * 5 * MINUTE));
  const { values, unsteady } = watch.loadsOf(snapshotWith([]), (readings.length - 1) * 5 * MINUTE + pauseMs);
  return [values[0]! / MB, unsteady[0]!];
}

describe('the watch over loads', () => {
  it('counts the first readings alike', () => {
    expect(watched([8, 4, 3])[0]).toBe(5);
  });

  it('weighs what came before by half after six hours', () => {
    const twoDays = [...Array<number>(576).fill(8), ...Array<number>(72).fill(4)];
    expect(watched(twoDays)[0]).toBeCloseTo(6, 1);
  });

  it('keeps a load that swings by day and night near its mean', () => {
    const swing = (index: number): number => 5 + 2 * Math.sin((2 * Math.PI * index) / 288);
    for (let hour = 48; hour < 72; hour += 3) {
      const [load, unsteady] = watched(Array.from({ length: hour * 12 }, (_, index) => swing(index)));
      expect(Math.abs(load - 5)).toBeLessThan(1);
      expect(unsteady).toBe(0);
    }
  });

  it.each([
    ['does not rely on a region of which it has read little', [5, 5], 0, [5, 1]],
    ['relies on one that it has read three times', [5, 5, 5], 0, [5, 0]],
    ['keeps the mean of a region whose counter began anew', [5, 5, 5, undefined], 0, [5, 0]],
    ['knows nothing of one that was not read for longer than an hour', [5, 5, 5], 61 * MINUTE, [NaN, 0]],
    ['takes nonsense for no reading', [5, 5, 5, NaN, -1, Infinity], 0, [5, 0]],
  ])('%s', (_, readings, pauseMs, known) => {
    expect(watched(readings, pauseMs)).toEqual(known);
  });

  it('does not rely on a load that varies by more than half of itself', () => {
    expect(watched([1, 9, 0, 12, 0, 7])[1]).toBe(1);
    expect(watched([5, 6, 4, 5, 6, 5])[1]).toBe(0);
  });

  it('goes on where an earlier process ended, unless another load is asked for', () => {
    const store = memoryStore();
    const first = new LoadWatch(store);
    for (let minute = 0; minute <= 30; minute += 5)
      first.note(snapshotWith([3, undefined, 2]), 'writes', minute * MINUTE);
    const second = new LoadWatch(store);
    second.note(snapshotWith([]), 'writes', 31 * MINUTE);
    const { values, unsteady } = second.loadsOf(snapshotWith([]), 31 * MINUTE);
    expect([...values]).toEqual([3 * MB, NaN, 2 * MB]);
    expect([...unsteady]).toEqual([0, 0, 0]);
    second.note(snapshotWith([]), 'disk', 32 * MINUTE);
    expect([...second.loadsOf(snapshotWith([]), 32 * MINUTE).values]).toEqual([NaN, NaN, NaN]);
  });
});

describe('a plan on the side', () => {
  it('goes by what the daemon saved, and by nothing where that is of another load', () => {
    const store = memoryStore();
    const watch = new LoadWatch(store);
    for (let minute = 0; minute <= 30; minute += 5)
      watch.note(snapshotWith([3, undefined, 2]), 'writes', minute * MINUTE);
    const loads = savedLoadsOf(store.savedLoads(), snapshotWith([]), 'writes', 31 * MINUTE);
    expect([...(loads?.values ?? [])]).toEqual([3 * MB, NaN, 2 * MB]);
    expect(savedLoadsOf(store.savedLoads(), snapshotWith([]), 'disk', 31 * MINUTE)).toBeUndefined();
    expect(savedLoadsOf(undefined, snapshotWith([]), 'writes', 0)).toBeUndefined();
  });
});

describe('a cycle that plans for load', () => {
  const policy: Policy = {
    ...DEFAULT_POLICY,
    objective: 'load',
    load: { by: 'writes', tolerance: 0.1, trigger: 0.2, stableFor: 3, minimum: 0 },
  };
  const clock = new VirtualClock();

  /** Plans once in each cycle, and tells the moves and what is remembered. */
  async function cycles(
    count: number,
    policyOf: (cycle: number) => Policy = () => policy,
  ): Promise<[number, LoadMemory | undefined][]> {
    const store = memoryStore();
    const watch = new LoadWatch(store);
    const planner: Planner = (input, options) => Promise.resolve(planNow(input, options, clock));
    const told: [number, LoadMemory | undefined][] = [];
    for (let cycle = 0; cycle < count; cycle += 1) {
      const input: PlanInput = {
        snapshot: snapshotWith([4, 4, 2]),
        policy: policyOf(cycle),
        memory: EMPTY_MEMORY,
        nowMs: cycle * 5 * MINUTE,
      };
      const forCycle = watch.forCycle(planner);
      await forCycle(input, { timeBudgetMs: 1_000 }, new AbortController().signal);
      const { plan } = await forCycle(input, { timeBudgetMs: 1_000 }, new AbortController().signal);
      told.push([plan.moves.length, store.loadMemory()]);
    }
    return told;
  }

  it('waits for as many cycles as configured, however often one plans, and goes on then', async () => {
    expect(await cycles(4)).toEqual([
      [0, { cyclesAbove: 1, active: false }],
      [0, { cyclesAbove: 2, active: false }],
      [1, { cyclesAbove: 3, active: true }],
      [1, { cyclesAbove: 4, active: true }],
    ]);
  });

  /** What each cycle's plan goes by: the load of the first region in MB/s, how many readings are missing, and the moves. */
  async function basisOf(
    readings: readonly (readonly [number, number, number])[],
  ): Promise<[load: number, readingsToWait: number | undefined, moves: number][]> {
    const watch = new LoadWatch(memoryStore());
    const told: [number, number | undefined, number][] = [];
    for (const [cycle, reading] of readings.entries()) {
      let given: PlanInput['loads'];
      const planner = watch.forCycle((input, options) => {
        given = input.loads;
        return Promise.resolve(planNow(input, options, clock));
      });
      const input = {
        snapshot: snapshotWith(reading),
        policy,
        memory: EMPTY_MEMORY,
        nowMs: cycle * 5 * MINUTE,
      };
      const { plan } = await planner(input, { timeBudgetMs: 1_000 }, new AbortController().signal);
      expect(watch.loadsOf(input.snapshot, input.nowMs)).toEqual(given);
      told.push([given!.values[0]! / MB, given!.readingsToWait, plan.moves.length]);
    }
    return told;
  }

  it('plans with the loads of the plan before until they have changed enough to matter', async () => {
    const steady = [4, 4, 2] as const;
    const told = await basisOf([steady, steady, steady, [4.4, 4, 2], [4.4, 4, 2], [20, 4, 2]]);
    const loads = told.map(([load]) => load);
    expect(loads.slice(0, 5)).toEqual([4, 4, 4, 4, 4]);
    expect(loads[5]).toBeCloseTo((3 * 4 + 2 * 4.4 + 20) / 6);
    expect(told.map(([, , moves]) => moves)).toEqual([0, 0, 1, 1, 1, expect.any(Number)]);
  });

  it('waits while the readings differ so much that the next ones may ask for another plan', async () => {
    const noisy = Array.from({ length: 14 }, (_, cycle) => [cycle % 2 === 0 ? 3 : 5, 4, 2] as const);
    const told = await basisOf(noisy);
    const first = told.findIndex(([, readingsToWait], cycle) => cycle > 1 && readingsToWait === 0);
    expect(first).toBeGreaterThan(5);
    expect(told.slice(1, 4).map(([, readingsToWait]) => readingsToWait)).toEqual([10, 9, 8]);
    expect(told.slice(0, first).map(([, , moves]) => moves)).toEqual(Array(first).fill(0));
    expect(told[first]![2]).toBe(1);
  });

  it.each([
    ['two hours keeps what the last day says', 2, 'load', 0],
    ['two days counts regions', 48, 'count', 1],
  ])('that is the first after %s, when no rate is known yet', async (_, hours, objective, moves) => {
    const store = memoryStore();
    const base = snapshotOf([
      [1, 0],
      [1, 0],
      [1, 0],
      [0, 1],
    ]);
    const withRate = (rates: readonly number[]): Snapshot => ({
      ...base,
      regions: base.regions.map((region, index) => ({
        ...region,
        load: { writeBytesPerSecond: rates[index]! * MB },
      })),
    });
    const before = new LoadWatch(store);
    for (let minute = 0; minute <= 30; minute += 5)
      before.note(withRate([2, 2, 2, 6]), 'writes', minute * MINUTE);
    const planner = new LoadWatch(store).forCycle((input, options) =>
      Promise.resolve(planNow(input, options, clock)),
    );
    const input = { snapshot: base, policy, memory: EMPTY_MEMORY, nowMs: hours * 60 * MINUTE };
    const { plan } = await planner(input, { timeBudgetMs: 1_000 }, new AbortController().signal);
    expect([plan.objective, plan.moves.length]).toEqual([objective, moves]);
  });

  it('remembers nothing where regions are counted', async () => {
    expect(await cycles(2, () => DEFAULT_POLICY)).toEqual([
      [0, undefined],
      [0, undefined],
    ]);
  });
});

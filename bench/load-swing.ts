import { LoadWatch } from '../src/app/planning/load-watch.ts';
import { planNow } from '../src/app/planning/planner.ts';
import type { LoadPolicy } from '../src/domain/load.ts';
import { EMPTY_MEMORY } from '../src/domain/policy.ts';
import type { Policy, Rest } from '../src/domain/policy.ts';
import type { Snapshot } from '../src/domain/snapshot.ts';
import { systemClock } from '../src/lib/clock.ts';
import { createPrng } from '../src/lib/prng.ts';
import { openStore } from '../src/store/sqlite.ts';
import { DEFAULT_POLICY } from '../test/support/plans.ts';
import { RegionLoads } from '../src/simulator/cluster/region-loads.ts';
import { snapshotOf } from '../test/support/random-case.ts';

const CYCLE_MS = 5 * 60_000;
const DAY_MS = 24 * 60 * 60_000;
const COOLDOWN_MS = 60 * 60_000;
const MOVES_PER_CYCLE = 20;
const DATANODES = 10;
const NOISE = 0.3;

export interface Swing {
  readonly cycles: number;
  readonly regions: number;
  readonly days: number;
  readonly moves: number;
  /** Moves that took a region back to where it was, within the cooldown. */
  readonly movedBack: number;
  /** Moves a day, once the start is evened out. */
  readonly movesADay: number;
}

/** Cycles of five minutes over regions whose load swings by day and night, each table at its own hours, with noise on every reading. */
export async function swing(cycles: number, load: LoadPolicy): Promise<Swing> {
  const prng = createPrng('swing');
  const tables = Array.from({ length: 100 }, () => {
    const counts = Array.from({ length: DATANODES }, () => 0);
    for (let region = 1 + prng.int(6); region > 0; region -= 1) counts[prng.int(DATANODES)]! += 1;
    return counts;
  });
  let snapshot: Snapshot = snapshotOf(tables, DATANODES);
  const loads = new RegionLoads('daily', prng);
  const writes = new Map(
    snapshot.tables.flatMap((table) => {
      const load = loads.forTable();
      const regions = snapshot.regions.filter(({ tableId }) => tableId === table.id);
      return regions.map(({ id }) => [id, load(prng).writtenBetween] as const);
    }),
  );
  const watch = new LoadWatch(openStore({ path: ':memory:' }, { clock: systemClock }));
  const policy: Policy = { ...DEFAULT_POLICY, objective: 'load', load };
  let cooldowns: Rest[] = [];
  const leftAt = new Map<string, { from: string; atMs: number }>();
  let [moves, movedBack, late] = [0, 0, 0];
  for (let cycle = 0; cycle < cycles; cycle += 1) {
    const nowMs = cycle * CYCLE_MS;
    snapshot = withLoads(snapshot, (id) => {
      const rate = writes.get(id)!(nowMs - CYCLE_MS, nowMs) / (CYCLE_MS / 1_000);
      return rate * (1 + NOISE * (2 * prng.next() - 1));
    });
    cooldowns = cooldowns.filter(({ untilMs }) => untilMs > nowMs);
    const input = { snapshot, policy, memory: { ...EMPTY_MEMORY, cooldowns }, nowMs };
    const planner = watch.forCycle((wanted, options) =>
      Promise.resolve(planNow(wanted, options, systemClock)),
    );
    const planned = await planner(input, { timeBudgetMs: 5_000 }, new AbortController().signal);
    const made = planned.plan.moves.slice(0, MOVES_PER_CYCLE);
    for (const { regionId, from, to } of made) {
      const left = leftAt.get(regionId);
      if (left?.from === to && nowMs - left.atMs < COOLDOWN_MS) movedBack += 1;
      leftAt.set(regionId, { from, atMs: nowMs });
      cooldowns.push({ regionId, untilMs: nowMs + COOLDOWN_MS });
    }
    const to = new Map(made.map((move) => [move.regionId, move.to]));
    snapshot = {
      ...snapshot,
      regions: snapshot.regions.map((region) => ({ ...region, leader: to.get(region.id) ?? region.leader })),
    };
    moves += made.length;
    if (nowMs >= DAY_MS) late += made.length;
  }
  const days = (cycles * CYCLE_MS) / DAY_MS;
  return { cycles, regions: snapshot.regions.length, days, moves, movedBack, movesADay: late / (days - 1) };
}

function withLoads(snapshot: Snapshot, of: (id: string) => number): Snapshot {
  return {
    ...snapshot,
    regions: snapshot.regions.map((region) => ({ ...region, load: { writeBytesPerSecond: of(region.id) } })),
  };
}

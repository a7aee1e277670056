import { EMPTY_MEMORY } from '../src/domain/policy.ts';
import type { Policy } from '../src/domain/policy.ts';
import type { LoadPolicy } from '../src/domain/load.ts';
import type { Snapshot } from '../src/domain/snapshot.ts';
import { createPrng } from '../src/lib/prng.ts';
import { makePlan } from '../src/planner/plan.ts';
import type { PlanDraft } from '../src/planner/plan.ts';
import { bestByLoad, compareQuality, measureLoads, randomLoads } from '../test/support/load-optimum.ts';
import { DEFAULT_POLICY } from '../test/support/plans.ts';
import { makeSnapshot } from './clusters.ts';
import type { ClusterShape } from './clusters.ts';
import { randomCluster, withZipf } from './load-clusters.ts';
import { greedyByLoad } from './load-greedy.ts';
import type { GreedyResult } from './load-greedy.ts';
import { swing } from './load-swing.ts';
import { fastestInTurn, ms, times } from './row.ts';
import type { Row } from './row.ts';

const LOAD: LoadPolicy = { by: 'writes', tolerance: 0.1, trigger: 0.2, stableFor: 3, minimum: 0 };
const BY_LOAD: Policy = { ...DEFAULT_POLICY, objective: 'load', load: LOAD };
const SMALL_CASES = 60;
const GREEDY_CASES = 1_000;
const CYCLES = 10_000;

function plan(snapshot: Snapshot, policy = BY_LOAD): PlanDraft {
  return makePlan({ snapshot, policy, memory: EMPTY_MEMORY, nowMs: 0 }).plan;
}

function highest({ datanodes, load }: PlanDraft['after']): number {
  return datanodes.reduce((most, node) => Math.max(most, node.load ?? 0), 0) / (load?.mean ?? 1);
}

function lowest({ datanodes }: PlanDraft['after']): number {
  return datanodes.reduce((least, node) => Math.min(least, node.load ?? 0), Infinity);
}

/** The objective load: how good its plans are, how fast they are made, and that swinging loads move nothing. */
export async function* loadSuite(): AsyncGenerator<Row> {
  yield small();
  yield zipf('100 000 regions, Zipf loads, 3 000 tables, 100 datanodes', {
    ...{ tables: 3_030, regionsPerTable: 33, datanodes: 100, used: 100, layout: 'balanced' },
  });
  yield zipf('The same in 100 000 tables of one region', {
    ...{ tables: 100_000, regionsPerTable: 1, datanodes: 100, used: 100, layout: 'random' },
  });
  yield againstGreedy(true);
  yield againstGreedy(false);
  yield await swinging();
  yield await million();
}

function small(): Row {
  let [planned, equal, most] = [0, 0, 0];
  for (let run = 0; run < SMALL_CASES; run += 1) {
    const prng = createPrng(`small ${run}`);
    const snapshot = randomLoads(prng, 4, 8 + prng.int(5));
    const draft = plan(snapshot);
    if (draft.before.load?.state !== 'uneven') continue;
    planned += 1;
    const band = { tolerance: LOAD.tolerance, low: draft.before.load.low };
    const to = new Map(draft.moves.map((move) => [move.regionId, Number(move.to)]));
    const leaders = snapshot.regions.map(({ id, leader }) => to.get(id) ?? Number(leader));
    const [reached, best] = [measureLoads(snapshot, leaders, band), bestByLoad(snapshot, band)];
    if (compareQuality(reached, best) === 0) equal += 1;
    most = Math.max(most, reached.moves - best.moves);
  }
  return {
    name: 'Objective load: 4 datanodes, 8 to 12 regions',
    figure: `${equal} of ${planned} plans are the optimum, at most ${most} moves above it`,
    reference: 'brute force over all placements',
    target: '95 %, at most 1 above',
    ratio: times(equal / planned),
    met: equal >= 0.95 * planned && most <= 1,
  };
}

function zipf(name: string, shape: ClusterShape): Row {
  const snapshot = withZipf(makeSnapshot(shape));
  const draft = plan(snapshot);
  const planMs = leastProcessorMs(3, () => plan(snapshot));
  const heaviest = heaviestOf(snapshot) / (draft.before.load?.mean ?? 1);
  const ratio = draft.moves.length / Math.max(1, draft.minimumMoves);
  const top = highest(draft.after);
  return {
    name,
    figure: `${ms(planMs)} of processor time, ${draft.moves.length} moves, highest ${top.toFixed(2)} of the mean`,
    reference: `bound ${draft.minimumMoves} moves; the heaviest region alone is ${heaviest.toFixed(2)}`,
    target: '1 s, 1.3 × the bound, 10 % above mean or heaviest region',
    ratio: times(ratio),
    met: planMs < 1_000 && ratio <= 1.3 && top <= 1.1 * Math.max(1, heaviest),
  };
}

/** What a machine's other work takes nothing from. */
function leastProcessorMs(runs: number, work: () => unknown): number {
  let best = Infinity;
  for (let run = 0; run < runs; run += 1) {
    globalThis.gc?.();
    const start = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(start);
    best = Math.min(best, (user + system) / 1_000);
  }
  return best;
}

function heaviestOf({ regions }: Snapshot): number {
  return regions.reduce((most, { load }) => Math.max(most, load?.writeBytesPerSecond ?? 0), 0);
}

/** @param fills whether the greedy goes on until none lies below the band either, as ours does. */
function againstGreedy(fills: boolean): Row {
  let [planned, only, neither, fewer, asFew, proven, more, higher] = [0, 0, 0, 0, 0, 0, 0, 0];
  for (let run = 0; run < GREEDY_CASES; run += 1) {
    const snapshot = randomCluster(`greedy ${run}`);
    const draft = plan(snapshot);
    if (draft.before.load?.state !== 'uneven') continue;
    planned += 1;
    const { mean, low, high } = draft.before.load;
    const greedy = greedyByLoad(snapshot, { low, high, smallest: 0.01 * mean, fills });
    // Within the tolerance of the mean, or of a region that is heavier than that, all are as good.
    const allowed = (1 + LOAD.tolerance) * Math.max(mean, heaviestOf(snapshot)) * (1 + 1e-9);
    const isThere = (end: Pick<GreedyResult, 'highest' | 'lowest'>): boolean =>
      end.highest <= allowed && (!fills || end.lowest >= low * (1 - 1e-9));
    const ours = { highest: highest(draft.after) * mean, lowest: lowest(draft.after) };
    if (ours.highest > Math.max(greedy.highest, allowed)) higher += 1;
    if (isThere(ours) && !isThere(greedy)) only += 1;
    else if (!isThere(ours) && !isThere(greedy)) neither += 1;
    else if (draft.moves.length < greedy.moves) fewer += 1;
    else if (draft.moves.length > greedy.moves) more += 1;
    else {
      asFew += 1;
      proven += Number(draft.optimal);
    }
  }
  const both = fewer + asFew + more;
  return {
    name: `${planned} random clusters of 5 to 20 datanodes`,
    figure: `in ${both} the greedy gets there too: fewer moves in ${fewer}, as few in ${asFew} (${proven} proven minimal), more in ${more}; only ours in ${only}, neither in ${neither}; higher final maximum in ${higher}`,
    reference: `hottest region of the hottest datanode to the coldest, ${fills ? 'to the same band' : 'until none is above the band'}`,
    target: 'fewer in 80 %, never a higher maximum',
    ratio: times(fewer / both),
    met: fewer >= 0.8 * both && higher === 0,
  };
}

async function swinging(): Promise<Row> {
  const { regions, days, moves, movedBack, movesADay } = await swing(CYCLES, LOAD);
  return {
    name: `${CYCLES} cycles of loads that swing by day and night, noise 30 %`,
    figure: `${movedBack} regions moved back within the cooldown; ${movesADay.toFixed(1)} moves a day after the first (${moves} in ${days.toFixed(0)} days)`,
    reference: `${regions} regions`,
    target: '0, and 1 % of the regions a day',
    ratio: `${((100 * movesADay) / regions).toFixed(2)} %`,
    met: movedBack === 0 && movesADay <= 0.01 * regions,
  };
}

async function million(): Promise<Row> {
  const snapshot = withZipf(
    makeSnapshot({ tables: 10_000, regionsPerTable: 100, datanodes: 1_000, used: 1_000, layout: 'random' }),
  );
  const [load, count] = await fastestInTurn(
    2,
    () => plan(snapshot),
    () => plan(snapshot, DEFAULT_POLICY),
  );
  return {
    name: 'A million regions, 1 000 datanodes, by load',
    figure: ms(load),
    reference: `by count: ${ms(count)}`,
    target: '2 times',
    ratio: times(load / count),
    met: load <= 2 * count,
  };
}

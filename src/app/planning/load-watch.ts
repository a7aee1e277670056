import { CALM, LOAD_FIELDS, remember } from '../../domain/load.ts';
import type { LoadMeasure } from '../../domain/load.ts';
import type { DatanodeId, RegionId } from '../../domain/ids.ts';
import type { Snapshot } from '../../domain/snapshot.ts';
import type { GivenLoads } from '../../planner/load/loads.ts';
import type { LoadStore, SavedLoads } from '../../store/port.ts';
import type { Planner } from './planner.ts';

/**
 * After so long a reading counts for half: an exponentially weighted mean. Long enough that a load that swings with the day stays a load that
 * is moved once, and not each morning and each evening.
 */
const HALF_LIFE_MS = 6 * 60 * 60_000;
/** Of fewer readings nobody can tell how much the load varies. */
const FEWEST_READINGS = 3;
/** After so many readings a load is taken as it is, however much it varies. */
const ENOUGH_READINGS = 12;
/** A mean without a reading for so long says nothing any more. */
const STALE_MS = 60 * 60_000;
/** But when the daemon begins again, what it saved in the last day says that loads will be known soon: until then nothing is moved to even out counts. */
const REMEMBERED_MS = 24 * 60 * 60_000;
/** Coefficient of variation (standard deviation over mean) above which a load is not to be relied on. */
const MOST_VARIATION = 0.5;
/** In tolerances: a plan for load is made again with the loads it was made with until those of some datanode's regions have changed by so much in sum. */
const CHANGE_THAT_MATTERS = 0.5;
/** So often at most the means are saved; and of no more regions than this. */
const SAVE_INTERVAL_MS = 5 * 60_000;
const MOST_SAVED = 200_000;

interface Watched {
  readonly mean: number;
  readonly variance: number;
  readonly readings: number;
  readonly atMs: number;
}

/**
 * Watches the regions' loads from cycle to cycle: smooths them, knows how far each is to be trusted, and remembers for how long the trigger has been
 * exceeded. What it knows outlives the process. A region that moves keeps its mean; only its counter starts anew.
 */
export class LoadWatch {
  readonly #store: LoadStore;
  #by: LoadMeasure | undefined;
  #regions: ReadonlyMap<RegionId, Watched> = new Map();
  /** What plans stand on: the same as these were at some time. */
  #basis = this.#regions;
  /** The last plan was one for load, and is not carried out yet. */
  #isPlanned = false;
  #readingsToWait = 0;
  #savedAtMs = 0;
  #firstCycleAtMs: number | undefined;

  constructor(store: LoadStore) {
    this.#store = store;
  }

  /** A planner for one cycle, however often it plans: it is given what is known of the loads, where the policy asks for that. */
  forCycle(planner: Planner): Planner {
    const before = this.#store.loadMemory() ?? CALM;
    return async (input, options, signal) => {
      const { load } = input.policy;
      if (load === undefined) return planner(input, options, signal);
      this.#firstCycleAtMs ??= input.nowMs;
      this.note(input.snapshot, load.by, input.nowMs);
      this.#weigh(input.snapshot, input.nowMs, load.tolerance);
      const loads = this.loadsOf(input.snapshot, input.nowMs);
      const planned = await planner(
        { ...input, loads, memory: { ...input.memory, load: before } },
        options,
        signal,
      );
      const seen = planned.counts.load?.now;
      const moves = planned.plan.moves.filter(({ reason }) => reason === 'load').length;
      this.#store.saveLoadMemory(seen ? remember(before, seen, moves) : CALM);
      this.#isPlanned = seen?.state === 'uneven' && planned.plan.moves.length > 0;
      return planned;
    };
  }

  /** Adds a snapshot's readings to the means. */
  note({ regions }: Snapshot, by: LoadMeasure, nowMs: number): void {
    this.#open(by, nowMs);
    const next = new Map<RegionId, Watched>();
    for (const { id, load } of regions) {
      const known = this.#regions.get(id);
      const reading = load?.[LOAD_FIELDS[by]];
      const isReading = reading !== undefined && reading >= 0 && reading < Infinity;
      const watched = isReading ? withReading(known, reading, nowMs) : known;
      if (watched) next.set(id, watched);
    }
    this.#regions = next;
    if (nowMs - this.#savedAtMs < SAVE_INTERVAL_MS && nowMs >= this.#savedAtMs) return;
    this.#savedAtMs = nowMs;
    if (next.size <= MOST_SAVED) this.#store.saveLoads({ by, ...pack(next) });
  }

  /** What is known of the regions of a snapshot. */
  loadsOf({ regions }: Snapshot, nowMs: number): GivenLoads {
    const values = new Float64Array(regions.length).fill(NaN);
    const unsteady = new Uint8Array(regions.length);
    regions.forEach(({ id }, index) => {
      const watched = this.#watched(id, nowMs);
      if (!watched) return;
      const basis = this.#basis.get(id) ?? watched;
      values[index] = basis.mean;
      unsteady[index] = Number(!isSteady(basis) || !watched.readings);
    });
    return { values, unsteady, readingsToWait: this.#readingsToWait };
  }

  #watched(id: RegionId, nowMs: number): Watched | undefined {
    const watched = this.#regions.get(id);
    if (!watched || nowMs - watched.atMs <= STALE_MS) return watched;
    const beganMs = this.#firstCycleAtMs ?? 0;
    const isRemembered = watched.atMs < beganMs && watched.atMs >= beganMs - REMEMBERED_MS;
    return isRemembered && nowMs - beganMs <= STALE_MS ? { ...watched, readings: 0 } : undefined;
  }

  /** Decides what plans stand on now, and whether that is known well enough to act on. */
  #weigh(snapshot: Snapshot, nowMs: number, tolerance: number): void {
    const mean = meanOfDatanodes(snapshot, (id) => this.#regions.get(id)?.mean ?? 0);
    const matters = CHANGE_THAT_MATTERS * tolerance * mean;
    const change = (id: RegionId): number => changeBetween(this.#basis.get(id), this.#watched(id, nowMs));
    if (!this.#isPlanned || mostOfDatanodes(snapshot, change) > matters) this.#basis = this.#regions;
    const error = Math.sqrt(mostOfDatanodes(snapshot, (id) => squaredErrorOf(this.#regions.get(id))));
    this.#readingsToWait = error <= matters ? 0 : mostReadingsMissing(snapshot, this.#regions);
  }

  /** What an earlier process saved; nothing where it watched something else. */
  #open(by: LoadMeasure, nowMs: number): void {
    if (this.#by === by) return;
    this.#by = by;
    const saved = this.#store.savedLoads();
    this.#regions = saved?.by === by ? unpack(saved) : new Map<RegionId, Watched>();
    this.#basis = this.#regions;
    this.#savedAtMs = nowMs;
  }
}

/**
 * What a plan on the side knows of loads: the means that a daemon saved, with one reading more. A single look at a cluster knows of no rates.
 *
 * @returns undefined where none were saved: then a plan goes by the readings alone.
 */
export function savedLoadsOf(
  saved: SavedLoads | undefined,
  snapshot: Snapshot,
  by: LoadMeasure,
  nowMs: number,
): GivenLoads | undefined {
  if (saved?.by !== by) return undefined;
  const nothing = (): undefined => undefined;
  const watch = new LoadWatch({
    ...{ loadMemory: nothing, saveLoadMemory: nothing, saveLoads: nothing },
    savedLoads: () => saved,
  });
  watch.note(snapshot, by, nowMs);
  return watch.loadsOf(snapshot, nowMs);
}

function withReading(known: Watched | undefined, reading: number, nowMs: number): Watched {
  if (!known) return { mean: reading, variance: 0, readings: 1, atMs: nowMs };
  const elapsedMs = nowMs - known.atMs;
  // Two plans of one cycle see the same reading.
  if (elapsedMs <= 0) return known;
  // The first readings count alike: none of them is worth hours of others.
  const part = Math.max(1 - 2 ** (-elapsedMs / HALF_LIFE_MS), 1 / (known.readings + 1));
  const difference = reading - known.mean;
  return {
    mean: known.mean + part * difference,
    variance: (1 - part) * (known.variance + part * difference ** 2),
    readings: known.readings + 1,
    atMs: nowMs,
  };
}

function isSteady({ mean, variance, readings }: Watched): boolean {
  return readings >= FEWEST_READINGS && Math.sqrt(variance) <= MOST_VARIATION * mean;
}

type OfRegion = (id: RegionId) => number;

function sumsOfDatanodes({ regions }: Snapshot, of: OfRegion): number[] {
  const sums = new Map<DatanodeId, number>();
  for (const { id, leader } of regions)
    if (leader !== null) sums.set(leader, (sums.get(leader) ?? 0) + of(id));
  return [...sums.values()];
}

function meanOfDatanodes(snapshot: Snapshot, of: OfRegion): number {
  const sums = sumsOfDatanodes(snapshot, of);
  return sums.reduce((all, sum) => all + sum, 0) / Math.max(1, sums.length);
}

function mostOfDatanodes(snapshot: Snapshot, of: OfRegion): number {
  return Math.max(0, ...sumsOfDatanodes(snapshot, of));
}

/** How far the mean is likely to be off (its standard error), squared: so errors add up that do not depend on each other. */
function squaredErrorOf(watched: Watched | undefined): number {
  return !watched || watched.readings >= ENOUGH_READINGS ? 0 : watched.variance / watched.readings;
}

/** How many more readings the region needs that was read least often, until its load is taken as it is. */
function mostReadingsMissing({ regions }: Snapshot, watched: ReadonlyMap<RegionId, Watched>): number {
  return regions.reduce((most, { id }) => {
    const readings = watched.get(id)?.readings;
    return readings === undefined ? most : Math.max(most, ENOUGH_READINGS - readings);
  }, 0);
}

/** All of a load, where it is known or relied on in one case only. */
function changeBetween(a: Watched | undefined, b: Watched | undefined): number {
  const loads = [a?.mean ?? 0, b?.mean ?? 0] as const;
  if (a && b && isSteady(a) === isSteady(b)) return Math.abs(loads[0] - loads[1]);
  return Math.max(...loads);
}

const NUMBERS = 4;

function pack(regions: ReadonlyMap<RegionId, Watched>): Pick<SavedLoads, 'ids' | 'numbers'> {
  const ids = BigUint64Array.from(regions.keys(), BigInt);
  const numbers = new Float64Array(regions.size * NUMBERS);
  let at = 0;
  for (const { mean, variance, readings, atMs } of regions.values()) {
    numbers.set([mean, variance, readings, atMs], at);
    at += NUMBERS;
  }
  return { ids, numbers };
}

function unpack({ ids, numbers }: SavedLoads): Map<RegionId, Watched> {
  const regions = new Map<RegionId, Watched>();
  ids.forEach((id, index) => {
    const [mean = NaN, variance = NaN, readings = 0, atMs = 0] = numbers.subarray(index * NUMBERS);
    regions.set(id.toString(), { mean, variance, readings, atMs });
  });
  return regions;
}

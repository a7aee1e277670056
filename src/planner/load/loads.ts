import { LOAD_FIELDS } from '../../domain/load.ts';
import type { LoadPolicy } from '../../domain/load.ts';
import type { Problem } from '../problem.ts';

/** Loads from somebody who watches the regions for longer than one snapshot, by the snapshot's index. */
export interface GivenLoads {
  /** NaN for unknown. */
  readonly values: Float64Array;
  /** 1: the load varies too much to rely on. */
  readonly unsteady: Uint8Array;
  /** For so many more readings at most what is read next is likely to ask for another plan. Default: 0. */
  readonly readingsToWait?: number;
}

/** What the counted regions carry. */
export interface Loads {
  /** By region. An unknown load is taken for the mean of the known ones of its table, or of all: it is not zero. */
  readonly of: Float64Array;
  /** By region: 1 where the load is not known, or varies too much. */
  readonly unreliable: Uint8Array;
  /** See {@link GivenLoads}. */
  readonly readingsToWait: number;
}

/** No load is more than this, in any unit. */
const MOST = 2 ** 80;

/** The share of counted regions without a load from which on loads say too little. */
const MOST_UNKNOWN = 0.1;

/** How many counted regions have no load, and how many there are. */
export interface UnknownLoads {
  readonly unknown: number;
  readonly regions: number;
}

/** @returns the loads, or how many are missing where they are too many, or all are zero, to balance by. */
export function readLoads(problem: Problem, policy: LoadPolicy, given?: GivenLoads): Loads | UnknownLoads {
  const { snapshot, hold, regionsOfTable } = problem;
  const field = LOAD_FIELDS[policy.by];
  const of = new Float64Array(hold.length).fill(NaN);
  const unreliable = new Uint8Array(hold.length);
  let unknown = 0;
  for (const region of regionsOfTable) {
    const value = given ? given.values[region]! : snapshot.regions[region]!.load?.[field];
    // What a file or a counter says may be nonsense: that is unknown too.
    const isKnown = value !== undefined && value >= 0 && value <= MOST;
    if (isKnown) of[region] = value;
    else unknown += 1;
    unreliable[region] = isKnown ? (given?.unsteady[region] ?? 0) : 1;
  }
  const regions = regionsOfTable.length;
  if (unknown > regions * MOST_UNKNOWN) return { unknown, regions };
  quantize(of);
  if (unknown > 0) fillUnknown(problem, of);
  return { of, unreliable, readingsToWait: given?.readingsToWait ?? 0 };
}

export function areKnown(loads: Loads | UnknownLoads): loads is Loads {
  return 'of' in loads;
}

/** Rounds the loads to multiples of so small a unit that all sums of them are exact, in whatever order they are added. */
function quantize(of: Float64Array): void {
  let most = 0;
  for (const load of of) if (load > most) most = load;
  if (most === 0) return;
  const unit = 2 ** (Math.ceil(Math.log2(most)) + Math.ceil(Math.log2(of.length + 1)) - 51);
  for (let region = 0; region < of.length; region += 1) of[region] = Math.round(of[region]! / unit) * unit;
}

/** Gives each region of unknown load the mean of its table, or of all where none of its table is known. */
function fillUnknown({ start, regionsOfTable, tables }: Problem, of: Float64Array): void {
  const overall = meanOf(regionsOfTable, of) ?? 0;
  for (let table = 0; table < tables.length; table += 1) {
    const regions = regionsOfTable.subarray(start[table], start[table + 1]);
    if (!regions.some((region) => Number.isNaN(of[region]!))) continue;
    const mean = meanOf(regions, of) ?? overall;
    for (const region of regions) if (Number.isNaN(of[region]!)) of[region] = mean;
  }
  quantize(of);
}

function meanOf(regions: Int32Array, of: Float64Array): number | undefined {
  let [sum, known] = [0, 0];
  for (const region of regions) {
    if (Number.isNaN(of[region]!)) continue;
    sum += of[region]!;
    known += 1;
  }
  return known === 0 ? undefined : sum / known;
}

/** What a region may do for the load. */
const STAYS = 0;
/** It may change places with a heavier one of its table, no more. */
export const MAKES_ROOM = 1;
export const MAY_MOVE = 2;

/** A region below this part of the targets' mean is too small to be moved for its load. */
const SMALLEST_PART = 0.01;
/** Where the larger ones carry less than this part of all load, smaller ones have to move too. */
const CARRIED_BY_LARGE = 0.5;

/** The least load for which a region is moved. @param mean of the targets. */
export function smallestToMove({ regionsOfTable }: Problem, loads: Loads, mean: number): number {
  const usual = SMALLEST_PART * mean;
  let [all, large] = [0, 0];
  for (const region of regionsOfTable) {
    const load = loads.of[region]!;
    all += load;
    if (load >= usual) large += load;
  }
  if (large >= CARRIED_BY_LARGE * all) return usual;
  const small = Float64Array.from(regionsOfTable, (region) => loads.of[region]!)
    .filter((load) => load < usual)
    .sort();
  let next = small.length - 1;
  for (; next > 0 && large < CARRIED_BY_LARGE * all; next -= 1) large += small[next]!;
  return small[next]!;
}

/** By region: {@link STAYS}, {@link MAKES_ROOM} or {@link MAY_MOVE}. */
export function findRoles(problem: Problem, loads: Loads, smallest: number): Uint8Array {
  const roles = new Uint8Array(problem.hold.length).fill(STAYS);
  for (const region of problem.regionsOfTable) {
    if (problem.hold[region] !== 0) continue;
    const isSmall = loads.of[region]! < smallest;
    // Of a small load nobody minds how much it varies.
    if (isSmall) roles[region] = MAKES_ROOM;
    else if (loads.unreliable[region] === 0) roles[region] = MAY_MOVE;
  }
  return roles;
}

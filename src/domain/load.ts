import type { RegionLoad } from './snapshot.ts';

/** What the objective `load` can even out. */
export const LOAD_MEASURES = ['writes', 'disk', 'rows'] as const;
export type LoadMeasure = (typeof LOAD_MEASURES)[number];

/** Where a snapshot has it: bytes written per second, bytes on disk, rows. */
export const LOAD_FIELDS = {
  writes: 'writeBytesPerSecond',
  disk: 'diskBytes',
  rows: 'rows',
} as const satisfies Readonly<Record<LoadMeasure, keyof RegionLoad>>;

/** When and how far load is evened out. */
export interface LoadPolicy {
  readonly by: LoadMeasure;
  /** How far from the mean a datanode may be after a plan for load: 0.1 is 10 %. */
  readonly tolerance: number;
  /** How far above the mean a datanode has to be before anything is planned for load. */
  readonly trigger: number;
  /** For how many cycles in a row. At least 1. */
  readonly stableFor: number;
  /** A datanode with less than this is never too loaded: bytes per second, bytes, or rows. */
  readonly minimum: number;
}

/**
 * How the load of the targets stands. `even`: all within the tolerance. `tolerated`: not so, but none has been above the trigger. `waiting`: one
 * is above the trigger, not yet for long enough. `uneven`: it is time to plan for load.
 */
export const LOAD_STATES = ['even', 'tolerated', 'waiting', 'uneven'] as const;
export type LoadState = (typeof LOAD_STATES)[number];

/** What earlier cycles saw: the trigger's memory. */
export interface LoadMemory {
  /** Cycles in a row in which a target was above the trigger, up to the one before this. */
  readonly cyclesAbove: number;
  /** Planning for load has begun and has not reached the tolerance yet: the trigger need not be reached again. */
  readonly active: boolean;
}

/** Whether it is time to plan for load, in a cycle in which the targets stand like this. */
export function isTime(isAbove: boolean, memory: LoadMemory | undefined, policy: LoadPolicy): boolean {
  // Who asks once has no earlier cycles, and wants to see what would move.
  if (memory === undefined) return isAbove;
  return memory.active || (isAbove && memory.cyclesAbove + 1 >= policy.stableFor);
}

export const CALM: LoadMemory = { cyclesAbove: 0, active: false };

/**
 * The memory for the next cycle.
 *
 * @param seen how the targets stood before this cycle's plan. @param moves the plan's moves for load.
 */
export function remember(
  memory: LoadMemory,
  { state, isAbove }: { readonly state: LoadState; readonly isAbove: boolean },
  moves: number,
): LoadMemory {
  return {
    cyclesAbove: isAbove ? memory.cyclesAbove + 1 : 0,
    active: state === 'uneven' && moves > 0,
  };
}

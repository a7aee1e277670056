import type { LoadPolicy, LoadState } from './load.ts';

/** What the targets carry, now and after the plan. */
export interface CountedLoad {
  readonly policy: LoadPolicy;
  /** For each unit of weight. */
  readonly mean: number;
  readonly low: number;
  readonly high: number;
  /** Between what each datanode's load should lie, as {@link LoadAt.ofDatanode} has them. */
  readonly lowOf: Float64Array;
  readonly highOf: Float64Array;
  /** So many more cycles in a row a target has to be above the trigger before it is time. */
  readonly cyclesToWait: number;
  /** After so many more readings at most, one in each cycle, the loads are known well enough. */
  readonly readingsToWait: number;
  readonly now: LoadAt;
  readonly after: LoadAt;
  /** What the region of each of the plan's moves carries, in their order. */
  readonly ofMove: Float64Array;
}

export interface LoadAt {
  readonly state: LoadState;
  /** Whether a target is above the trigger. */
  readonly isAbove: boolean;
  /** Targets outside their bands. */
  readonly outside: number;
  /** By datanode, as far as they are listed; NaN for those that are no targets. */
  readonly ofDatanode: Float64Array;
}

type Bands = Pick<CountedLoad, 'policy' | 'mean' | 'lowOf' | 'highOf'>;

/** Says how loads stand to their bands. @param isTime whether it is time to plan for load, given whether a target is above the trigger. */
export function standOf(
  { policy, mean, lowOf, highOf }: Bands,
  ofDatanode: Float64Array,
  isTime: (isAbove: boolean) => boolean,
): LoadAt {
  const { trigger, tolerance, minimum } = policy;
  // What sums of fractions differ by is no load.
  const slack = 1e-9 * mean;
  let [outside, isAbove] = [0, false];
  ofDatanode.forEach((load, index) => {
    const high = highOf[index]!;
    if (load > high + slack || load < lowOf[index]! - slack) outside += 1;
    if (load >= minimum && load > ((1 + trigger) / (1 + tolerance)) * high) isAbove = true;
  });
  return { state: stateOf(outside, isAbove, isTime), isAbove, outside, ofDatanode };
}

function stateOf(outside: number, isAbove: boolean, isTime: (isAbove: boolean) => boolean): LoadState {
  if (!isAbove && outside === 0) return 'even';
  if (isTime(isAbove)) return 'uneven';
  return isAbove ? 'waiting' : 'tolerated';
}

/**
 * The load once a move of its plan has ended. While something of the plan is left to do, it stays time to plan for load.
 *
 * @param carried what the region carries. @param from index of the datanode that it has left; where the move failed, that the plan had it go to.
 */
export function withShiftedLoad(
  load: CountedLoad,
  when: 'now' | 'after',
  { carried, from, to }: { readonly carried: number; readonly from: number; readonly to: number },
): CountedLoad {
  const ofDatanode = load[when].ofDatanode.slice();
  ofDatanode[from]! -= carried;
  ofDatanode[to]! += carried;
  if (when === 'now' && isSame(ofDatanode, load.after.ofDatanode)) return { ...load, now: load.after };
  const wasTime = load.now.state === 'uneven';
  return { ...load, [when]: standOf(load, ofDatanode, () => wasTime) };
}

function isSame(a: Float64Array, b: Float64Array): boolean {
  return a.every((load, index) => Object.is(load, b[index]));
}

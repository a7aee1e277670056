import { countsForSkew } from './datanode-state.ts';
import type { Balance } from './plan.ts';
import { ceilShare, floorShare, violation } from './quotas.ts';
import { isCounted, tally, TABLE_SCOPES } from './region-counts.ts';
import type { CountedLoad } from './counted-load.ts';
import type { RegionCounts, When } from './region-counts.ts';

/** Whether nothing is left for moves to mend: every share is kept, and what drains is empty. Something else may be wrong. */
export function isEven(
  balance: Pick<Balance, 'regionsOnDraining' | 'tableSpreadViolation' | 'nodeSpreadViolation' | 'load'>,
): boolean {
  const { regionsOnDraining, tableSpreadViolation, nodeSpreadViolation, load } = balance;
  if (regionsOnDraining > 0 || tableSpreadViolation > 0) return false;
  // What is left uneven below the trigger is as it should be.
  return load ? load.state === 'even' || load.state === 'tolerated' : nodeSpreadViolation === 0;
}

/** Sums up how even the placement is. Takes time in proportion to the number of cells. */
export function measureBalance(counts: RegionCounts, when: When): Balance {
  const { datanodes, withoutLeader } = tally(counts, when);
  const listed = datanodes.flatMap((datanode) =>
    datanode.state === 'unlisted' ? [] : [{ ...datanode, state: datanode.state }],
  );
  const targets = listed.filter(({ state }) => state === 'target');
  const all = listed.reduce((sum, { counted }) => sum + counted, 0);
  const shares = createShares(counts.datanodes);
  let tableSkewMax = 0;
  let tableSpreadViolation = 0;
  measureTables(
    counts,
    when,
    (_, outside, __, skew) => {
      if (skew > tableSkewMax) tableSkewMax = skew;
      tableSpreadViolation += outside;
    },
    shares,
  );
  return {
    tableSkewMax: rounded(tableSkewMax),
    nodeSkew: rounded(
      range(
        listed.flatMap(({ state, movable, weight }) =>
          countsForSkew(state) ? [shares.scaled(movable, weight)] : [],
        ),
      ),
    ),
    tableSpreadViolation,
    nodeSpreadViolation: targets.reduce(
      (sum, { counted, weight }) =>
        sum + violation(counted, shares.floor(all, weight), shares.ceil(all, weight)),
      0,
    ),
    // A drain takes everything, whatever is selected.
    regionsOnDraining: listed.reduce((sum, { drains, led }) => (drains ? sum + led : sum), 0),
    regionsOnDead: datanodes.reduce(
      (sum, { state, selected }) => (state === 'dead' || state === 'unlisted' ? sum + selected : sum),
      0,
    ),
    regionsWithoutLeader: withoutLeader.selected,
    ...(counts.load && { load: loadBalance(counts.load, when) }),
    datanodes: listed.map(({ id, state, weight, drains, selected, led }, index) => {
      const load = counts.load?.[when].ofDatanode[index];
      return {
        ...{ id, regions: drains ? led : selected, state, drains, weight },
        ...(load !== undefined && !Number.isNaN(load) && { load: rounded(load) }),
      };
    }),
  };
}

function loadBalance(load: CountedLoad, when: When): NonNullable<Balance['load']> {
  const { mean, low, high, cyclesToWait, readingsToWait } = load;
  const { outside, state } = load[when];
  const { by, tolerance, trigger } = load.policy;
  return {
    ...{ by, mean: rounded(mean), low: rounded(low), high: rounded(high) },
    ...{ trigger: rounded(((1 + trigger) / (1 + tolerance)) * high), outside, state },
    ...(state === 'waiting' && { cyclesToWait, readingsToWait }),
  };
}

interface Shares {
  readonly targets: number;
  /** Datanodes that skew is measured over. */
  readonly measured: number;
  /** Counts are divided by weight where weights differ; where they are all the same, skew is in whole regions. */
  scaled(count: number, weight: number): number;
  floor(regions: number, weight: number): number;
  ceil(regions: number, weight: number): number;
  /** The sum of all targets' floors. */
  floors(regions: number): number;
}

function createShares(datanodes: RegionCounts['datanodes']): Shares {
  const weights = datanodes.flatMap(({ state, weight }) => (state === 'target' ? [weight] : []));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const measured = datanodes.filter(({ state }) => countsForSkew(state));
  const differ = measured.some(({ weight }) => weight !== measured[0]!.weight);
  // Tables of equal size have equal floors: summed once per size.
  const known = new Map<number, number>();
  const floor = (regions: number, weight: number): number => floorShare(regions, weight, total);
  return {
    targets: weights.length,
    measured: measured.length,
    scaled: (count, weight) => (differ ? count / weight : count),
    floor,
    ceil: (regions, weight) => ceilShare(regions, weight, total),
    floors(regions) {
      let sum = known.get(regions);
      if (sum === undefined) {
        sum = weights.reduce((floors, weight) => floors + floor(regions, weight), 0);
        known.set(regions, sum);
      }
      return sum;
    },
  };
}

/** The rows of tables with more regions somewhere than their share's ceil, or fewer than its floor. */
export function unevenTables(counts: RegionCounts, when: When): ReadonlySet<number> {
  const uneven = new Set<number>();
  measureTables(counts, when, (row, outside) => {
    if (outside > 0) uneven.add(row);
  });
  return uneven;
}

/** Datanodes in quarantine, by index, that lead more regions than their share would be without it. */
export function crowdedInQuarantine(counts: RegionCounts, when: When): ReadonlySet<number> {
  const measured = [...tally(counts, when).datanodes.entries()].filter(([, { state }]) =>
    countsForSkew(state),
  );
  const sumOf = (amount: 'movable' | 'weight'): number =>
    measured.reduce((sum, [, datanode]) => sum + datanode[amount], 0);
  const [regions, weights] = [sumOf('movable'), sumOf('weight')];
  return new Set(
    measured.flatMap(([index, { state, movable, weight }]) =>
      state === 'quarantined' && movable > ceilShare(regions, weight, weights) ? [index] : [],
    ),
  );
}

/**
 * Measures each table that can be moved and has regions on a datanode that is measured or drains. Takes time in proportion to the number of
 * cells.
 *
 * @param tell called for each with how many regions are above ceil or below floor, over all targets, with its regions that are shared among
 *   the targets, and with their skew: max minus min over the datanodes that it is measured over, as {@link Balance} has it.
 */
export function measureTables(
  counts: RegionCounts,
  when: When,
  tell: (row: number, violation: number, regions: number, skew: number) => void,
  shares = createShares(counts.datanodes),
): void {
  const { datanodes, datanodeOf, scope, first } = counts;
  const cells = counts[when];
  /** 0 for datanodes that skew is not measured over. */
  const weightOf = Float64Array.from(datanodes, ({ state, weight }) => (countsForSkew(state) ? weight : 0));
  const isTarget = Uint8Array.from(datanodes, ({ state }) => Number(state === 'target'));
  const isCounting = Uint8Array.from(datanodes, (datanode) => Number(isCounted('counted', datanode)));
  const counted = TABLE_SCOPES.indexOf('counted');
  // Neighbours mostly have as many regions and weigh the same, and share what follows from that.
  let known = 0;
  let floorsOfAll = 0;
  let weight = 0;
  let floor = 0;
  let ceil = 0;
  for (let row = 0; row < scope.length; row += 1) {
    if (scope[row] !== counted) continue;
    const start = first[row]!;
    const end = first[row + 1]!;
    let regions = 0;
    let held = 0;
    for (let cell = start; cell < end; cell += 1) {
      const datanode = datanodeOf[cell]!;
      if (isCounting[datanode]) regions += cells[cell]!;
      else if (weightOf[datanode]) held += cells[cell]!;
    }
    if (regions + held === 0) continue;
    let most = 0;
    let least = Infinity;
    let leading = 0;
    let targets = 0;
    let floorsMet = 0;
    let sum = 0;
    if (regions !== known) {
      known = regions;
      floorsOfAll = shares.floors(regions);
      weight = 0;
    }
    for (let cell = start; cell < end; cell += 1) {
      const count = cells[cell]!;
      const datanode = datanodeOf[cell]!;
      const itsWeight = weightOf[datanode];
      if (count === 0 || !itsWeight) continue;
      if (itsWeight !== weight) {
        weight = itsWeight;
        floor = shares.floor(regions, weight);
        ceil = shares.ceil(regions, weight);
      }
      const scaled = shares.scaled(count, weight);
      if (scaled > most) most = scaled;
      if (scaled < least) least = scaled;
      leading += 1;
      if (!isTarget[datanode]) continue;
      targets += 1;
      floorsMet += floor;
      sum += violation(count, floor, ceil);
    }
    // All others lead none; the targets among them lack their floor.
    if (leading < shares.measured) least = 0;
    if (targets < shares.targets) sum += floorsOfAll - floorsMet;
    tell(row, sum, regions, shares.measured === 0 ? 0 : most - least);
  }
}

function range(values: readonly number[]): number {
  let most = -Infinity;
  let least = Infinity;
  for (const value of values) {
    most = Math.max(most, value);
    least = Math.min(least, value);
  }
  return values.length === 0 ? 0 : most - least;
}

/** Nine decimals: what differs beyond is the error of a division, not of the balance. */
function rounded(value: number): number {
  return Math.round(value * 1e9) / 1e9;
}

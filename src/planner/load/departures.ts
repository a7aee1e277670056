import { highFor } from './band.ts';
import type { Board } from './board.ts';
import { NOISE } from './score.ts';
import type { Score } from './score.ts';

/** Loads of regions from the most to the least, and what the first n of them add up to. */
interface Ranked {
  readonly loads: Float64Array;
  readonly sums: Float64Array;
}

interface Target {
  readonly column: number;
  readonly load: number;
  /** Regions that may leave. */
  readonly regions: readonly number[];
  /** How many of them fit nowhere. */
  readonly heavy: number;
  /** Load of the heaviest of them. */
  readonly most: number;
}

/** Prices that are tried: with 0 room is no matter. */
const PRICES = [0, 0.5, 1];

/**
 * The fewest regions that leave datanodes in any plan that brings the targets as near to their bands as a plan of this score does.
 *
 * From each target with too much at least as many regions leave as its heaviest need to add up to the excess. And what leaves has to find room: some
 * regions are *bulky*, so that they fit on no target unless another region leaves that one. Let each of them pay a price p, 0 to 1, where it leaves,
 * and get it back where it arrives. In every plan the prices cancel out, so that the number of moves is the sum over the targets of
 *
 *     departures + p · (bulky departures − bulky arrivals)
 *
 * and therefore at least the sum of the least that this is for each target alone, whatever arrives there (a Lagrangian relaxation of "each region
 * arrives once"). That holds for every price and for every choice of what is bulky; the best of some is taken.
 *
 * Each target ends without a region that fits nowhere, or the heaviest of those that it leads at the end allows it more. Each such region is the
 * heaviest of one target at most: what all of them spare together is no more than each spares where it spares most, and no more than each target is
 * spared by the one that spares it most. Where the plan leaves `over` targets above their bands, as many others may stay so, as far above as the
 * worst of them.
 *
 * @param atStart load of each target before any move.
 */
export function fewestDepartures(
  board: Board,
  free: Int32Array,
  atStart: Float64Array,
  score: Pick<Score, 'above' | 'over'>,
): number {
  const { home, problem } = board;
  const regions = problem.columns.map((): number[] => []);
  for (const region of free) if (home[region] !== -1) regions[home[region]!]!.push(region);
  const targets = regions.map((own, column): Target => {
    const heavy = own.reduce((sum, region) => sum + Number(board.isHeavy(region)), 0);
    const most = own.reduce((high, region) => Math.max(high, board.loads.of[region]!), 0);
    return { column, load: atStart[column]!, regions: own, heavy, most };
  });
  const bulky = findBulky(board, free, targets);
  const leaving = [...problem.regionsOfTable].filter(
    (region) => home[region] === -1 && board.at[region] !== -1,
  );
  const leavingBulky = leaving.filter((region) => bulky.has(region)).length;
  const prices = bulky.size === 0 ? [0] : PRICES;
  return prices.reduce((most, price) => {
    const sum = sumOfTargets(board, targets, new PricedTargets(board, bulky, price), score);
    return Math.max(most, Math.ceil(leaving.length + price * leavingBulky + sum - NOISE));
  }, 0);
}

function sumOfTargets(
  board: Board,
  targets: readonly Target[],
  priced: PricedTargets,
  { above, over }: Pick<Score, 'above' | 'over'>,
): number {
  let [sum, sparedByTarget] = [0, 0];
  const sparedByStaying: number[] = [];
  const sparedByRegion = new Float64Array(board.band.heavy.length);
  for (const target of targets) {
    const without = priced.least(target, -1, 0);
    let [most, staying] = [0, above === 0 ? 0 : without - priced.least(target, -1, above)];
    board.band.heavy.forEach((region, index) => {
      const needed = priced.least(target, region, 0);
      const spared = Math.max(0, without - needed);
      sparedByRegion[index] = Math.max(sparedByRegion[index]!, spared);
      most = Math.max(most, spared);
      if (above > 0) staying = Math.max(staying, needed - priced.least(target, region, above));
    });
    sum += without;
    sparedByTarget += most;
    sparedByStaying.push(staying);
  }
  const total = (values: Iterable<number>): number => [...values].reduce((all, value) => all + value, 0);
  // Of all that could stay above, the ones that spare most.
  const stay = sparedByStaying.sort((a, b) => b - a).slice(0, above === 0 ? 0 : over);
  return Math.max(0, sum - Math.min(sparedByTarget, total(sparedByRegion)) - total(stay));
}

/** Regions that fit on no target as it was at the start. */
function findBulky(board: Board, free: Int32Array, targets: readonly Target[]): ReadonlySet<number> {
  const { band, loads, problem, home } = board;
  const roomAt = targets.map(({ column, load, regions }) => {
    const own = regions.reduce(
      (most, region) => (board.isHeavy(region) ? Math.max(most, loads.of[region]!) : most),
      0,
    );
    return highFor(band, problem.weights[column]!, band.fixed[column]!, own) - load;
  });
  const room = Math.max(...roomAt);
  const fits = (region: number): boolean =>
    board.isHeavy(region) &&
    targets.some(({ column, load }) => {
      const own = loads.of[region]!;
      return (
        home[region] !== column &&
        load + own <= highFor(band, problem.weights[column]!, band.fixed[column]!, own)
      );
    });
  return new Set(free.filter((region) => loads.of[region]! > room && !fits(region)));
}

/** What a target costs at least, for a price of bulky regions. */
class PricedTargets {
  readonly #board: Board;
  readonly #bulky: ReadonlySet<number>;
  readonly #price: number;
  /** The least load that takes the place of a bulky region. */
  readonly #lightest: number;
  readonly #ranked = new Map<number, readonly [bulky: Ranked, others: Ranked]>();

  constructor(board: Board, bulky: ReadonlySet<number>, price: number) {
    this.#board = board;
    this.#bulky = bulky;
    this.#price = price;
    this.#lightest = [...bulky].reduce((least, region) => Math.min(least, board.loads.of[region]!), Infinity);
  }

  /**
   * @param heaviest the region that fits nowhere and is the heaviest of those that the target leads at the end; -1: it leads none.
   * @param above tolerances that it may stay above its band.
   */
  least(target: Target, heaviest: number, above: number): number {
    const { loads, band, problem, home } = this.#board;
    const own = heaviest === -1 ? 0 : loads.of[heaviest]!;
    const comes = heaviest !== -1 && home[heaviest] !== target.column;
    const weight = problem.weights[target.column]!;
    const extra = (above * band.tolerance * weight + NOISE) * band.mean;
    const need =
      target.load + (comes ? own : 0) - highFor(band, weight, band.fixed[target.column]!, own) - extra;
    const leave = heaviest === -1 ? target.heavy : 0;
    const given = comes && this.#bulky.has(heaviest) ? this.#price : 0;
    // Nothing has to leave, and no departure makes room for what is worth more than it costs.
    const isIdle = this.#price === 0 || (-need < this.#lightest && target.most < this.#lightest);
    if (need <= 0 && leave === 0 && isIdle) return -given;
    return this.#leastFor(target, comes ? -1 : heaviest, need, leave) - given;
  }

  /** @param stays a region that does not leave; -1 for none. @param need how much has to leave. @param leave so many regions have to. */
  #leastFor(target: Target, stays: number, need: number, leave: number): number {
    const [bulky, others] = this.#rank(target);
    const staying = target.regions.includes(stays) ? this.#board.loads.of[stays]! : NONE;
    const [bulkyStaying, otherStaying] = this.#isBulky(stays) ? [staying, NONE] : [NONE, staying];
    let least = Infinity;
    for (let j = 0; j <= bulky.loads.length; j += 1) {
      const left = need - carriedBy(bulky, j, bulkyStaying);
      for (let i = 0; i <= others.loads.length; i += 1) {
        const over = left - carriedBy(others, i, otherStaying);
        if (over > 0 || i + j < leave) continue;
        const arrivals = this.#price === 0 ? 0 : Math.floor(-over / this.#lightest);
        least = Math.min(least, i + j + this.#price * (j - arrivals));
        // A lighter one cannot make room for more than one bulky region.
        if (i === others.loads.length || others.loads[i]! < this.#lightest) break;
      }
    }
    return least;
  }

  #rank(target: Target): readonly [bulky: Ranked, others: Ranked] {
    let ranked = this.#ranked.get(target.column);
    if (ranked) return ranked;
    const { loads } = this.#board;
    const { bulky = [], others = [] } = Object.groupBy(target.regions, (region) =>
      this.#isBulky(region) ? 'bulky' : 'others',
    );
    ranked = [rank(loads, bulky), rank(loads, others)];
    this.#ranked.set(target.column, ranked);
    return ranked;
  }

  /** Without a price all regions are alike. */
  #isBulky(region: number): boolean {
    return this.#price > 0 && this.#bulky.has(region);
  }
}

/** Stands for the load of no region. */
const NONE = -1;

/** What the heaviest of some regions carry; less than everything where there are not so many. @param staying the load of one that does not leave. */
function carriedBy({ loads, sums }: Ranked, count: number, staying: number): number {
  const at = staying === NONE ? -1 : loads.indexOf(staying);
  if (at === -1) return sums[count]!;
  if (count === loads.length) return -Infinity;
  return at < count ? sums[count + 1]! - staying : sums[count]!;
}

function rank({ of }: Board['loads'], regions: readonly number[]): Ranked {
  // Numbers alone are sorted many times as fast as regions by a number.
  const loads = Float64Array.from(regions, (region) => of[region]!)
    .sort()
    .reverse();
  const sums = new Float64Array(loads.length + 1);
  for (let index = 0; index < loads.length; index += 1) sums[index + 1] = sums[index]! + loads[index]!;
  return { loads, sums };
}

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
  readonly regions: Int32Array;
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
 */
export function fewestDepartures(board: Board, score: Pick<Score, 'above' | 'over'>): number {
  const { home, at, problem } = board;
  const targets = findTargets(board);
  const bulky = findBulky(board, targets);
  let [leaving, leavingBulky] = [0, 0];
  for (const region of problem.regionsOfTable) {
    if (home[region] !== -1 || at[region] === -1) continue;
    leaving += 1;
    if (bulky.has(region)) leavingBulky += 1;
  }
  const prices = bulky.size === 0 ? [0] : PRICES;
  return prices.reduce((most, price) => {
    const sum = sumOfTargets(board, targets, new PricedTargets(board, bulky, price), score);
    return Math.max(most, Math.ceil(leaving + price * leavingBulky + sum - NOISE));
  }, 0);
}

/** The targets as they are before any move. */
function findTargets({ band, home, loads, problem, carriedAtHome }: Board): Target[] {
  const { hold, regionsOfTable } = problem;
  const count = carriedAtHome.length;
  const [start, most] = [new Int32Array(count + 1), new Float64Array(count)];
  for (const region of regionsOfTable) {
    const column = home[region]!;
    if (hold[region] !== 0 || column === -1) continue;
    start[column + 1]! += 1;
    if (loads.of[region]! > most[column]!) most[column] = loads.of[region]!;
  }
  for (let column = 0; column < count; column += 1) start[column + 1]! += start[column]!;
  const [regions, end] = [new Int32Array(start[count]!), start.slice()];
  for (const region of regionsOfTable) {
    const column = home[region]!;
    if (hold[region] !== 0 || column === -1) continue;
    regions[end[column]!] = region;
    end[column]! += 1;
  }
  const heavy = new Int32Array(count);
  for (const region of band.heavy) if (home[region] !== -1) heavy[home[region]!]! += 1;
  return Array.from(carriedAtHome, (load, column): Target => {
    const own = regions.subarray(start[column], start[column + 1]);
    return { column, load, regions: own, heavy: heavy[column]!, most: most[column]! };
  });
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
function findBulky(board: Board, targets: readonly Target[]): ReadonlySet<number> {
  const { band, loads, problem, home } = board;
  const heaviest = new Float64Array(targets.length);
  for (const region of band.heavy) {
    const column = home[region]!;
    if (column !== -1) heaviest[column] = Math.max(heaviest[column]!, loads.of[region]!);
  }
  const roomAt = targets.map(
    ({ column, load }) =>
      highFor(band, problem.weights[column]!, band.fixed[column]!, heaviest[column]!) - load,
  );
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
  const bulky = new Set<number>();
  for (const region of problem.regionsOfTable)
    if (loads.of[region]! > room && problem.hold[region] === 0 && !fits(region)) bulky.add(region);
  return bulky;
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
    const ofKind = (isBulky: boolean): Int32Array =>
      target.regions.filter((region) => this.#isBulky(region) === isBulky);
    const { loads } = this.#board;
    ranked =
      this.#price === 0
        ? [NOTHING, rank(loads, target.regions)]
        : [rank(loads, ofKind(true)), rank(loads, ofKind(false))];
    this.#ranked.set(target.column, ranked);
    return ranked;
  }

  /** Without a price all regions are alike. */
  #isBulky(region: number): boolean {
    return this.#price > 0 && this.#bulky.has(region);
  }
}

const NOTHING: Ranked = { loads: new Float64Array(0), sums: new Float64Array(1) };

/** Stands for the load of no region. */
const NONE = -1;

/** What the heaviest of some regions carry; less than everything where there are not so many. @param staying the load of one that does not leave. */
function carriedBy({ loads, sums }: Ranked, count: number, staying: number): number {
  const at = staying === NONE ? -1 : loads.indexOf(staying);
  if (at === -1) return sums[count]!;
  if (count === loads.length) return -Infinity;
  return at < count ? sums[count + 1]! - staying : sums[count]!;
}

function rank(loads: Board['loads'], regions: Int32Array): Ranked {
  const sorted = heaviestFirst(loads, regions);
  const sums = new Float64Array(sorted.length + 1);
  for (let index = 0; index < sorted.length; index += 1) sums[index + 1] = sums[index]! + sorted[index]!;
  return { loads: sorted, sums };
}

/** The loads of some regions, from the most to the least. */
export function heaviestFirst({ of }: Board['loads'], regions: Int32Array): Float64Array {
  // Numbers alone are sorted many times as fast as regions by a number.
  const loads = new Float64Array(regions.length);
  for (let index = 0; index < regions.length; index += 1) loads[index] = of[regions[index]!]!;
  return loads.sort().reverse();
}

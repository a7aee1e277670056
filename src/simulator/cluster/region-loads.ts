import { UsageError } from '../../domain/errors.ts';
import { parseDuration } from '../../lib/duration.ts';
import { createPrng } from '../../lib/prng.ts';
import type { Prng } from '../../lib/prng.ts';

/** How loads differ and change; each with the time in which it comes round. */
const PATTERN_MS = { 'hot-tables': 0, daily: 86_400_000, drift: 5 * 86_400_000, jumps: 6 * 3_600_000 };
type Pattern = keyof typeof PATTERN_MS;

/** Names of the patterns that `loads` may list. */
export const LOAD_PATTERNS = ['hot-tables', 'daily', 'drift', 'jumps'] as const satisfies readonly Pattern[];

/** Bytes that a region's leader is sent between two points in time, in ms since 1970. A pure function, so that nothing has to be counted. */
type WrittenBetween = (fromMs: number, toMs: number) => number;

export interface RegionLoad {
  readonly writtenBetween: WrittenBetween;
  readonly initialSstBytes: number;
}

/** A sine around the mean rate. */
interface Wave {
  /** Part of the mean by which it rises and falls. */
  readonly depth: number;
  readonly periodMs: number;
  readonly phase: number;
}

/** One table in so many is hot: this many times as much is written to it and stored in it. */
const HOT_EVERY = 4;
const HOT = { writes: 20, disk: 8 };
const DAILY_DEPTH = 0.6;
const DRIFT_DEPTH = 0.3;
/** In one of so many stretches of time a table is written this many times as much as usual. */
const JUMP_EVERY = 8;
const JUMP = 5;

/** Makes the loads of regions, table by table, from a seed. */
export class RegionLoads {
  readonly #periods: ReadonlyMap<Pattern, number>;
  readonly #prng: Prng;
  readonly #hot: number;
  #tables = 0;

  /**
   * @param patterns `hot-tables,daily@10m,drift,jumps@1h`: each at most once, with the time in which it comes round; empty: every load is steady.
   * @throws UsageError that names the part that is wrong.
   */
  constructor(patterns: string, prng: Prng) {
    this.#periods = parsePatterns(patterns);
    this.#prng = prng;
    this.#hot = prng.int(HOT_EVERY);
  }

  /** A maker of loads for the regions of one more table. It draws from the generator it is given equally often, whatever the patterns are. */
  forTable(): (prng: Prng) => RegionLoad {
    const table = this.#prng.fork(`table ${this.#tables}`);
    const isHot = this.#tables % HOT_EVERY === this.#hot;
    this.#tables += 1;
    // The regions of a table have its hours, and jump together.
    const daily = { depth: DAILY_DEPTH * table.next(), phase: table.next() };
    const jumpSeed = table.int(2 ** 31);
    return (prng) => {
      const [writes, disk] = [prng.next(), prng.next()];
      const waves = [
        ...this.#wave('daily', daily.depth, daily.phase),
        ...this.#wave('drift', DRIFT_DEPTH, table.next()),
      ];
      const hasHot = this.#periods.has('hot-tables');
      const rate = hasHot
        ? 10 ** (3 + 2 * writes) * (isHot ? HOT.writes : 1)
        : Math.floor(10 ** (6 * writes));
      const bytes = hasHot ? 10 ** (8 + 2 * disk) * (isHot ? HOT.disk : 1) : 10 ** (6 + 4 * disk);
      return {
        writtenBetween: writtenAt(rate, waves, this.#periods.get('jumps'), jumpSeed),
        initialSstBytes: Math.floor(bytes),
      };
    };
  }

  #wave(pattern: Pattern, depth: number, phase: number): Wave[] {
    const periodMs = this.#periods.get(pattern);
    return periodMs === undefined ? [] : [{ depth, periodMs, phase }];
  }
}

function parsePatterns(text: string): Map<Pattern, number> {
  const periods = new Map<Pattern, number>();
  for (const part of text.split(',').map((each) => each.trim())) {
    if (part === '') continue;
    const [name, period, ...more] = part.split('@');
    const pattern = LOAD_PATTERNS.find((known) => known === name);
    if (!pattern) throw new UsageError(`No load ${JSON.stringify(part)}; known: ${LOAD_PATTERNS.join(', ')}`);
    if (period !== undefined && PATTERN_MS[pattern] === 0)
      throw new UsageError(`Load ${JSON.stringify(part)}: ${pattern} takes no duration`);
    const periodMs = period === undefined ? PATTERN_MS[pattern] : parseDuration(period);
    if (periodMs === undefined || more.length > 0 || (period !== undefined && periodMs === 0))
      throw new UsageError(`Load ${JSON.stringify(part)}: wanted a duration such as 10m after @`);
    periods.set(pattern, periodMs);
  }
  return periods;
}

/** The integral of the rate. @param jumpMs the stretches in which it may be higher; undefined: it never is. */
function writtenAt(
  rate: number,
  waves: readonly Wave[],
  jumpMs: number | undefined,
  jumpSeed: number,
): WrittenBetween {
  const plain: WrittenBetween = (fromMs, toMs) =>
    (rate * (toMs - fromMs + waves.reduce((sum, wave) => sum + risen(wave, fromMs, toMs), 0))) / 1_000;
  if (jumpMs === undefined) return plain;
  return (fromMs, toMs) => {
    let sum = 0;
    for (let atMs = fromMs; atMs < toMs;) {
      const stretch = Math.floor(atMs / jumpMs);
      const endMs = Math.min(toMs, (stretch + 1) * jumpMs);
      const jumps = createPrng(`${jumpSeed} ${stretch}`).int(JUMP_EVERY) === 0;
      sum += plain(atMs, endMs) * (jumps ? JUMP : 1);
      atMs = endMs;
    }
    return sum;
  };
}

function risen({ depth, periodMs, phase }: Wave, fromMs: number, toMs: number): number {
  const turn = (atMs: number): number => Math.cos(2 * Math.PI * ((atMs % periodMs) / periodMs + phase));
  return ((depth * periodMs) / (2 * Math.PI)) * (turn(fromMs) - turn(toMs));
}

import { describe, expect, it } from 'vitest';
import { UsageError } from '../../../src/domain/errors.ts';
import { createPrng } from '../../../src/lib/prng.ts';
import { LOAD_PATTERNS, RegionLoads } from '../../../src/simulator/cluster/region-loads.ts';
import type { RegionLoad } from '../../../src/simulator/cluster/region-loads.ts';
import { play } from './harness.ts';

const HOUR_MS = 3_600_000;
const ALL = LOAD_PATTERNS.join();

/** Two regions for each of some tables. */
function make(patterns: string, tables = 8, seed = 'loads'): RegionLoad[][] {
  const loads = new RegionLoads(patterns, createPrng(seed));
  const prng = createPrng('regions');
  return Array.from({ length: tables }, () => {
    const load = loads.forTable();
    return [load(prng), load(prng)];
  });
}

/** What a region is sent in each of so many hours, over its mean. */
function hours({ writtenBetween }: RegionLoad, count: number): number[] {
  const mean = writtenBetween(0, count * HOUR_MS) / count;
  return Array.from({ length: count }, (_, hour) => {
    return writtenBetween(hour * HOUR_MS, (hour + 1) * HOUR_MS) / mean;
  });
}

describe('loads of simulated regions', () => {
  it('are the same for the same seed, and others for another', () => {
    const sums = (seed: string): number[] =>
      make(ALL, 4, seed).flatMap((table) => table.map((region) => region.writtenBetween(7, 100 * HOUR_MS)));
    expect(sums('a')).toEqual(sums('a'));
    expect(sums('b')).not.toEqual(sums('a'));
  });

  it('do not change where the regions are', () => {
    const leaders = (loads: string): unknown => play({ layout: { loads, tables: 20 } }).cluster.leaders();
    expect(leaders(ALL)).toEqual(leaders(''));
  });

  it.each(['', ...LOAD_PATTERNS, ALL])(
    '"%s": written bytes only grow, and parts add up to the whole',
    (patterns) => {
      for (const { writtenBetween } of make(patterns).flat()) {
        let sum = 0;
        for (let hour = 0; hour < 60; hour += 1) {
          const more = writtenBetween(hour * HOUR_MS, (hour + 1) * HOUR_MS);
          expect(more).toBeGreaterThanOrEqual(0);
          sum += more;
        }
        expect(sum / Math.max(1, writtenBetween(0, 60 * HOUR_MS))).toBeCloseTo(sum === 0 ? 0 : 1, 6);
      }
    },
  );

  it('daily: rise and fall and are the same again a day later; the regions of a table do so together', () => {
    for (const table of make('daily')) {
      const [first, second] = table.map((region) => hours(region, 48));
      expect(Math.max(...first!) - Math.min(...first!)).toBeGreaterThan(0.02);
      for (const [hour, load] of first!.entries()) {
        expect(load).toBeCloseTo(second![hour]!, 3);
        expect(load).toBeCloseTo(first![(hour + 24) % 48]!, 3);
      }
    }
  });

  it('daily@10m: the day takes ten minutes', () => {
    const { writtenBetween } = make('daily@10m')[0]![0]!;
    const minutes = Array.from({ length: 20 }, (_, minute) =>
      writtenBetween(minute * 60_000, (minute + 1) * 60_000),
    );
    expect(Math.max(...minutes)).toBeGreaterThan(1.02 * Math.min(...minutes));
    for (const [minute, load] of minutes.entries())
      expect(load / minutes[(minute + 10) % 20]!).toBeCloseTo(1, 6);
  });

  it('drift: change little in an hour and much in days, each region on its own', () => {
    const [first, second] = make('drift')[0]!.map((region) => hours(region, 120));
    for (let hour = 1; hour < 120; hour += 1)
      expect(Math.abs(first![hour]! - first![hour - 1]!)).toBeLessThan(0.02);
    expect(Math.max(...first!)).toBeGreaterThan(1.25);
    expect(first!.indexOf(Math.max(...first!))).not.toBe(second!.indexOf(Math.max(...second!)));
  });

  it('jumps: stay for six hours, and are five times as much now and then', () => {
    const [first] = make('jumps')[0]!.map((region) => hours(region, 240));
    const levels = new Set(first!.map((load) => (load / Math.min(...first!)).toFixed(3)));
    expect([...levels].sort()).toEqual(['1.000', '5.000']);
    for (const [hour, load] of first!.entries()) expect(load).toBeCloseTo(first![hour - (hour % 6)]!, 6);
  });

  it('hot-tables: one table in four is written and stores more than all others', () => {
    const tables = make('hot-tables', 80);
    const parts = [
      ({ initialSstBytes }: RegionLoad) => initialSstBytes,
      ({ writtenBetween }: RegionLoad) => writtenBetween(0, HOUR_MS),
    ];
    for (const part of parts) {
      const sums = [0, 0, 0, 0];
      for (const [index, table] of tables.entries())
        for (const region of table) sums[index % 4]! += part(region);
      expect(Math.max(...sums) / sums.reduce((all, sum) => all + sum, 0)).toBeGreaterThan(0.5);
    }
  });

  it('are what the cluster reports', async () => {
    const stage = play({ layout: { loads: 'daily@1m', tables: 1, metricTables: 0 } });
    const { id } = stage.firstRegions()[0]!;
    const written = async (): Promise<number> => {
      const rows = await stage.rows(
        'SELECT region_id, written_bytes_since_open FROM information_schema.region_statistics',
      );
      return Number(rows.find(([region]) => String(region) === id)?.[1]);
    };
    const counts: number[] = [];
    for (let beat = 0; beat < 20; beat += 1) {
      counts.push(await written());
      await stage.clock.advance(9_000);
    }
    const rates = counts.slice(1).map((count, index) => count - counts[index]!);
    expect(Math.max(...rates)).toBeGreaterThan(1.02 * Math.min(...rates));
  });

  it.each(['hot', 'daily@', 'daily@10', 'daily@0s', 'daily@1h@2h', 'hot-tables@1h'])(
    '"%s" is refused',
    (loads) => {
      expect(() => play({ layout: { loads } })).toThrow(UsageError);
    },
  );
});

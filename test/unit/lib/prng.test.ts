import { describe, expect, it } from 'vitest';
import { createPrng } from '../../../src/lib/prng.ts';

function draw(seed: string | number, count: number): number[] {
  const prng = createPrng(seed);
  return Array.from({ length: count }, () => prng.next());
}

describe('createPrng', () => {
  it('gives the same sequence for the same seed, on every machine', () => {
    const prng = createPrng(42);
    expect(Array.from({ length: 6 }, () => prng.int(1_000))).toEqual([926, 777, 149, 969, 927, 793]);
    expect(draw('42', 20)).toEqual(draw(42, 20));
  });

  it('gives different sequences for seeds that differ little', () => {
    const firsts = Array.from({ length: 1_000 }, (_, seed) => draw(seed, 1)[0]);
    expect(new Set(firsts).size).toBe(1_000);
  });

  it('stays within [0, 1) and spreads evenly', () => {
    const values = draw('even', 100_000);
    expect(values.every((value) => value >= 0 && value < 1)).toBe(true);
    const buckets = new Array<number>(10).fill(0);
    for (const value of values) buckets[Math.floor(value * 10)]! += 1;
    for (const count of buckets) expect(Math.abs(count - 10_000)).toBeLessThan(500);
  });

  it('forks by seed and label alone, whatever was drawn before', () => {
    const fresh = createPrng('s');
    const used = createPrng('s');
    used.next();
    expect(used.fork('a').next()).toBe(fresh.fork('a').next());
    expect(fresh.fork('a').next()).not.toBe(fresh.fork('b').next());
  });

  it('picks every item in the end, and refuses an empty list', () => {
    const prng = createPrng(1);
    const picked = new Set(Array.from({ length: 100 }, () => prng.pick(['a', 'b', 'c'])));
    expect([...picked].sort()).toEqual(['a', 'b', 'c']);
    expect(() => prng.pick([])).toThrow(RangeError);
  });

  it('takes chances of 0 and 1 at their word', () => {
    const prng = createPrng(1);
    const chances = Array.from({ length: 100 }, () => [prng.chance(0), prng.chance(1)]);
    expect(chances.every(([never, always]) => !never && always)).toBe(true);
  });
});

/** A source of reproducible randomness: the same seed gives the same sequence on every machine. */
export interface Prng {
  /** A float in [0, 1). */
  next(): number;
  /** An integer in [0, bound). `bound` must be at least 1. */
  int(bound: number): number;
  /** True with the given probability (0 to 1). */
  chance(probability: number): boolean;
  /** One of the items. @throws RangeError on an empty list. */
  pick<T>(items: readonly T[]): T;
  /** An independent generator whose sequence depends on this one's seed and `label` alone. */
  fork(label: string): Prng;
}

/** Seeded generator (sfc32, Chris Doty-Humphrey's PractRand; seeded through splitmix32). Not for secrets. */
export function createPrng(seed: string | number): Prng {
  const text = String(seed);
  let hash = 2_166_136_261;
  for (let index = 0; index < text.length; index += 1)
    hash = Math.imul(hash ^ text.charCodeAt(index), 16_777_619);
  const mix = (): number => {
    hash = (hash + 0x9e37_79b9) | 0;
    let z = hash ^ (hash >>> 16);
    z = Math.imul(z, 0x21f0_aaad);
    z ^= z >>> 15;
    z = Math.imul(z, 0x735a_2d97);
    return z ^ (z >>> 15);
  };
  let [a, b, c, counter] = [mix(), mix(), mix(), 1];
  const next32 = (): number => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return sum >>> 0;
  };
  for (let round = 0; round < 12; round += 1) next32();
  const next = (): number => next32() / 4_294_967_296;
  const int = (bound: number): number => Math.floor(next() * bound);
  return {
    next,
    int,
    chance: (probability) => next() < probability,
    pick<T>(items: readonly T[]): T {
      if (items.length === 0) throw new RangeError('Cannot pick from an empty list');
      return items[int(items.length)]!;
    },
    fork: (label) => createPrng(`${text}/${label}`),
  };
}

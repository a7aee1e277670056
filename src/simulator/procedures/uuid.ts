import type { Prng } from '../../lib/prng.ts';

/** A UUID v4 from the seeded generator: lower case, hyphenated, 36 characters. */
export function seededUuid(prng: Prng): string {
  const digits = Array.from({ length: 32 }, (_, index) => {
    if (index === 12) return '4';
    if (index === 16) return '89ab'[prng.int(4)];
    return prng.int(16).toString(16);
  }).join('');
  const cuts = [0, 8, 12, 16, 20, 32];
  return cuts
    .slice(1)
    .map((end, index) => digits.slice(cuts[index], end))
    .join('-');
}

const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

export function isUuid(text: string): boolean {
  return UUID.test(text);
}

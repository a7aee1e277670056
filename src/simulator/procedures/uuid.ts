import type { Prng } from '../../lib/prng.ts';

/** A UUID v4 from the seeded generator: lower case, hyphenated, 36 characters. */
export function seededUuid(prng: Prng): string {
  return 'xxxxxxxx-xxxx-4xxx-vxxx-xxxxxxxxxxxx'.replace(/[xv]/g, (place) =>
    place === 'v' ? '89ab'[prng.int(4)]! : prng.int(16).toString(16),
  );
}

export function isUuid(text: string): boolean {
  return /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i.test(text);
}

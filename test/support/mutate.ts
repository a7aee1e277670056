import type { Prng } from '../../src/lib/prng.ts';

const VALUES: readonly unknown[] = [
  ...[
    null,
    true,
    '',
    'x',
    '-1',
    'NaN',
    [],
    {},
    0,
    -1,
    0.5,
    1e308,
    18446744073709552000,
    '18446744073709551616',
  ],
  ...['\u0000', '\ud800', '__proto__', 'a'.repeat(5_000), [[[[[]]]]], { constructor: 1 }, '9'.repeat(400)],
];

/** Breaks a text in one of many ways: as bytes, or as the JSON that it may be. */
export function mutate(text: string, prng: Prng): string {
  const at = prng.int(text.length + 1);
  switch (prng.int(8)) {
    case 0:
      return text.slice(0, at);
    case 1:
      return text.slice(at);
    case 2:
      return (
        text.slice(0, at) +
        prng.pick(['\u0000', '"', '{', '[', ']', '}', ',', '\\', '1e999', '\uffff']) +
        text.slice(at)
      );
    case 3:
      return text.slice(0, at) + text.slice(Math.min(text.length, at + 1 + prng.int(20)));
    case 4:
      return '['.repeat(prng.pick([10, 1_000, 20_000]));
    default:
      return mutateJson(text, prng);
  }
}

function mutateJson(text: string, prng: Prng): string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return text.slice(prng.int(text.length + 1));
  }
  const places: [holder: object, key: string][] = [];
  collect(value, places);
  if (places.length === 0) return JSON.stringify(prng.pick(VALUES));
  for (let count = 1 + prng.int(3); count > 0; count -= 1) {
    const [holder, key] = prng.pick(places);
    if (prng.chance(0.25)) Reflect.deleteProperty(holder, key);
    else Reflect.set(holder, key, prng.pick(VALUES));
  }
  return JSON.stringify(value);
}

const MAX_PLACES = 2_000;

function collect(value: unknown, places: [object, string][]): void {
  if (typeof value !== 'object' || value === null) return;
  for (const [key, child] of Object.entries(value)) {
    if (places.length >= MAX_PLACES) return;
    places.push([value, key]);
    collect(child, places);
  }
}

/** A document with the field at `path` (dots and numbers) set to `value`; `undefined` removes it. */
export function withField(text: string, path: string, value: unknown): string {
  const document: unknown = JSON.parse(text);
  const keys = path.split('.');
  let parent = document as Record<string, unknown>;
  for (const key of keys.slice(0, -1)) parent = parent[key] as Record<string, unknown>;
  parent[keys.at(-1)!] = value;
  return JSON.stringify(document);
}

const UNITS_MS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  nsec: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  usec: 1e-3,
  ms: 1,
  msec: 1,
  s: 1_000,
  sec: 1_000,
  second: 1_000,
  m: 60_000,
  min: 60_000,
  minute: 60_000,
  h: 3_600_000,
  hr: 3_600_000,
  hour: 3_600_000,
  d: 86_400_000,
  day: 86_400_000,
  w: 604_800_000,
  wk: 604_800_000,
  week: 604_800_000,
  M: 2_630_016_000,
  month: 2_630_016_000,
  y: 31_557_600_000,
  yr: 31_557_600_000,
  year: 31_557_600_000,
};
const PART = /\s*(\d+(?:\.\d+)?)\s*([a-zµ]+)\s*/gi;

/**
 * Reads a duration as Rust's humantime writes it: `2s 113ms`, `1m 3s`, `2h 3m 1s 20ms`, `1day 2h`.
 *
 * @returns milliseconds, or undefined when the text is no such duration.
 */
export function parseHumantime(text: string): number | undefined {
  if (text.length > 200) return undefined;
  let totalMs = 0;
  let readTo = 0;
  for (const match of text.matchAll(PART)) {
    if (match.index !== readTo) return undefined;
    const unitMs = unitOf(match[2]!);
    if (unitMs === undefined) return undefined;
    totalMs += Number(match[1]) * unitMs;
    readTo = match.index + match[0].length;
  }
  return readTo === text.length && readTo > 0 ? totalMs : undefined;
}

function unitOf(unit: string): number | undefined {
  return UNITS_MS[unit] ?? UNITS_MS[unit.toLowerCase()] ?? UNITS_MS[unit.toLowerCase().replace(/s$/, '')];
}

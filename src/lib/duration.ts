const UNITS = ['d', 'h', 'm', 's', 'ms'] as const;
const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
/** Each unit at most once, the largest first: `1m1h` and `5m5m` are slips. */
const DURATION = new RegExp(`^(?=.)${UNITS.map((unit) => `(?:(\\d+(?:\\.\\d+)?)${unit})?`).join('')}$`);

/** The longest duration that we accept: 100 years. Anything above is a slip of the pen. */
export const MAX_DURATION_MS = 100 * 365 * UNIT_MS.d;

/**
 * Reads `500ms`, `30s`, `5m`, `1h30m`, `7d`.
 *
 * @returns whole milliseconds (fractions are rounded), or undefined when the text is not a duration (a bare number is not: the unit is missing).
 */
export function parseDuration(text: string): number | undefined {
  const match = DURATION.exec(text);
  if (!match) return undefined;
  let totalMs = 0;
  for (const [index, unit] of UNITS.entries()) totalMs += Number(match[index + 1] ?? 0) * UNIT_MS[unit];
  // 1.005 * 1000 is 1004.9999999999999 in binary: rounding gives back what was written.
  const roundedMs = Math.round(totalMs);
  return roundedMs <= MAX_DURATION_MS ? roundedMs : undefined;
}

/** Writes a duration without rounding, so that {@link parseDuration} gives the same milliseconds: `1h30m`, `1s500ms`, `0s`. */
export function exactDuration(durationMs: number): string {
  let restMs = durationMs;
  let text = '';
  for (const unit of UNITS) {
    const amount = Math.floor(restMs / UNIT_MS[unit]);
    restMs -= amount * UNIT_MS[unit];
    if (amount > 0) text += `${amount}${unit}`;
  }
  return text || '0s';
}

/** Writes an estimate: at least a second, and no more exactly than anybody can tell: from a minute on in whole minutes. */
export function formatEstimate(durationMs: number): string {
  const unitMs = durationMs < UNIT_MS.m ? UNIT_MS.s : UNIT_MS.m;
  return formatDuration(Math.max(1, Math.ceil(durationMs / unitMs)) * unitMs);
}

const TENTHS_BELOW_MS = 9_950;
const SECONDS_BELOW_MS = 10 * UNIT_MS.m;

/**
 * Writes a duration the way a person reads it: at most two units, the largest first, and no more exactly than it matters (`850 ms`,
 * `4.4 s`, `42 s`, `3 min 5 s`, `26 min`, `2 h 10 min`, `3 d 4 h`).
 *
 * @param durationMs milliseconds; negative values count as zero.
 */
export function formatDuration(durationMs: number): string {
  const rounded = Math.max(0, Math.round(durationMs));
  if (rounded === 0) return '0 s';
  if (rounded < 1_000) return `${rounded} ms`;
  if (rounded < TENTHS_BELOW_MS) return `${Math.round(rounded / 100) / 10} s`;
  const unitMs = rounded < SECONDS_BELOW_MS ? UNIT_MS.s : UNIT_MS.m;
  const seconds = (Math.round(rounded / unitMs) * unitMs) / 1_000;
  const parts: [number, string][] = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3_600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'min'],
    [seconds % 60, 's'],
  ];
  const first = parts.findIndex(([amount]) => amount > 0);
  return parts
    .slice(first, first + 2)
    .filter(([amount]) => amount > 0)
    .map(([amount, unit]) => `${amount} ${unit}`)
    .join(' ');
}

import type { Clock } from '../../lib/clock.ts';

/**
 * The cluster's own wall clock. It follows the monotonic time, so that a jump of the client's wall clock shows up as a
 * difference between the two, as it would with real servers.
 */
export interface ServerTime {
  /** Milliseconds since 1970, as the servers see it. */
  now(): number;
}

/** @param skewMs how far the servers are ahead of `clock` at the start (negative: behind). */
export function createServerTime(clock: Clock, skewMs: number): ServerTime {
  const offsetMs = clock.now() - clock.monotonicMs() + skewMs;
  return { now: () => Math.floor(offsetMs + clock.monotonicMs()) };
}

const UNITS: readonly (readonly [string, number])[] = [
  ['day', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
  ['ms', 1],
];

/** A duration as Rust's humantime prints it: `2h 3m 1s 20ms`; days as `1day` or `3days`. */
export function humanTime(durationMs: number): string {
  let restMs = Math.max(0, Math.floor(durationMs));
  if (restMs === 0) return '0s';
  const parts: string[] = [];
  for (const [unit, unitMs] of UNITS) {
    const amount = Math.floor(restMs / unitMs);
    restMs -= amount * unitMs;
    if (amount > 0) parts.push(`${amount}${unit}${unit === 'day' && amount > 1 ? 's' : ''}`);
  }
  return parts.join(' ');
}

const UNIT_MS = new Map(UNITS);

/** Reads humantime as the legacy `replay_timeout` parameter does. A bare number is not a duration: undefined. */
export function parseHumanTime(text: string): number | undefined {
  if (!/^(?:\s*\d+(?:days?|h|m|s|ms))+$/.test(text)) return undefined;
  const parts = [...text.matchAll(/(\d+)(day|h|ms|m|s)/g)];
  return parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * (UNIT_MS.get(unit ?? '') ?? 0), 0);
}

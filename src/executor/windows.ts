import { cronTimes } from '../lib/cron.ts';
import type { CronTimes } from '../lib/cron.ts';

/** A time in which moves are allowed: opens whenever `cron` fires, for `durationMs` of elapsed time. */
export interface Window {
  readonly cron: string;
  readonly durationMs: number;
}

export interface WindowState {
  readonly isOpen: boolean;
  /** When it closes by the window that is open now, in ms since 1970; later where another one takes over. */
  readonly closesAtMs?: number;
  readonly detail: string;
}

/** The longest window. A longer one would be open always, with any expression that fires every month. */
const MAX_WINDOW_MS = 31 * 86_400_000;

/**
 * Whether one of the windows is open. No windows at all: always open.
 *
 * @param nowMs ms since 1970.
 * @throws Error when a window's cron expression is none, or the time zone is not known; the configuration refuses those first.
 */
export function evaluateWindows(windows: readonly Window[], timezone: string, nowMs: number): WindowState {
  if (windows.length === 0) return { isOpen: true, detail: 'No windows are configured.' };
  const openings = openingsOf(windows, timezone);
  const closesAtMs = closingTime(openings, nowMs);
  if (closesAtMs === undefined)
    return { isOpen: false, detail: `${describe(windows, timezone)}${nextOpening(openings, nowMs)}` };
  return {
    isOpen: true,
    closesAtMs,
    detail: `A window is open until ${new Date(closesAtMs).toISOString()}.`,
  };
}

interface Opening {
  readonly times: CronTimes;
  readonly durationMs: number;
}

function openingsOf(windows: readonly Window[], timezone: string): readonly Opening[] {
  return windows.map(({ cron, durationMs }) => ({
    times: cronTimes(cron, timezone),
    durationMs: Math.min(durationMs, MAX_WINDOW_MS),
  }));
}

/** Undefined when no window is open. */
function closingTime(openings: readonly Opening[], nowMs: number): number | undefined {
  let closesAtMs: number | undefined;
  for (const { times, durationMs } of openings) {
    const openedAtMs = times.last(nowMs - durationMs, nowMs);
    if (openedAtMs !== undefined) closesAtMs = Math.max(closesAtMs ?? 0, openedAtMs + durationMs);
  }
  return closesAtMs;
}

/** Infinity when none opens any more. */
function openingTime(openings: readonly Opening[], nowMs: number): number {
  return Math.min(...openings.map(({ times }) => times.next(nowMs) ?? Infinity));
}

function nextOpening(openings: readonly Opening[], nowMs: number): string {
  const opensAtMs = openingTime(openings, nowMs);
  return opensAtMs === Infinity ? '' : ` One opens at ${new Date(opensAtMs).toISOString()}.`;
}

/** Openings and closings that are looked at: a month and a half of daily windows. */
const MAX_CHANGES = 100;

/**
 * How long work of `workMs` takes from `nowMs` on when it rests while no window is open.
 *
 * @returns undefined when that is too far ahead to say.
 */
export function elapsedInWindows(
  windows: readonly Window[],
  timezone: string,
  nowMs: number,
  workMs: number,
): number | undefined {
  if (windows.length === 0) return workMs;
  const openings = openingsOf(windows, timezone);
  let atMs = nowMs;
  let leftMs = workMs;
  for (let change = 0; change < MAX_CHANGES; change += 1) {
    const closesAtMs = closingTime(openings, atMs);
    if (closesAtMs === undefined) {
      const opensAtMs = openingTime(openings, atMs);
      if (opensAtMs === Infinity) return undefined;
      atMs = opensAtMs;
      continue;
    }
    if (leftMs <= closesAtMs - atMs) return atMs + leftMs - nowMs;
    leftMs -= closesAtMs - atMs;
    atMs = closesAtMs;
  }
  return undefined;
}

function describe(windows: readonly Window[], timezone: string): string {
  const names = windows.slice(0, 5).map((window) => `"${window.cron}"`);
  return `None of the windows ${names.join(', ')} (${timezone}) is open.`;
}

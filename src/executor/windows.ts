import { cronTimes } from '../lib/cron.ts';

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
  let closesAtMs: number | undefined;
  for (const window of windows) {
    const durationMs = Math.min(window.durationMs, MAX_WINDOW_MS);
    const openedAtMs = cronTimes(window.cron, timezone).last(nowMs - durationMs, nowMs);
    if (openedAtMs !== undefined) closesAtMs = Math.max(closesAtMs ?? 0, openedAtMs + durationMs);
  }
  if (closesAtMs === undefined) return { isOpen: false, detail: describe(windows, timezone) };
  return {
    isOpen: true,
    closesAtMs,
    detail: `A window is open until ${new Date(closesAtMs).toISOString()}.`,
  };
}

function describe(windows: readonly Window[], timezone: string): string {
  const names = windows.slice(0, 5).map((window) => `"${window.cron}"`);
  return `None of the windows ${names.join(', ')} (${timezone}) is open.`;
}

import { formatDuration } from '../lib/duration.ts';
import { formatNumber } from '../lib/number.ts';

/** Numbers, times and names as a person reads them. */

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });
const exact = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'medium' });

/** `Europe/Berlin`: of all times on the page. */
export const ZONE = clock.resolvedOptions().timeZone;

/** `12 345`, `0.25`; it is not broken into two lines. */
export function formatCount(count: number): string {
  return unbroken(formatNumber(count));
}

/** `1 move`, `2 moves`. */
export function plural(count: number, one: string): string {
  return `${formatCount(count)} ${one}${count === 1 ? '' : 's'}`;
}

/** `+3`, `−3`; nothing for 0. */
export function formatChange(change: number): string {
  if (change === 0) return '';
  return change > 0 ? `+${formatCount(change)}` : `−${formatCount(-change)}`;
}

/** In whole seconds: for what is counted while somebody looks. */
export function formatElapsed(fromMs: number, toMs: number): string {
  return formatDuration(Math.max(0, Math.floor((toMs - fromMs) / 1_000)) * 1_000);
}

/** In whole minutes from two minutes on: for times that are read, not watched. */
function formatRough(ms: number): string {
  return ms < 2 * MINUTE_MS ? formatElapsed(0, ms) : formatDuration(Math.round(ms / MINUTE_MS) * MINUTE_MS);
}

/** `02:02`, or `28 Nov 02:02` on another day than today. */
export function formatClock(iso: string, nowMs = Date.now()): string {
  const at = new Date(iso);
  const isToday = at.toDateString() === new Date(nowMs).toDateString();
  return isToday ? clock.format(at) : `${day.format(at)} ${clock.format(at)}`;
}

/** `28 Nov 2026, 02:02:07` */
export function formatExact(iso: string): string {
  return exact.format(new Date(iso));
}

/** `12 s ago` within the last hour, the clock before. */
export function formatAgo(iso: string, nowMs: number): string {
  const ageMs = nowMs - Date.parse(iso);
  if (ageMs < 1_000) return 'just now';
  return ageMs < HOUR_MS ? `${formatRough(ageMs)} ago` : formatClock(iso, nowMs);
}

/** `02:02 (in 43 min)`: when, and how long until then. In minutes of the clock: two times that look alike are equally far away. */
export function formatAhead(iso: string, nowMs: number): string {
  const atMs = Date.parse(iso);
  const minuteOf = (ms: number): number => Math.floor(ms / MINUTE_MS) * MINUTE_MS;
  const leftMs = atMs - nowMs < 2 * MINUTE_MS ? atMs - nowMs : minuteOf(atMs) - minuteOf(nowMs);
  return `${formatClock(iso, nowMs)} (${leftMs < 1_000 ? 'now' : `in ${formatRough(leftMs)}`})`;
}

/** A text with numbers that are not broken into two lines. */
export function unbroken(text: string): string {
  return text.replace(/(?<=\d) (?=\d{3}(?!\d))/g, '\u202f');
}

/** `greptime.public.cpu` without the parts that all tables share. */
export function shortTable(name: string): string {
  return name.replace(/^greptime\.public\./, '').replace(/^greptime\./, '');
}

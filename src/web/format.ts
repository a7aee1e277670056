/** Numbers, times and durations as a person reads them. */

const whole = new Intl.NumberFormat('en-US');
const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });

export function formatCount(count: number): string {
  return whole.format(count);
}

/** `1 move`, `2 moves`. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

/** `42 s`, `3 min 5 s`, `2 h 10 min`, `3 d 4 h`. */
export function formatSeconds(seconds: number): string {
  const rounded = Math.max(0, Math.round(seconds));
  if (rounded < 60) return `${rounded} s`;
  const parts: [number, string][] = [
    [Math.floor(rounded / 86_400), 'd'],
    [Math.floor(rounded / 3_600) % 24, 'h'],
    [Math.floor(rounded / 60) % 60, 'min'],
    [rounded % 60, 's'],
  ];
  const first = parts.findIndex(([amount]) => amount > 0);
  return parts
    .slice(first, first + 2)
    .filter(([amount]) => amount > 0)
    .map(([amount, unit]) => `${amount} ${unit}`)
    .join(' ');
}

/** Below ten seconds with a tenth: moves are that quick. */
export function formatShort(ms: number): string {
  return ms < 9_950 ? `${(ms / 1_000).toFixed(1)} s` : formatSeconds(ms / 1_000);
}

/** The time of day; another day than today is named. */
export function formatTime(iso: string): string {
  const at = new Date(iso);
  const today = new Date();
  return at.toDateString() === today.toDateString()
    ? clock.format(at)
    : `${day.format(at)} ${clock.format(at)}`;
}

/** `1.5 MB`. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const power = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3));
  const amount = bytes / 1_000 ** power;
  return `${amount >= 100 || power === 0 ? Math.round(amount) : amount.toFixed(1)} ${units[power] ?? 'B'}`;
}

/** Skews are whole unless weights differ. */
export function formatSkew(skew: number): string {
  return Number.isInteger(skew) ? formatCount(skew) : skew.toFixed(2);
}

/** `greptime.public.cpu` without the parts that all tables share. */
export function shortTable(name: string): string {
  return name.replace(/^greptime\.public\./, '').replace(/^greptime\./, '');
}

import { readdirSync, readFileSync } from 'node:fs';

/** One look at the daemon. Memory in bytes. */
export interface Sample {
  readonly atMs: number;
  readonly residentBytes: number;
  readonly heapUsedBytes: number;
  readonly descriptors: number;
}

/** What `/proc` (Linux) tells of a process, and its own metrics of its heap. */
export function takeSample(pid: number, metrics: string, atMs: number): Sample {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return {
    atMs,
    residentBytes: Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? Number.NaN) * 1_024,
    heapUsedBytes: metric(metrics, 'nodejs_heap_size_used_bytes'),
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
  };
}

/** The sum of a metric over its labels. */
export function metric(text: string, name: string, labels = ''): number {
  let sum = 0;
  for (const line of text.split('\n')) {
    if (!line.startsWith(name) || !line.includes(labels)) continue;
    const next = line.charAt(name.length);
    if (next === ' ' || next === '{') sum += Number(line.slice(line.lastIndexOf(' ') + 1));
  }
  return sum;
}

export interface Growth {
  readonly early: number;
  readonly late: number;
  readonly percent: number;
}

/** Compares the second fifth of the run, when everything has been loaded, with the last fifth: medians. */
export function growth(samples: readonly Sample[], of: (sample: Sample) => number): Growth {
  const part = (from: number, to: number): number =>
    median(samples.slice(Math.floor(samples.length * from), Math.ceil(samples.length * to)).map(of));
  const [early, late] = [part(0.2, 0.4), part(0.8, 1)];
  return { early, late, percent: (100 * (late - early)) / early };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** An upper bound of a histogram's quantile, in the unit of the metric; the highest bucket's bound when it lies above. */
export function quantile(text: string, name: string, share: number): number {
  const buckets = new Map<number, number>();
  for (const line of text.split('\n')) {
    const [, bound, count] = line.startsWith(`${name}_bucket`)
      ? (/le="([^"]+)"[^}]*} (\d+)/.exec(line) ?? [])
      : [];
    if (bound === undefined) continue;
    const limit = bound === '+Inf' ? Infinity : Number(bound);
    buckets.set(limit, (buckets.get(limit) ?? 0) + Number(count));
  }
  const total = buckets.get(Infinity) ?? 0;
  const found = [...buckets].toSorted(([a], [b]) => a - b).find(([, count]) => count >= share * total);
  return found?.[0] ?? Number.NaN;
}

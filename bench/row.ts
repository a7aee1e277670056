/** One line of the results. */
export interface Row {
  readonly name: string;
  /** What was measured, with its unit. */
  readonly figure: string;
  /** What it is compared with, measured in the same run. */
  readonly reference: string;
  /** What must be reached. */
  readonly target: string;
  /** Figure over reference, in the sense that the target speaks of. */
  readonly ratio: string;
  readonly met: boolean;
}

export type Suite = () => AsyncGenerator<Row>;

/** Two times in ms and what is said of them. */
export interface Comparison {
  readonly name: string;
  readonly measuredMs: number;
  readonly referenceMs: number;
  /** What `referenceMs` is the time of. */
  readonly reference: string;
  readonly target: string;
  readonly met: boolean;
  /** Said after the time. */
  readonly note?: string;
}

export function comparisonRow({ measuredMs, referenceMs, note = '', ...row }: Comparison): Row {
  return {
    name: row.name,
    figure: `${ms(measuredMs)}${note}`,
    reference: `${row.reference}: ${ms(referenceMs)}`,
    target: row.target,
    ratio: referenceMs === 0 ? '–' : times(measuredMs / referenceMs),
    met: row.met,
  };
}

/**
 * The least processor time of several runs on this thread, in ms: what is left when the machine's noise is taken away. What else keeps the
 * machine busy does not count. `work` has to be done by this thread alone.
 */
async function fastest(runs: number, work: () => unknown): Promise<number> {
  let best = Infinity;
  for (let run = 0; run < runs; run += 1) {
    globalThis.gc?.();
    const before = process.threadCpuUsage();
    await work();
    const { user, system } = process.threadCpuUsage(before);
    best = Math.min(best, (user + system) / 1_000);
  }
  return best;
}

/** {@link fastest} of two, turn and turn about: a busy moment of the machine meets both. */
export async function fastestInTurn(
  runs: number,
  first: () => unknown,
  second: () => unknown,
): Promise<[number, number]> {
  const best: [number, number] = [Infinity, Infinity];
  for (let run = 0; run < runs; run += 1) {
    best[0] = Math.min(best[0], await fastest(1, first));
    best[1] = Math.min(best[1], await fastest(1, second));
  }
  return best;
}

export function ms(value: number): string {
  return value < 10 ? `${value.toFixed(1)} ms` : `${Math.round(value)} ms`;
}

export function times(value: number): string {
  return `${value.toFixed(2)} ×`;
}

/** The value below which 99 of 100 lie. */
export function p99(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * 0.99))] ?? 0;
}

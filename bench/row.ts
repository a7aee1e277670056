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

/** The shortest of several runs, in ms: what is left when the machine's noise is taken away. `prepare` is not timed. */
export async function fastest(runs: number, work: () => unknown): Promise<number> {
  let best = Infinity;
  for (let run = 0; run < runs; run += 1) {
    globalThis.gc?.();
    const startMs = performance.now();
    await work();
    best = Math.min(best, performance.now() - startMs);
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

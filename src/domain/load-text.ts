import type { LoadMeasure } from './load.ts';

const STEPS = ['', 'k', 'M', 'G', 'T', 'P', 'E'] as const;
const UNITS: Readonly<Record<LoadMeasure, string>> = { writes: 'B/s', disk: 'B', rows: ' rows' };

/** Loads as text that can be compared: all in the unit that suits the mean. */
export interface LoadTexts {
  /** `9.1` */
  readonly number: (load: number) => string;
  /** `9.1 MB/s` */
  readonly whole: (load: number) => string;
}

/** @param scale a load of the usual size: the mean. */
export function loadTexts(by: LoadMeasure, scale: number): LoadTexts {
  const power = scale >= 1_000 ? Math.floor(Math.log10(scale) / 3 + 1e-9) : 0;
  const step = Math.min(power, STEPS.length - 1);
  const number = (load: number): string => {
    const value = load / 1_000 ** step;
    return value.toFixed(value !== 0 && value < 0.1 ? 3 : value < 1 ? 2 : value < 100 ? 1 : 0);
  };
  const unit = UNITS[by];
  const text = unit.startsWith(' ')
    ? `${step === 0 ? '' : ` ${STEPS[step]}`}${unit}`
    : ` ${STEPS[step]}${unit}`;
  return { number, whole: (load) => `${number(load)}${text}` };
}

/** `52 % above`, `8 % below`, `at` */
export function fromMean(load: number, mean: number): string {
  const percent = Math.round((load / mean - 1) * 100);
  if (!Number.isFinite(percent) || percent === 0) return 'at';
  return percent > 0 ? `${percent} % above` : `${-percent} % below`;
}

/** By how much the fullest datanode is above the mean, each load divided by weight, in whole percent. */
export function highestAbove<Part extends string>(
  datanodes: readonly (Readonly<Record<Part, number | null>> & { readonly weight: number })[],
  part: Part,
  mean: number,
): number {
  const most = datanodes.reduce((high, node) => Math.max(high, (node[part] ?? 0) / node.weight), 0);
  return mean > 0 ? Math.max(0, Math.round((most / mean - 1) * 100)) : 0;
}

/** `writes`, `stores`, `holds`: what a datanode does with its load. */
export const LOAD_VERBS: Readonly<Record<LoadMeasure, string>> = {
  writes: 'writes',
  disk: 'stores',
  rows: 'holds',
};

import { UsageError } from '../domain/errors.ts';
import { isDecimalId } from '../lib/json.ts';
import { MAX_WEIGHT } from '../domain/policy.ts';
import type { WhatIf } from '../domain/what-if.ts';
import { parseDuration } from '../lib/duration.ts';

/** A value of the command line, as its option names it in errors: `--drain`. */
export function parseIds(option: string, text: string): string[] {
  const ids = text.split(',').map((part) => parseId(option, part.trim()));
  const twice = ids.find((id, index) => ids.indexOf(id) !== index);
  if (twice !== undefined) throw new UsageError(`${option}: found ${twice} twice, wanted each id once`);
  return ids;
}

/** @throws UsageError unless the text is an unsigned 64-bit integer in decimal. */
export function parseId(option: string, text: string): string {
  if (isDecimalId(text)) return text;
  throw new UsageError(`${option}: found ${JSON.stringify(text)}, wanted a decimal id such as 3`);
}

/** `3=2,4=1` */
export function parseWeights(option: string, text: string): Record<string, number> {
  const weights = new Map<string, number>();
  for (const part of text.split(',')) {
    const [id, weight, ...rest] = part.trim().split('=');
    if (id === undefined || weight === undefined || rest.length > 0)
      throw new UsageError(`${option}: found ${JSON.stringify(part)}, wanted ID=WEIGHT such as 3=2`);
    if (weights.has(parseId(option, id)))
      throw new UsageError(`${option}: found datanode ${id} twice, wanted each once`);
    weights.set(id, parseWeight(option, weight));
  }
  return Object.fromEntries(weights);
}

function parseWeight(option: string, text: string): number {
  const weight = Number(text);
  if (/^[1-9]\d*$/.test(text) && weight <= MAX_WEIGHT) return weight;
  throw new UsageError(
    `${option}: found weight ${JSON.stringify(text)}, wanted a whole number from 1 to ${MAX_WEIGHT}`,
  );
}

/** Milliseconds. */
export function parseDurationOption(option: string, text: string): number {
  const durationMs = parseDuration(text);
  if (durationMs !== undefined && durationMs > 0) return durationMs;
  throw new UsageError(
    `${option}: found ${JSON.stringify(text)}, wanted a duration such as 30s, 5m or 1h30m`,
  );
}

export function parseWhole(option: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= min && value <= max) return value;
  throw new UsageError(
    `${option}: found ${JSON.stringify(text)}, wanted a whole number from ${min} to ${max}`,
  );
}

/** The raw what-if options of the command line. */
export interface WhatIfFlags {
  readonly drain?: string;
  readonly cordon?: string;
  readonly weight?: string;
  readonly addDatanode?: string;
  readonly removeDatanode?: string;
}

/** @throws UsageError on a value of the wrong form, and on changes that contradict each other. */
export function parseWhatIf(flags: WhatIfFlags): WhatIf {
  const ids = (option: string, text: string | undefined): string[] =>
    text === undefined ? [] : parseIds(option, text);
  const whatIf: WhatIf = {
    add: ids('--add-datanode', flags.addDatanode),
    remove: ids('--remove-datanode', flags.removeDatanode),
    drain: ids('--drain', flags.drain),
    cordon: ids('--cordon', flags.cordon),
    weights: flags.weight === undefined ? {} : parseWeights('--weight', flags.weight),
  };
  refuseBoth(whatIf.add, '--add-datanode', whatIf.remove, '--remove-datanode');
  refuseBoth(whatIf.drain, '--drain', whatIf.cordon, '--cordon');
  refuseBoth(whatIf.remove, '--remove-datanode', whatIf.cordon, '--cordon');
  return whatIf;
}

function refuseBoth(a: readonly string[], optionA: string, b: readonly string[], optionB: string): void {
  const both = a.find((id) => b.includes(id));
  if (both !== undefined)
    throw new UsageError(`Datanode ${both} cannot be in both ${optionA} and ${optionB}`);
}

import type { z } from 'zod';
import { placeText, schemaProblems } from '../domain/schema-problems.ts';
import type { Place } from '../domain/schema-problems.ts';
import { UsageError } from '../domain/errors.ts';
import { maskUserInfo } from '../lib/user-info.ts';
import { didYouMean, suggestKey } from './keys.ts';
import type { ValueTree } from './value-tree.ts';

/** One thing that is wrong with the configuration. */
export interface Problem {
  readonly place: Place;
  /** The line that shows it. Asked for only when it is shown: a file may have a hundred thousand problems. */
  readonly tell: () => string;
}

const MAX_SHOWN = 80;
const MAX_PROBLEMS = 100;

/** @param label `rebalancer.yaml:12:14`, the name of a variable, or the flag. */
export function problem(label: string, place: Place, text: string): Problem {
  const subject = place.length === 0 ? '' : `${maskedPlace(place)}: `;
  return { place, tell: () => `${label}: ${subject}${text}` };
}

/** The name of an unknown key may be a value that stands in the wrong place. */
function maskedPlace(place: Place): string {
  return placeText(place.map((part) => (typeof part === 'string' ? maskUserInfo(part) : part)));
}

/** A value as an error shows it: short, on one line, without the user name and password of a URL, be that mistyped. */
export function showValue(value: unknown): string {
  if (value === undefined || value === null) return 'nothing';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (typeof value === 'object') return 'a map';
  if (typeof value === 'bigint') return String(value);
  const text = JSON.stringify(typeof value === 'string' ? maskUserInfo(value) : value);
  return text.length <= MAX_SHOWN ? text : `${text.slice(0, MAX_SHOWN)}…`;
}

/** Turns what zod found into problems with their place in the file, the environment or the command line. */
export function problemsOf(error: z.core.$ZodError, tree: ValueTree): Problem[] {
  return schemaProblems(error, (place) => tree.valueAt(place)).map(({ place, found, wanted }) => ({
    place,
    tell: () =>
      wanted === undefined
        ? problem(tree.keyLabelOf(place), place, `unknown key${didYouMean(suggestKey(place))}`).tell()
        : problem(tree.labelOf(place), place, `found ${showValue(found)}, wanted ${wanted}`).tell(),
  }));
}

/** One line for each problem. */
export function refusal(problems: readonly Problem[]): UsageError {
  const lines = problems.slice(0, MAX_PROBLEMS).map(({ tell }) => tell());
  const left = problems.length - lines.length;
  if (left > 0) lines.push(`and ${left} more problems`);
  return new UsageError(lines.join('\n'), { code: 'config' });
}

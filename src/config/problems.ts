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
  /** Where it was given (`rebalancer.yaml:12:14`, a variable, the flag), and what is wrong. Asked for only when it is shown. */
  readonly tell: () => readonly [label: string, text: string];
}

/** A broken or hostile file may have a hundred thousand problems, each as long as the file. */
const MAX_PROBLEMS = 20;
const MAX_SHOWN = 80;
const MAX_FAULT = 300;

/** A value as an error shows it: short, on one line, without the user name and password of a URL, be that mistyped. */
export function showValue(value: unknown): string {
  if (value === undefined || value === null) return 'nothing';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (typeof value === 'object') return 'a map';
  // JSON has no bigint, NaN and infinity.
  if (typeof value === 'bigint' || typeof value === 'number') return shortened(String(value), MAX_SHOWN);
  return shortened(JSON.stringify(typeof value === 'string' ? maskUserInfo(value) : value), MAX_SHOWN);
}

function shortened(text: string, maxLength: number): string {
  return text.length <= maxLength ? text : `${text.slice(0, maxLength)}…`;
}

/** Turns what zod found into problems with their place in the file, the environment or the command line. */
export function problemsOf(error: z.core.$ZodError, tree: ValueTree): Problem[] {
  return schemaProblems(error, (place) => tree.valueAt(place)).map(({ place, found, wanted }) => ({
    place,
    tell: () =>
      wanted === undefined
        ? [tree.keyLabelOf(place), `unknown key${didYouMean(suggestKey(place))}`]
        : [tree.labelOf(place), `found ${showValue(found)}, wanted ${wanted}`],
  }));
}

/** One line for each problem: the first ones, and how many more there are. */
export function refusal(problems: readonly Problem[]): UsageError {
  const lines = problems.slice(0, MAX_PROBLEMS).map(({ place, tell }) => {
    const [label, text] = tell();
    const subject = place.length === 0 ? '' : `${maskedPlace(place)}: `;
    return `${label}: ${subject}${shortened(text, MAX_FAULT)}`;
  });
  const left = problems.length - lines.length;
  if (left > 0) lines.push(`and ${left} more problems`);
  return new UsageError(lines.join('\n'), { code: 'config' });
}

/** The name of an unknown key may be a value that stands in the wrong place. */
function maskedPlace(place: Place): string {
  return placeText(
    place.map((part) => (typeof part === 'string' ? shortened(maskUserInfo(part), MAX_SHOWN) : part)),
  );
}

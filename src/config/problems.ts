import type { z } from 'zod';
import { placeText, schemaProblems } from '../domain/schema-problems.ts';
import type { Place } from '../domain/schema-problems.ts';
import { UsageError } from '../domain/errors.ts';
import { maskUserInfo } from '../lib/user-info.ts';
import { suggestKey } from './suggest.ts';
import type { ValueTree } from './value-tree.ts';

/** One thing that is wrong with the configuration. */
export interface Problem {
  /** `rebalancer.yaml:12:14`, the name of a variable, or the flag. */
  readonly label: string;
  readonly place: Place;
  readonly text: string;
}

const MAX_SHOWN = 80;
const MAX_PROBLEMS = 100;

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
  return schemaProblems(error, (place) => tree.valueAt(place)).map(({ place, found, wanted }) =>
    wanted === undefined ? unknownKey(tree, place) : problem(tree, place, found, wanted),
  );
}

function problem(tree: ValueTree, place: Place, found: unknown, wanted: string): Problem {
  return { label: tree.labelOf(place), place, text: `found ${showValue(found)}, wanted ${wanted}` };
}

function unknownKey(tree: ValueTree, place: Place): Problem {
  const [parent, name] = [place.slice(0, -1), String(place.at(-1))];
  const suggestion = suggestKey(parent.length === 0 ? '' : placeText(parent), name);
  const hint = suggestion === undefined ? '' : `; did you mean ${suggestion}?`;
  return { label: tree.keyLabelOf(place), place, text: `unknown key${hint}` };
}

/** One line for each problem. */
export function refusal(problems: readonly Problem[]): UsageError {
  const lines = problems.slice(0, MAX_PROBLEMS).map(({ label, place, text }) => {
    const subject = place.length === 0 ? '' : `${maskedPlace(place)}: `;
    return `${label}: ${subject}${text}`;
  });
  const left = problems.length - lines.length;
  if (left > 0) lines.push(`and ${left} more problems`);
  return new UsageError(lines.join('\n'), { code: 'config' });
}

/** The name of an unknown key may be a value that stands in the wrong place. */
function maskedPlace(place: Place): string {
  return placeText(place.map((part) => (typeof part === 'string' ? maskUserInfo(part) : part)));
}

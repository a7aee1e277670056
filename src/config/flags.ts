import { findKey, isOverride, isProblem, readOverride } from './overrides.ts';
import type { Override } from './overrides.ts';
import { showValue } from './problems.ts';
import type { Problem } from './problems.ts';
import { suggestKey } from './suggest.ts';

/** Keys in dots with their values: `{ 'execution.dryRun': false }`. Text is read as in a variable; undefined is not given. */
export type FlagValues = Readonly<Record<string, unknown>>;

export interface Flags {
  readonly values?: FlagValues | undefined;
  /** `key=value` of each `--set`. */
  readonly set?: readonly string[] | undefined;
}

/**
 * Reads what the command line says about the configuration.
 *
 * @param folder where relative paths start: the working directory.
 */
export function readFlags(
  { values = {}, set = [] }: Flags,
  folder: string,
): { overrides: Override[]; problems: Problem[] } {
  const results = [
    ...Object.entries(values)
      .filter(([, value]) => value !== undefined)
      .map(([path, value]) => readFlag(path, value, folder)),
    ...set.map((text) => readSet(text, folder)),
  ];
  return {
    overrides: results.filter(isOverride),
    problems: results.filter(isProblem),
  };
}

function readFlag(path: string, value: unknown, folder: string): Override | Problem {
  const place = path.split('.');
  const origin = { label: 'command line', folder };
  if (!findKey(place)) return unknownKey(origin.label, path);
  return typeof value === 'string' ? readOverride(place, value, origin) : { place, value, origin };
}

function readSet(text: string, folder: string): Override | Problem {
  const equals = text.indexOf('=');
  if (equals < 1)
    return {
      label: '--set',
      place: [],
      text: `found ${showValue(text)}, wanted KEY=VALUE such as log.level=debug`,
    };
  const path = text.slice(0, equals);
  if (!findKey(path.split('.'))) return unknownKey('--set', path);
  return readOverride(path.split('.'), text.slice(equals + 1), { label: '--set', folder });
}

function unknownKey(label: string, path: string): Problem {
  const dot = path.lastIndexOf('.');
  const suggestion = suggestKey(path.slice(0, Math.max(dot, 0)), path.slice(dot + 1));
  const hint = suggestion === undefined ? '' : `; did you mean ${suggestion}?`;
  return { label, place: [path], text: `unknown key${hint}` };
}

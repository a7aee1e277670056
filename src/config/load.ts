import { validate as isCron } from 'node-cron';
import { placeText } from '../domain/schema-problems.ts';
import type { Place } from '../domain/schema-problems.ts';
import { configSchema, PARSE_ONCE } from './config.ts';
import type { Config } from './config.ts';
import { CRON_WANTED, hasCronShape } from './fields.ts';
import { readOverrides } from './overrides.ts';
import type { OverrideSources } from './overrides.ts';
import { problemsOf, refusal, showValue } from './problems.ts';
import type { Problem } from './problems.ts';
import { findConflicts } from './rules.ts';
import { isValues, ValueTree } from './value-tree.ts';
import type { ConfigFile } from './value-tree.ts';
import { readYaml } from './yaml-file.ts';

export interface ConfigSources extends OverrideSources {
  readonly file?: ConfigFile | undefined;
  readonly cwd: string;
}

/**
 * Reads and checks the configuration: the file, over it the environment, over both the command line.
 *
 * @throws UsageError that lists everything that is wrong, one line each with its place.
 */
export function readConfig({ file, cwd, ...sources }: ConfigSources): Config {
  const yaml = file && readYaml(file.text);
  const tree = new ValueTree(file && yaml && { ...file, yaml }, cwd);
  const { overrides, problems } = readOverrides(sources);
  for (const override of overrides) tree.override(override);
  tree.makePathsAbsolute();
  const inFile = (yaml?.faults ?? []).map(({ place, text, offset }): Problem => {
    return { place, tell: () => [tree.labelAt(offset), text] };
  });
  return check(tree, inFile, problems);
}

function check(tree: ValueTree, inFile: readonly Problem[], elsewhere: readonly Problem[]): Config {
  const result = configSchema.safeParse(tree.root, PARSE_ONCE);
  const wrongValues = [...(result.success ? [] : problemsOf(result.error, tree)), ...wrongCrons(tree)];
  // Of a file that is no YAML nothing is known: what it seems to lack may be there.
  const conflicts = inFile.length > 0 ? [] : conflictsIn(tree, wrongValues);
  const problems = [...inFile, ...wrongValues, ...conflicts, ...elsewhere];
  if (problems.length > 0 || !result.success) throw refusal(problems);
  return result.data;
}

/** The schema knows only how many fields a cron expression has: what they may hold node-cron says, which commands without a file do not load. */
function wrongCrons(tree: ValueTree): Problem[] {
  const windows = tree.valueAt(['schedule', 'windows']);
  const ofWindows = Array.isArray(windows)
    ? windows.map((_, index) => ['schedule', 'windows', index, 'cron'])
    : [];
  return [['schedule', 'cron'], ...ofWindows].flatMap((place): Problem[] => {
    const found = tree.valueAt(place);
    if (!hasCronShape(found) || isCron(found.trim())) return [];
    return [{ place, tell: () => [tree.labelOf(place), `found ${showValue(found)}, wanted ${CRON_WANTED}`] }];
  });
}

/** Looks for conflicts also where some values are wrong, among the others, so that one run shows all there is to mend. */
function conflictsIn(tree: ValueTree, wrongValues: readonly Problem[]): Problem[] {
  const wrongKeys = wrongValues.map(({ place }) => place.slice(0, keyLength(place)));
  const values = structuredClone(tree.root);
  for (const place of wrongKeys) remove(values, place);
  const result = configSchema.safeParse(values, PARSE_ONCE);
  if (!result.success) return [];
  const wrong = new Set(wrongKeys.map(placeText));
  const isSound = (place: Place): boolean =>
    !place.some((_, index) => wrong.has(placeText(place.slice(0, index + 1))));
  return findConflicts(result.data)
    .filter(({ places }) => places.every(isSound))
    .map(({ places, text }) => {
      // Of the keys involved the one that has to change: the first that somebody gave.
      const place = places.find((candidate) => tree.valueAt(candidate) !== undefined) ?? [];
      return { place, tell: () => [tree.labelOf(place), text] };
    });
}

/** The part of a place that names the key, without the entries of a list. */
function keyLength(place: Place): number {
  const list = place.findIndex((part) => typeof part === 'number');
  return list === -1 ? place.length : list;
}

function remove(values: unknown, place: Place): void {
  let level = values;
  for (const part of place.slice(0, -1)) level = isValues(level) ? level[part] : undefined;
  const last = place.at(-1);
  if (isValues(level) && last !== undefined) Reflect.deleteProperty(level, last);
}

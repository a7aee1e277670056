import { dirname, resolve } from 'node:path';
import { UsageError } from '../domain/errors.ts';
import { placeText } from '../domain/schema-problems.ts';
import type { Place } from '../domain/schema-problems.ts';
import { CONFIG_KEYS, configSchema } from './config.ts';
import type { Config } from './config.ts';
import { readOverrides } from './overrides.ts';
import type { OverrideSources } from './overrides.ts';
import { problemsOf, refusal } from './problems.ts';
import type { Problem } from './problems.ts';
import { readBounded } from './read-file.ts';
import { findConflicts } from './rules.ts';
import { isValues, ValueTree } from './value-tree.ts';
import { readYaml } from './yaml-file.ts';

const MAX_FILE_BYTES = 1_048_576;

export interface LoadOptions extends OverrideSources {
  /** The file of `-c`; without one, the defaults and the other sources make the configuration. */
  readonly file?: string | undefined;
  /** Where relative paths outside the file start. */
  readonly cwd: string;
}

export interface ConfigSources extends OverrideSources {
  readonly file?: ConfigFile | undefined;
  readonly cwd: string;
}

interface ConfigFile {
  /** As errors show it. */
  readonly name: string;
  /** Relative paths in the file start here. */
  readonly folder: string;
  readonly text: string;
}

/**
 * Reads and checks the configuration: the file, over it the environment, over both the command line.
 *
 * @throws UsageError that lists everything that is wrong, one line each with its place.
 */
export async function loadConfig({ file, ...sources }: LoadOptions): Promise<Config> {
  return readConfig({
    ...sources,
    file: file === undefined ? undefined : await readConfigFile(file, sources.cwd),
  });
}

async function readConfigFile(name: string, cwd: string): Promise<ConfigFile> {
  const path = resolve(cwd, name);
  const reading = await readBounded(path, MAX_FILE_BYTES);
  if ('fault' in reading)
    throw new UsageError(`The configuration file ${name} ${reading.fault}`, {
      code: 'config',
      cause: reading.cause,
    });
  return { name, folder: dirname(path), text: decode(name, reading.bytes) };
}

function decode(name: string, bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new UsageError(`The configuration file ${name} is not UTF-8 text`, { code: 'config', cause });
  }
}

/** The same on text that was read already. @throws UsageError as {@link loadConfig} does. */
export function readConfig({ file, cwd, ...sources }: ConfigSources): Config {
  const yaml = file && readYaml(file.text);
  const tree = new ValueTree(file && yaml && { ...file, yaml }, cwd);
  const { overrides, problems } = readOverrides(sources);
  for (const override of overrides) tree.override(override);
  makePathsAbsolute(tree);
  const inFile = (yaml?.faults ?? []).map(({ place, text, offset }): Problem => {
    return { place, tell: () => [tree.labelAt(offset), text] };
  });
  return check(tree, inFile, problems);
}

function check(tree: ValueTree, inFile: readonly Problem[], elsewhere: readonly Problem[]): Config {
  const result = configSchema.safeParse(tree.root);
  const wrongValues = result.success ? [] : problemsOf(result.error, tree);
  // Of a file that is no YAML nothing is known: what it seems to lack may be there.
  const conflicts = inFile.length > 0 ? [] : conflictsIn(tree, wrongValues);
  const problems = [...inFile, ...wrongValues, ...conflicts, ...elsewhere];
  if (problems.length > 0 || !result.success) throw refusal(problems);
  return result.data;
}

/** Relative paths belong to where they were written; those of defaults to the file. */
function makePathsAbsolute(tree: ValueTree): void {
  for (const { path, isPath, fallback } of CONFIG_KEYS) {
    if (isPath !== true) continue;
    const place = path.split('.');
    const given = tree.valueAt(place);
    const [value, folder] =
      given === undefined ? [fallback, tree.folderOf([])] : [given, tree.folderOf(place)];
    if (typeof value === 'string' && value.trim() !== '') tree.setValue(place, resolve(folder, value));
  }
}

/** Looks for conflicts also where some values are wrong, among the others, so that one run shows all there is to mend. */
function conflictsIn(tree: ValueTree, wrongValues: readonly Problem[]): Problem[] {
  const wrongKeys = wrongValues.map(({ place }) => place.slice(0, keyLength(place)));
  const values = structuredClone(tree.root);
  for (const place of wrongKeys) remove(values, place);
  const result = configSchema.safeParse(values);
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

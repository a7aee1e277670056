import { dirname, resolve } from 'node:path';
import { UsageError } from '../domain/errors.ts';
import { placeText } from '../domain/schema-problems.ts';
import { toConfig } from './config.ts';
import type { Config } from './config.ts';
import { readEnvironment } from './environment.ts';
import type { Environment } from './environment.ts';
import { FILE_PATH } from './fields.ts';
import { readFlags } from './flags.ts';
import type { FlagValues } from './flags.ts';
import { CONFIG_KEYS } from './keys.ts';
import { applyOverrides } from './overrides.ts';
import { problemsOf, refusal } from './problems.ts';
import type { Problem } from './problems.ts';
import { readBounded } from './read-file.ts';
import { findConflicts, toProblem } from './rules.ts';
import { configSchema } from './schema.ts';
import { isValues, ValueTree } from './value-tree.ts';
import { readYaml } from './yaml-file.ts';
import type { YamlFile } from './yaml-file.ts';

const MAX_FILE_BYTES = 1_048_576;

export interface LoadOptions {
  /** The file of `-c`; without one, the defaults and the other sources make the configuration. */
  readonly file?: string | undefined;
  readonly env: Environment;
  readonly flags?: FlagValues | undefined;
  /** The `key=value` of each `--set`; they stand over `flags`. */
  readonly set?: readonly string[] | undefined;
  /** Where relative paths outside the file start. */
  readonly cwd: string;
}

export interface ConfigSources extends Omit<LoadOptions, 'file'> {
  readonly file?: YamlFile | undefined;
}

/**
 * Reads and checks the configuration: the file, over it the environment, over both the command line.
 *
 * @throws UsageError that lists everything that is wrong, one line each with its place.
 */
export async function loadConfig(options: LoadOptions): Promise<Config> {
  const { file, ...sources } = options;
  if (file === undefined) return readConfig(sources);
  return readConfig({ ...sources, file: await readConfigFile(file, options.cwd) });
}

async function readConfigFile(name: string, cwd: string): Promise<YamlFile> {
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
export function readConfig({ file, env, flags, set, cwd }: ConfigSources): Config {
  const tree = new ValueTree({ label: file?.name ?? 'configuration', folder: file?.folder ?? cwd });
  const fileProblems = file ? readYaml(file, tree) : [];
  const environment = readEnvironment(env, cwd);
  const commandLine = readFlags({ values: flags, set }, cwd);
  applyOverrides(tree, environment.overrides);
  applyOverrides(tree, commandLine.overrides);
  makePathsAbsolute(tree);
  return check(tree, fileProblems, [...environment.problems, ...commandLine.problems]);
}

function check(tree: ValueTree, inFile: readonly Problem[], elsewhere: readonly Problem[]): Config {
  const result = configSchema.safeParse(tree.root);
  const wrongValues = result.success ? [] : problemsOf(result.error, tree);
  // Of a file that is no YAML nothing is known: what it seems to lack may be there.
  const conflicts = inFile.length > 0 ? [] : conflictsIn(tree, wrongValues);
  const problems = [...inFile, ...wrongValues, ...conflicts, ...elsewhere];
  if (problems.length > 0 || !result.success) throw refusal(problems);
  return toConfig(result.data);
}

/** Relative file names belong to where they were written. The state folder is left to the working directory. */
function makePathsAbsolute(tree: ValueTree): void {
  for (const { path, type } of CONFIG_KEYS) {
    if (type !== FILE_PATH) continue;
    const place = path.split('.');
    const value = tree.valueAt(place);
    const origin = tree.originOf(place);
    if (typeof value === 'string' && value.trim() !== '')
      tree.override(place, resolve(origin.folder, value), origin);
  }
}

/** Looks for conflicts also where some values are wrong, among the others, so that one run shows all there is to mend. */
function conflictsIn(tree: ValueTree, wrongValues: readonly Problem[]): Problem[] {
  const wrongKeys = wrongValues.map(({ place }) => place.slice(0, keyLength(place)));
  const values = structuredClone(tree.root);
  for (const place of wrongKeys) remove(values, place);
  const result = configSchema.safeParse(values);
  if (!result.success) return [];
  const isSound = (place: readonly (string | number)[]): boolean =>
    !wrongKeys.some((wrong) => placeText(wrong) === placeText(place.slice(0, wrong.length)));
  return findConflicts(result.data)
    .filter(({ places }) => places.every(isSound))
    .map((conflict) => toProblem(conflict, tree));
}

/** The part of a place that names the key, without the entries of a list. */
function keyLength(place: readonly (string | number)[]): number {
  const list = place.findIndex((part) => typeof part === 'number');
  return list === -1 ? place.length : list;
}

function remove(values: unknown, place: readonly (string | number)[]): void {
  let level = values;
  for (const part of place.slice(0, -1)) level = isValues(level) ? level[part] : undefined;
  const last = place.at(-1);
  if (isValues(level) && last !== undefined) Reflect.deleteProperty(level, last);
}

import { dirname, resolve } from 'node:path';
import { UsageError } from '../domain/errors.ts';
import { COMMAND_VARIABLES, VARIABLE_PREFIX } from './command-variables.ts';
import { configSchema, PARSE_ONCE } from './config.ts';
import type { Config } from './config.ts';
import type { OverrideSources } from './overrides.ts';
import { readBounded } from './read-file.ts';
import { ValueTree } from './value-tree.ts';
import type { ConfigFile } from './value-tree.ts';

const MAX_FILE_BYTES = 1_048_576;

export interface LoadOptions extends OverrideSources {
  /** The file of `-c`; without one, the defaults and the other sources make the configuration. */
  readonly file?: string | undefined;
  /** Where relative paths outside the file start. */
  readonly cwd: string;
}

/** Finds the configuration: see `readConfig`. @throws UsageError that lists everything that is wrong, one line each with its place. */
export async function loadConfig({ file, ...sources }: LoadOptions): Promise<Config> {
  if (file === undefined && isNothingGiven(sources)) return defaultConfig(sources.cwd);
  const { readConfig } = await import('./load.ts');
  return readConfig({
    ...sources,
    file: file === undefined ? undefined : await readConfigFile(file, sources.cwd),
  });
}

/** Without file and overrides there is nothing to parse: `plan --from` starts faster without the parsers of YAML and cron expressions. */
function isNothingGiven({ env, flags = {}, set = [] }: OverrideSources): boolean {
  const hasVariable = Object.keys(env).some((name) => name.startsWith(VARIABLE_PREFIX));
  return !hasVariable && set.length === 0 && Object.values(flags).every((value) => value === undefined);
}

function defaultConfig(cwd: string): Config {
  const tree = new ValueTree(undefined, cwd);
  tree.makePathsAbsolute();
  return configSchema.parse(tree.root, PARSE_ONCE);
}

async function readConfigFile(name: string, cwd: string): Promise<ConfigFile> {
  const path = resolve(cwd, name);
  const reading = await readBounded(path, MAX_FILE_BYTES);
  if ('fault' in reading)
    throw new UsageError(`The configuration file ${name} ${reading.fault}`, {
      code: 'config',
      cause: reading.cause,
    });
  return { name, folder: dirname(path), text: reading.text };
}

/** For commands that talk to a cluster. @param file the one it was read from. @throws UsageError when the configuration names no endpoint. */
export function requireCluster({ cluster }: Config, file: string | undefined): void {
  if (cluster.sql.endpoints.length > 0 || cluster.metasrv.endpoints.length > 0) return;
  throw new UsageError(
    'cluster: found no endpoints, wanted cluster.sql.endpoints (the frontends, such as [http://host:4000]) ' +
      'or cluster.metasrv.endpoints (the metasrvs, such as [http://host:3002])' +
      (file === undefined ? `; give the configuration with -c FILE or ${COMMAND_VARIABLES.config}` : ''),
    { code: 'config' },
  );
}

import { CONFIG_KEYS, keyAt } from './keys.ts';
import { findKey, isOverride, isProblem, readOverride } from './overrides.ts';
import type { Override } from './overrides.ts';
import type { Problem } from './problems.ts';
import { suggestKey } from './suggest.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

const VARIABLE_PREFIX = 'GREPTIME_REBALANCER_';

/** Variables that the commands read themselves; they are no keys of the configuration. */
export const COMMAND_VARIABLES = {
  /** The configuration file, where no `-c` is given. */
  config: 'GREPTIME_REBALANCER_CONFIG',
  /** The daemon that `status`, `pause` and the like talk to. */
  url: 'GREPTIME_REBALANCER_URL',
  /** The file with the token for it. */
  tokenFile: 'GREPTIME_REBALANCER_TOKEN_FILE',
} as const;

/**
 * Variables that Kubernetes puts into every pod for a service named `greptime-rebalancer` or `greptime-rebalancer-…`
 * (https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables). They are not meant for us.
 */
const KUBERNETES_SERVICE =
  /^(?:[A-Z0-9]+_)*(?:SERVICE_HOST|SERVICE_PORT(?:_[A-Z0-9]+)*|PORT(?:_\d+_(?:TCP|UDP|SCTP)(?:_(?:ADDR|PORT|PROTO))?)?)$/;

/** The variable that overrides a key: `execution.dryRun` is `GREPTIME_REBALANCER_EXECUTION__DRY_RUN`. */
export function variableOf(path: string): string {
  const levels = path.split('.').map((name) => name.replace(/[A-Z]/g, '_$&').toUpperCase());
  return VARIABLE_PREFIX + levels.join('__');
}

/**
 * Reads all variables with our prefix.
 *
 * @param folder where relative paths in variables start: the working directory.
 */
export function readEnvironment(
  env: Environment,
  folder: string,
): { overrides: Override[]; problems: Problem[] } {
  const results = Object.entries(env)
    .filter(([name, text]) => text !== undefined && isOurs(name))
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, text]) => readVariable(name, text ?? '', folder));
  return {
    overrides: results.filter(isOverride),
    problems: results.filter(isProblem),
  };
}

function isOurs(name: string): boolean {
  if (!name.startsWith(VARIABLE_PREFIX)) return false;
  const isCommand = Object.values<string>(COMMAND_VARIABLES).includes(name);
  return !isCommand && !KUBERNETES_SERVICE.test(name.slice(VARIABLE_PREFIX.length));
}

function readVariable(name: string, text: string, folder: string): Override | Problem {
  const place = name.slice(VARIABLE_PREFIX.length).split('__').map(camelCase);
  // Written in any other way (`DRY__RUN`, lower case) a name may resemble a key without being its variable.
  const isExact = variableOf(place.join('.')) === name;
  if (isExact && findKey(place)) return readOverride(place, text, { label: name, folder });
  return { label: name, place: [], text: `unknown variable${hintFor(name, place)}` };
}

function camelCase(name: string): string {
  return name.toLowerCase().replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

function isCollection(path: string): boolean {
  const key = keyAt(path);
  return key !== undefined && !key.isSection;
}

function hintFor(name: string, place: readonly string[]): string {
  const letters = (text: string): string => text.replace(/_/g, '').toUpperCase();
  const same = CONFIG_KEYS.find(({ path }) => letters(variableOf(path)) === letters(name))?.path;
  const listOrMap = place.map((_, index) => place.slice(0, index).join('.')).find(isCollection);
  const path = same ?? listOrMap ?? suggestKey(place.slice(0, -1).join('.'), place.at(-1) ?? '');
  return path === undefined ? '' : `; did you mean ${variableOf(path)}?`;
}

import { COMMAND_VARIABLES, VARIABLE_PREFIX } from './command-variables.ts';
import { CONFIG_KEYS } from './config.ts';
import { didYouMean, findKey, suggestKey } from './keys.ts';
import { showValue } from './problems.ts';
import type { Problem } from './problems.ts';
import type { Override } from './value-tree.ts';
import { readYaml } from './yaml-file.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** What stands over the configuration file: the environment, and over that the command line. */
export interface OverrideSources {
  readonly env: Environment;
  /**
   * Options of their own, as keys in dots with their values: `{ 'execution.dryRun': false }`. Text is read as in a variable; undefined is not
   * given. They stand over `set`: who says --dry-run means it.
   */
  readonly flags?: Readonly<Record<string, unknown>> | undefined;
  /** The `key=value` of each `--set`. */
  readonly set?: readonly string[] | undefined;
}

/**
 * Variables that Kubernetes puts into every pod for a service named `greptime-rebalancer` or `greptime-rebalancer-…`
 * (https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables). They are not meant for us.
 */
const KUBERNETES_SERVICE =
  /^(?:[A-Z0-9]+_)*(?:SERVICE_HOST|SERVICE_PORT(?:_[A-Z0-9]+)*|PORT(?:_\d+_(?:TCP|UDP|SCTP)(?:_(?:ADDR|PORT|PROTO))?)?)$/;

/** Reads environment and command line: the overrides in the order in which they take effect, and all that is wrong. */
export function readOverrides({ env, flags = {}, set = [] }: OverrideSources): {
  overrides: Override[];
  problems: Problem[];
} {
  const variables = Object.entries(env)
    .filter((entry): entry is [string, string] => entry[1] !== undefined && isOurs(entry[0]))
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, text]) => readVariable(name, text));
  const commandLine = [
    ...set.map(readSet),
    ...Object.entries(flags)
      .filter(([, value]) => value !== undefined)
      .map(([path, value]) => readKey(path, value, 'command line')),
  ];
  return {
    overrides: [...inOrder(variables), ...inOrder(commandLine)],
    problems: [...variables, ...commandLine].flatMap((result) => ('tell' in result ? [result] : [])),
  };
}

/** Whole sections before their keys. */
function inOrder(results: readonly (Override | Problem)[]): Override[] {
  return results
    .flatMap((result) => ('tell' in result ? [] : [result]))
    .toSorted((a, b) => a.place.length - b.place.length);
}

/** The variable that overrides a key: `execution.dryRun` is `GREPTIME_REBALANCER_EXECUTION__DRY_RUN`. */
export function variableOf(path: string): string {
  const levels = path.split('.').map((name) => name.replace(/[A-Z]/g, '_$&').toUpperCase());
  return VARIABLE_PREFIX + levels.join('__');
}

function isOurs(name: string): boolean {
  if (!name.startsWith(VARIABLE_PREFIX)) return false;
  const isCommand = Object.values<string>(COMMAND_VARIABLES).includes(name);
  return !isCommand && !KUBERNETES_SERVICE.test(name.slice(VARIABLE_PREFIX.length));
}

function readVariable(name: string, text: string): Override | Problem {
  const place = name.slice(VARIABLE_PREFIX.length).split('__').map(camelCase);
  // Written in any other way (`DRY__RUN`, lower case) a name may resemble a key without being its variable.
  const isExact = variableOf(place.join('.')) === name;
  if (isExact && findKey(place)) return readValue(place, text, name);
  const meant = () => {
    const path = keyMeant(name, place);
    return path === undefined ? undefined : variableOf(path);
  };
  return { place: [], tell: () => [name, `unknown variable${didYouMean(meant())}`] };
}

function camelCase(name: string): string {
  return name.toLowerCase().replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

function keyMeant(name: string, place: readonly string[]): string | undefined {
  const letters = (text: string): string => text.replace(/_/g, '').toUpperCase();
  const same = CONFIG_KEYS.find(({ path }) => letters(variableOf(path)) === letters(name));
  if (same) return same.path;
  const parents = place.map((_, index) => findKey(place.slice(0, index)));
  const collection = parents.find((key) => key && !key.isSection);
  return collection?.path ?? suggestKey(place);
}

function readSet(text: string): Override | Problem {
  const equals = text.indexOf('=');
  if (equals < 1)
    return {
      place: [],
      tell: () => ['--set', `found ${showValue(text)}, wanted KEY=VALUE such as log.level=debug`],
    };
  return readKey(text.slice(0, equals), text.slice(equals + 1), '--set');
}

function readKey(path: string, value: unknown, label: string): Override | Problem {
  const place = path.split('.');
  if (!findKey(place)) return { place, tell: () => [label, `unknown key${didYouMean(suggestKey(place))}`] };
  return typeof value === 'string' ? readValue(place, value, label) : { place, value, label };
}

/** Text is taken as it is where the key wants text, else as YAML (`true`, `20`, `[a, b]`, `{3: 2}`, JSON). */
function readValue(place: readonly string[], text: string, label: string): Override | Problem {
  const key = findKey(place);
  if (!key || key.isText === true) return { place, value: text, label };
  const { value, faults } = readYaml(text);
  const [fault] = faults;
  if (!fault) return { place, value, label };
  const wanted = `wanted ${key.type} as YAML: ${fault.text}`;
  return { place, tell: () => [label, `found ${showValue(text)}, ${wanted}`] };
}

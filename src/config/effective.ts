import { encode } from 'zod';
import { isObject } from '../domain/json-file.ts';
import type { Policy } from '../domain/policy.ts';
import { configSchema } from './config.ts';
import type { Config } from './config.ts';

/**
 * Writes the effective configuration as YAML that loads to the same configuration. Of secrets it shows the file's path; their
 * content is no part of the configuration.
 */
export async function printConfig(config: Config): Promise<string> {
  const { writeYaml } = await import('./yaml-file.ts');
  return writeYaml(encode(configSchema, config));
}

/** What differs between two configurations, one line a key: `execution.dryRun: true -> false`. */
export function describeChanges(before: Config, after: Config): string[] {
  const valuesOf = (config: Config) => new Map(entriesOf(encode(configSchema, config), ''));
  const [old, now] = [valuesOf(before), valuesOf(after)];
  const paths = [...new Set([...old.keys(), ...now.keys()])];
  return paths
    .filter((path) => old.get(path) !== now.get(path))
    .map((path) => `${path}: ${old.get(path) ?? 'none'} -> ${now.get(path) ?? 'none'}`);
}

/** The keys of all levels with their values as JSON; a list is one value. */
function entriesOf(value: unknown, path: string): [string, string][] {
  if (!isObject(value)) return [[path, JSON.stringify(value)]];
  return Object.entries(value).flatMap(([name, child]) =>
    entriesOf(child, path === '' ? name : `${path}.${name}`),
  );
}

/** What the planner needs to know of the configuration. */
export function toPolicy({ balance, tables, datanodes, pins }: Config): Policy {
  const { weights, drain, cordon } = datanodes;
  const { objective, load } = balance;
  const policy = { objective, tables, weights, drain, cordon, pins };
  return objective === 'load' ? { ...policy, load } : policy;
}

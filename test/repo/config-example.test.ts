import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { readConfig } from '../../src/config/load.ts';
import { CONFIG_KEYS } from '../../src/config/config.ts';
import { DEFAULT_POLICY } from '../support/plans.ts';

const NAME = 'config/rebalancer.example.yaml';
const EXAMPLE = readFileSync(NAME, 'utf8');
const KEYS = CONFIG_KEYS.filter(({ path }) => !path.includes('[]'));
const KEY_NAMES = new Set(KEYS.map(({ path }) => lastName(path)));
/** The keys that an operator has to fill in, so that the example shows more than their default. */
const REALISTIC = ['cluster.name', 'cluster.sql.endpoints'];

function lastName(path: string): string {
  return path.slice(path.lastIndexOf('.') + 1);
}

/** The example with all its keys, those in comments too. */
function uncommented(): string {
  return EXAMPLE.split('\n')
    .map((line) => {
      const name = /^\s*# *(\w+):(?: |$)/.exec(line)?.[1];
      return name !== undefined && KEY_NAMES.has(name) ? line.replace('# ', '') : line;
    })
    .join('\n');
}

function load(text: string) {
  return readConfig({ file: { name: NAME, folder: '/etc', text }, env: {}, cwd: '/srv' });
}

function valueAt(path: string): unknown {
  const root: unknown = parse(uncommented());
  return path.split('.').reduce((level, name) => Object(level)[name], root);
}

test('the example loads as it is, in dry run', () => {
  const config = load(EXAMPLE);
  expect(config.execution.dryRun).toBe(true);
  expect(config.tables).toEqual(DEFAULT_POLICY.tables);
});

test('the example loads with every comment taken away', () => {
  expect(load(uncommented()).server.tokenFile).toBe('/run/secrets/rebalancer-token');
});

test.each(KEYS)('the example has $path', ({ path, fallback, isSection }) => {
  const value = valueAt(path);
  expect(value).toBeDefined();
  if (!isSection && fallback !== undefined && !REALISTIC.includes(path)) expect(value).toEqual(fallback);
});

test.each(KEYS.filter(({ isSection, fallback }) => !isSection && fallback === undefined))(
  'the example says that $path has no default',
  ({ path }) => {
    const lines = EXAMPLE.split('\n').filter((line) => new RegExp(`^ *#? *${lastName(path)}:`).test(line));
    expect(lines.length).toBeGreaterThan(0);
    for (const line of lines) expect(line).toContain('no default');
  },
);

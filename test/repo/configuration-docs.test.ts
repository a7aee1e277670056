import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { renderConfigurationDocs } from '../../scripts/configuration-docs.ts';
import { COMMAND_VARIABLES } from '../../src/config/command-variables.ts';
import { variableOf } from '../../src/config/overrides.ts';
import { refusalOf } from '../support/config.ts';

const PAGE = readFileSync('docs/configuration.md', 'utf8');
const VARIABLE_ROWS = [...PAGE.matchAll(/^\| `([\w.]+)` +\| `(GREPTIME_REBALANCER_\w+)=(.*)` +\|$/gm)].map(
  ([, key = '', variable = '', text = '']) => ({ key, variable, text }),
);

test('the reference is what the schema says (else run `node scripts/configuration-docs.ts`)', async () => {
  expect(PAGE).toBe(await renderConfigurationDocs(PAGE));
});

test('the page has rows for variables', () => {
  expect(VARIABLE_ROWS.length).toBeGreaterThan(2);
});

test.each(VARIABLE_ROWS)('$variable sets $key', ({ key, variable, text }) => {
  expect(variable).toBe(variableOf(key));
  expect(refusalOf('', { env: { [variable]: text.replace(/^'|'$/g, '') } })).toEqual([]);
});

test.each(Object.values(COMMAND_VARIABLES))('the page names %s', (variable) => {
  expect(PAGE).toContain(variable);
});

test('the faults shown are those of the program', () => {
  const text = `${'\n'.repeat(11)}  cron: every 5 minutes\nexecution:\n\n  dry_run: true`.replace(
    '\n',
    'schedule:\n',
  );
  // The command line says "error: " first.
  const shown = /```\nerror: (rebalancer[^`]*)```/.exec(PAGE)?.[1]?.trimEnd().split('\n');
  expect(refusalOf(text, { env: { GREPTIME_REBALANCER_LOG__LEVEL: 'loud' } }).sort()).toEqual(shown?.sort());
});

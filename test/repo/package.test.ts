import { existsSync, statSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { readJson, readText } from '../support/repository.ts';

const manifest = z
  .object({
    name: z.string(),
    version: z.string(),
    license: z.string(),
    type: z.string(),
    engines: z.object({ node: z.string() }),
    bin: z.record(z.string(), z.string()),
    files: z.array(z.string()),
    scripts: z.record(z.string(), z.string()),
    allowScripts: z.record(z.string(), z.boolean()),
    dependencies: z.record(z.string(), z.string()),
    devDependencies: z.record(z.string(), z.string()),
  })
  .parse(readJson('package.json'));

const lockSchema = z.object({
  version: z.string(),
  packages: z.record(
    z.string(),
    z.object({
      version: z.string().optional(),
      resolved: z.string().optional(),
      integrity: z.string().optional(),
      hasInstallScript: z.boolean().optional(),
      dev: z.boolean().optional(),
      optional: z.boolean().optional(),
    }),
  ),
});
const lock = lockSchema.parse(readJson('package-lock.json'));
const installed = Object.entries(lock.packages).filter(([path]) => path !== '');

describe('package.json', () => {
  test('names the command and what it starts', () => {
    expect(manifest).toMatchObject({
      name: 'greptime-rebalancer',
      type: 'module',
      license: 'Apache-2.0',
      bin: { 'greptime-rebalancer': 'dist/main.js' },
      engines: { node: '>=24' },
    });
    expect(readText('src/main.ts')).toMatch(/^#!\/usr\/bin\/env node\n/);
    expect(readText('LICENSE')).toContain('Apache License\n                           Version 2.0');
  });

  test.each(['demo', 'test', 'ok', 'build', 'bench', 'lint', 'format:check', 'types', 'prepare', 'start'])(
    'has the script %s',
    (name) => {
      expect(manifest.scripts).toHaveProperty([name]);
    },
  );

  test('starts only files that exist', () => {
    const started = Object.values(manifest.scripts).flatMap((script) =>
      [...script.matchAll(/\bnode ((?:src|scripts|bench)\/\S+)/g)].map(([, path]) => path ?? ''),
    );
    expect(started.filter((path) => !existsSync(path))).toEqual([]);
  });

  test('checks everything with one script, before a commit', () => {
    for (const name of ['format:check', 'lint', 'types', 'build'])
      expect(manifest.scripts['ok']).toContain(`npm run ${name}`);
    expect(manifest.scripts['ok']).toContain('npm test');
  });

  test('packs only what exists', () => {
    const made = ['dist'];
    expect(manifest.files.filter((path) => !made.includes(path) && !existsSync(path))).toEqual([]);
  });

  test('gives every dependency a range with a major version', () => {
    const ranges = { ...manifest.dependencies, ...manifest.devDependencies };
    for (const [name, range] of Object.entries(ranges)) expect(range, name).toMatch(/^[~^]?\d+\.\d+/);
  });

  test('has the packages of the import table as its dependencies', () => {
    const { folders } = z
      .object({ folders: z.record(z.string(), z.object({ packages: z.array(z.string()) })) })
      .parse(readJson('scripts/import-table.json'));
    const { web, ...server } = folders;
    const allowed = new Set(Object.values(server).flatMap(({ packages }) => packages));
    expect(web?.packages, 'built into the page').toContain('preact');
    expect(Object.keys(manifest.dependencies).sort()).toEqual([...allowed].sort());
  });
});

describe('the lock file', () => {
  test('is of the same version', () => {
    expect(lock.version).toBe(manifest.version);
  });

  test('does not say where packages came from, but what they hold', () => {
    expect(installed.filter(([, { resolved }]) => resolved !== undefined)).toEqual([]);
    expect(installed.filter(([, { integrity }]) => integrity === undefined)).toEqual([]);
  });

  test('names no host of a registry', () => {
    const hosts = [...readText('package-lock.json').matchAll(/https?:\/\/([^/"]+)/g)].map(([, host]) => host);
    expect(hosts.filter((host) => host?.includes('registry'))).toEqual([]);
  });

  test('lets no package but node run a script on install', () => {
    const withScripts = installed
      .filter(([, entry]) => entry.hasInstallScript === true && entry.optional !== true)
      .map(([path]) => path.replace(/^.*node_modules\//, ''));
    expect([...new Set(withScripts)]).toEqual(Object.keys(manifest.allowScripts));
  });
});

test.each(['.ci/run', 'scripts/install-test-tools.sh'])('%s can be started', (path) => {
  expect(statSync(path).mode & 0o111).not.toBe(0);
  expect(readText(path)).toMatch(/^#!\/usr\/bin\/env bash\n(#.*\n)*set -euo pipefail\n/);
});

test('.ci/run runs what package.json offers', () => {
  const names = [...readText('.ci/run').matchAll(/^for check in ([\w: ]+); do$/gm)].flatMap(
    ([, list]) => list?.split(' ') ?? [],
  );
  expect(names.length).toBeGreaterThan(3);
  for (const name of names) expect(manifest.scripts).toHaveProperty([name]);
});

import { dirname, join, relative, sep } from 'node:path';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { filesBelow, readJson, readText } from '../support/repository.ts';

const tableSchema = z.strictObject({
  folders: z.record(
    z.string(),
    z.strictObject({ mayImport: z.array(z.string()), packages: z.array(z.string()), node: z.boolean() }),
  ),
  onlyFile: z.record(z.string(), z.record(z.string(), z.array(z.string()))),
});

const table = tableSchema.parse(readJson('scripts/import-table.json'));
const FILES = [...filesBelow('src', '.ts'), ...filesBelow('src', '.tsx')];

/** Every module that a file names: in imports, re-exports, `import()`, and as the URL of a worker's file; other URLs are of data. */
function specifiersIn(text: string): string[] {
  const imported = ts.preProcessFile(text).importedFiles.map(({ fileName }) => fileName);
  const workers = [...text.matchAll(/new URL\('([^']+\.ts)', import\.meta\.url\)/g)];
  return [...imported, ...workers.map(([, name = '']) => name)];
}

/** What is wrong with one import of a file; undefined when nothing is. */
function faultOf(path: string, specifier: string): string | undefined {
  const [folder = ''] = relative('src', path).split(sep);
  if (folder === 'main.ts') return isAllowedInMain(specifier) ? undefined : 'main.ts only hands over to cli';
  const row = table.folders[folder];
  if (!row) return `src/${folder} is not in scripts/import-table.json`;
  if (specifier.startsWith('node:'))
    return row.node ? undefined : `src/${folder} stays free of Node's modules`;
  if (!specifier.startsWith('.')) {
    const name = specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
    return row.packages.includes(name) ? undefined : `src/${folder} must not use the package ${name}`;
  }
  return faultOfRelative(folder, join(dirname(path), specifier));
}

function isAllowedInMain(specifier: string): boolean {
  return specifier.startsWith('node:') || specifier.startsWith('./cli/');
}

function faultOfRelative(folder: string, target: string): string | undefined {
  const [top, other = '', ...rest] = target.split(sep);
  if (top !== 'src') return `reaches out of src to ${target}`;
  if (other === folder) return undefined;
  if (!table.folders[folder]?.mayImport.includes(other)) return `src/${folder} must not import src/${other}`;
  const only = table.onlyFile[folder]?.[other];
  const file = rest.join('/');
  return !only || only.includes(file)
    ? undefined
    : `src/${folder} may import of src/${other} only ${only.join()}`;
}

test('the sources are found', () => {
  expect(FILES.length).toBeGreaterThan(50);
});

test.each(FILES)('%s imports only what the table allows', (path) => {
  const faults = specifiersIn(readText(path))
    .map((specifier) => faultOf(path, specifier))
    .filter((fault) => fault !== undefined);
  expect(faults).toEqual([]);
});

/** The files of src that import each other in a ring, types included: the first ring that a walk meets, as its path. */
function importCircle(imports: ReadonlyMap<string, readonly string[]>): string[] | undefined {
  const done = new Set<string>();
  const walk = (path: string, above: readonly string[]): string[] | undefined => {
    if (above.includes(path)) return [...above.slice(above.indexOf(path)), path];
    if (done.has(path)) return undefined;
    done.add(path);
    for (const next of imports.get(path) ?? []) {
      const circle = walk(next, [...above, path]);
      if (circle) return circle;
    }
    return undefined;
  };
  for (const path of imports.keys()) {
    const circle = walk(path, []);
    if (circle) return circle;
  }
  return undefined;
}

const IMPORTS = new Map(
  FILES.map((path): [string, string[]] => [
    path,
    specifiersIn(readText(path))
      .filter((specifier) => specifier.startsWith('.'))
      .map((specifier) => join(dirname(path), specifier)),
  ]),
);

test('no files import each other in a circle', () => {
  expect(importCircle(IMPORTS)).toBeUndefined();
});

/** Every file that one leads to. */
function reachedFrom(start: string): ReadonlySet<string> {
  const reached = new Set([start]);
  for (const path of reached) for (const next of IMPORTS.get(path) ?? []) reached.add(next);
  return reached;
}

test('the daemon, and every other command that acts, cannot reach what writes to a cluster', () => {
  const writing = (path: string): string[] =>
    [...reachedFrom(path)].filter((file) => file.startsWith('src/scratch/'));
  expect(writing('src/app/preflight/preflight.ts').length).toBeGreaterThan(2);
  const commands = FILES.filter((file) => /^src\/app\/(?:daemon|commands|api|ha|planning)\//.test(file));
  expect(commands.length).toBeGreaterThan(20);
  expect(commands.flatMap(writing)).toEqual([]);
});

describe('the check itself', () => {
  test.each([
    [{ a: ['b', 'c'], b: ['c'], c: [] }, undefined],
    [{ a: ['b'], b: ['c'], c: ['b'] }, ['b', 'c', 'b']],
    [{ a: ['a'] }, ['a', 'a']],
  ])('finds the circle of %j', (imports, circle) => {
    expect(importCircle(new Map(Object.entries(imports)))).toEqual(circle);
  });

  test.each([
    ["import { a } from './x.ts';", ['./x.ts']],
    ["import type { A } from '../y.ts';", ['../y.ts']],
    ["export { a } from 'p';", ['p']],
    ["export * from 'p';", ['p']],
    ["import 'side-effect';", ['side-effect']],
    ["const a = await import('later');", ['later']],
    ["type A = import('types').A;", ['types']],
    ["new Worker(new URL('./worker.ts', import.meta.url));", ['./worker.ts']],
    ["new URL('../../package.json', import.meta.url);", []],
    ["const text = \"import { a } from 'no'\"; // import 'no'", []],
  ])('sees the modules of %s', (text, specifiers) => {
    expect(specifiersIn(text)).toEqual(specifiers);
  });

  test.each([
    ['src/planner/a.ts', '../domain/ids.ts', undefined],
    ['src/planner/deep/a.ts', '../../store/port.ts', 'src/planner must not import src/store'],
    ['src/planner/a.ts', 'node:fs', "src/planner stays free of Node's modules"],
    ['src/planner/a.ts', 'zod', 'src/planner must not use the package zod'],
    ['src/domain/a.ts', 'zod/v4', undefined],
    ['src/server/a.ts', '@fastify/static', 'src/server must not use the package @fastify/static'],
    ['src/executor/a.ts', '../greptimedb/port.ts', undefined],
    ['src/executor/a.ts', '../greptimedb/http.ts', 'src/executor may import of src/greptimedb only port.ts'],
    ['src/lib/a.ts', '../../scripts/x.ts', 'reaches out of src to scripts/x.ts'],
    ['src/news/a.ts', './b.ts', 'src/news is not in scripts/import-table.json'],
    ['src/main.ts', './app/compose.ts', 'main.ts only hands over to cli'],
  ])('%s with %s', (path, specifier, fault) => {
    expect(faultOf(path, specifier)).toBe(fault);
  });
});

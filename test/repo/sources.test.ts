import { globSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { filesBelow, readText, repositoryFiles } from '../support/repository.ts';

const SELF = 'test/repo/sources.test.ts';
const TEXTS = repositoryFiles()
  .filter((path) => path !== SELF && path !== 'package-lock.json' && !/\.(png|ico|gz|db)$/.test(path))
  .map((path) => ({ path, text: readText(path) }));

/** `path:line` of every match. */
function placesOf(pattern: RegExp, texts = TEXTS): string[] {
  return texts.flatMap(({ path, text }) =>
    text
      .split('\n')
      .flatMap((line, index) => (pattern.test(line) ? [`${path}:${index + 1}: ${line.trim()}`] : [])),
  );
}

test('the files of the repository are found', () => {
  expect(TEXTS.length).toBeGreaterThan(50);
});

describe('nothing in the repository', () => {
  test.each([
    ['names a folder of one machine', /(?:^|[\s'"`(=])\/(?:work|farm|home|root|Users)\//],
    ['names a temporary folder of one machine', /\/tmp\/(?:bash|t\/)/],
    ['reaches for what stands beside the repository', /\.\.\/shared\//],
    ['is signed by a machine', /Co-authored-by:/i],
  ])('%s', (_, pattern) => {
    expect(placesOf(pattern)).toEqual([]);
  });
});

describe('no source, test or page', () => {
  const written = TEXTS.filter(({ path }) => /^(src|test|bench|scripts|docs)\/|\.md$/.test(path));
  const code = written.filter(({ path }) => /\.(ts|mjs|js)$/.test(path));

  test.each([
    ['is unfinished', /\b(?:TODO|FIXME|XXX|HACK)\b/, written],
    ['silences a check', /eslint-disable|@ts-(?:ignore|expect-error|nocheck)|\bas unknown as\b/, code],
    ['switches a test off, or all others', /\b(?:it|test|describe)\.(?:skip|only|todo|fails)\b/, code],
    ['stops in a debugger', /^\s*debugger;/, code],
  ])('%s', (_, pattern, texts) => {
    expect(placesOf(pattern, texts)).toEqual([]);
  });
});

test.each(filesBelow('src', '.ts'))('%s has at most 350 lines', (path) => {
  expect(readText(path).split('\n').length - 1).toBeLessThanOrEqual(350);
});

test('every relative link in a page leads to a file', () => {
  const known = new Set(repositoryFiles());
  const folders = new Set([...known].flatMap((path) => parentsOf(path)));
  const broken = TEXTS.filter(({ path }) => path.endsWith('.md')).flatMap(({ path, text }) =>
    [...text.matchAll(/\]\((?!https?:|mailto:|#)([^)#\s]+)/g)]
      .map(([, target]) => new URL(target ?? '', `file:///${path}`).pathname.slice(1).replace(/\/$/, ''))
      .filter((target) => !known.has(target) && !folders.has(target))
      .map((target) => `${path} -> ${target}`),
  );
  expect(broken).toEqual([]);
});

test('every source that a page names is there', () => {
  const pages = TEXTS.filter(({ path }) => path.endsWith('.md') && path !== 'CHANGELOG.md');
  const gone = pages.flatMap(({ path, text }) =>
    [...text.matchAll(/`((?:src|scripts|test|bench|deploy|grafana)\/[^`\s]+)`/g)]
      .map(([, name]) => name ?? '')
      .filter((name) => globSync(name).length === 0)
      .map((name) => `${path}: ${name}`),
  );
  expect(gone).toEqual([]);
});

function parentsOf(path: string): string[] {
  const parts = path.split('/').slice(0, -1);
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'));
}

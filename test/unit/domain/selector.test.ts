import { describe, expect, it } from 'vitest';
import { compilePattern, compileSelection } from '../../../src/domain/selector.ts';
import type { Table } from '../../../src/domain/snapshot.ts';

function table(name: string, id = '1024', logical: readonly string[] = []): Table {
  const [catalog, schema, ...rest] = name.split('/');
  return {
    id,
    catalog: catalog!,
    schema: schema!,
    name: rest.join('/'),
    engine: 'mito',
    logicalTables: logical.map((name, index) => ({ id: String(5_000 + index), schema: 'public', name })),
  };
}

describe('compilePattern', () => {
  it.each([
    ['public.cpu', 'greptime/public/cpu', true],
    ['public.cpu', 'greptime/public/cpu2', false],
    ['public.cpu', 'other/public/cpu', false],
    ['public.*', 'greptime/public/anything', true],
    ['public.*', 'greptime/private/anything', false],
    ['*.cpu', 'greptime/any/cpu', true],
    ['other.public.cpu', 'other/public/cpu', true],
    ['*.*.*', 'other/public/cpu', true],
    ['greptime.public.a.b', 'greptime/public/a.b', true],
    ['public.c?u', 'greptime/public/cpu', true],
    ['public.c?u', 'greptime/public/cu', false],
    ['public.1abc', 'greptime/public/1abc', true],
    ['1abc.1abc', 'greptime/1abc/1abc', true],
    ['public.?1', 'greptime/public/a1', true],
    ['public.a+(b)', 'greptime/public/a+(b)', true],
    ['public.a+(b)', 'greptime/public/aab', false],
    ['public.cp*', 'greptime/public/cp', true],
    ['public.*', 'greptime/public/line\nbreak', true],
    ['1024', 'greptime/public/cpu', true],
    ['1025', 'greptime/public/cpu', false],
  ])('%s against %s: %s', (pattern, name, wanted) => {
    expect(compilePattern(pattern)?.(table(name))).toBe(wanted);
  });

  it.each(['cpu', '*', '', 'public.', '.cpu', 'a..b', '-1', '18446744073709551616'])(
    'knows that %j is no pattern',
    (pattern) => {
      expect(compilePattern(pattern)).toBeUndefined();
    },
  );
});

describe('compileSelection', () => {
  it.each([
    ['nothing named selects all', [], [], table('greptime/public/cpu'), true],
    ['an include that matches', ['public.*'], [], table('greptime/public/cpu'), true],
    ['an include that does not', ['public.*'], [], table('greptime/other/cpu'), false],
    ['exclude wins', ['public.*'], ['public.cpu'], table('greptime/public/cpu'), false],
    ['by id', ['1024'], [], table('greptime/public/cpu'), true],
    [
      'a logical table selects its physical one',
      ['public.log'],
      [],
      table('greptime/p/phy', '7', ['log']),
      true,
    ],
    ['so does its id', ['5000'], [], table('greptime/p/phy', '7', ['log']), true],
    ['unless that is excluded', ['public.log'], ['p.*'], table('greptime/p/phy', '7', ['log']), false],
    [
      'an excluded logical table selects nothing',
      ['public.*'],
      ['public.log'],
      table('greptime/p/phy', '7', ['log']),
      false,
    ],
  ] as const)('%s', (_name, include, exclude, subject, wanted) => {
    expect(compileSelection({ include, exclude }).selects(subject)).toBe(wanted);
  });

  it('throws on a pattern that slipped through', () => {
    expect(() => compileSelection({ include: ['cpu'], exclude: [] })).toThrow('Not a table pattern: "cpu"');
  });
});

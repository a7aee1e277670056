import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findJsonError } from '../../../src/lib/json-error.ts';
import { decimalId, isDecimalId, parseJsonExact } from '../../../src/lib/json.ts';

describe('parseJsonExact', () => {
  it.each([
    ['a short id stays a number', '[4398046511104]', [4398046511104]],
    ['15 digits stay a number', '[123456789012345]', [123456789012345]],
    ['16 digits become text', '[1234567890123456]', ['1234567890123456']],
    ['the largest u64 keeps every digit', '{"id":18446744073709551615}', { id: '18446744073709551615' }],
    ['2^53 + 1 is not rounded', '[9007199254740993,1]', ['9007199254740993', 1]],
    ['a negative integer keeps its sign', '[-9007199254740993]', ['-9007199254740993']],
    ['a fraction stays a number', '[0.12345678901234567]', [0.12345678901234567]],
    ['an exponent stays a number', '[1234567890123456e2]', [1234567890123456e2]],
    ['digits within a string are left alone', '["1234567890123456789"]', ['1234567890123456789']],
    ['an escaped quote does not end a string', '["a\\" 1234567890123456789"]', ['a" 1234567890123456789']],
    ['a backslash before the closing quote', '["a\\\\",1234567890123456789]', ['a\\', '1234567890123456789']],
    [
      'numbers next to each other',
      '[1234567890123456,1234567890123457]',
      ['1234567890123456', '1234567890123457'],
    ],
    ['no integer at all', '{"a":null}', { a: null }],
    ['a bare integer', ' 1234567890123456 ', '1234567890123456'],
    [
      'an integer beside what only looks like one',
      '{"a, 1234567890123456, b":[1234567890123456 ]}',
      { 'a, 1234567890123456, b': ['1234567890123456'] },
    ],
  ])('%s', (_name, text, wanted) => {
    expect(parseJsonExact(text)).toEqual(wanted);
  });

  it.each([
    ['a long number as a property name', '{1234567890123456789: 1}'],
    ['a long number as a property name before a line break', '{1234567890123456789\n : 1}'],
    ['leading zeros', '[00000000000000000001]'],
    ['a bare minus', '[- 1234567890123456789]'],
    ['a plus sign', '[+1234567890123456789]'],
    ['an unfinished document', '[1234567890123456789'],
    ['an unfinished string', '["1234567890123456789'],
    ['nothing', ''],
  ])('refuses %s, as JSON.parse does', (_name, text) => {
    expect(() => parseJsonExact(text)).toThrow(SyntaxError);
    expect((): unknown => JSON.parse(text)).toThrow(SyntaxError);
  });
});

/** The same by the engine's own means, which take ten times as long: the text of each value is shown to the reviver. */
function parseWithSources(text: string): unknown {
  const exact = (_key: string, value: unknown, context: { source: string }): unknown =>
    typeof value === 'number' && /^-?\d{16,}$/.test(context.source) ? context.source : value;
  return JSON.parse(text, exact as Parameters<typeof JSON.parse>[1]);
}

/** What may trip a reader that looks for digits: runs of about 16, in numbers, in strings and in names, with and without room around. */
const digits = fc.constantFrom(1, 15, 16, 17, 22).map((length) => '1234567890987654321012'.slice(0, length));
const number = fc
  .tuple(fc.constantFrom('', '-'), digits, fc.constantFrom('', '.5', 'e2', '.1234567890123456789'))
  .map((parts) => parts.join(''));
const awkwardText = fc
  .tuple(fc.constantFrom('', '"', '\\', ' ', ',', '['), digits, fc.constantFrom('', '"', ',', ' ]', ': '))
  .map((parts) => JSON.stringify(parts.join('')));
const room = fc.constantFrom('', ' ', '\n  ');
const { value: document } = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    number,
    awkwardText,
    fc.constantFrom('null', 'true'),
    fc
      .array(fc.tuple(room, tie('value'), room))
      .map((items) => `[${items.map((item) => item.join('')).join()}]`),
    fc
      .uniqueArray(fc.tuple(awkwardText, room, tie('value'), room), { selector: ([name]) => name })
      .map((members) => {
        const written = members.map(([name, before, value, after]) => `${name}${before}:${value}${after}`);
        return `{${written.join()}}`;
      }),
  ),
}));

it('parseJsonExact reads any document as the engine does when it is asked for the text of each number', () => {
  fc.assert(
    fc.property(document, (text) => {
      expect(parseJsonExact(text)).toEqual(parseWithSources(text));
    }),
    { numRuns: 2_000 },
  );
});

describe('decimalId', () => {
  it.each([
    [0, '0'],
    [1024, '1024'],
    [9007199254740991, '9007199254740991'],
    ['18446744073709551615', '18446744073709551615'],
    [9007199254740992, undefined],
    [-1, undefined],
    [1.5, undefined],
    [Number.NaN, undefined],
    ['18446744073709551616', undefined],
    ['007', undefined],
    ['+1', undefined],
    ['', undefined],
    [' 1', undefined],
    [null, undefined],
    [true, undefined],
    [[1], undefined],
  ])('reads %j as %j', (value, wanted) => {
    expect(decimalId(value)).toBe(wanted);
  });

  it('knows twenty digits above the largest u64 from those below', () => {
    expect(isDecimalId('18446744073709551615')).toBe(true);
    expect(isDecimalId('18446744073709551616')).toBe(false);
    expect(isDecimalId('99999999999999999999')).toBe(false);
    expect(isDecimalId('9999999999999999999')).toBe(true);
  });
});

describe('findJsonError', () => {
  it.each([
    ['{"a":1,}', 1, 8, '"}"', 'a property name in double quotes'],
    ['<html>', 1, 1, '"<"', 'a value'],
    ['{"a":', 1, 6, 'the end of the text', 'a value'],
    ['', 1, 1, 'the end of the text', 'a value'],
    ['{"a":tru}', 1, 6, '"t"', 'a value'],
    ['[1,2', 1, 5, 'the end of the text', "',' or ']'"],
    ['{"x":1}\n}', 2, 1, '"}"', 'nothing after the end of the document'],
    ["{'a':1}", 1, 2, '"\'"', 'a property name in double quotes'],
    ['"a\nb"', 1, 3, '"\\n"', 'no raw control character in a string'],
    ['[01]', 1, 3, '"1"', "',' or ']'"],
    ['{"a":1 "b"', 1, 8, '"\\""', "',' or '}'"],
    ['{"a" 1}', 1, 6, '"1"', "':'"],
    ['["\\x"]', 1, 3, '"\\\\"', 'an escape that JSON knows'],
    ['["abc', 1, 6, 'the end of the text', 'the closing double quote of a string'],
    ['{\n  "a": 1,\n  "b": oops\n}', 3, 8, '"o"', 'a value'],
    ['[1,]', 1, 4, '"]"', 'a value'],
    ['[1 2]', 1, 4, '"2"', "',' or ']'"],
  ])('places the fault of %j', (text, line, column, found, wanted) => {
    expect((): unknown => JSON.parse(text)).toThrow(SyntaxError);
    expect(findJsonError(text)).toEqual({ line, column, found, wanted });
  });

  it.each([
    '{}',
    '[]',
    ' {"a":[1,-2.5e+7,{"b":null}],"c":"\\u00e9\\n","d":true} \n',
    '"\u007f"',
    '[[[]],{}]',
    '0',
  ])('finds nothing in %j', (text) => {
    expect((): unknown => JSON.parse(text)).not.toThrow();
    expect(findJsonError(text)).toBeUndefined();
  });
});

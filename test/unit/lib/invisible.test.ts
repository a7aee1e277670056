import { describe, expect, it } from 'vitest';
import { escapeInvisible, INVISIBLE } from '../../../src/lib/invisible.ts';

/** C1 controls (U+009B begins an escape sequence on many terminals), direction marks, and separators of lines. */
const HARMFUL = [
  '\u007f',
  '\u0085',
  '\u009b',
  '\u061c',
  '\u200e',
  '\u200f',
  '\u2028',
  '\u2029',
  '\u202e',
  '\u2066',
];

describe('escapeInvisible', () => {
  it.each(HARMFUL)('hides case %# from terminals and editors, and means the same', (char) => {
    const value = { [`name${char}`]: `a${char}b` };
    const text = escapeInvisible(JSON.stringify(value));
    expect(JSON.parse(text)).toEqual(value);
    expect(text).toMatch(/^[ -~]*$/);
  });

  it('leaves what people can see, and the layout of a text', () => {
    const text = JSON.stringify({ name: 'Größe 大小 😀 é\n\t' }, null, 2);
    expect(escapeInvisible(`${text}\n`)).toBe(`${text}\n`);
  });

  it.each([...HARMFUL, '\u001b', '\n'])(
    'case %# is one of the characters that are not shown to people',
    (char) => {
      expect('a'.concat(char).replace(INVISIBLE, '?')).toBe('a?');
    },
  );
});

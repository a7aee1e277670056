/** Where a text stops being JSON. */
export interface JsonPlace {
  /** 1-based. */
  readonly line: number;
  /** 1-based, in UTF-16 units. */
  readonly column: number;
  /** `end of text`, or the offending character. */
  readonly found: string;
  readonly wanted: string;
}

/**
 * Finds the first character that JSON does not allow. `JSON.parse` names the place for some errors only, and calls it by an
 * offset that nobody can find in a file; run this on a text that it refused.
 *
 * @returns undefined when the text is JSON.
 */
export function findJsonError(text: string): JsonPlace | undefined {
  const closers: string[] = [];
  let index = skipSpace(text, 0);
  let state: State = 'value';
  for (;;) {
    const char = text[index];
    if (state === 'end') {
      if (char === undefined) return undefined;
      return placeOf(text, index, 'nothing after the end of the document');
    }
    const step: Step = advance(text, index, state, closers);
    if ('wanted' in step) return placeOf(text, step.at, step.wanted);
    state = step.state;
    index = skipSpace(text, step.at);
  }
}

type State = 'value' | 'value-or-close' | 'key' | 'key-or-close' | 'colon' | 'comma' | 'end';
type Step = { readonly at: number; readonly state: State } | { readonly at: number; readonly wanted: string };

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const STRING_END = /["\\\p{Cc}]/gu;
const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;
const LITERALS = ['true', 'false', 'null'];

function advance(text: string, index: number, state: State, closers: string[]): Step {
  const char = text[index];
  switch (state) {
    case 'colon':
      return char === ':' ? { at: index + 1, state: 'value' } : { at: index, wanted: "':'" };
    case 'comma':
      return afterValue(char, index, closers);
    case 'key':
    case 'key-or-close':
      if (char === '"') return string(text, index, 'colon');
      if (char === '}' && state === 'key-or-close') return close(index, closers);
      return { at: index, wanted: 'a property name in double quotes' };
    case 'value-or-close':
      return char === ']' ? close(index, closers) : value(text, index, closers);
    case 'value':
    case 'end':
      return value(text, index, closers);
  }
}

function value(text: string, index: number, closers: string[]): Step {
  const char = text[index];
  const next: State = closers.length === 0 ? 'end' : 'comma';
  if (char === '{' || char === '[') {
    closers.push(char === '{' ? '}' : ']');
    return { at: index + 1, state: char === '{' ? 'key-or-close' : 'value-or-close' };
  }
  if (char === '"') return string(text, index, next);
  const literal = LITERALS.find((word) => text.startsWith(word, index));
  if (literal) return { at: index + literal.length, state: next };
  NUMBER.lastIndex = index;
  const number = NUMBER.exec(text);
  return number ? { at: index + number[0].length, state: next } : { at: index, wanted: 'a value' };
}

function afterValue(char: string | undefined, index: number, closers: string[]): Step {
  const closer = closers.at(-1)!;
  if (char === closer) return close(index, closers);
  if (char === ',') return { at: index + 1, state: closer === '}' ? 'key' : 'value' };
  return { at: index, wanted: `',' or '${closer}'` };
}

function close(index: number, closers: string[]): Step {
  closers.pop();
  return { at: index + 1, state: closers.length === 0 ? 'end' : 'comma' };
}

function string(text: string, open: number, next: State): Step {
  let index = open + 1;
  for (;;) {
    STRING_END.lastIndex = index;
    const found = STRING_END.exec(text);
    if (!found) return { at: text.length, wanted: 'the closing double quote of a string' };
    if (found[0] === '"') return { at: found.index + 1, state: next };
    if (found[0] === '\\') {
      ESCAPE.lastIndex = found.index;
      const whole = ESCAPE.exec(text);
      if (!whole) return { at: found.index, wanted: 'an escape that JSON knows' };
      index = found.index + whole[0].length;
    } else if (found[0] < ' ') {
      return { at: found.index, wanted: 'no raw control character in a string' };
    } else {
      index = found.index + 1;
    }
  }
}

function skipSpace(text: string, start: number): number {
  let index = start;
  while (index < text.length && ' \t\r\n'.includes(text[index]!)) index += 1;
  return index;
}

function placeOf(text: string, index: number, wanted: string): JsonPlace {
  let line = 1;
  let lineStart = 0;
  for (let at = text.indexOf('\n'); at !== -1 && at < index; at = text.indexOf('\n', at + 1)) {
    line += 1;
    lineStart = at + 1;
  }
  const char = text[index];
  return {
    line,
    column: index - lineStart + 1,
    found: char === undefined ? 'the end of the text' : JSON.stringify(char),
    wanted,
  };
}

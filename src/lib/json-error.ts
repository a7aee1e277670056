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
  const afterValue = (): State => (closers.length === 0 ? 'end' : 'comma');
  let state: State = 'value';
  for (let index = skipSpace(text, 0); ; index = skipSpace(text, index)) {
    const char = text[index];
    const closer = closers.at(-1);
    const isKey: boolean = state === 'key' || state === 'key-or-close';
    if (state === 'end') {
      return char === undefined ? undefined : placeOf(text, index, 'nothing after the end of the document');
    }
    if (char !== undefined && char === closer && MAY_CLOSE.includes(state)) {
      closers.pop();
      index += 1;
      state = afterValue();
    } else if (state === 'colon' || state === 'comma') {
      const wanted = state === 'colon' ? "':'" : `',' or '${closer ?? ''}'`;
      if (char !== wanted[1]) return placeOf(text, index, wanted);
      index += 1;
      state = state === 'comma' && closer === '}' ? 'key' : 'value';
    } else if (char === '"') {
      const end = readString(text, index);
      if (typeof end === 'object') return placeOf(text, end.at, end.wanted);
      index = end;
      state = isKey ? 'colon' : afterValue();
    } else if (isKey) {
      return placeOf(text, index, 'a property name in double quotes');
    } else if (char === '{' || char === '[') {
      closers.push(char === '{' ? '}' : ']');
      index += 1;
      state = char === '{' ? 'key-or-close' : 'value-or-close';
    } else {
      SCALAR.lastIndex = index;
      const [scalar] = SCALAR.exec(text) ?? [];
      if (scalar === undefined) return placeOf(text, index, 'a value');
      index += scalar.length;
      state = afterValue();
    }
  }
}

type State = 'value' | 'value-or-close' | 'key' | 'key-or-close' | 'colon' | 'comma' | 'end';

const MAY_CLOSE: readonly State[] = ['value-or-close', 'key-or-close', 'comma'];
const SCALAR = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;
const STRING_END = /["\\\p{Cc}]/gu;
const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;

/** @returns where the string is over that begins at `open`, or what is wrong with it. */
function readString(text: string, open: number): number | { readonly at: number; readonly wanted: string } {
  for (let index = open + 1; ;) {
    STRING_END.lastIndex = index;
    const found = STRING_END.exec(text);
    if (!found) return { at: text.length, wanted: 'the closing double quote of a string' };
    const at = found.index;
    if (found[0] === '"') return at + 1;
    if (found[0] < ' ') return { at, wanted: 'no raw control character in a string' };
    ESCAPE.lastIndex = at;
    const escape = found[0] === '\\' ? ESCAPE.exec(text)?.[0] : found[0];
    if (escape === undefined) return { at, wanted: 'an escape that JSON knows' };
    index = at + escape.length;
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

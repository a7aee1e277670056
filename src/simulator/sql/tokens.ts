import { syntaxError } from './errors.ts';

export interface Token {
  readonly kind: 'word' | 'quoted-word' | 'number' | 'string' | 'symbol' | 'end';
  /** Without quotes; keywords and plain words as written. */
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

const MAX_SQL_LENGTH = 1_000_000;
const PATTERN =
  /(?<space>\s+|--[^\n]*|\/\*[\s\S]*?\*\/)|(?<word>[A-Za-z_][A-Za-z0-9_$]*)|(?<number>\d+(?:\.\d+)?)|'(?<string>(?:[^']|'')*)'|"(?<double>(?:[^"]|"")*)"|`(?<back>[^`]*)`|(?<symbol><>|!=|<=|>=|\|\||[=<>(),;.*+\-/%])/y;

/** @throws SqlError 2000 on what is not SQL. */
export function tokenize(sql: string): Token[] {
  if (sql.length > MAX_SQL_LENGTH) throw syntaxError('statement too long');
  const tokens: Token[] = [];
  PATTERN.lastIndex = 0;
  let at = 0;
  while (at < sql.length) {
    PATTERN.lastIndex = at;
    const match = PATTERN.exec(sql);
    if (!match) throw syntaxError(`Unexpected character ${JSON.stringify(sql[at])} at Column: ${at + 1}`);
    const end = at + match[0].length;
    const token = tokenOf(match.groups ?? {}, at, end);
    if (token) tokens.push(token);
    at = end;
  }
  tokens.push({ kind: 'end', text: 'EOF', start: sql.length, end: sql.length });
  return tokens;
}

function tokenOf(groups: Record<string, string | undefined>, start: number, end: number): Token | null {
  const { word, number, string, double, back, symbol } = groups;
  if (word !== undefined) return { kind: 'word', text: word, start, end };
  if (number !== undefined) return { kind: 'number', text: number, start, end };
  if (string !== undefined) return { kind: 'string', text: string.replaceAll("''", "'"), start, end };
  if (double !== undefined) return { kind: 'quoted-word', text: double.replaceAll('""', '"'), start, end };
  if (back !== undefined) return { kind: 'quoted-word', text: back, start, end };
  if (symbol !== undefined) return { kind: 'symbol', text: symbol === '!=' ? '<>' : symbol, start, end };
  return null;
}

/** Walks over tokens. */
export class TokenCursor {
  readonly sql: string;
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(sql: string) {
    this.sql = sql;
    this.#tokens = tokenize(sql);
  }

  isAtEnd(): boolean {
    return this.current.kind === 'end';
  }

  get current(): Token {
    return this.#tokens[this.#at]!;
  }

  /** End of the token before the present one. */
  get previousEnd(): number {
    return this.#tokens[this.#at - 1]?.end ?? 0;
  }

  next(): Token {
    const token = this.current;
    if (token.kind !== 'end') this.#at += 1;
    return token;
  }

  isWord(word: string, ahead = 0): boolean {
    const token = this.#tokens[this.#at + ahead];
    return token?.kind === 'word' && token.text.toUpperCase() === word;
  }

  isSymbol(symbol: string, ahead = 0): boolean {
    const token = this.#tokens[this.#at + ahead];
    return token?.kind === 'symbol' && token.text === symbol;
  }

  takeWord(word: string): boolean {
    if (!this.isWord(word)) return false;
    this.#at += 1;
    return true;
  }

  takeSymbol(symbol: string): boolean {
    if (!this.isSymbol(symbol)) return false;
    this.#at += 1;
    return true;
  }

  /** @throws SqlError 2000 */
  expectWord(word: string): void {
    if (!this.takeWord(word)) this.fail(word);
  }

  /** @throws SqlError 2000 */
  expectSymbol(symbol: string): void {
    if (!this.takeSymbol(symbol)) this.fail(symbol);
  }

  /** @throws SqlError 2000 always. */
  fail(wanted: string): never {
    const { text, start } = this.current;
    throw syntaxError(`Expected: ${wanted}, found: ${text} at Line: 1, Column: ${start + 1}`);
  }
}

import type { SqlError } from './errors.ts';
import { syntaxError } from './errors.ts';
import type { SqlValue } from './result-set.ts';

/** The value of a number, a quoted text or a word that stands for a value; undefined for anything else. */
export function literal(token: string): SqlValue | undefined {
  if (token.length > 1 && token.startsWith("'")) return token.slice(1, -1).replaceAll("''", "'");
  if (/^-?\d+$/.test(token)) {
    const number = Number(token);
    return Number.isSafeInteger(number) ? number : BigInt(token);
  }
  const word = token.toUpperCase();
  if (word === 'NULL') return null;
  return word === 'TRUE' || word === 'FALSE' ? word === 'TRUE' : undefined;
}

const NAME = /^[A-Za-z_]\w*$/;
/** A word, a whole number, a quoted text, or any other character; before it blanks and comments. */
const TOKEN = /(?:\s|--.*)*([A-Za-z_]\w*|-?\d+|'(?:[^']|'')*'|\S)?/y;

/** The words of a statement, one after the other. */
export class Tokens {
  readonly #sql: string;
  readonly #tokens: { readonly text: string; readonly start: number; readonly end: number }[] = [];
  #at = 0;

  constructor(sql: string) {
    this.#sql = sql;
    const pattern = new RegExp(TOKEN);
    for (;;) {
      const text = pattern.exec(sql)?.[1];
      if (text === undefined) return;
      const end = pattern.lastIndex;
      this.#tokens.push({ text, start: end - text.length, end });
    }
  }

  /** Where in the statement the next token begins. */
  get position(): number {
    return this.#tokens[this.#at]?.start ?? this.#sql.length;
  }

  /** What was read from `start` up to here. */
  textSince(start: number): string {
    return this.#sql.slice(start, this.#tokens[this.#at - 1]?.end).trim();
  }

  isNext(wanted: string, ahead = 0): boolean {
    return this.#tokens[this.#at + ahead]?.text.toUpperCase() === wanted;
  }

  take(wanted: string): boolean {
    const isThere = this.isNext(wanted);
    if (isThere) this.#at += 1;
    return isThere;
  }

  /** Takes the words if the first of them comes next. */
  takeAll(first: string, ...rest: readonly string[]): boolean {
    if (!this.take(first)) return false;
    for (const word of rest) this.expect(word);
    return true;
  }

  expect(wanted: string): void {
    if (!this.take(wanted)) this.fail(wanted);
  }

  /** A semicolon at most. */
  expectEnd(): void {
    this.take(';');
    if (this.#at < this.#tokens.length) this.fail('end of statement');
  }

  next(wanted: string): string {
    const token = this.#tokens[this.#at] ?? this.fail(wanted);
    this.#at += 1;
    return token.text;
  }

  match(pattern: RegExp, wanted: string): string {
    const text = this.#tokens[this.#at]?.text ?? '';
    return pattern.test(text) ? this.next(wanted) : this.fail(wanted);
  }

  name(wanted: string): string {
    return this.match(NAME, wanted);
  }

  number(): number {
    return Number(this.match(/^-?\d{1,15}$/, 'a number'));
  }

  value(): SqlValue {
    const token = this.next('a value');
    const value = literal(token);
    if (value === undefined) throw this.error('a value', token);
    return value;
  }

  /** At least one item. */
  list<T>(separator: string, read: () => T): T[] {
    const items: T[] = [];
    do items.push(read());
    while (this.take(separator));
    return items;
  }

  inParentheses<T>(read: () => T): T[] {
    this.expect('(');
    const items = this.list(',', read);
    this.expect(')');
    return items;
  }

  /** `[catalog.][schema.]table` */
  path(): string[] {
    return this.list('.', () => this.name('a name'));
  }

  /** @throws SqlError always. */
  fail(wanted: string): never {
    throw this.error(wanted, this.#tokens[this.#at]?.text ?? 'EOF');
  }

  error(wanted: string, found: string): SqlError {
    return syntaxError(`Expected: ${wanted}, found: ${found}`);
  }
}

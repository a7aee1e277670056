/** How much an answer may hold. Bytes alone say little: 16 MiB of `{}` are five million objects. */
export interface AnswerLimits {
  /** Arrays and objects. */
  readonly containers: number;
  /** Members of arrays and objects. */
  readonly values: number;
  readonly depth: number;
}

/** For answers that are parsed in one go: a few hundred milliseconds at most. */
export const WHOLE_LIMITS: AnswerLimits = { containers: 300_000, values: 2_000_000, depth: 32 };

/** For rows, which are parsed a few at a time: an array for each, and what describes the columns. */
export function rowLimits(maxRows: number): AnswerLimits {
  return { containers: maxRows + 2_000, values: 40 * (maxRows + 2_000), depth: 10 };
}

const [QUOTE, BACKSLASH, COMMA] = [0x22, 0x5c, 0x2c];
const [OPEN_BRACKET, CLOSE_BRACKET, OPEN_BRACE, CLOSE_BRACE] = [0x5b, 0x5d, 0x7b, 0x7d];

/** Counts what JSON holds, as its bytes come: what is too much is known before anything is parsed, and mostly before it is all there. */
export class JsonMeter {
  readonly #limits: AnswerLimits;
  #containers = 0;
  #values = 0;
  #depth = 0;
  #deepest = 0;
  #isInString = false;
  #isEscaped = false;

  constructor(limits: AnswerLimits) {
    this.#limits = limits;
  }

  /** @returns which limit is exceeded, in words, if one is. */
  add(bytes: Uint8Array): string | undefined {
    // Locals: this is done for every byte of hundreds of megabytes.
    let [isInString, isEscaped, depth, containers, values] = [
      this.#isInString,
      this.#isEscaped,
      this.#depth,
      0,
      0,
    ];
    for (const byte of bytes) {
      if (isInString) {
        if (isEscaped) isEscaped = false;
        else if (byte === BACKSLASH) isEscaped = true;
        else if (byte === QUOTE) isInString = false;
      } else if (byte === QUOTE) isInString = true;
      else if (byte === COMMA) values += 1;
      else if (byte === OPEN_BRACKET || byte === OPEN_BRACE) {
        containers += 1;
        depth += 1;
        this.#deepest = Math.max(this.#deepest, depth);
      } else if (byte === CLOSE_BRACKET || byte === CLOSE_BRACE) depth -= 1;
    }
    [this.#isInString, this.#isEscaped, this.#depth] = [isInString, isEscaped, depth];
    this.#containers += containers;
    this.#values += values;
    return this.#exceeded();
  }

  #exceeded(): string | undefined {
    const { containers, values, depth } = this.#limits;
    if (this.#containers > containers)
      return `it holds more than the limit of ${containers} arrays and objects`;
    if (this.#values > values) return `it holds more than the limit of ${values} values`;
    return this.#deepest > depth ? `it is nested deeper than the limit of ${depth} levels` : undefined;
  }
}

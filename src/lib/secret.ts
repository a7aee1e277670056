import { inspect } from 'node:util';

const MASK = '***';

/**
 * A text that shows itself only to who asks for it by name: logs, JSON and debuggers see a mask. It may be renewed while the program
 * runs, so it is asked for at each use and not kept.
 */
export class Secret {
  readonly #read: () => string;

  constructor(value: string | (() => string)) {
    this.#read = typeof value === 'string' ? () => value : value;
  }

  reveal(): string {
    return this.#read();
  }

  toString(): string {
    return MASK;
  }

  toJSON(): string {
    return MASK;
  }

  [inspect.custom](): string {
    return MASK;
  }
}

/** What a user shows to a server. */
export interface Login {
  readonly username: string;
  readonly password: Secret;
}

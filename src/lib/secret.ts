import { inspect } from 'node:util';

const MASK = '***';

/** A text that shows itself only to who asks for it by name: logs, JSON and debuggers see a mask. */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  reveal(): string {
    return this.#value;
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

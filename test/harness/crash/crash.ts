import type { Cluster } from '../../../src/greptimedb/port.ts';
import type { Store } from '../../../src/store/port.ts';

/** Thrown where the process dies. No code of ours may catch it and go on. */
export class Crash extends Error {
  constructor() {
    super('The process died here');
    this.name = 'Crash';
  }
}

/** Lets a process die before or after its n-th contact with the world outside, and stay dead. */
export class CrashPlan {
  readonly #at: number;
  readonly #when: 'before' | 'after';
  #contacts = 0;
  #isDead = false;
  /** What was being done when it died. */
  place = '';

  constructor(at: number, when: 'before' | 'after') {
    this.#at = at;
    this.#when = when;
  }

  get isDead(): boolean {
    return this.#isDead;
  }

  /** Wraps one contact. */
  contact<T>(name: string, work: () => T): T {
    this.#dieIfDead();
    const isHere = this.#contacts === this.#at;
    this.#contacts += 1;
    if (isHere) this.place = `${this.#when} ${name}`;
    if (isHere && this.#when === 'before') this.#die();
    const result = work();
    if (isHere) this.#die();
    return result;
  }

  #dieIfDead(): void {
    if (this.#isDead) throw new Crash();
  }

  #die(): never {
    this.#isDead = true;
    throw new Crash();
  }
}

/** The same object, whose every method is one contact. */
export function mortal<T extends Store | Cluster>(target: T, plan: CrashPlan): T {
  return new Proxy(target, {
    get(object, name) {
      const value: unknown = Reflect.get(object, name, object);
      if (typeof value !== 'function') return value;
      return (...parameters: unknown[]): unknown =>
        plan.contact(String(name), () => Reflect.apply(value, object, parameters) as unknown);
    },
  });
}

import type { Clock } from '../../../src/lib/clock.ts';
import type { Transport, TransportRequest, TransportResponse } from '../../../src/greptimedb/index.ts';
import type { Store } from '../../../src/store/port.ts';
import { Crash } from '../crash/crash.ts';

/** Where a process dies: before or after its n-th contact with the world outside. */
export interface DeathPlan {
  readonly contact: number;
  readonly when: 'before' | 'after';
}

export interface LifeOptions {
  readonly plan?: DeathPlan | undefined;
  readonly onDeath: (place: string) => void;
  /** An error left a timer's callback: a real process ends by that. */
  readonly onUncaught: (error: unknown) => void;
}

/**
 * One life of our process. Everything that the process does to the world outside goes through here: a dead one does nothing any more,
 * and whatever it waited for never comes.
 */
export class Life {
  readonly clock: Clock;
  readonly #onDeath: (place: string) => void;
  readonly #onUncaught: (error: unknown) => void;
  readonly #timers = new Set<() => void>();
  #plan: DeathPlan | undefined;
  #contacts = 0;
  #isDead = false;

  constructor(world: Clock, options: LifeOptions) {
    this.#plan = options.plan;
    this.#onDeath = options.onDeath;
    this.#onUncaught = options.onUncaught;
    this.clock = this.#ownClock(world);
  }

  get isDead(): boolean {
    return this.#isDead;
  }

  /** Dies at the next contact that fits. */
  plan(contactsFromNow: number, when: DeathPlan['when']): void {
    this.#plan = { contact: this.#contacts + contactsFromNow, when };
  }

  /** Forgets what {@link plan} planned. */
  spare(): void {
    this.#plan = undefined;
  }

  /** Dies now, between two contacts. */
  die(place = 'between two contacts'): void {
    if (this.#isDead) return;
    this.#isDead = true;
    for (const cancel of this.#timers) cancel();
    this.#timers.clear();
    this.#onDeath(place);
  }

  /** Ends without a crash: the timers are the process's own business, but nothing must come of them any more. */
  retire(): void {
    this.#isDead = true;
    for (const cancel of this.#timers) cancel();
    this.#timers.clear();
  }

  /** @returns whether the process dies before this contact, after it, or not at all. */
  #next(name: string): 'before' | 'after' | undefined {
    const isHere = this.#plan?.contact === this.#contacts;
    this.#contacts += 1;
    if (!isHere || !this.#plan) return undefined;
    if (this.#plan.when === 'before') this.die(`before ${name}`);
    return this.#plan.when;
  }

  /** The store as this process may use it: a dead one changes nothing. */
  store(store: Store): Store {
    return new Proxy(store, {
      get: (object, name) => {
        const value: unknown = Reflect.get(object, name, object);
        if (typeof value !== 'function') return value;
        return (...parameters: unknown[]): unknown => {
          if (this.#isDead) throw new Crash();
          const death = this.#next(String(name));
          if (death === 'before') throw new Crash();
          const result: unknown = Reflect.apply(value, object, parameters);
          if (death === undefined) return result;
          this.die(`after ${String(name)}`);
          throw new Crash();
        };
      },
    });
  }

  /** The network as this process may use it: what is sent arrives, be its sender dead by then or not. */
  transport(transport: Transport): Transport {
    return {
      request: (request) => this.#request(transport, request),
      close: () => Promise.resolve(),
    };
  }

  async #request(transport: Transport, request: TransportRequest): Promise<TransportResponse> {
    const death = this.#isDead ? 'before' : this.#next('a request');
    if (death === 'before') return NEVER;
    const answer = transport.request(request);
    if (death === 'after') {
      answer.catch(() => undefined);
      this.die('after a request');
      return NEVER;
    }
    try {
      const response = await answer;
      return this.#isDead ? await NEVER : response;
    } catch (error) {
      if (this.#isDead) return NEVER;
      throw error;
    }
  }

  /** An error that leaves a timer ends a real process; here only a planned death may. */
  #fire(callback: () => void): void {
    try {
      callback();
    } catch (error) {
      if (!(error instanceof Crash)) this.#onUncaught(error);
    }
  }

  /** Timers end with the process; monotonic time begins anew with each. */
  #ownClock(world: Clock): Clock {
    const bornMs = world.monotonicMs();
    return {
      now: () => world.now(),
      monotonicMs: () => world.monotonicMs() - bornMs,
      setTimer: (delayMs, callback) => {
        if (this.#isDead) return () => undefined;
        const forget = (): void => {
          cancel();
          this.#timers.delete(forget);
        };
        const cancel = world.setTimer(delayMs, () => {
          this.#timers.delete(forget);
          this.#fire(callback);
        });
        this.#timers.add(forget);
        return forget;
      },
    };
  }
}

/** What a dead process waits for. */
const NEVER = new Promise<never>(() => undefined);

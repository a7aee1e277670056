import type { Transport, TransportRequest, TransportResponse } from '../../../src/greptimedb/http.ts';
import type { Clock } from '../../../src/lib/clock.ts';
import { throughEach } from '../through-each.ts';
import { NEVER, VirtualProcess } from '../virtual-process.ts';

/** Thrown where the process dies. No code of ours may catch it and go on. */
export class Crash extends Error {
  constructor() {
    super('The process died here');
    this.name = 'Crash';
  }
}

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
export class Life extends VirtualProcess {
  readonly #options: LifeOptions;
  #plan: DeathPlan | undefined;
  #contacts = 0;

  constructor(world: Clock, options: LifeOptions) {
    super(world);
    this.#options = options;
    this.#plan = options.plan;
  }

  /** Dies at the next contact that fits. */
  plan(contactsFromNow: number, when: DeathPlan['when']): void {
    this.#plan = { contact: this.#contacts + contactsFromNow, when };
  }

  /** Forgets what {@link plan} planned. */
  spare(): void {
    this.#plan = undefined;
  }

  /** Dies now. To {@link end} is to go without a crash. */
  die(place = 'between two contacts'): void {
    if (this.isDead) return;
    this.end();
    this.#options.onDeath(place);
  }

  /** @returns whether the process dies before this contact, after it, or not at all. */
  #next(name: string): 'before' | 'after' | undefined {
    if (this.isDead) return 'before';
    const isHere = this.#plan?.contact === this.#contacts;
    this.#contacts += 1;
    if (!isHere || !this.#plan) return undefined;
    if (this.#plan.when === 'before') this.die(`before ${name}`);
    return this.#plan.when;
  }

  /** A store or a cluster as this process may use it: each call is a contact, and a dead process changes nothing. */
  mortal<T extends object>(target: T): T {
    return throughEach(target, (name, call) => {
      const death = this.#next(name);
      if (death === 'before') throw new Crash();
      const result = call();
      if (death === undefined) return result;
      this.die(`after ${name}`);
      throw new Crash();
    });
  }

  /** The network as this process may use it: what is sent arrives, be its sender dead by then or not. */
  transport(transport: Transport): Transport {
    return {
      request: (request) => this.#request(transport, request),
      close: () => Promise.resolve(),
    };
  }

  #request(transport: Transport, request: TransportRequest): Promise<TransportResponse> {
    const death = this.#next('a request');
    if (death === 'before') return NEVER;
    const answer = transport.request(request);
    if (death === 'after') this.die('after a request');
    return this.receive(answer);
  }

  /** An error that leaves a timer ends a real process; here only a planned death may. */
  protected override fire(callback: () => void): void {
    try {
      callback();
    } catch (error) {
      if (!(error instanceof Crash)) this.#options.onUncaught(error);
    }
  }
}

import type { Clock } from '../../../src/lib/clock.ts';

/** How one machine's clocks differ from the world's. */
export interface ClockTrouble {
  /** Its seconds per second of the world. */
  readonly rate: number;
  readonly wallOffsetMs: number;
}

/**
 * A process on a machine of its own, in virtual time: it can be held (SIGSTOP, a long garbage collection, a suspended machine) and it can
 * die. Everything that reaches it passes through {@link receive}.
 */
export class VirtualProcess {
  readonly clock: Clock;
  readonly #timers = new Set<() => void>();
  #held: (() => void)[] | undefined;
  #isDead = false;

  constructor(world: Clock, { rate, wallOffsetMs }: ClockTrouble) {
    const bornMs = world.monotonicMs();
    const elapsedMs = (): number => (world.monotonicMs() - bornMs) * rate;
    const bornAtMs = world.now() + wallOffsetMs;
    this.clock = {
      now: () => Math.round(bornAtMs + elapsedMs()),
      monotonicMs: elapsedMs,
      setTimer: (delayMs, callback) => this.#setTimer(world, delayMs / rate, callback),
    };
  }

  get isDead(): boolean {
    return this.#isDead;
  }

  get isHeld(): boolean {
    return this.#held !== undefined;
  }

  die(): void {
    this.#isDead = true;
    for (const cancel of this.#timers) cancel();
    this.#timers.clear();
    this.#held = undefined;
  }

  hold(): void {
    this.#held ??= [];
  }

  /** What came meanwhile comes now, in the order in which it came. */
  release(): void {
    const waiting = this.#held ?? [];
    this.#held = undefined;
    for (const wake of waiting) wake();
  }

  /** Hands an answer to this process: later while it is held, never when it is dead. */
  async receive<T>(answer: Promise<T>): Promise<T> {
    try {
      const value = await answer;
      await this.awake();
      return value;
    } catch (error) {
      await this.awake();
      throw error;
    }
  }

  /** Resolves when the process runs; never when it is dead. */
  async awake(): Promise<void> {
    while (this.#isDead || this.#held) {
      if (this.#isDead) await NEVER;
      await new Promise<void>((resolve) => this.#held?.push(resolve));
    }
  }

  #setTimer(world: Clock, delayMs: number, callback: () => void): () => void {
    if (this.#isDead) return () => undefined;
    let isCancelled = false;
    const run = (): void => {
      if (isCancelled || this.#isDead) return;
      if (this.#held) this.#held.push(run);
      else callback();
    };
    const cancelWorld = world.setTimer(delayMs, () => {
      this.#timers.delete(cancel);
      run();
    });
    const cancel = (): void => {
      isCancelled = true;
      this.#timers.delete(cancel);
      cancelWorld();
    };
    this.#timers.add(cancel);
    return cancel;
  }
}

const NEVER = new Promise<never>(() => undefined);

import type { StartSchedule } from '../../src/app/daemon/schedule.ts';
import type { Clock } from '../../src/lib/clock.ts';

/** How one machine's clocks differ from the world's. */
export interface ClockTrouble {
  /** Its seconds per second of the world. */
  readonly rate: number;
  readonly wallOffsetMs: number;
}

/**
 * A process on a machine of its own, in virtual time: it can be held (SIGSTOP, a long garbage collection, a suspended machine) and it can
 * end. Everything that reaches it passes through {@link receive}; its timers end with it, and its monotonic time begins anew.
 */
export class VirtualProcess {
  readonly clock: Clock;
  readonly #timers = new Set<() => void>();
  #held: (() => void)[] | undefined;
  #isDead = false;

  /** @param trouble undefined: the wall clock is that of the world, with all its jumps. */
  constructor(world: Clock, trouble?: ClockTrouble) {
    const { rate = 1, wallOffsetMs = 0 } = trouble ?? {};
    const bornMs = world.monotonicMs();
    const elapsedMs = (): number => (world.monotonicMs() - bornMs) * rate;
    const bornAtMs = world.now() + wallOffsetMs;
    this.clock = {
      now: () => (trouble ? Math.round(bornAtMs + elapsedMs()) : world.now()),
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

  /** It is gone, and nothing comes of it any more. */
  end(): void {
    this.#isDead = true;
    for (const cancel of this.#timers) cancel();
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
      return await answer;
    } finally {
      while (this.#isDead || this.#held) {
        if (this.#isDead) await NEVER;
        await new Promise<void>((resolve) => this.#held?.push(resolve));
      }
    }
  }

  protected fire(callback: () => void): void {
    callback();
  }

  #setTimer(world: Clock, delayMs: number, callback: () => void): () => void {
    if (this.#isDead) return () => undefined;
    let isCancelled = false;
    const run = (): void => {
      if (isCancelled || this.#isDead) return;
      if (this.#held) this.#held.push(run);
      else this.fire(callback);
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

/** What a dead process waits for. */
export const NEVER = new Promise<never>(() => undefined);

/** Ticks at fixed intervals in place of a cron expression. */
export function everyTick(clock: Clock, tickMs: number): StartSchedule {
  return (_, onTick) => {
    let stop = (): void => undefined;
    let nextTickAtMs = 0;
    const arm = (): void => {
      nextTickAtMs = clock.now() + tickMs;
      stop = clock.setTimer(tickMs, () => {
        arm();
        onTick();
      });
    };
    arm();
    return { nextTickAtMs: () => nextTickAtMs, intervalMs: () => tickMs, stop: () => stop() };
  };
}

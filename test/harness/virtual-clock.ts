import type { Clock } from '../../src/lib/clock.ts';

interface VirtualTimer {
  readonly dueMs: number;
  readonly callback: () => void;
}

/**
 * A clock that stands still until told to move. `run` jumps from timer to timer, letting all pending promises settle in
 * between, so that a simulated hour takes as long as the work done in it. Timers due together fire in the order they were set.
 */
export class VirtualClock implements Clock {
  #elapsedMs = 0;
  #wallOffsetMs: number;
  /** The one that is due first comes first. */
  readonly #timers: VirtualTimer[] = [];

  constructor(startMs = Date.UTC(2026, 0, 1)) {
    this.#wallOffsetMs = startMs;
  }

  now(): number {
    return this.#wallOffsetMs + this.#elapsedMs;
  }

  monotonicMs(): number {
    return this.#elapsedMs;
  }

  setTimer(delayMs: number, callback: () => void): () => void {
    const timer: VirtualTimer = { dueMs: this.#elapsedMs + Math.max(delayMs, 0), callback };
    this.#timers.splice(this.#timers.findLastIndex(({ dueMs }) => dueMs <= timer.dueMs) + 1, 0, timer);
    return () => {
      const at = this.#timers.indexOf(timer);
      if (at >= 0) this.#timers.splice(at, 1);
    };
  }

  /** Moves the wall clock alone, as an administrator or NTP step would. The monotonic time is not affected. */
  jumpWall(deltaMs: number): void {
    this.#wallOffsetMs += deltaMs;
  }

  /** Milliseconds until the next timer, or undefined when none is set. */
  nextDelayMs(): number | undefined {
    const next = this.#timers[0];
    return next && next.dueMs - this.#elapsedMs;
  }

  /** Advances by `durationMs`, firing every timer that falls due on the way, then lets promises settle. */
  async advance(durationMs: number): Promise<void> {
    const untilMs = this.#elapsedMs + durationMs;
    await this.run(() => {
      const next = this.#timers[0];
      return next === undefined || next.dueMs > untilMs;
    });
    this.#elapsedMs = Math.max(this.#elapsedMs, untilMs);
    await settle();
  }

  /** Fires timers one after the other until `done()` is true or no timer is left. */
  async run(done: () => boolean): Promise<void> {
    await settle();
    while (!done()) {
      const next = this.#timers.shift();
      if (!next) return;
      this.#elapsedMs = Math.max(this.#elapsedMs, next.dueMs);
      next.callback();
      await settle();
    }
  }

  /** Fires timers until a promise is settled. @throws Error when nothing is left that could settle it. */
  async settled<T>(promise: Promise<T>): Promise<T> {
    const state = { isSettled: false };
    const watched = promise.finally(() => (state.isSettled = true));
    watched.catch(() => undefined);
    await this.run(() => state.isSettled);
    if (!state.isSettled) throw new Error('No timer is left, and the promise is pending');
    return watched;
  }
}

/** Lets every promise that is already resolvable run its continuations, including those behind one I/O turn. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Resolves when the event loop has been round once: requests, timers and answers that wait are served meanwhile. */
export function yieldToEventLoop(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/**
 * Cuts long work into slices of a few milliseconds: `if (slice.isOver()) await yieldToEventLoop();`. Work that is short has one slice and
 * never waits.
 */
export class WorkSlice {
  readonly #stepsPerSlice: number;
  #steps = 0;

  constructor(stepsPerSlice: number) {
    this.#stepsPerSlice = stepsPerSlice;
  }

  /** Counts one step, and tells whether the slice is over with it. */
  isOver(): boolean {
    this.#steps += 1;
    if (this.#steps < this.#stepsPerSlice) return false;
    this.#steps = 0;
    return true;
  }
}

import type { Clock } from '../../src/lib/clock.ts';

interface VirtualTimer {
  readonly dueMs: number;
  readonly order: number;
  readonly callback: () => void;
  cancelled: boolean;
}

/**
 * A clock that stands still until told to move. `run` jumps from timer to timer, letting all pending promises settle in
 * between, so that a simulated hour takes as long as the work done in it. Timers due together fire in the order they were set.
 */
export class VirtualClock implements Clock {
  #elapsedMs = 0;
  #wallOffsetMs: number;
  #order = 0;
  #timers: VirtualTimer[] = [];

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
    const timer: VirtualTimer = {
      dueMs: this.#elapsedMs + Math.max(delayMs, 0),
      order: this.#order++,
      callback,
      cancelled: false,
    };
    siftIn(this.#timers, timer);
    return () => {
      timer.cancelled = true;
    };
  }

  /** The next timer that will fire. Cancelled ones are dropped on the way: time must not stop, or jump, for them. */
  #next(): VirtualTimer | undefined {
    while (this.#timers[0]?.cancelled) siftOut(this.#timers);
    return this.#timers[0];
  }

  /** Moves the wall clock alone, as an administrator or NTP step would. The monotonic time is not affected. */
  jumpWall(deltaMs: number): void {
    this.#wallOffsetMs += deltaMs;
  }

  /** Milliseconds until the next timer, or undefined when none is set. */
  nextDelayMs(): number | undefined {
    const next = this.#next();
    return next && next.dueMs - this.#elapsedMs;
  }

  /** Advances by `durationMs`, firing every timer that falls due on the way, then lets promises settle. */
  async advance(durationMs: number): Promise<void> {
    const untilMs = this.#elapsedMs + durationMs;
    await this.run(() => {
      const next = this.#next();
      return next === undefined || next.dueMs > untilMs;
    });
    this.#elapsedMs = Math.max(this.#elapsedMs, untilMs);
    await settle();
  }

  /** Fires timers one after the other until `done()` is true or no timer is left. */
  async run(done: () => boolean): Promise<void> {
    await settle();
    while (!done()) {
      const next = this.#next();
      if (!next) return;
      siftOut(this.#timers);
      this.#elapsedMs = Math.max(this.#elapsedMs, next.dueMs);
      next.callback();
      await settle();
    }
  }
}

/** Lets every promise that is already resolvable run its continuations, including those behind one I/O turn. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function isBefore(a: VirtualTimer, b: VirtualTimer): boolean {
  return a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.order < b.order);
}

function siftIn(heap: VirtualTimer[], timer: VirtualTimer): void {
  let index = heap.push(timer) - 1;
  while (index > 0) {
    const parent = (index - 1) >> 1;
    if (!isBefore(timer, heap[parent]!)) break;
    heap[index] = heap[parent]!;
    index = parent;
  }
  heap[index] = timer;
}

function siftOut(heap: VirtualTimer[]): VirtualTimer | undefined {
  const first = heap[0];
  const last = heap.pop();
  if (first === undefined || last === undefined || heap.length === 0) return first;
  let index = 0;
  for (;;) {
    let child = 2 * index + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child += 1;
    if (!isBefore(heap[child]!, last)) break;
    heap[index] = heap[child]!;
    index = child;
  }
  heap[index] = last;
  return first;
}

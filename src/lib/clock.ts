/**
 * Time as a parameter. The daemon, the adapters and the simulator never touch the system clock directly, so that a
 * whole cluster-year can run in virtual time and replay exactly.
 */
export interface Clock {
  /** Wall clock, in milliseconds since 1970. May jump. Use it for time stamps, never for durations. */
  now(): number;
  /** Monotonic milliseconds from an arbitrary start. Use it for durations and deadlines. */
  monotonicMs(): number;
  /** Runs `callback` once, `delayMs` from now; the returned function cancels it. Keeps the process alive. */
  setTimer(delayMs: number, callback: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
  setTimer(delayMs, callback) {
    // A longer wait is a chain of timers: one that is cut short would fire weeks too early.
    if (delayMs > MAX_TIMER_MS) {
      let cancelRest: (() => void) | undefined;
      const first = setTimeout(() => {
        cancelRest = systemClock.setTimer(delayMs - MAX_TIMER_MS, callback);
      }, MAX_TIMER_MS);
      return () => {
        clearTimeout(first);
        cancelRest?.();
      };
    }
    const timer = setTimeout(callback, Math.max(delayMs, 0));
    return () => clearTimeout(timer);
  },
};

/** The longest delay that Node's own timers take: 2^31 - 1 ms, about 24.8 days. Longer ones would fire at once. */
const MAX_TIMER_MS = 2_147_483_647;

/**
 * Resolves after `delayMs`, or rejects with the signal's reason as soon as `signal` aborts.
 */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(reasonOf(signal));
      return;
    }
    const onAbort = (): void => {
      cancel();
      reject(reasonOf(signal));
    };
    const cancel = clock.setTimer(delayMs, () => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    });
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

/**
 * A signal that aborts when `parent` does, or after `timeoutMs` with a `TimeoutError`. Call `release` when the guarded
 * work is over, so that neither timer nor listener outlives it.
 */
export function deadlineSignal(
  clock: Clock,
  timeoutMs: number,
  parent?: AbortSignal,
): { signal: AbortSignal; release: () => void } {
  const controller = new AbortController();
  const onParent = (): void => controller.abort(reasonOf(parent));
  if (parent?.aborted) onParent();
  parent?.addEventListener('abort', onParent, { once: true });
  const cancel = clock.setTimer(timeoutMs, () => {
    controller.abort(new DOMException(`No answer within ${timeoutMs} ms`, 'TimeoutError'));
  });
  return {
    signal: controller.signal,
    release: () => {
      cancel();
      parent?.removeEventListener('abort', onParent);
    },
  };
}

function reasonOf(signal: AbortSignal | undefined): Error {
  const reason: unknown = signal?.reason;
  return reason instanceof Error ? reason : new DOMException('Aborted', 'AbortError');
}

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

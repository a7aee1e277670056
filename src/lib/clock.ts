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

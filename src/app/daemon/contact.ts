import type { RequestSample } from '../../greptimedb/options.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Connection } from './connection.ts';

/** Follows whether GreptimeDB answers, by the requests that are made anyway. On the monotonic clock. */
export class Contact {
  readonly #clock: Clock;
  #unansweredSinceMs: number | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  note({ outcome, durationMs }: RequestSample): void {
    if (outcome === 'ok') this.#unansweredSinceMs = undefined;
    // A server that reports an error has answered, if to no avail.
    else if (outcome !== 'error') this.#unansweredSinceMs ??= this.#clock.monotonicMs() - durationMs;
  }

  /** How long no request has been answered, in ms; 0 while they are. */
  silentMs(): number {
    return this.#unansweredSinceMs === undefined ? 0 : this.#clock.monotonicMs() - this.#unansweredSinceMs;
  }
}

const PROBE_EVERY_MS = 10_000;

/** Between two cycles nothing is asked, perhaps for minutes: a small request now and then shows whether it would be answered. */
export function probeContact(
  { connection, clock }: { readonly connection: Connection; readonly clock: Clock },
  isIdle: () => boolean,
): () => void {
  const stopping = new AbortController();
  const { signal } = stopping;
  const probe = async (): Promise<void> => {
    const cluster = isIdle() ? connection.opened : undefined;
    // Its outcome is noted where every request's is.
    if (cluster)
      await Promise.allSettled([cluster.listProcedures({ signal }), cluster.readSafety({ signal })]);
    if (!signal.aborted) wait();
  };
  let cancel = (): void => undefined;
  const wait = (): void => {
    cancel = clock.setTimer(PROBE_EVERY_MS, () => void probe());
  };
  wait();
  return () => {
    cancel();
    stopping.abort();
  };
}

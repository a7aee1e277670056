import { OperatingError } from '../domain/errors.ts';
import { sleep } from '../lib/clock.ts';
import { CallError } from './call-error.ts';
import type { Caller } from './caller.ts';
import type { Endpoint } from './endpoint.ts';

/** A read, and whom it may ask. Never a submission: one that may have arrived is looked for, not sent again. */
export interface Read<T> {
  /** Whom to ask, the best first. Asked for anew, with the first failure, when all of them have failed. */
  readonly endpoints: (failed?: CallError) => Promise<readonly Endpoint[]> | readonly Endpoint[];
  readonly attempt: (endpoint: Endpoint) => Promise<T>;
  /** Errors that are the answer: nobody else is asked. */
  readonly isFinal: (error: CallError) => boolean;
  /** What the endpoints are, for messages. */
  readonly who: 'frontend' | 'metasrv';
  readonly signal: AbortSignal;
}

/** Where there are more endpoints, each is asked once. */
const MAX_ATTEMPTS = 3;
/** The first wait before an endpoint is asked again, doubled for the next; a random part of up to a half is taken off. */
const BACKOFF_MS = 200;
/** An endpoint is not asked again later than this many request timeouts after the read began: one that hangs gets a second chance. */
const BUDGET_FACTOR = 2;

/**
 * Reads with up to {@link MAX_ATTEMPTS} attempts: the next endpoint at once, and one that was asked before after a wait, or after what
 * its `Retry-After` says. Only what may pass is asked for again of the same endpoint: see {@link CallError.isTransient}.
 *
 * @throws what `isFinal` accepts, the signal's reason, and otherwise the first failure, with what the others say.
 */
export async function readWithRetries<T>(caller: Caller, read: Read<T>): Promise<T> {
  const { endpoints, attempt, isFinal, signal } = read;
  const startedMs = caller.clock.monotonicMs();
  const budgetMs = BUDGET_FACTOR * caller.requestTimeoutMs;
  const lastOf = new Map<string, { readonly error: CallError; readonly atMs: number }>();
  const failures: CallError[] = [];
  for (let pass = 0; pass < MAX_ATTEMPTS; pass += 1) {
    for (const endpoint of await endpoints(failures[0])) {
      const last = lastOf.get(endpoint.label);
      if (last) {
        if (failures.length >= MAX_ATTEMPTS || !last.error.isTransient) continue;
        const nowMs = caller.clock.monotonicMs();
        const waitMs = Math.max(0, last.atMs + waitAfter(last.error, pass, caller) - nowMs);
        if (nowMs + waitMs - startedMs >= budgetMs) continue;
        await sleep(caller.clock, waitMs, signal);
      }
      if (failures.length > 0) caller.noteRetry(failures.at(-1)!);
      try {
        return await attempt(endpoint);
      } catch (error) {
        if (!(error instanceof CallError) || isFinal(error)) throw error;
        failures.push(error);
        lastOf.set(endpoint.label, { error, atMs: caller.clock.monotonicMs() });
      }
    }
  }
  throw summary(failures, read.who);
}

function waitAfter({ retryAfterMs }: CallError, pass: number, { prng }: Caller): number {
  return retryAfterMs ?? BACKOFF_MS * 2 ** (pass - 1) * (1 - prng.next() / 2);
}

function summary(failures: readonly CallError[], who: string): OperatingError {
  const [first] = failures;
  if (!first) return new OperatingError('cluster-unreachable', `There is no ${who} to ask`);
  const messages = new Set(failures.map(({ message }) => message));
  if (messages.size === 1) return first;
  const text = [...messages].join('; ');
  return new OperatingError(first.code, `No ${who} answered as it should. ${text}`, { cause: first });
}

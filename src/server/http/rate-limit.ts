import type { Clock } from '../../lib/clock.ts';

/** Takes one token of the key's bucket. @returns 0 when there was one, else the milliseconds until there is. */
export type RateLimiter = (key: string) => number;

export interface RateLimitOptions {
  readonly burst: number;
  readonly refillMs: number;
  /** The most keys that are remembered; the one unused for longest goes first. Default 10 000. */
  readonly maxKeys?: number;
}

interface Bucket {
  readonly tokens: number;
  readonly updatedMs: number;
}

/** A token bucket for each key: `burst` at once, then one every `refillMs`. */
export function createRateLimiter(
  { burst, refillMs, maxKeys = 10_000 }: RateLimitOptions,
  { clock }: { readonly clock: Clock },
): RateLimiter {
  const buckets = new Map<string, Bucket>();
  return (key) => {
    const nowMs = clock.monotonicMs();
    const before = buckets.get(key) ?? { tokens: burst, updatedMs: nowMs };
    const tokens = Math.min(burst, before.tokens + (nowMs - before.updatedMs) / refillMs);
    const mayPass = tokens >= 1;
    // A Map keeps the order of insertion: the first key is the one unused for longest.
    buckets.delete(key);
    const oldest = buckets.keys().next();
    if (buckets.size >= maxKeys && oldest.done !== true) buckets.delete(oldest.value);
    buckets.set(key, { tokens: mayPass ? tokens - 1 : tokens, updatedMs: nowMs });
    return mayPass ? 0 : Math.ceil((1 - tokens) * refillMs);
  };
}

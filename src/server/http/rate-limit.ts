import type { Clock } from '../../lib/clock.ts';

/** A token bucket for each key: `burst` at once, then one every `refillMs`. */
export interface RateLimiter {
  /** Takes one token. @returns 0 when there was one, else the milliseconds until there is. */
  take(key: string): number;
}

export interface RateLimitOptions {
  readonly burst: number;
  readonly refillMs: number;
  /** The most keys that are remembered; the one unused for longest goes first. Default 10 000. */
  readonly maxKeys?: number;
}

interface Bucket {
  tokens: number;
  updatedMs: number;
}

export function createRateLimiter(
  options: RateLimitOptions,
  dependencies: { readonly clock: Clock },
): RateLimiter {
  const { burst, refillMs, maxKeys = 10_000 } = options;
  const buckets = new Map<string, Bucket>();

  function current(key: string): Bucket {
    const nowMs = dependencies.clock.monotonicMs();
    const bucket = buckets.get(key);
    if (!bucket) return { tokens: burst, updatedMs: nowMs };
    const refilled = (nowMs - bucket.updatedMs) / refillMs;
    return { tokens: Math.min(burst, bucket.tokens + refilled), updatedMs: nowMs };
  }

  function remember(key: string, bucket: Bucket): void {
    // A Map keeps the order of insertion: the first key is the one unused for longest.
    buckets.delete(key);
    const oldest = buckets.keys().next();
    if (buckets.size >= maxKeys && oldest.done !== true) buckets.delete(oldest.value);
    buckets.set(key, bucket);
  }

  const waitMs = ({ tokens }: Bucket): number => (tokens >= 1 ? 0 : Math.ceil((1 - tokens) * refillMs));

  return {
    take(key) {
      const bucket = current(key);
      const wait = waitMs(bucket);
      if (wait === 0) bucket.tokens -= 1;
      remember(key, bucket);
      return wait;
    },
  };
}

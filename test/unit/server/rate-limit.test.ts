import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../harness/virtual-clock.ts';
import { createRateLimiter } from '../../../src/server/http/rate-limit.ts';

describe('createRateLimiter', () => {
  it('gives a burst, then one for each refill', async () => {
    const clock = new VirtualClock();
    const limiter = createRateLimiter({ burst: 2, refillMs: 1_000 }, { clock });
    expect([limiter.take('a'), limiter.take('a'), limiter.take('a')]).toEqual([0, 0, 1_000]);
    await clock.advance(400);
    expect([limiter.take('a'), limiter.take('b')]).toEqual([600, 0]);
    await clock.advance(600);
    expect([limiter.take('a'), limiter.take('a')]).toEqual([0, 1_000]);
  });

  it('never saves up more than a burst', async () => {
    const clock = new VirtualClock();
    const limiter = createRateLimiter({ burst: 2, refillMs: 1_000 }, { clock });
    limiter.take('a');
    await clock.advance(3_600_000);
    expect([limiter.take('a'), limiter.take('a'), limiter.take('a')]).toEqual([0, 0, 1_000]);
  });

  it('is not fooled by a wall clock that jumps', () => {
    const clock = new VirtualClock();
    const limiter = createRateLimiter({ burst: 1, refillMs: 1_000 }, { clock });
    limiter.take('a');
    clock.jumpWall(3_600_000);
    expect(limiter.take('a')).toBe(1_000);
  });

  it('remembers a bounded number of keys, those used last', () => {
    const limiter = createRateLimiter(
      { burst: 1, refillMs: 1_000, maxKeys: 2 },
      { clock: new VirtualClock() },
    );
    for (const key of ['a', 'b', 'a', 'c']) limiter.take(key);
    expect([limiter.take('a'), limiter.take('c'), limiter.take('b')]).toEqual([1_000, 1_000, 0]);
  });
});

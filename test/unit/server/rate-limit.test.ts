import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../harness/virtual-clock.ts';
import { createRateLimiter } from '../../../src/server/http/rate-limit.ts';

describe('createRateLimiter', () => {
  it('gives a burst, then one for each refill', async () => {
    const clock = new VirtualClock();
    const take = createRateLimiter({ burst: 2, refillMs: 1_000 }, { clock });
    expect([take('a'), take('a'), take('a')]).toEqual([0, 0, 1_000]);
    await clock.advance(400);
    expect([take('a'), take('b')]).toEqual([600, 0]);
    await clock.advance(600);
    expect([take('a'), take('a')]).toEqual([0, 1_000]);
  });

  it('never saves up more than a burst', async () => {
    const clock = new VirtualClock();
    const take = createRateLimiter({ burst: 2, refillMs: 1_000 }, { clock });
    take('a');
    await clock.advance(3_600_000);
    expect([take('a'), take('a'), take('a')]).toEqual([0, 0, 1_000]);
  });

  it('is not fooled by a wall clock that jumps', () => {
    const clock = new VirtualClock();
    const take = createRateLimiter({ burst: 1, refillMs: 1_000 }, { clock });
    take('a');
    clock.jumpWall(3_600_000);
    expect(take('a')).toBe(1_000);
  });

  it('remembers a bounded number of keys, those used last', () => {
    const take = createRateLimiter({ burst: 1, refillMs: 1_000, maxKeys: 2 }, { clock: new VirtualClock() });
    for (const key of ['a', 'b', 'a', 'c']) take(key);
    expect([take('a'), take('c'), take('b')]).toEqual([1_000, 1_000, 0]);
  });
});

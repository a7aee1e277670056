import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../harness/virtual-clock.ts';
import { watchLeases } from '../../../src/greptimedb/liveness.ts';
import type { Lease } from '../../../src/greptimedb/liveness.ts';
import { NEVER } from '../../support/greptimedb.ts';

interface World {
  /** How far the servers' clocks are ahead of ours. */
  readonly skewMs?: number;
  /** What a Date header adds to our clock; absent: there is none. */
  readonly dateSkewMs?: number;
  /** Per datanode, when it sent its last heartbeat (ms before the start); `lives`: every 3 s. */
  readonly nodes: Readonly<Record<string, number | 'lives'>>;
  /** Datanodes whose first heartbeat comes later: ms after the start. */
  readonly lateMs?: Readonly<Record<string, number>>;
  readonly oldestMsAgo?: number;
}

function watch({ nodes, skewMs = 0, dateSkewMs, lateMs, oldestMsAgo }: World) {
  const clock = new VirtualClock();
  const startMs = clock.now();
  const liveness = watchLeases({
    clock,
    readLeases: () => {
      const sinceMs = clock.now() - startMs;
      const leases = Object.entries(nodes)
        .filter(([id]) => sinceMs >= (lateMs?.[id] ?? 0))
        .map(([id, last]): Lease => {
          const beat = last === 'lives' ? Math.floor(sinceMs / 3_000) * 3_000 - 500 : -last;
          return { id, addr: `${id}:4001`, timestampMs: startMs + beat + skewMs };
        });
      const dateMs = dateSkewMs === undefined ? undefined : clock.now() + dateSkewMs;
      return Promise.resolve({ leases, dateMs });
    },
    readOldestMs: () =>
      Promise.resolve(oldestMsAgo === undefined ? undefined : clock.now() + skewMs - oldestMsAgo),
  });
  return { clock, liveness };
}

const LIVES = { 1: 'lives', 2: 'lives' } as const;

describe('telling live datanodes from dead ones', () => {
  it.each<[string, World, known: string, alive: string, seconds: number]>([
    ['all is well: at once', { nodes: LIVES }, '', '1 2', 0],
    ['all is well, with a Date header', { nodes: LIVES, dateSkewMs: 0 }, '', '1 2', 0],
    ['one is dead beside a live one', { nodes: { 1: 'lives', 2: 12_000 } }, '', '1', 0],
    ['all are dead', { nodes: { 1: 60_000, 2: 90_000 } }, '', '', 10],
    ['servers an hour behind', { nodes: LIVES, skewMs: -3_600_000 }, '', '1 2', 3],
    ['servers an hour ahead', { nodes: LIVES, skewMs: 3_600_000 }, '', '1 2', 3],
    ['servers behind, and one dead', { nodes: { 1: 'lives', 2: 20_000 }, skewMs: -30_000 }, '', '1', 3],
    ['servers behind, and all dead', { nodes: { 1: 60_000 }, skewMs: -30_000 }, '', '', 10],
    ['servers ahead, and so their Date', { nodes: LIVES, skewMs: 90_000, dateSkewMs: 90_000 }, '', '1 2', 0],
    ['a Date of some proxy with another clock', { nodes: LIVES, dateSkewMs: 600_000 }, '', '1 2', 0],
    ['a known one with no lease, on an old leader', { nodes: LIVES, oldestMsAgo: 60_000 }, '7', '1 2', 0],
    ['a known one with no lease, on a new leader', { nodes: LIVES }, '7', '1 2', 10],
    [
      'a new leader that has heard of nobody',
      { nodes: LIVES, lateMs: { 1: 2_500, 2: 2_500 } },
      '1 2',
      '1 2',
      3,
    ],
    ['a new leader that has heard of one', { nodes: LIVES, lateMs: { 2: 1_500 } }, '1 2', '1 2', 2],
    ['nobody at all', { nodes: {} }, '', '', 10],
  ])('%s', async (_name, world, known, alive, seconds) => {
    const { clock, liveness } = watch(world);
    const startMs = clock.now();
    const judged = await clock.settled(liveness.settled(known.split(' ').filter(Boolean), NEVER));
    expect([...judged.alive].sort().join(' ')).toBe(alive);
    expect(clock.now() - startMs).toBe(seconds * 1_000);
  });

  it('does not wait twice for the same missing datanode, and waits for one that was alive', async () => {
    const clock = new VirtualClock();
    const present = new Set(['1', '2']);
    const liveness = watchLeases({
      clock,
      readLeases: () =>
        Promise.resolve({
          leases: [...present].map((id) => ({ id, addr: id, timestampMs: clock.now() })),
          dateMs: undefined,
        }),
      readOldestMs: () => Promise.resolve(undefined),
    });
    const read = async (): Promise<number> => {
      const startMs = clock.now();
      await clock.settled(liveness.settled([], NEVER));
      return clock.now() - startMs;
    };
    expect(await read()).toBe(0);
    present.delete('2');
    expect(await read()).toBe(10_000);
    expect(await read()).toBe(0);
  });

  it('stops when told to', async () => {
    const { clock, liveness } = watch({ nodes: {} });
    const controller = new AbortController();
    clock.setTimer(1_500, () => controller.abort());
    await expect(clock.settled(liveness.settled([], controller.signal))).rejects.toMatchObject({
      name: 'AbortError',
    });
  });
});

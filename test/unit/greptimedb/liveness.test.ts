import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../harness/virtual-clock.ts';
import { watchLeases } from '../../../src/greptimedb/liveness.ts';
import type { Lease } from '../../../src/greptimedb/liveness.ts';
import { inVirtualTime } from '../../support/greptimedb.ts';

const NEVER = new AbortController().signal;

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

async function judge(
  world: World,
  known: readonly string[] = [],
): Promise<{ alive: string[]; tookMs: number }> {
  const clock = new VirtualClock();
  const startMs = clock.now();
  const serverNow = () => clock.now() + (world.skewMs ?? 0);
  const liveness = watchLeases({
    clock,
    readLeases: () => {
      const leases = Object.entries(world.nodes).flatMap(([id, last]): Lease[] => {
        if (clock.now() - startMs < (world.lateMs?.[id] ?? 0)) return [];
        const beat = last === 'lives' ? Math.floor((clock.now() - startMs) / 3_000) * 3_000 - 500 : -last;
        return [{ id, addr: `${id}:4001`, timestampMs: startMs + beat + (world.skewMs ?? 0) }];
      });
      const dateMs = world.dateSkewMs === undefined ? undefined : clock.now() + world.dateSkewMs;
      return Promise.resolve({ leases, dateMs });
    },
    readOldestMs: () =>
      Promise.resolve(world.oldestMsAgo === undefined ? undefined : serverNow() - world.oldestMsAgo),
  });
  const { alive } = await inVirtualTime(clock, liveness.settled(known, NEVER));
  return { alive: [...alive].sort(), tookMs: clock.now() - startMs };
}

const LIVES = { 1: 'lives', 2: 'lives' } as const;

describe('telling live datanodes from dead ones', () => {
  it.each<[string, World, string[], string[], number]>([
    ['all is well: at once', { nodes: LIVES }, [], ['1', '2'], 0],
    ['all is well, with a Date header', { nodes: LIVES, dateSkewMs: 0 }, [], ['1', '2'], 0],
    ['one is dead beside a live one', { nodes: { 1: 'lives', 2: 12_000 } }, [], ['1'], 0],
    ['all are dead', { nodes: { 1: 60_000, 2: 90_000 } }, [], [], 10_000],
    ['servers an hour behind', { nodes: LIVES, skewMs: -3_600_000 }, [], ['1', '2'], 3_000],
    ['servers an hour ahead', { nodes: LIVES, skewMs: 3_600_000 }, [], ['1', '2'], 3_000],
    ['servers behind, and one dead', { nodes: { 1: 'lives', 2: 20_000 }, skewMs: -30_000 }, [], ['1'], 3_000],
    ['servers behind, and all dead', { nodes: { 1: 60_000 }, skewMs: -30_000 }, [], [], 10_000],
    [
      'servers ahead, and a Date that says so',
      { nodes: LIVES, skewMs: 90_000, dateSkewMs: 90_000 },
      [],
      ['1', '2'],
      0,
    ],
    ['a Date of some proxy with another clock', { nodes: LIVES, dateSkewMs: 600_000 }, [], ['1', '2'], 0],
    [
      'a known one with no lease, on an old leader',
      { nodes: LIVES, oldestMsAgo: 60_000 },
      ['7'],
      ['1', '2'],
      0,
    ],
    ['a known one with no lease, on a new leader', { nodes: LIVES }, ['7'], ['1', '2'], 10_000],
    [
      'a new leader that has heard of nobody',
      { nodes: LIVES, lateMs: { 1: 2_500, 2: 2_500 } },
      ['1', '2'],
      ['1', '2'],
      3_000,
    ],
    [
      'a new leader that has heard of one',
      { nodes: LIVES, lateMs: { 2: 1_500 } },
      ['1', '2'],
      ['1', '2'],
      2_000,
    ],
    ['nobody at all', { nodes: {} }, [], [], 10_000],
  ])('%s', async (_name, world, known, alive, tookMs) => {
    expect(await judge(world, known)).toEqual({ alive, tookMs });
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
      await inVirtualTime(clock, liveness.settled([], NEVER));
      return clock.now() - startMs;
    };
    expect(await read()).toBe(0);
    present.delete('2');
    expect(await read()).toBe(10_000);
    expect(await read()).toBe(0);
  });

  it('stops when told to', async () => {
    const clock = new VirtualClock();
    const controller = new AbortController();
    const liveness = watchLeases({
      clock,
      readLeases: () => Promise.resolve({ leases: [], dateMs: undefined }),
      readOldestMs: () => Promise.resolve(undefined),
    });
    clock.setTimer(1_500, () => controller.abort());
    await expect(inVirtualTime(clock, liveness.settled([], controller.signal))).rejects.toMatchObject({
      name: 'AbortError',
    });
  });
});

import { describe, expect, it } from 'vitest';
import { LoadTracker } from '../../../src/greptimedb/load.ts';
import { HeartbeatOpinions, heartbeatReports, reconcile } from '../../../src/greptimedb/sql/reconcile.ts';
import type { Reconciled, RegionViews } from '../../../src/greptimedb/sql/reconcile.ts';

const A: RegionViews['cached'] = { leader: 'A', status: 'alive', followers: undefined };
const B: RegionViews['cached'] = { leader: 'B', status: 'alive', followers: undefined };
const settled = (leader: string) => ({ leader, isSettled: true });
const doubtful = (leader: string) => ({ leader, isSettled: false });

describe('joining what several sources say of a region', () => {
  it.each<[string, Partial<RegionViews>, Partial<Reconciled>]>([
    ['one cache alone', {}, { leader: 'A', status: 'alive', disagree: false }],
    ['a procedure holds it', { isHeld: true }, { leader: 'A', status: 'migrating' }],
    ['the cache shows a downgrade', { cached: { ...A, status: 'migrating' } }, { status: 'migrating' }],
    ['the statistics show one', { reported: 'migrating' }, { status: 'migrating' }],
    ['staging wins over a procedure', { reported: 'staging', isHeld: true }, { status: 'staging' }],
    ['two frontends agree', { others: [A] }, { leader: 'A', status: 'alive' }],
    [
      'one of two frontends sees a downgrade',
      { others: [{ ...A, status: 'migrating' }] },
      { status: 'migrating' },
    ],
    ['two frontends differ', { others: [B] }, { leader: 'A', status: 'migrating', disagree: true }],
    [
      'we moved it, one frontend knows',
      { others: [B], movedTo: 'B' },
      { leader: 'B', status: 'alive', disagree: false },
    ],
    [
      'we moved it, only the heartbeats know',
      { heartbeat: doubtful('B'), movedTo: 'B' },
      { leader: 'B', status: 'alive' },
    ],
    [
      'we moved it, the heartbeats lag',
      { cached: B, heartbeat: doubtful('A'), movedTo: 'B' },
      { leader: 'B', status: 'alive' },
    ],
    ['we moved it, nobody shows it', { movedTo: 'B' }, { leader: 'A', status: 'alive' }],
    [
      'the heartbeats differ',
      { heartbeat: doubtful('B') },
      { leader: 'A', status: 'migrating', disagree: true },
    ],
    [
      'they have differed for long',
      { heartbeat: settled('B') },
      { leader: 'B', status: 'alive', disagree: false },
    ],
    [
      'the datanodes correct the cache',
      { copies: { writableOn: ['B'], hasIdleLeader: false } },
      { leader: 'B', status: 'alive' },
    ],
    [
      'the datanodes confirm the cache',
      { copies: { writableOn: ['A'], hasIdleLeader: false } },
      { leader: 'A', status: 'alive' },
    ],
    [
      'two hold it writable',
      { copies: { writableOn: ['A', 'B'], hasIdleLeader: false } },
      { status: 'migrating', disagree: true },
    ],
    [
      'a leader that takes no writes',
      { copies: { writableOn: [], hasIdleLeader: true } },
      { leader: 'A', status: 'migrating' },
    ],
    [
      'the datanodes say nothing',
      { copies: { writableOn: [], hasIdleLeader: false } },
      { leader: 'A', status: 'alive' },
    ],
    [
      'the new leader is no follower of itself',
      { cached: { ...A, followers: ['B', 'C'] }, copies: { writableOn: ['B'], hasIdleLeader: false } },
      { leader: 'B', followers: ['C'] },
    ],
  ])('%s', (_name, views, expected) => {
    expect(reconcile({ cached: A, others: [], isHeld: false, ...views })).toMatchObject(expected);
  });
});

describe('heartbeats', () => {
  const node = (id: string, timestampMs: number, role = 'Leader') => ({
    id,
    timestampMs,
    regions: [{ id: '7', role }],
  });

  it.each([
    ['one leads', [node('A', 1)], 'A'],
    ['the later word holds', [node('A', 1_000), node('B', 2_000)], 'B'],
    ['in any order', [node('B', 2_000), node('A', 1_000)], 'B'],
    ['the silent are not heard', [node('A', 1_000), node('B', 100_000, 'Follower')], undefined],
    ['followers do not count', [node('A', 1, 'Follower')], undefined],
  ])('%s', (_name, nodes, leader) => {
    expect(heartbeatReports(nodes).get('7')?.leader).toBe(leader);
  });

  it('are believed against a cache after a minute, if they go on saying so', () => {
    const opinions = new HeartbeatOpinions();
    const ask = (atMs: number, nowMs: number) =>
      opinions.opinion('7', { leader: 'B', atMs }, 'A', undefined, nowMs)?.isSettled;
    expect(ask(1_000, 0)).toBe(false);
    expect(ask(40_000, 40_000)).toBe(false);
    expect(ask(1_000, 90_000)).toBe(false);
    expect(ask(61_000, 60_000)).toBe(true);
  });

  it('are weighed by the end of the last migration', () => {
    const opinions = new HeartbeatOpinions();
    const report = { leader: 'B', atMs: 5_000 };
    expect(opinions.opinion('7', report, 'A', 4_000, 0)).toEqual({ leader: 'B', isSettled: true });
    expect(opinions.opinion('7', report, 'A', 6_000, 0)).toBeUndefined();
    expect(opinions.opinion('7', report, 'B', 6_000, 0)).toEqual({ leader: 'B', isSettled: true });
    expect(opinions.opinion('7', undefined, 'B', 6_000, 0)).toBeUndefined();
  });
});

describe('load', () => {
  const note = (tracker: LoadTracker, leader: string, writtenBytes: number | undefined, atMs: number) =>
    tracker.begin()('7', leader, { writtenBytes, memtableBytes: 3 }, atMs);

  it('turns a counter into a rate, over long enough a time', () => {
    const tracker = new LoadTracker();
    expect(note(tracker, 'A', 1_000, 0)).toEqual({ memtableBytes: 3 });
    expect(note(tracker, 'A', 1_000, 5_000)).toEqual({ memtableBytes: 3 });
    expect(note(tracker, 'A', 31_000, 30_000)).toEqual({ memtableBytes: 3, writeBytesPerSecond: 1_000 });
    // Too soon for a new rate: the last one stands.
    expect(note(tracker, 'A', 31_000, 35_000)).toMatchObject({ writeBytesPerSecond: 1_000 });
    expect(note(tracker, 'A', 31_000, 60_000)).toMatchObject({ writeBytesPerSecond: 0 });
  });

  it.each<[string, string, number]>([
    ['the counter fell', 'A', 10],
    ['the leader changed', 'B', 900_000],
  ])('starts anew when %s', (_name, leader, writtenBytes) => {
    const tracker = new LoadTracker();
    note(tracker, 'A', 1_000, 0);
    expect(note(tracker, leader, writtenBytes, 60_000)).toEqual({ memtableBytes: 3 });
    expect(note(tracker, leader, writtenBytes + 60_000, 120_000)).toMatchObject({
      writeBytesPerSecond: 1_000,
    });
  });

  it('knows nothing where nothing is said', () => {
    expect(new LoadTracker().begin()('7', 'A', {}, 0)).toBeUndefined();
  });
});

import { describe, expect, it } from 'vitest';
import { LoadTracker } from '../../../src/greptimedb/load.ts';
import { HeartbeatOpinions, heartbeatReports, reconcile } from '../../../src/greptimedb/sql/reconcile.ts';
import type { RegionViews } from '../../../src/greptimedb/sql/reconcile.ts';

const A: RegionViews['cached'] = { leader: 'A', status: 'alive', followers: undefined };
const B: RegionViews['cached'] = { leader: 'B', status: 'alive', followers: undefined };
const settled = (leader: string) => ({ leader, isSettled: true });
const doubtful = (leader: string) => ({ leader, isSettled: false });

const holds = (...writableOn: string[]) => ({ copies: { writableOn, hasIdleLeader: false } });

describe('joining what several sources say of a region', () => {
  it.each<[string, Partial<RegionViews>, string]>([
    ['one cache alone', {}, 'A alive'],
    ['a procedure holds it', { isHeld: true }, 'A migrating'],
    ['the cache shows a downgrade', { cached: { ...A, status: 'migrating' } }, 'A migrating'],
    ['the statistics show one', { reported: 'migrating' }, 'A migrating'],
    ['staging wins over a procedure', { reported: 'staging', isHeld: true }, 'A staging'],
    ['two frontends agree', { others: [A] }, 'A alive'],
    ['one of two frontends sees a downgrade', { others: [{ ...A, status: 'migrating' }] }, 'A migrating'],
    ['two frontends differ', { others: [B] }, 'A migrating, disagree'],
    ['we moved it, one frontend knows', { others: [B], movedTo: 'B' }, 'B alive'],
    ['we moved it, only the heartbeats know', { heartbeat: doubtful('B'), movedTo: 'B' }, 'B alive'],
    ['we moved it, the heartbeats lag', { cached: B, heartbeat: doubtful('A'), movedTo: 'B' }, 'B alive'],
    ['we moved it, nobody shows it', { movedTo: 'B' }, 'A alive'],
    ['the heartbeats differ', { heartbeat: doubtful('B') }, 'A migrating, disagree'],
    ['they have differed for long', { heartbeat: settled('B') }, 'B alive'],
    ['the datanodes correct the cache', holds('B'), 'B alive'],
    ['the datanodes confirm the cache', holds('A'), 'A alive'],
    ['two hold it writable', holds('A', 'B'), 'A migrating, disagree'],
    ['one leads and takes no writes', { copies: { writableOn: [], hasIdleLeader: true } }, 'A migrating'],
    ['the datanodes say nothing', holds(), 'A alive'],
    [
      'no leader follows itself',
      { cached: { ...A, followers: ['B', 'C'] }, ...holds('B') },
      'B alive, C follows',
    ],
  ])('%s', (_name, views, expected) => {
    const joined = reconcile({ cached: A, others: [], isHeld: false, ...views });
    const followers = joined.followers.map((id) => `, ${id} follows`).join('');
    expect(`${joined.leader} ${joined.status}${joined.disagree ? ', disagree' : ''}${followers}`).toBe(
      expected,
    );
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

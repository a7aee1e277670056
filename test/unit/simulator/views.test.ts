import { describe, expect, it } from 'vitest';
import { play } from './harness.ts';
import type { Play } from './harness.ts';

const ID = '4398046511105';
const PEERS = 'FROM information_schema.region_peers';

describe('region_peers', () => {
  it.each([
    ['0.7', 'greptime_region_peers', 0],
    ['0.8', 'region_peers', 0],
    ['0.17', 'region_peers', 0],
    ['1.0', 'region_peers', 1],
    ['1.3', 'region_peers', 1],
  ])('%s: a predicate on the second region finds %s row(s) of %s', async (profile, table, found) => {
    const { rows } = play({ profile });
    expect(await rows(`SELECT * FROM information_schema.${table} WHERE region_id = ${ID}`)).toHaveLength(
      found,
    );
    expect(
      await rows(`SELECT * FROM information_schema.${table} WHERE peer_id = 0 AND status = 'ALIVE'`),
    ).not.toHaveLength(0);
  });

  it.each([
    ['0.7', 'repeated'],
    ['0.8', 'repeated'],
    ['0.9.0', 'renumbered'],
    ['1.3', 'renumbered'],
  ])('%s: the rows of logical tables are %s', async (profile, how) => {
    const { rows, cluster } = play({ profile });
    const name = cluster.profile.regionPeers;
    const ids = (await rows(`SELECT region_id FROM information_schema.${name}`)).map(([id]) => String(id));
    const tableIds = new Set(ids.map((id) => Number(BigInt(id) >> 32n)));
    expect(ids).toHaveLength(3 * 2 + 3 * 4);
    expect([...tableIds]).toEqual(
      how === 'repeated' ? [1024, 1025, 1026] : [1024, 1025, 1026, 1027, 1028, 1029],
    );
  });

  it.each([
    ['0.8', 'DOWNGRADED', 'ALIVE'],
    ['0.9', 'DOWNGRADING', 'ALIVE'],
    ['0.16', 'DOWNGRADING', 'ALIVE'],
    ['1.3', 'DOWNGRADING', 'STAGING'],
  ])('%s calls a downgraded region %s and a staging one %s', async (profile, downgraded, staging) => {
    const { rows, cluster, clock } = play({ profile });
    cluster.setRegionState('4398046511104', 'downgrading');
    cluster.setRegionState(ID, 'staging');
    await clock.advance(7_500);
    const all = await rows(`SELECT region_id, status, down_seconds ${PEERS}`);
    expect(all.slice(0, 2)).toEqual([
      [4398046511104, downgraded, 7],
      [4398046511105, staging, null],
    ]);
  });

  it.each([
    ['0.12', 1],
    ['0.14', 2],
    ['1.3', 2],
  ])('%s has %i row(s) for a region with a follower', async (profile, count) => {
    const { rows, cluster } = play({ profile });
    cluster.setFollower('4398046511104', '2');
    const all = await rows(`SELECT region_id, peer_id, is_leader, status, down_seconds ${PEERS} LIMIT 2`);
    const own = all.filter(([id]) => id === 4398046511104);
    expect(own).toHaveLength(count);
    if (count === 2) expect(own[1]).toEqual([4398046511104, 2, 'No', null, null]);
  });

  it('shows region numbers with gaps, as repartitioning leaves them', async () => {
    const { rows, cluster, clock, cell } = play();
    const { id } = cluster.createTable({ name: 'split', regions: 2, numbers: [3, 7], on: ['0'] });
    const keys = [3n, 7n].map((number) => Number((BigInt(id) << 32n) + number));
    expect(await rows(`SELECT region_id ${PEERS} WHERE table_name = 'split'`)).toEqual(
      keys.map((key) => [key]),
    );
    await cell(`ADMIN migrate_region(${keys[1]}, 0, 2)`);
    await clock.advance(10_000);
    expect(cluster.leaderOf(String(keys[1]))).toBe('2');
  });

  it('has no peer where a region has no leader', async () => {
    const { rows, cluster } = play();
    cluster.removeLeader('4398046511104');
    expect((await rows(`SELECT peer_id, peer_addr ${PEERS} LIMIT 1`))[0]).toEqual([null, null]);
  });

  it('is as old as the cache of its frontend when an invalidation got lost', async () => {
    const stage = play({ frontends: 2, faults: 'stale-routes' });
    const leaderAt = async (frontend: number): Promise<unknown> =>
      (await stage.rows(`SELECT peer_id ${PEERS} WHERE region_id = 4398046511104`, { frontend }))[0]?.[0];
    const { leader } = stage.firstRegions()[0]!;
    expect([await leaderAt(0), await leaderAt(1)]).toEqual([Number(leader), Number(leader)]);
    stage.cluster.moveRegionBehindTheScenes('4398046511104', '2');
    expect([await leaderAt(0), await leaderAt(1)]).toEqual([Number(leader), 2]);
    for (let minute = 0; minute < 9; minute += 1) {
      await stage.clock.advance(60_000);
      expect(await leaderAt(0)).toBe(Number(leader));
    }
    await stage.clock.advance(60_000);
    expect(await leaderAt(0)).toBe(2);
  });

  it('does not show a downgrade that happens while the route is cached', async () => {
    const stage = play({ migrationMs: 2_000 });
    const { id, leader } = stage.firstRegions()[0]!;
    await stage.rows(`SELECT * ${PEERS}`);
    await stage.cell(`ADMIN migrate_region(${id}, ${leader}, 2)`);
    await stage.clock.run(() => stage.cluster.truth.routeOf(BigInt(id))?.state === 'downgrading');
    expect((await stage.rows(`SELECT status ${PEERS} WHERE region_id = ${id}`))[0]).toEqual(['ALIVE']);
  });
});

describe('tables', () => {
  it('lists base tables, views and virtual tables', async () => {
    const { rows } = play({ profile: '0.17', layout: { fileTables: 1, privateTables: true } });
    const all = await rows(
      'SELECT table_schema, table_name, table_type, engine, create_options FROM information_schema.tables',
    );
    const told = all.map((row) => row.join(' | '));
    for (const row of [
      'public | cpu | BASE TABLE | mito | ',
      'public | metrics_0 | BASE TABLE | metric | physical_metric_table=',
      'public | metric_0_0 | BASE TABLE | metric | on_physical_table=metrics_0',
      'public | external_0 | BASE TABLE | file | ',
      'greptime_private | slow_queries | BASE TABLE | mito | ',
      'public | numbers | LOCAL TEMPORARY | test_engine | ',
      'public | view_0 | VIEW |  | ',
    ])
      expect(told).toContain(row);
    expect(await rows(`SELECT region_id ${PEERS} WHERE table_name = 'view_0'`)).toEqual([]);
  });
});

it.each([
  ['0.15', false],
  ['0.16', true],
  ['1.3', true],
])('%s: the first migration makes greptime_private.events appear: %s', async (profile, expected) => {
  const { rows, cluster, clock } = play({ profile });
  const events = `SELECT region_id ${PEERS} WHERE table_name = 'events'`;
  await clock.advance(60_000);
  expect(await rows(events)).toEqual([]);
  cluster.startForeignMigration('4398046511104', '2');
  await clock.advance(60_000);
  expect(await rows(events)).toHaveLength(expected ? 1 : 0);
});

describe('cluster_info', () => {
  it('tells activity as humantime, keeps the dead for a day and numbers the others -1', async () => {
    const { rows, cluster, clock } = play({ metasrvs: 2, frontends: 2 });
    cluster.killDatanode('1');
    await clock.advance(3_600_000);
    const all = await rows(
      'SELECT peer_type, peer_id, active_time, node_status FROM information_schema.cluster_info',
    );
    expect(all.map(([type, id]) => `${String(type)} ${String(id)}`)).toEqual([
      'METASRV -1',
      'METASRV -1',
      'DATANODE 0',
      'DATANODE 1',
      'DATANODE 2',
      'FRONTEND -1',
      'FRONTEND -1',
    ]);
    expect(all[2]?.[2]).toMatch(/^(?:[012]s)?(?: ?\d{1,3}ms)?$/);
    expect(all[3]?.[2]).toMatch(/^(?:1h|59m 5\d+s|1h \d+s)(?: \d+ms)?/);
    expect(JSON.parse(String(all[2]?.[3]))).toMatchObject({ workloads: ['hybrid'], follower_regions: 0 });
    expect(all[1]?.slice(2)).toEqual([null, '{"is_leader":true}']);
    await clock.advance(24 * 3_600_000);
    expect(
      await rows("SELECT peer_id FROM information_schema.cluster_info WHERE peer_type = 'DATANODE'"),
    ).toEqual([[0], [2]]);
  });

  it('shows an empty datanode as soon as it has beaten', async () => {
    const { rows, cluster } = play();
    expect(cluster.addDatanode()).toBe('3');
    expect(
      await rows("SELECT peer_id FROM information_schema.cluster_info WHERE peer_addr = '10.0.0.13:4001'"),
    ).toEqual([[3]]);
  });
});

describe('region_statistics', () => {
  const count = async (stage: Play): Promise<number> =>
    (await stage.rows('SELECT region_id FROM information_schema.region_statistics')).length;

  it.each([
    ['0.9.5', 30_000],
    ['1.3', 9_000],
  ])('%s is at most %i ms old', async (profile, periodMs) => {
    const stage = play({ profile });
    const before = await count(stage);
    stage.cluster.createTable({ name: 'fresh', regions: 5, on: ['0'] });
    expect(await count(stage)).toBe(before);
    let waitedMs = 0;
    while ((await count(stage)) === before) waitedMs += await stage.clock.advance(500).then(() => 500);
    expect(await count(stage)).toBe(before + 5);
    expect(waitedMs).toBeLessThanOrEqual(periodMs);
  });

  it('keeps the ghosts of a dead datanode until the leader changes', async () => {
    const stage = play({ metasrvs: 2, failoverAfterMs: 20_000, migrationEvents: false });
    const total = await count(stage);
    const onZero = stage.cluster.regionsPerDatanode().get('0')!;
    stage.cluster.killDatanode('0');
    await stage.clock.advance(120_000);
    expect(stage.cluster.regionsPerDatanode().get('0')).toBe(0);
    expect(await count(stage)).toBe(total + onZero);
    stage.cluster.changeLeader();
    await stage.clock.advance(60_000);
    expect(await count(stage)).toBe(total);
  });

  it('lists physical regions alone, with plausible loads', async () => {
    const { rows } = play();
    const all = await rows(
      'SELECT table_id, region_rows, written_bytes_since_open, disk_size, memtable_size, sst_size FROM information_schema.region_statistics',
    );
    expect(new Set(all.map(([table]) => table))).toEqual(new Set([1024, 1025, 1026]));
    for (const row of all) for (const cell of row) expect(Number(cell)).toBeGreaterThanOrEqual(0);
  });
});

it('region_info shows metadata regions of the metric engine in group 1, and the living alone', async () => {
  const { rows, cluster } = play();
  const inGroup = (group: number): Promise<unknown[][]> =>
    rows(`SELECT region_id FROM information_schema.region_info WHERE region_group = ${group}`);
  expect([await inGroup(0), await inGroup(1)].map((found) => found.length)).toEqual([9, 3]);
  cluster.killDatanode('0');
  const nodes = await rows('SELECT node_id FROM information_schema.region_info');
  expect(nodes).not.toContainEqual([0]);
});

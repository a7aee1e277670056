import { expect, test } from 'vitest';
import { play } from './harness.ts';

const TABLE =
  'CREATE TABLE mine.t (shard INT, n BIGINT, ts TIMESTAMP(3) TIME INDEX, PRIMARY KEY (shard)) PARTITION ON COLUMNS (shard) (shard < 1, shard >= 1 AND shard < 2, shard >= 2)';

async function withTable(
  options: Parameters<typeof play>[0] = {},
): Promise<ReturnType<typeof play> & { regions: string[] }> {
  const rig = play(options);
  for (const statement of [
    'CREATE DATABASE IF NOT EXISTS mine',
    TABLE,
    insert(0, 10),
    insert(1, 11),
    insert(2, 12),
  ])
    expect((await rig.sql(statement)).status, statement).toBe(200);
  const table = rig.cluster.truth.tableNamed('greptime', 'mine', 't');
  return { ...rig, regions: (table?.routes ?? []).map(({ region }) => region.id) };
}

function insert(shard: number, n: number): string {
  return `INSERT INTO mine.t (shard, n, ts) VALUES (${shard}, ${n}, ${1_000 + n})`;
}

test('a table keeps what is inserted, each row in the region of its partition', async () => {
  const { rows, sql, regions } = await withTable();
  expect(regions).toHaveLength(3);
  expect(await rows('SELECT n FROM mine.t ORDER BY n')).toEqual([[10], [11], [12]]);
  expect(JSON.parse((await sql(insert(1, 13))).body)).toMatchObject({ output: [{ affectedrows: 1 }] });
  expect(await rows('SELECT n FROM mine.t WHERE shard = 1')).toEqual([[11], [13]]);
  expect((await rows('SELECT table_name FROM information_schema.tables')).flat()).toContain('t');
});

test('writes are refused while a region changes its leader, and by no others', async () => {
  const { cluster, regions, error, sql } = await withTable();
  cluster.setRegionState(regions[1] ?? '', 'downgrading');
  expect(await error(insert(1, 14))).toMatchObject({ status: 503, code: 4008 });
  expect((await sql(insert(0, 15))).status).toBe(200);
});

test('rows go along with a migration, but not where the new leader does not share the storage', async () => {
  const { cluster, clock, regions, rows } = await withTable({ migrationMs: 100 });
  const move = async (region: string): Promise<void> => {
    const to = cluster.leaderOf(region) === '2' ? '0' : '2';
    cluster.startForeignMigration(region, to);
    await clock.advance(10_000);
    expect(cluster.leaderOf(region)).toBe(to);
  };
  await move(regions[0] ?? '');
  expect(await rows('SELECT n FROM mine.t')).toHaveLength(3);
  cluster.faults.set('lost-rows');
  await move(regions[0] ?? '');
  expect(await rows('SELECT n FROM mine.t')).toEqual([[11], [12]]);
});

test('what was made can be dropped, and nothing else', async () => {
  const { sql, error, cluster } = await withTable();
  expect((await error('DROP TABLE public.cpu')).code).toBe(1001);
  expect((await error('DROP DATABASE public')).code).toBe(1001);
  expect((await sql('DROP TABLE mine.t')).status).toBe(200);
  expect((await sql('DROP DATABASE IF EXISTS mine')).status).toBe(200);
  expect(cluster.truth.tableNamed('greptime', 'mine', 't')).toBeUndefined();
  expect((await error('CREATE TABLE mine.t (a INT) PARTITION ON COLUMNS (a) (a < 1)')).code).toBe(4004);
  expect((await sql('DROP TABLE IF EXISTS mine.t')).status).toBe(200);
  expect((await error('DROP TABLE mine.t')).code).toBe(4001);
});

test('before 0.7.2 a database cannot be dropped', async () => {
  expect(await (await withTable({ profile: '0.7.0' })).error('DROP DATABASE mine')).toMatchObject({
    code: 1001,
  });
});

test('a user that may only read may not write', async () => {
  const { sql } = play({ users: [{ username: 'u', password: 'p', readOnly: true }] });
  const headers = { authorization: `Basic ${Buffer.from('u:p').toString('base64')}` };
  for (const statement of ['CREATE DATABASE mine', TABLE, insert(1, 1), 'DROP DATABASE mine'])
    expect(JSON.parse((await sql(statement, { headers })).body)).toMatchObject({ code: 7006 });
});

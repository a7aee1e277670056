import { describe, expect, it } from 'vitest';
import { OperatingError, UsageError } from '../../../src/domain/errors.ts';
import type { LayoutOptions } from '../../../src/simulator/cluster/layout.ts';
import type { SimulatedClusterOptions } from '../../../src/simulator/index.ts';
import { play } from './harness.ts';
import type { Play } from './harness.ts';

describe('layouts', () => {
  const many = { datanodes: 5, tables: 40, regionsPerTable: [5, 5] } as const;
  const counts = (layout: LayoutOptions): number[] => [
    ...play({ layout }).cluster.regionsPerDatanode().values(),
  ];

  it('crowded leaves the last datanode empty and the first with about half', () => {
    const [first = 0, ...rest] = counts({ ...many, layout: 'crowded' });
    const total = first + rest.reduce((sum, count) => sum + count, 0);
    expect(rest.at(-1)).toBe(0);
    expect(first / total).toBeGreaterThan(0.5);
    expect(first / total).toBeLessThan(0.75);
  });

  it('balanced differs by one at most, in each table too', () => {
    const { cluster } = play({
      layout: { layout: 'balanced', datanodes: 4, tables: 20, regionsPerTable: [1, 9] },
    });
    const spread = (numbers: readonly number[]): number => Math.max(...numbers) - Math.min(...numbers);
    expect(spread([...cluster.regionsPerDatanode().values()])).toBeLessThanOrEqual(1);
    for (const table of cluster.truth.tables.values())
      expect(
        spread([...cluster.regionsPerDatanode((other) => other === table).values()]),
      ).toBeLessThanOrEqual(1);
  });

  it('random uses every datanode', () => {
    expect(Math.min(...counts({ ...many, layout: 'random' }))).toBeGreaterThan(20);
  });

  it('followers sit elsewhere', () => {
    const { cluster } = play({ layout: { followers: 2, datanodes: 4 } });
    for (const table of cluster.truth.sortedTables())
      for (const { leader, followers } of table.routes) {
        expect(followers).toHaveLength(2);
        expect(new Set([leader, ...followers]).size).toBe(3);
      }
  });

  it.each<SimulatedClusterOptions>([
    ...[
      { metasrvs: 0 },
      { metasrvs: 1.5 },
      { frontends: 0 },
      { migrationMs: -1 },
      { profile: '9' },
      { faults: 'x' },
    ],
    ...[{ layout: { datanodes: 0 } }, { layout: { datanodes: 1.5 } }, { layout: { tables: -1 } }],
    ...(
      [
        [0, 3],
        [4, 3],
        [1, Number.NaN],
      ] as const
    ).map((regionsPerTable) => ({ layout: { regionsPerTable } })),
    { layout: { tables: 200_000, regionsPerTable: [1, 1_000] } },
  ])('%j is refused', (options) => {
    expect(() => play(options)).toThrow(UsageError);
  });
});

const byRegion = (a: { region: string }, b: { region: string }): number => a.region.localeCompare(b.region);

describe('one seed', () => {
  /** Half an hour of a busy cluster. */
  async function live(seed: string): Promise<Play> {
    const stage = play(
      {
        metasrvs: 3,
        frontends: 2,
        failoverAfterMs: 20_000,
        layout: { datanodes: 6, tables: 10 },
        faults:
          'leader-change=0.02,node-death=0.05,other-mover=0.5,table-churn=0.2,rollback=0.1,stale-routes=0.3,latency=0.2',
      },
      seed,
    );
    for (let minute = 0; minute < 30; minute += 1) {
      await stage.clock.advance(60_000);
      const read = stage.sql('SELECT * FROM information_schema.region_peers');
      await stage.clock.advance(5_000);
      await read;
    }
    return stage;
  }

  it('gives the same half hour, another one another', async () => {
    const [first, again, other] = [await live('7'), await live('7'), await live('8')];
    expect(first.cluster.journal.length).toBeGreaterThan(100);
    expect(again.cluster.journal).toEqual(first.cluster.journal);
    expect([...again.cluster.leaders()]).toEqual([...first.cluster.leaders()]);
    expect(other.cluster.journal).not.toEqual(first.cluster.journal);
  });

  it('and afterwards, without faults, every region has a healthy, living leader', async () => {
    const stage = await live('9');
    stage.cluster.faults.clear();
    await stage.clock.advance(15 * 60_000);
    expect(stage.cluster.migrationsUnderWay).toEqual([]);
    const nodes = [...stage.cluster.truth.datanodes.values()];
    const copies = nodes.flatMap(({ id, diedAtMs, copies }) =>
      [...copies.values()].map(({ region, role }) => ({ region: region.id, id, diedAtMs, role })),
    );
    const led = [...stage.cluster.leaders()].map(([region, id]) => ({
      region,
      id,
      diedAtMs: null,
      role: 'Leader',
    }));
    expect(copies.sort(byRegion)).toEqual(led.sort(byRegion));
  });

  it('without faults leaves no timer behind', () => {
    expect(play().clock.nextDelayMs()).toBeUndefined();
  });
});

describe('faults of the wire', () => {
  const MOVE = 'ADMIN migrate_region(4398046511104, 1, 2)';
  const staged = (faults: string): Play => {
    const stage = play({ faults, hugeBodyBytes: 1_000_000 });
    stage.cluster.moveRegionBehindTheScenes('4398046511104', '1');
    return stage;
  };

  it.each([
    ['lost-request', 'lost', 0],
    ['lost-answer', 'accepted', 1],
  ])('%s: the request is %s', async (fault, verdict, underWay) => {
    const { sql, cluster } = staged(`${fault}:submit`);
    expect((await sql('SELECT version()')).status).toBe(200);
    await expect(sql(MOVE)).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(cluster.migrationsUnderWay).toHaveLength(underWay);
    expect(cluster.journal).toContainEqual(expect.objectContaining({ operation: 'migrate-region', verdict }));
  });

  it.each([
    ['http-500', { status: 500 }],
    ['html-body', { status: 200, headers: { 'content-type': 'text/html' } }],
    ['redirect', { status: 302, headers: { location: 'http://127.0.0.1:9/elsewhere' } }],
  ])('%s answers without executing', async (fault, answer) => {
    const { sql, cluster } = staged(fault);
    expect(await sql(MOVE)).toMatchObject(answer);
    expect(cluster.migrationsUnderWay).toEqual([]);
  });

  it('truncated-json, wrong-types and huge-body spoil the answer', async () => {
    const truncated = (await staged('truncated-json').sql('SELECT version()')).body;
    expect(() => void JSON.parse(truncated)).toThrow(SyntaxError);
    expect(JSON.parse((await staged('wrong-types').sql('SELECT version()')).body)).toMatchObject({
      execution_time_ms: 'not a number',
    });
    expect((await staged('huge-body').sql('SELECT version()')).body).toHaveLength(1_000_001);
  });

  it('hang, latency and slow-body take time, and an abort ends the waiting', async () => {
    for (const fault of ['hang', 'latency', 'slow-body']) {
      const { cluster, clock } = staged(fault);
      const abort = new AbortController();
      const request = { target: 'frontend-0', method: 'GET', path: '/v1/sql', query: 'sql=SELECT+version()' };
      const refused = expect(cluster.handle(request, abort.signal)).rejects.toThrow('enough');
      await clock.advance(10);
      abort.abort(new DOMException('enough', 'TimeoutError'));
      await refused;
      const second = cluster.handle(request);
      await clock.advance(60_000);
      expect((await second).status).toBe(200);
    }
  });
});

describe('the remote control', () => {
  it('refuses what cannot be', () => {
    const { cluster } = play();
    for (const attempt of [
      () => cluster.addDatanode('0'),
      () => cluster.addDatanode('x'),
      () => cluster.killDatanode('9'),
      () => cluster.createTable({ name: 'cpu', regions: 1 }),
      () => cluster.createTable({ name: 'a', regions: 0 }),
      () => cluster.createTable({ name: 'a', regions: 1, on: ['9'] }),
      () => cluster.dropTable('nothing'),
      () => cluster.leaderOf('1'),
      () => cluster.leaderOf('x'),
      () => cluster.moveRegionBehindTheScenes('4398046511104', '9'),
      () => cluster.killMetasrv(1),
      () => cluster.killFrontend(1),
    ])
      expect(attempt).toThrow(OperatingError);
  });

  it('creates and drops tables, their regions and their copies', () => {
    const { cluster } = play();
    const before = cluster.leaders().size;
    const table = cluster.createTable({ name: 'fresh', regions: 4, schema: 'other' });
    expect(cluster.leaders().size).toBe(before + 4);
    expect(table.routes.map(({ leader }) => leader)).toEqual(['0', '1', '2', '0']);
    expect(cluster.dropTable('other.fresh')).toBe(true);
    expect(cluster.dropTable('metrics_0')).toBe(true);
    expect(cluster.truth.tableNamed('greptime', 'public', 'metric_0_0')).toBeUndefined();
    const copies = [...cluster.truth.datanodes.values()].reduce((sum, node) => sum + node.copies.size, 0);
    expect(copies).toBe(cluster.leaders().size);
  });

  it('a frontend that comes back has empty caches', async () => {
    const { cluster, rows } = play({ faults: 'stale-routes=1' });
    const leader = (): Promise<unknown> =>
      rows('SELECT peer_id FROM information_schema.region_peers LIMIT 1').then(([row]) => row?.[0]);
    await leader();
    cluster.moveRegionBehindTheScenes('4398046511104', '2');
    expect(await leader()).not.toBe(2);
    cluster.killFrontend(0);
    await expect(leader()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    cluster.reviveFrontend(0);
    expect(await leader()).toBe(2);
  });

  it('ends what is under way when the cluster is closed', async () => {
    const { cluster, clock, sql } = play({ faults: 'hang:read' });
    cluster.startForeignMigration('4398046511104', '2');
    const waiting = sql('SELECT version()');
    cluster.close();
    await expect(waiting).rejects.toThrow('closed');
    await clock.advance(60_000);
    expect(cluster.leaderOf('4398046511104')).not.toBe('2');
    await expect(sql('SELECT version()')).rejects.toThrow('closed');
  });

  it('knows who listens where', () => {
    const { cluster } = play({ metasrvs: 2, frontends: 2 });
    expect(cluster.targetAt('metasrv-1.sim:3002')).toBe('metasrv-1');
    expect(cluster.targetAt('metasrv-1.sim:4000')).toBe('metasrv-1-http');
    expect(cluster.targetAt('frontend-1.sim:4000')).toBe('frontend-1');
    expect(cluster.targetAt('nobody:1')).toBeUndefined();
  });

  it('a revived datanode has what the routes give it', async () => {
    const { cluster, clock } = play({ failoverAfterMs: 10_000 });
    cluster.killDatanode('0');
    await clock.advance(60_000);
    cluster.reviveDatanode('0');
    expect(cluster.truth.datanodes.get('0')?.copies.size).toBe(0);
  });
});

it('a hundred thousand regions are created and read', async () => {
  const { rows } = play({
    layout: { datanodes: 50, tables: 1_000, regionsPerTable: [100, 100], metricTables: 0 },
  });
  expect(await rows('SELECT region_id, peer_id FROM information_schema.region_peers')).toHaveLength(100_000);
});

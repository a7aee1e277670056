import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { SimEvent } from '../../../src/simulator/index.ts';
import { play } from './harness.ts';
import type { Play } from './harness.ts';

const TARGET = '2';

/** Submits a migration of the first region to the empty datanode, whatever the version's way is. */
async function submit(stage: Play, index = 0): Promise<string> {
  const { id, leader } = stage.firstRegions()[index]!;
  const form = stage.cluster.profile.adminFunctions;
  if (form) return String(await stage.cell(`${form} migrate_region(${id}, ${leader}, ${TARGET}, 60)`));
  const query = `region_id=${id}&from_peer_id=${leader}&to_peer_id=${TARGET}&replay_timeout=60s`;
  const { body } = await stage.admin(`GET /admin/region-migration?${query}`);
  return String(JSON.parse(body).procedure_id);
}

const STATE = z.strictObject({ status: z.string(), error: z.string().optional() });

async function stateOf(stage: Play, procedureId: string): Promise<z.infer<typeof STATE>> {
  const form = stage.cluster.profile.adminFunctions ?? 'ADMIN';
  return STATE.parse(JSON.parse(String(await stage.cell(`${form} procedure_state('${procedureId}')`))));
}

function ended(stage: Play): Extract<SimEvent, { kind: 'migration-ended' }>[] {
  return stage.cluster.journal.filter((event) => event.kind === 'migration-ended');
}

function steps(stage: Play): string[] {
  return stage.cluster.journal.flatMap((event) => (event.kind === 'migration-step' ? [event.step] : []));
}

/** Lets time pass until the n-th migration has ended. */
async function untilEnded(stage: Play, count = 1): Promise<void> {
  await stage.clock.run(() => ended(stage).length >= count);
}

describe('a migration goes through the steps of its version', () => {
  const LEGACY = [
    'RegionMigrationStart',
    'OpenCandidateRegion',
    'UpdateMetadataDowngrade',
    'DowngradeLeaderRegion',
    'UpgradeCandidateRegion',
    'UpdateMetadataUpgrade',
  ];
  const CLOSING = [...LEGACY, 'CloseDowngradedRegion', 'RegionMigrationEnd'];
  const FLUSHING = CLOSING.toSpliced(2, 0, 'PreFlushRegion');
  it.each([
    ['0.5.1', [...LEGACY, 'RegionMigrationEnd']],
    ['0.6', [...LEGACY, 'RegionMigrationEnd']],
    ['0.7', [...LEGACY, 'RegionMigrationEnd']],
    ['0.9', [...LEGACY, 'RegionMigrationEnd']],
    ['0.12', CLOSING],
    ['0.16', FLUSHING],
    ['1.0', FLUSHING],
    ['1.3', FLUSHING],
  ])('%s', async (profile, expected) => {
    const stage = play({ profile });
    const { id } = stage.firstRegions()[0]!;
    const procedureId = await submit(stage);
    expect(procedureId).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    await untilEnded(stage);
    expect(steps(stage)).toEqual(expected);
    expect(ended(stage)[0]).toMatchObject({ status: 'Done', moved: true, leader: TARGET, procedureId });
    expect(stage.cluster.leaderOf(id)).toBe(TARGET);
  });

  it('and takes the configured time on average', async () => {
    const stage = play({ migrationMs: 10_000, layout: { tables: 1, regionsPerTable: [40, 40] } });
    for (let index = 0; index < 40; index += 1) await submit(stage, index);
    await untilEnded(stage, 40);
    const started = stage.cluster.journal.find((event) => event.kind === 'migration-started')!;
    const took = ended(stage).map((event) => event.atMs - started.atMs);
    const meanMs = took.reduce((sum, each) => sum + each, 0) / took.length;
    expect(meanMs).toBeGreaterThan(8_000);
    expect(meanMs).toBeLessThan(12_000);
  });
});

describe('while a migration runs', () => {
  it('its procedure, its route and its copies can be seen', async () => {
    const stage = play({ migrationMs: 2_000 });
    const { id, leader } = stage.firstRegions()[0]!;
    const procedureId = await submit(stage);
    await stage.clock.advance(10);
    expect(await stateOf(stage, procedureId)).toEqual({ status: 'Running' });
    await stage.clock.run(() => steps(stage).includes('UpgradeCandidateRegion'));
    expect(stage.cluster.truth.routeOf(BigInt(id))).toMatchObject({ leader, state: 'downgrading' });
    const info = (columns: string): Promise<unknown[][]> =>
      stage.rows(
        `SELECT ${columns} FROM information_schema.region_info WHERE region_id = ${id} ORDER BY node_id`,
      );
    expect(await info('role, writable, node_id')).toEqual([
      ['Leader', false, Number(leader)],
      ['Follower', false, 2],
    ]);
    await untilEnded(stage);
    expect(await stateOf(stage, procedureId)).toEqual({ status: 'Done' });
    expect(await info('state, writable, node_id')).toEqual([['Leader(Writable)', true, 2]]);
  });

  it('written_bytes_since_open starts again on the target', async () => {
    const stage = play();
    const { id } = stage.firstRegions()[0]!;
    const written = async (): Promise<unknown[][]> =>
      stage.rows(
        `SELECT written_bytes_since_open, region_role FROM information_schema.region_statistics WHERE region_id = ${id}`,
      );
    const before = await written();
    expect(Number(before[0]?.[0])).toBeGreaterThan(0);
    await submit(stage);
    await untilEnded(stage);
    await stage.clock.advance(12_000);
    const after = await written();
    expect(after).toHaveLength(1);
    expect(Number(after[0]?.[0])).toBeLessThan(Number(before[0]?.[0]));
  });
});

const ABORTED = 'The region migration procedure aborted, reason: Failed to upgrade the candidate region.';
/** Up to 0.13 only the outermost error is told. */
const MASKED = 'Failed to execute procedure due to external error';

describe('what a status does not say', () => {
  it.each([
    ['done-not-moved', '1.3', false, 'Done', undefined],
    ['failed-but-moved', '1.3', true, 'Failed', expect.stringMatching(/^Datanode table not found/)],
    ['rollback', '1.3', false, 'Failed', ABORTED],
    ['bad-target', '1.3', false, 'Failed', ABORTED],
    ['rollback', '0.14', false, 'Failed', ABORTED],
    ['rollback', '0.12', false, 'Failed', MASKED],
    ['rollback', '0.7', false, 'Failed', MASKED],
    ['stuck-downgraded', '0.9', false, 'Failed', MASKED],
  ])('%s of %s: moved %s and told as %s, %s', async (fault, profile, moved, status, error) => {
    const stage = play({ profile, faults: fault });
    const procedureId = await submit(stage);
    await untilEnded(stage);
    expect(ended(stage)[0]).toMatchObject({
      status,
      moved,
      leader: moved ? TARGET : stage.firstRegions()[0]!.leader,
    });
    expect(await stateOf(stage, procedureId)).toEqual({ status, ...(error !== undefined && { error }) });
  });

  it('a rolled back region is healthy again, and the copy on the target is closed after the lease', async () => {
    const stage = play({ faults: 'rollback' });
    const { id } = stage.firstRegions()[0]!;
    await submit(stage);
    await untilEnded(stage);
    expect(stage.cluster.truth.routeOf(BigInt(id))?.state).toBeNull();
    expect(stage.cluster.truth.datanodes.get(TARGET)?.copies.size).toBe(1);
    await stage.clock.advance(10_000);
    expect(stage.cluster.truth.datanodes.get(TARGET)?.copies.size).toBe(0);
  });

  it('a stuck region stays downgraded until the same migration is submitted again', async () => {
    const stage = play({ profile: '0.7', faults: 'stuck-downgraded' });
    const { id } = stage.firstRegions()[0]!;
    await submit(stage);
    await untilEnded(stage);
    expect(stage.cluster.truth.routeOf(BigInt(id))?.state).toBe('downgrading');
    await submit(stage);
    await untilEnded(stage, 2);
    expect(stage.cluster.leaderOf(id)).toBe(TARGET);
  });

  it('a migration whose source lost the leadership before it started is Done and moved nothing', async () => {
    const stage = play({ profile: '0.8' });
    const { id } = stage.firstRegions()[0]!;
    const procedureId = await submit(stage);
    stage.cluster.moveRegionBehindTheScenes(id, '1');
    await untilEnded(stage);
    expect(await stateOf(stage, procedureId)).toEqual({ status: 'Done' });
    expect(stage.cluster.leaderOf(id)).toBe('1');
  });

  it('a table that is dropped in between makes it fail', async () => {
    const stage = play();
    await submit(stage);
    await stage.clock.advance(100);
    expect(stage.cluster.dropTable('public.cpu')).toBe(true);
    await untilEnded(stage);
    expect(ended(stage)[0]).toMatchObject({
      status: 'Failed',
      moved: false,
      leader: null,
      error: 'Failed to find table route for 1024',
    });
  });
});

describe('a target that dies', () => {
  it.each([
    ['1.3', ['PrepareRollback', 'RollingBack', 'Failed']],
    ['0.9', ['Failed']],
  ])('%s: is retried for six minutes, then %j', async (profile, last) => {
    const stage = play({ profile });
    const procedureId = await submit(stage);
    stage.cluster.killDatanode(TARGET);
    const startMs = stage.clock.monotonicMs();
    const seen: string[] = [];
    while (ended(stage).length === 0) {
      await stage.clock.advance(250);
      const { status } = await stateOf(stage, procedureId);
      if (seen.at(-1) !== status) seen.push(status);
    }
    expect(seen).toEqual(['Running', 'Retrying', ...last]);
    const tookMs = stage.clock.monotonicMs() - startMs;
    expect(tookMs).toBeGreaterThan(364_000);
    expect(tookMs).toBeLessThan(475_000);
    expect(ended(stage)[0]?.moved).toBe(false);
  });

  it('and comes back gets the region after all', async () => {
    const stage = play();
    const procedureId = await submit(stage);
    stage.cluster.killDatanode(TARGET);
    await stage.clock.advance(20_000);
    expect((await stateOf(stage, procedureId)).error).toBe('Pusher not found: datanode-2');
    stage.cluster.reviveDatanode(TARGET);
    await untilEnded(stage);
    expect(ended(stage)[0]).toMatchObject({ status: 'Done', moved: true });
  });

  it('retry-long looks the same without a death', async () => {
    const stage = play({ faults: 'retry-long' });
    const procedureId = await submit(stage);
    await stage.clock.advance(60_000);
    expect((await stateOf(stage, procedureId)).status).toBe('Retrying');
  });

  it('a source that dies costs the rest of its lease, and the region moves', async () => {
    const stage = play({ migrationMs: 1_000 });
    await submit(stage);
    stage.cluster.killDatanode(stage.firstRegions()[0]!.leader);
    await untilEnded(stage);
    expect(ended(stage)[0]).toMatchObject({ status: 'Done', moved: true });
    expect(stage.clock.monotonicMs()).toBeGreaterThan(7_000);
  });

  it('a budget that is too short rolls back', async () => {
    const stage = play({ migrationMs: 60_000 });
    const { id, leader } = stage.firstRegions()[0]!;
    await stage.cell(`ADMIN migrate_region(${id}, ${leader}, ${TARGET}, 0)`);
    await untilEnded(stage);
    expect(ended(stage)[0]).toMatchObject({ status: 'Failed', moved: false });
    expect(steps(stage)).toContain('UpdateMetadataRollback');
  });
});

describe('locks', () => {
  /** Two migrations of one table: do they run at the same time? */
  it.each([
    ['0.6', 'side by side'],
    ['0.9', 'side by side'],
    ['0.12', 'one after the other'],
    ['0.14', 'one after the other'],
    ['0.16', 'side by side'],
    ['1.3', 'side by side'],
  ])('%s runs two regions of a table %s', async (profile, order) => {
    const stage = play({ profile });
    await submit(stage, 0);
    await submit(stage, 1);
    await stage.clock.advance(100);
    const started = stage.cluster.journal.filter((event) => event.kind === 'migration-started').length;
    expect(started).toBe(order === 'side by side' ? 2 : 1);
    if (profile === '0.12') {
      const waiting = await stage.rows(
        'SELECT status, start_time FROM information_schema.procedure_info WHERE start_time = 0',
      );
      expect(waiting).toEqual([['Running', 0]]);
    }
    await untilEnded(stage, 2);
    expect(ended(stage).every((event) => event.moved)).toBe(true);
  });

  it('a second migration of one region waits up to 0.8 and then finds its work done', async () => {
    const stage = play({ profile: '0.8' });
    const ids = [await submit(stage), await submit(stage)];
    expect(new Set(ids).size).toBe(2);
    await untilEnded(stage, 2);
    expect(ended(stage).map(({ status, moved }) => [status, moved])).toEqual([
      ['Done', true],
      ['Done', false],
    ]);
  });

  it('a drop waits for a migration that locks the table, and not otherwise', async () => {
    const old = play({ profile: '0.12' });
    await submit(old);
    await old.clock.advance(10);
    expect(old.cluster.dropTable('cpu')).toBe(false);
    await untilEnded(old);
    expect(old.cluster.truth.tableNamed('greptime', 'public', 'cpu')).toBeUndefined();
  });
});

describe('an id is not a registration', () => {
  it.each(['paused', 'procedure-lost'])('%s: the id is never found', async (why) => {
    const stage = play(why === 'paused' ? {} : { faults: why });
    if (why === 'paused') stage.cluster.pauseProcedures();
    const procedureId = await submit(stage);
    await stage.clock.advance(60_000);
    const { code, error } = await stage.error(`ADMIN procedure_state('${procedureId}')`);
    expect(code).toBe(1002);
    expect(error).toContain(`Procedure not found: ${procedureId}`);
    expect(ended(stage)[0]).toMatchObject({ status: 'lost', moved: false });
  });

  it('beyond 128 procedures neither', async () => {
    const stage = play({ layout: { tables: 1, regionsPerTable: [130, 130] } });
    for (let index = 0; index < 130; index += 1) await submit(stage, index);
    await stage.clock.advance(10);
    expect(ended(stage).filter(({ status }) => status === 'lost')).toHaveLength(2);
  });

  it('and a finished one is forgotten after 10 to 20 minutes', async () => {
    const stage = play();
    const procedureId = await submit(stage);
    await untilEnded(stage);
    await stage.clock.advance(9 * 60_000);
    expect((await stateOf(stage, procedureId)).status).toBe('Done');
    await stage.clock.advance(11 * 60_000);
    expect((await stage.error(`ADMIN procedure_state('${procedureId}')`)).error).toContain(
      'Procedure not found',
    );
    expect(await stage.rows('SELECT * FROM information_schema.procedure_info')).toEqual([]);
  });
});

describe('a leader change', () => {
  it('takes a started migration on under its id', async () => {
    const stage = play({ metasrvs: 3, migrationMs: 4_000 });
    const procedureId = await submit(stage);
    await stage.clock.advance(500);
    stage.cluster.changeLeader();
    expect(await stage.error(`ADMIN procedure_state('${procedureId}')`)).toEqual({
      status: 500,
      code: 1003,
      error: 'Error checking database: public, Internal error: 1003',
    });
    const { body } = await stage.sql('SELECT region_id FROM region_peers', { db: 'information_schema' });
    expect(body).toContain('"output"');
    await stage.clock.advance(5_100);
    expect(stage.cluster.metasrvLeader).toBe(1);
    expect((await stateOf(stage, procedureId)).status).toBe('Running');
    await untilEnded(stage);
    expect(ended(stage)[0]).toMatchObject({ status: 'Done', moved: true, procedureId });
  });

  it('forgets a waiting migration, and those that are finished', async () => {
    const stage = play({ profile: '0.12', metasrvs: 2, migrationMs: 4_000 });
    const running = await submit(stage, 0);
    const waiting = await submit(stage, 1);
    await stage.clock.advance(500);
    stage.cluster.changeLeader();
    await stage.clock.advance(5_100);
    expect((await stateOf(stage, running)).status).toBe('Running');
    expect((await stage.error(`ADMIN procedure_state('${waiting}')`)).error).toBe(
      `Procedure not found: ${waiting}`,
    );
    await untilEnded(stage, 2);
    stage.cluster.changeLeader();
    await stage.clock.advance(5_100);
    expect((await stage.error(`ADMIN procedure_state('${running}')`)).error).toBe(
      `Procedure not found: ${running}`,
    );
  });

  it('empties leases and statistics until heartbeats come again', async () => {
    const stage = play({ metasrvs: 2 });
    const statistics = (): Promise<unknown[][]> =>
      stage.rows('SELECT region_id FROM information_schema.region_statistics');
    expect(await statistics()).toHaveLength(9);
    stage.cluster.changeLeader({ gapMs: 0 });
    await stage.clock.advance(1);
    expect(await statistics()).toEqual([]);
    const { id, leader } = stage.firstRegions()[0]!;
    expect((await stage.error(`ADMIN migrate_region(${id}, ${leader}, 2)`)).error).toContain(
      'unavailable temporally',
    );
    await stage.clock.advance(3_000);
    expect(await statistics()).toHaveLength(9);
  });
});

describe('other movers', () => {
  it('failover moves the regions off a datanode that stays dead, and not in maintenance mode', async () => {
    const stage = play({ failoverAfterMs: 30_000 });
    stage.cluster.setMaintenance(true);
    stage.cluster.killDatanode('0');
    await stage.clock.advance(60_000);
    expect(stage.cluster.regionsPerDatanode().get('0')).toBeGreaterThan(0);
    stage.cluster.setMaintenance(false);
    await stage.clock.advance(60_000);
    expect(stage.cluster.regionsPerDatanode().get('0')).toBe(0);
    expect(ended(stage).every(({ reason }) => reason === 'Failover')).toBe(true);
  });

  it('take regions, and a client is refused meanwhile', async () => {
    const stage = play();
    const { id, leader } = stage.firstRegions()[0]!;
    expect(stage.cluster.startForeignMigration(id, TARGET)).not.toBeNull();
    expect(stage.cluster.startForeignMigration(id, TARGET)).toBeNull();
    expect((await stage.error(`ADMIN migrate_region(${id}, ${leader}, ${TARGET})`)).error).toContain(
      `Another migration procedure is running for region: ${id}(1024, 0)`,
    );
  });
});

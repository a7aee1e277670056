import { execFileSync } from 'node:child_process';
import { copyFileSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, it, type TestContext } from 'vitest';
import { createCommandRig, CROWDED, EVEN, HASTE } from '../support/command-rig.ts';
import type { CommandRig } from '../support/command-rig.ts';
import { ServedSimulator } from '../support/served-simulator.ts';
import type { ServedOptions } from '../support/served-simulator.ts';

const ACT = ['-c', 'rebalancer.yaml', '--no-dry-run'];
const AT_MOST = { timeout: 120_000 };

/** Another cluster, and a configuration for it in the same folder. */
async function addOther(
  context: TestContext,
  { write }: CommandRig,
  options: ServedOptions,
  name = 'sim',
): Promise<ServedSimulator> {
  const other = await ServedSimulator.start(options, context);
  write('other.yaml', other.configuration(name) + HASTE);
  return other;
}

it.concurrent.for(['0.6', '1.3'] as const)(
  'on GreptimeDB %s every command refuses the state of a cluster of another name, and of one with other tables',
  AT_MOST,
  async (profile, context) => {
    const rig = await createCommandRig(context, profile);
    const { cluster, run } = rig;
    const tables = cluster.tables.map((table) => ({ ...table, name: `${table.name}_of_other` }));
    expect(await run(['once', ...ACT])).toMatchObject({ status: 0 });
    for (const [name, found] of [
      [
        'staging',
        /belongs to the cluster "sim", and cluster\.name is "staging"\. .*a state\.path of its own/,
      ],
      [
        'sim',
        /belongs to another cluster than the endpoints lead to: .*table 1024 was greptime\.public\.cpu,/,
      ],
    ] as const) {
      const other = await addOther(context, rig, { profile, tables }, name);
      const config = ['-c', 'other.yaml'];
      for (const args of [
        ['plan', ...config],
        ['explain', 'table', '1024', ...config],
        ['once', ...config],
        ['once', ...config, '--no-dry-run'],
        ['drain', '0', ...config, '--no-dry-run'],
      ]) {
        const { status, out, err } = await run(args);
        expect({ status, text: out + err }, args.join(' ')).toEqual({
          status: 1,
          text: expect.stringMatching(found),
        });
      }
      expect(other.mutations()).toEqual([]);
      expect(other.counts()).toEqual(CROWDED);
    }
  },
);

it.concurrent(
  'a renamed table, a dropped one and a new one are the same cluster',
  AT_MOST,
  async (context) => {
    const rig = await createCommandRig(context);
    const { cluster, run } = rig;
    expect(await run(['once', ...ACT])).toMatchObject({ status: 0 });
    const [first, second, ...rest] = cluster.tables;
    const tables = [{ ...first!, name: 'cpu_renamed' }, ...rest, { ...second!, id: 1_050, name: 'new' }];
    await addOther(context, rig, { profile: '1.3', tables });
    expect(await run(['once', '-c', 'other.yaml', '--no-dry-run'])).toMatchObject({
      status: 0,
      out: expect.stringMatching(/^moved: /),
    });
    expect(cluster.counts()).toEqual(EVEN);
  },
);

it.concurrent('a state of an older release is claimed once, and that is told', AT_MOST, async (context) => {
  const { folder, run } = await createCommandRig(context);
  expect(await run(['once', ...ACT])).toMatchObject({
    status: 0,
    err: expect.not.stringContaining('state folder'),
  });
  const database = new DatabaseSync(join(folder, 'data/rebalancer.db'));
  database.exec('DELETE FROM cluster');
  database.close();
  expect((await run(['once', ...ACT])).err).toMatch(/The state folder belonged to no cluster yet; .*sim/);
  expect((await run(['once', ...ACT])).err).not.toMatch(/state folder/);
  const other = ['--set', 'cluster.name=staging'];
  expect(await run(['once', ...ACT, ...other])).toMatchObject({
    status: 1,
    err: expect.stringMatching(/"sim"/),
  });
});

it.concurrent(
  'whoever comes while a daemon works is told who has the folder, and where; a deleted lock lets nobody else in beside it',
  AT_MOST,
  async (context) => {
    const { cluster, folder, run, start } = await createCommandRig(context);
    cluster.hangMigration(3);
    const first = start(['run', ...ACT]);
    const [, url = ''] = await first.waitFor(/"url":"([^"]+)"/);
    await cluster.request(({ sql }) => sql.includes('procedure_state') && cluster.submissions().length === 3);
    const locked = await run(['run', ...ACT]);
    expect(locked.status).toBe(1);
    expect(locked.err).toContain(`the process with id ${first.pid}, since `);
    expect(locked.err).toContain(`working on the cluster "sim" at ${url}. Only one process may move`);
    expect(locked.err).not.toContain('state.path');
    const others = await run(['run', ...ACT, '--set', 'cluster.name=staging']);
    expect(others.err).toMatch(/cluster\.name is "staging"\. Each cluster needs a state\.path of its own/);

    rmSync(join(folder, 'data/rebalancer.lock'));
    cluster.release();
    await first.waitFor(/The lock \S+rebalancer\.lock is gone: .*Restart the rebalancer/);
    expect((await fetch(`${url}/readyz`)).status).toBe(503);
    expect(cluster.submissions()).toHaveLength(3);
    const second = start(['run', ...ACT]);
    await second.waitFor(/"outcome":"balanced"/);
    await first.waitFor(/The lock \S+rebalancer\.lock is another one than at the start/);
    expect(cluster.counts()).toEqual(EVEN);
    expect(cluster.submissions()).toHaveLength(8);
    first.kill('SIGTERM');
    await first.ended();
    expect(readFileSync(join(folder, 'data/rebalancer.pid'), 'utf8')).toContain(`"pid":${second.pid},`);
  },
);

it.concurrent.for(['as documented', 'beside the journal of the killed daemon'])(
  'after kill -9 a backup is restored %s, and work goes on',
  AT_MOST,
  async (how, context) => {
    const { cluster, folder, run, start } = await createCommandRig(context);
    const state = join(folder, 'data/rebalancer.db');
    expect(await run(['once', ...ACT, '--set', 'execution.maxMovesPerCycle=2'])).toMatchObject({ status: 0 });
    const database = new DatabaseSync(state);
    database.exec(`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500)
      INSERT INTO audit (at_ms, who, what, why) SELECT unixepoch() * 1000, 'a', 'b', hex(zeroblob(200)) FROM n;
      DELETE FROM audit WHERE id % 2 = 0; PRAGMA wal_checkpoint(TRUNCATE)`);
    const daemon = start(['run', ...ACT]);
    await cluster.request(() => cluster.submissions().length === 4);
    database.exec(`VACUUM INTO '${join(folder, 'copy.db')}'`);
    database.close();
    await daemon.waitFor(/"outcome":"balanced"/);
    daemon.kill('SIGKILL');
    await daemon.ended();
    if (how === 'as documented') {
      const docs = readFileSync(join(import.meta.dirname, '../../docs/recovery.md'), 'utf8');
      const [, commands = ''] = /To restore it.*?```sh\n(.*?)```/s.exec(docs) ?? [];
      execFileSync('sh', ['-ec', commands], { cwd: folder });
    } else {
      copyFileSync(join(folder, 'copy.db'), state);
    }
    const { status, out, err } = await run(['once', ...ACT]);
    expect({ status, out: out + err }).toEqual({
      status: 0,
      out: expect.not.stringMatching(/corrupt|damaged/),
    });
    const isToldOf = err.includes('The journal beside the state file was of another file');
    expect(isToldOf).toBe(how !== 'as documented');
    expect(cluster.counts()).toEqual(EVEN);
  },
);

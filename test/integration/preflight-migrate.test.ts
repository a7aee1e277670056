import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { ListeningCluster } from '../../src/app/commands/simulate.ts';
import { PROFILES } from '../../src/simulator/index.ts';
import { preflightTable } from '../../src/cli/render/preflight-table.ts';
import { plainStyle } from '../../src/cli/render/style.ts';
import { found, preflightRig, sqlAlone } from '../support/preflight-rig.ts';

const DATABASE = 'greptime_rebalancer_preflight';
const TRY = ['--migrate', '--yes'];
const SQL_PROFILES = PROFILES.filter(({ adminFunctions }) => adminFunctions !== null).map(
  ({ version }) => version,
);

/** Tables of the trial that the cluster still has. */
function leftIn({ cluster }: ListeningCluster): string[] {
  return cluster.truth
    .sortedTables()
    .filter(({ schema }) => schema === DATABASE)
    .map(({ name }) => name);
}

describe('a trial', () => {
  test.concurrent.for(SQL_PROFILES)(
    'proves on %s that no acknowledged row is lost, and leaves nothing',
    async (profile, context) => {
      const { report, listening } = await preflightRig(context, { profile, migrationTimeMs: 50 });
      const answer = await report(TRY);
      expect(answer.migration, JSON.stringify(answer.checks)).toMatchObject({
        rowsLost: 0,
        moves: [{ outcome: 'succeeded' }, { outcome: 'succeeded' }],
      });
      const [there, back] = answer.migration?.moves ?? [];
      expect([back?.from, back?.to]).toEqual([there?.to, there?.from]);
      expect(answer.migration?.writes.acknowledged).toBeGreaterThanOrEqual(120);
      expect(answer.status).toBe(0);
      expect(leftIn(listening)).toEqual([]);
      expect(answer.migration?.left).toEqual(
        profile === '0.7.0'
          ? `The empty database ${DATABASE} stays: this version cannot drop one.`
          : undefined,
      );
    },
  );

  test.concurrent('that loses rows says so, and fails', async (context) => {
    const { report, listening } = await preflightRig(context);
    listening.cluster.faults.set('lost-rows');
    const answer = await report(TRY);
    expect(answer).toMatchObject({ status: 1, verdict: 'fail' });
    expect(answer.migration?.rowsLost).toBeGreaterThan(0);
    expect(found(answer, 'migration')[1]).toMatch(/^fail: \d+ rows of \d+ acknowledged rows are LOST\.$/);
    expect(leftIn(listening)).toEqual([]);
    const lines = [...preflightTable(answer, { width: 80, style: plainStyle })];
    expect(lines.filter((line) => line.length > 80)).toEqual([]);
    expect(lines.join(' ').replace(/\s+/g, ' ')).toContain('datanodes do not share their storage');
  });

  test.concurrent('whose migration does not succeed names the end of it', async (context) => {
    const { report, listening } = await preflightRig(context);
    listening.cluster.faults.set('rollback');
    const answer = await report(TRY);
    expect(answer.status).toBe(1);
    expect(found(answer, 'migration')[0]).toMatch(
      /^fail: Region \d+ did not get from datanode \d to \d \(rolled_back\): ./,
    );
    expect(leftIn(listening)).toEqual([]);
  });

  test.concurrent(
    'whose migration takes longer than is allowed says so, and that it holds the table',
    async (context) => {
      const { report, listening } = await preflightRig(
        context,
        { profile: '0.12' },
        'execution: { moveTimeout: 1s, replayTimeout: 1s }\n',
      );
      listening.cluster.faults.set('retry-long');
      const answer = await report(TRY);
      expect(answer.status).toBe(1);
      expect(found(answer, 'migration')[0]).toMatch(
        /^fail: Region \d+ did not get from datanode \d to \d \(timed_out\): ./,
      );
      expect(answer.migration?.left).toMatch(
        /could not be dropped .*held by a migration.*; the next trial drops it\.$/,
      );
    },
  );

  test('for which there is no second datanode fails, and leaves nothing', async (context) => {
    const { report, listening } = await preflightRig(context, { datanodes: 1, emptyDatanodes: 0 });
    const answer = await report(TRY);
    expect(answer.status).toBe(1);
    expect(found(answer, 'migration')).toEqual([
      expect.stringMatching(/^fail: No region can go there and back: only one datanode/),
    ]);
    expect(leftIn(listening)).toEqual([]);
  });

  test('of a user that may not write fails', async (context) => {
    const users = [{ username: 'ro', password: 'secret', readOnly: true }];
    const login = sqlAlone(', username: ro, passwordFile: password');
    const { report, folder } = await preflightRig(context, { users }, '', login);
    writeFileSync(join(folder, 'password'), 'secret');
    const answer = await report(TRY);
    expect(answer.status).toBe(1);
    expect(found(answer, 'migration')).toEqual([expect.stringMatching(/^fail: .*not authorized/)]);
    expect(answer.checks.at(-1)?.advice).toBe('Configure a user that may write (docs/security.md).');
  });

  test.concurrent('goes on when single requests hang, and counts them', async (context) => {
    const { report, listening } = await preflightRig(context, {}, '', sqlAlone());
    listening.cluster.faults.set('lost-answer=0.02');
    const { migration, checks } = await report(TRY);
    expect(migration, JSON.stringify(checks)).toMatchObject({ rowsLost: 0 });
    expect(migration?.writes.unanswered).toBeGreaterThan(0);
    listening.cluster.faults.clear();
  });

  test('needs SQL', async (context) => {
    const { report } = await preflightRig(context, { profile: '0.6' });
    const answer = await report(TRY);
    expect(answer.status).toBe(1);
    expect(found(answer, 'migration')).toEqual([
      expect.stringContaining('needs the frontends in cluster.sql.endpoints'),
    ]);
  });

  test('is not made where a check failed', async (context) => {
    const { report, listening } = await preflightRig(context, {}, '', ({ served }) => {
      return `  sql: { endpoints: [${served.frontend.join()}, http://127.0.0.1:1] }\n`;
    });
    const answer = await report(TRY);
    expect(found(answer, 'migration')).toEqual(['fail: No migration was tried, because a check failed.']);
    expect(leftIn(listening)).toEqual([]);
  });

  test.concurrent('that is stopped drops what it made', async (context) => {
    const { run, listening } = await preflightRig(context, { migrationTimeMs: 60_000 });
    const stopping = new AbortController();
    listening.cluster.onEvent(({ kind }) => {
      if (kind === 'migration-step') stopping.abort(new DOMException('Told to stop', 'AbortError'));
    });
    const { status, err } = await run(['preflight', ...TRY], { signal: stopping.signal });
    expect(status).toBe(1);
    expect(err).toContain('Stopped before the end.');
    expect(leftIn(listening)).toEqual([]);
  });

  test.concurrent('drops what a killed one left, and no table that is not of a trial', async (context) => {
    const { report, listening } = await preflightRig(context, { frontends: 1 });
    const [frontend] = listening.served.frontend;
    const send = async (sql: string): Promise<void> => {
      const answer = await fetch(`${frontend ?? ''}/v1/sql`, {
        method: 'POST',
        body: new URLSearchParams({ sql }),
      });
      expect(answer.status, sql).toBe(200);
    };
    await send(`CREATE DATABASE ${DATABASE}`);
    await send(`CREATE TABLE ${DATABASE}.writes_1 (n BIGINT) PARTITION ON COLUMNS (n) (n < 1, n >= 1)`);
    await send(`CREATE TABLE ${DATABASE}.mine (n BIGINT) PARTITION ON COLUMNS (n) (n < 1, n >= 1)`);
    const answer = await report(TRY);
    expect(answer).toMatchObject({ status: 0, verdict: 'warn' });
    expect(answer.migration?.left).toBe(
      `The database ${DATABASE} stays: the table mine in it is not of this trial.`,
    );
    expect(leftIn(listening)).toEqual(['mine']);
  });

  test.concurrent('does not disturb another one that is at work', async (context) => {
    const { report, listening } = await preflightRig(context, { migrationTimeMs: 3_000 });
    const moving = new Promise<void>((resolve) => {
      listening.cluster.onEvent(({ kind }) => {
        if (kind === 'migration-step') resolve();
      });
    });
    const first = report(TRY);
    await moving;
    expect(found(await report(TRY), 'migration')).toEqual([
      expect.stringContaining('another trial is at work'),
    ]);
    expect((await first).migration).toMatchObject({ rowsLost: 0 });
  });
});

describe('the question', () => {
  test('is asked on a terminal, and only yes is yes', async (context) => {
    const { run, listening } = await preflightRig(context);
    const refused = await run(['preflight', '--migrate'], { columns: 80, stdin: 'no\n' });
    expect(refused).toMatchObject({ status: 2, out: '', err: expect.stringContaining('Go on? [y/N]') });
    expect(leftIn(listening)).toEqual([]);
    const agreed = await run(['preflight', '--migrate'], { columns: 80, stdin: 'y\n' });
    expect(agreed).toMatchObject({ status: 0, out: expect.stringContaining('acknowledged rows was lost') });
  });

  test('cannot be asked elsewhere: --yes has to be given', async (context) => {
    const { run } = await preflightRig(context);
    const { status, err } = await run(['preflight', '--migrate']);
    expect(status).toBe(2);
    expect(err).toContain('--yes');
  });
});

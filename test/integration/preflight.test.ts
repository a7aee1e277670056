import { chmodSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { join } from 'node:path';
import { describe, expect, test, type TestContext } from 'vitest';
import { datanodeChecks } from '../../src/app/preflight/cluster-checks.ts';
import { gateChecks } from '../../src/app/preflight/gate-checks.ts';
import type { PreflightReport } from '../../src/app/preflight/check.ts';
import { toPolicy } from '../../src/config/effective.ts';
import { EMPTY_MEMORY } from '../../src/domain/policy.ts';
import { openCluster } from '../../src/greptimedb/index.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { runCommand } from '../support/cli.ts';
import { configFrom } from '../support/config.ts';
import { everything, simulated, sqlOptions, transportInto } from '../support/greptimedb.ts';
import { APP, found, preflightRig, sqlAlone } from '../support/preflight-rig.ts';
import type { Rig } from '../support/preflight-rig.ts';
import { listenOn } from '../support/listen.ts';
import { startSimulatedDaemon } from '../support/running-daemon.ts';
import { snapshotOf } from '../support/random-case.ts';
import { selfSigned } from '../support/tls.ts';
import { tempFolder } from '../support/temp-folder.ts';

test('passes a healthy cluster, and tells what was found in 80 columns', async (context) => {
  const { run, report, folder } = await preflightRig(context);
  const answer = await report();
  expect(answer).toMatchObject({
    status: 0,
    verdict: 'pass',
    formatVersion: 1,
    cluster: { name: 'test', api: 'sql', version: '1.3.0' },
  });
  expect(new Set(answer.checks.map(({ check }) => check))).toEqual(
    new Set([
      'endpoint',
      'clock',
      'cluster',
      'feature',
      'rights',
      'datanodes',
      'selection',
      'gates',
      'state',
    ]),
  );
  expect(found(answer, 'endpoint')).toHaveLength(3);
  expect(found(answer, 'datanodes')).toEqual([
    'pass: 4 of 4 datanodes are alive.',
    'pass: Empty, to be filled: 2, 3.',
  ]);
  const { out, status } = await run(['preflight'], { columns: 80 });
  expect(status).toBe(0);
  expect(out).toMatch(/^pass {2}endpoint {3}Frontend http:/m);
  expect(out).toContain('0 failed.');
  expect(out.split('\n').filter((line) => line.length > 80)).toEqual([]);
  expect(readdirSync(folder), 'nothing was made').toEqual(['r.yaml']);
});

test('config check --connect is the same', async (context) => {
  const { run } = await preflightRig(context);
  const { out, status } = await run(['config', 'check', '--connect']);
  expect(status).toBe(0);
  expect(out).toMatch(/^The configuration is valid .*\n[^]*pass {2}rights/);
});

test('one endpoint that is dead and one that hangs do not hide what the others say', async (context) => {
  const silent = createServer(() => undefined);
  const port = await listenOn(silent, context);
  const { report } = await preflightRig(
    context,
    { frontends: 1 },
    '',
    ({ served }) =>
      `  sql: { endpoints: [http://127.0.0.1:${port}, http://127.0.0.1:1, ${served.frontend.join()}] }\n`,
  );
  const answer = await report();
  expect(answer).toMatchObject({ status: 1, verdict: 'fail' });
  expect(found(answer, 'endpoint')).toEqual([
    expect.stringMatching(/^fail: Frontend http:\/\/127.0.0.1:\d+: .*no answer within 500 ms/),
    expect.stringMatching(/^fail: Frontend http:\/\/127.0.0.1:1: .*no connection/),
    expect.stringMatching(/^pass: Frontend http:\/\/127.0.0.1:\d+ answers in/),
  ]);
  expect(found(answer, 'rights')).toEqual([expect.stringMatching(/^pass/)]);
  expect(answer.checks.filter(({ verdict }) => verdict === 'fail').every(({ advice }) => advice)).toBe(true);
});

test('where no frontend answers, the state folder is looked at all the same', async (context) => {
  const { report } = await preflightRig(
    context,
    {},
    '',
    ({ served }) =>
      `  sql: { endpoints: ['https://${new URL(served.frontend[0] ?? '').host}'] }\n  metasrv: { endpoints: [${served.metasrv.join()}] }\n`,
  );
  const answer = await report();
  expect(answer.status).toBe(1);
  expect(answer.checks[0]).toMatchObject({
    detail: expect.stringMatching(/^Frontend \S+: no connection: [^/]*wrong version number$/),
    advice: expect.stringContaining('speaks https'),
  });
  expect(found(answer, 'cluster')).toEqual(['fail: No frontend answers: the cluster was not looked at.']);
  expect(found(answer, 'state')).toEqual([expect.stringMatching(/^pass: .*is new/)]);
});

test('a frontend without metasrv says so', async (context) => {
  const { report, listening } = await preflightRig(context);
  listening.cluster.killMetasrv(0);
  const answer = await report();
  expect(answer.status).toBe(1);
  expect(answer.checks[0]).toMatchObject({
    verdict: 'fail',
    detail: expect.stringContaining('the frontend says (code 1003)'),
    advice: expect.stringContaining('while metasrv does not answer'),
  });
});

const READ_ONLY = { users: [{ username: 'ro', password: 'secret', readOnly: true }] };

function withUser(context: TestContext, dryRun: boolean, password: string): Promise<Rig> {
  const login = sqlAlone(`, username: ro, passwordFile: ${password}`);
  return preflightRig(context, READ_ONLY, `execution: { dryRun: ${dryRun} }\n`, login);
}

test.for([
  [true, 'warn', 0],
  [false, 'fail', 1],
] as const)(
  'with dryRun %s a user that may only read is told what it cannot do',
  async ([dryRun, verdict, status], context) => {
    const { folder, report, listening } = await withUser(context, dryRun, 'password');
    writeFileSync(join(folder, 'password'), 'secret');
    const answer = await report();
    expect(answer.status).toBe(status);
    expect(found(answer, 'rights')).toEqual([
      `${verdict}: User "ro" may only read: plan, explain, snapshot and a dry run work, every migration is refused.`,
    ]);
    expect(found(answer, 'endpoint')[0]).toContain('takes the login of "ro"');
    expect(listening.cluster.journal.filter(({ kind }) => kind === 'mutating-request')).toEqual([]);
  },
);

test('a wrong password is named as such at each frontend, and never shown', async (context) => {
  const { folder, run } = await withUser(context, true, 'password');
  writeFileSync(join(folder, 'password'), 'not-the-one');
  const { out, status } = await run(['preflight']);
  expect(status).toBe(1);
  expect(out).toContain('Username and password does not match');
  expect(out).toContain('→ Check cluster.sql.username and the file cluster.sql.passwordFile.');
  expect(out).not.toContain('not-the-one');
});

test('a file that is missing, and an option that there is not, are wrong usage', async (context) => {
  const { run } = await withUser(context, true, 'absent');
  expect(await run(['preflight'])).toMatchObject({ status: 2, err: expect.stringContaining('passwordFile') });
  expect((await run(['preflight', '-o', 'yaml'])).status).toBe(2);
});

test('a certificate that nobody vouches for is named, and one of the configured authority passes', async (context) => {
  const pair = selfSigned();
  const server = createTlsServer(pair, (_request, response) => {
    const schema = { column_schemas: [{ name: 'now()', data_type: 'TimestampMillisecond' }] };
    response.end(JSON.stringify({ output: [{ records: { schema, rows: [[Date.now()]] } }] }));
  });
  const port = await listenOn(server, context);
  const { report, folder } = await preflightRig(
    context,
    {},
    '',
    () => `  sql: { endpoints: ['https://127.0.0.1:${port}'] }\n`,
  );
  const [refused] = (await report()).checks;
  expect(refused).toMatchObject({ verdict: 'fail', detail: expect.stringContaining('certificate') });
  expect(refused?.advice).toBe('Check tls.caFile, and that the certificate has the name of the endpoint.');
  writeFileSync(join(folder, 'ca.pem'), pair.cert);
  const trusted = await report(['--set', `cluster.sql.tls.caFile=${folder}/ca.pem`]);
  expect(found(trusted, 'endpoint')).toEqual([
    expect.stringMatching(/^pass: Frontend .* answers over TLS in/),
  ]);
});

test.for([
  [7_000, 'warn', 0],
  [-120_000, 'fail', 1],
] as const)('a clock that is %s ms off', async ([clockSkewMs, verdict, status], context) => {
  const { report } = await preflightRig(context, { clockSkewMs, frontends: 1 }, '', sqlAlone());
  const answer = await report();
  expect(answer.status).toBe(status);
  expect(found(answer, 'clock')).toEqual([
    expect.stringMatching(`^${verdict}: The clock of .* is .* (ahead of|behind) ours\\.$`),
  ]);
});

test('names what matches nothing, what is drained and cordoned, and the gates that are closed', async (context) => {
  const { report, listening } = await preflightRig(
    context,
    { emptyDatanodes: 0 },
    `tables: { include: ["public.*", "nothing.*"] }
datanodes: { drain: [0], cordon: [1] }
execution: { dryRun: false }
schedule: { windows: [{ cron: "0 0 1 1 *", duration: 1m }] }
`,
  );
  listening.cluster.setMaintenance(true);
  const answer = await report();
  expect(answer).toMatchObject({ status: 0, verdict: 'warn' });
  expect(found(answer, 'selection')).toEqual([
    expect.stringMatching(/^pass: \d of \d tables with \d+ regions are selected\.$/),
    'warn: tables.include: "nothing.*" matches no table.',
  ]);
  expect(found(answer, 'datanodes')).toEqual([
    'pass: 3 of 3 datanodes are alive.',
    'pass: Empty, to be filled: 2.',
    expect.stringMatching(/^pass: Draining: 0, with \d+ regions left\.$/),
    'pass: Cordoned, so that nothing is moved there: 1.',
    'warn: Only datanode 2 may receive regions: there is nothing to balance.',
  ]);
  expect(found(answer, 'gates')).toEqual([
    expect.stringMatching(/^warn: .*window/),
    'warn: The cluster is in maintenance mode; nothing is moved until that ends.',
  ]);
});

test('a dead datanode is told with its regions, and one that takes no writes', async (context) => {
  const cluster = simulated({ layout: { datanodes: 3, tables: 2, layout: 'balanced' } }, systemClock);
  context.onTestFinished(() => cluster.close());
  const reader = await openCluster(
    sqlOptions(['http://frontend-0']),
    { clock: systemClock, transport: transportInto(cluster) },
    { signal: context.signal },
  );
  const read = await reader.readSnapshot({ selector: everything, signal: context.signal });
  const datanodes = read.datanodes.map(
    (node) =>
      ({
        ...node,
        status: node.id === '1' ? 'dead' : 'alive',
        workloads: [node.id === '2' ? 'query' : 'hybrid'],
      }) as const,
  );
  const checks = datanodeChecks({ ...read, datanodes }, toPolicy(configFrom('cluster: {}')), new Set());
  expect(checks[0]?.detail).toBe('2 of 3 datanodes are alive.');
  expect(checks[1]).toMatchObject({
    verdict: 'warn',
    detail: expect.stringMatching(/^Dead: 1, leading \d+ regions\.$/),
  });
  expect(checks.slice(2).map(({ detail }) => detail)).toEqual([
    'For queries alone, so that nothing is moved there: 2.',
    'Only datanode 0 may receive regions: there is nothing to balance.',
  ]);
});

test.for(['0.6', '0.7', '0.9', '1.0'])('tells what GreptimeDB %s cannot do', async (profile, context) => {
  const { report } = await preflightRig(context, { profile });
  const answer = await report();
  expect(answer.status, JSON.stringify(answer.checks, null, 1)).toBe(0);
  expect(found(answer, 'feature').filter((line) => line.startsWith('warn'))).toHaveLength(
    { '0.6': 3, '0.7': 2, '0.9': 0, '1.0': 0 }[profile] ?? -1,
  );
});

describe('the gates', () => {
  const datanodes = ['0', '1'].map((id) => ({ id, addr: `host-${id}`, status: 'alive' as const }));
  const safety = { maintenance: false, procedureManager: 'running' } as const;
  const migration = {
    procedureId: 'p',
    type: 'RegionMigration',
    status: 'Running',
    startedAtMs: 0,
    regionIds: ['7'],
  };
  const procedures = [{ ...migration, active: true, isRegionMigration: true }];
  const config = configFrom('cluster: {}\nexecution: { dryRun: false }');
  const standing = {
    pause: undefined,
    failureRun: 0,
    submittedThisHour: 0,
    undoneMoves: 0,
    ownRegions: ['7'],
  };
  const rest = { datanode: '1', role: 'target' as const, untilMs: 9 };
  const resting = { cooldowns: [], quarantine: [{ regionId: '7', untilMs: 9 }], datanodes: [rest] };
  const checks = (
    list: typeof procedures,
    own: readonly string[],
    memory: typeof EMPTY_MEMORY = EMPTY_MEMORY,
  ): string[] => {
    const state = { standing: { ...standing, ownRegions: own }, memory };
    const found = gateChecks({ safety, datanodes, procedures: list }, state, config, 1);
    return found.map(({ verdict, detail }) => `${verdict}: ${detail}`);
  };

  test.for<[string, string[], string[]]>([
    [
      "the daemon's own migration is no trouble",
      checks(procedures, ['7']),
      ['pass: The daemon migrates region 7 at this moment.'],
    ],
    ['one of somebody else is', checks(procedures, []), ['warn: Procedure p migrates region 7 (Running).']],
    [
      'one of a region that nobody tells is',
      checks(
        procedures.map((procedure) => ({ ...procedure, regionIds: [] })),
        ['7'],
      ),
      ['warn: Procedure p migrates a region (Running).'],
    ],
    [
      'a quarantine forbids something',
      checks([], [], resting),
      ['warn: In quarantine, after migrations that failed: 1 region and datanode 1.'],
    ],
    ['nothing forbids anything', checks([], []), ['pass: Nothing forbids moving regions at this moment.']],
  ])('%s', ([, found, wanted]) => {
    expect(found).toEqual(wanted);
  });

  test('a datanode in quarantine is not to be filled', () => {
    const snapshot = snapshotOf([[1, 0]]);
    const told = datanodeChecks(snapshot, toPolicy(config), new Set(['1'])).map(({ detail }) => detail);
    expect(told.join(' ')).not.toContain('to be filled');
  });
});

describe('the state folder', () => {
  test('may be in use by a daemon that works on the same cluster, and shows its pause', async (context) => {
    const folder = tempFolder(context);
    const daemon = await startSimulatedDaemon({ folder });
    context.onTestFinished(() => daemon.close());
    const { frontend } = daemon.listening.served;
    daemon.running.session.store.setPause({ reason: 'deploy', by: 'me', atMs: Date.now(), untilMs: null });
    writeFileSync(
      join(folder, 'r.yaml'),
      `cluster: { name: test, sql: { endpoints: [${frontend.join()}] } }\nexecution: { dryRun: false }\n`,
    );
    const { out, status } = await runCommand(['preflight', '-c', 'r.yaml', '-o', 'json'], {
      app: APP,
      cwd: folder,
      env: { GREPTIME_REBALANCER_STATE__PATH: join(folder, 'state') },
    });
    expect(status, out).toBe(0);
    const answer: PreflightReport = JSON.parse(out);
    expect(found(answer, 'state')).toEqual([expect.stringMatching(/^pass: .* is of this cluster\.$/)]);
    expect(found(answer, 'gates')[0]).toMatch(/^warn: Paused by me until resumed: deploy/);
  });

  test('of another cluster is refused', async (context) => {
    const folder = tempFolder(context);
    const daemon = await startSimulatedDaemon({ folder });
    await daemon.until(({ type }) => type === 'cycle-finished');
    await daemon.close();
    const { report } = await preflightRig(context, { datanodes: 2 }, '', sqlAlone());
    const answer = await report(['--set', `state.path=${folder}/state`, '--set', 'cluster.name=other']);
    expect(answer.status).toBe(1);
    expect(found(answer, 'state')).toEqual([expect.stringMatching(/^fail: .*belongs to the cluster "test"/)]);
  });

  test.skipIf(process.getuid?.() === 0)('that cannot be written is refused', async (context) => {
    const { report, folder } = await preflightRig(context);
    mkdirSync(join(folder, 'state'));
    chmodSync(join(folder, 'state'), 0o500);
    expect(found(await report(), 'state')).toEqual([expect.stringMatching(/^fail: .* cannot be written/)]);
  });

  test('that lies in a file is refused', async (context) => {
    const { report, folder } = await preflightRig(context);
    writeFileSync(join(folder, 'state'), '');
    expect(found(await report(), 'state')).toEqual([
      expect.stringMatching(/^fail: .* is a file, a folder was wanted\.$/),
    ]);
  });

  test('that is a link to nothing is refused', async (context) => {
    const { report, folder } = await preflightRig(context);
    symlinkSync(join(folder, 'nothing'), join(folder, 'state'));
    expect(found(await report(), 'state')).toEqual([
      expect.stringMatching(/^fail: .* is a link to nothing, a folder was wanted\.$/),
    ]);
  });

  test('of an older release is brought up to date; a newer one, or what is no state, is refused', async (context) => {
    const { report, folder } = await preflightRig(context);
    const path = join(folder, 'state', 'rebalancer.db');
    mkdirSync(join(folder, 'state'));
    for (const [version, text] of [
      [1, /^warn: .* is of an older release\.$/],
      [9_999, /^fail: .* cannot be used: /],
    ] as const) {
      const database = new DatabaseSync(path);
      database.exec(`PRAGMA user_version = ${version}`);
      database.close();
      expect(found(await report(), 'state')).toEqual([expect.stringMatching(text)]);
    }
    writeFileSync(path, 'This is no database, however it is called.');
    expect(found(await report(), 'state')).toEqual([expect.stringMatching(/^fail: .* cannot be used: /)]);
  });
});

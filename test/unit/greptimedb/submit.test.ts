import { describe, expect, it } from 'vitest';
import { TransportError } from '../../../src/greptimedb/http.ts';
import type { Transport, TransportResponse } from '../../../src/greptimedb/http.ts';
import { openCluster } from '../../../src/greptimedb/index.ts';
import type { Cluster, SubmitResult } from '../../../src/greptimedb/port.ts';
import { sleep, systemClock } from '../../../src/lib/clock.ts';
import { VirtualClock } from '../../harness/virtual-clock.ts';
import {
  inVirtualTime,
  metasrvOptions,
  refusal,
  rows,
  scripted,
  sqlError,
  sqlOptions,
} from '../../support/greptimedb.ts';
import type { Answer, Script } from '../../support/greptimedb.ts';

const NEVER = new AbortController().signal;
const REQUEST = { regionId: '4398046511105', from: '1', to: '2', replayTimeoutMs: 300_000 };
const PID = '538b7476-9f79-4e50-aa9c-b1de90710839';
const CUT = new TransportError('socket hang up', { sent: true, code: 'ECONNRESET' });

const LEGACY: Script = {
  'GET /admin/leader': 'm0:3002',
  'GET /admin/route': { status: 500, body: 'Failed to find table route for 4294967295' },
};

function open(transport: Transport, endpoints = ['http://m0:3002']): Promise<Cluster> {
  return openCluster(metasrvOptions(endpoints), { clock: systemClock, transport }, { signal: NEVER });
}

async function submitLegacy(answer: Answer): Promise<SubmitResult> {
  const cluster = await open(scripted({ ...LEGACY, 'POST /admin/region-migration': answer }));
  return cluster.submitMigration(REQUEST, { signal: NEVER });
}

function says(text: string): Answer {
  return { status: 500, body: text };
}

describe('submitting over the admin interface', () => {
  it.each<[Answer, object]>([
    [`{"procedure_id":"${PID}"}`, { kind: 'accepted', procedureId: PID }],
    ['{"procedure_id":null}', { kind: 'already-there' }],
    [says('Failed to parse number: invalid region_id: abc'), { kind: 'refused', code: 'invalid' }],
    [says('Missing required parameter, param: "region_id"'), { kind: 'refused', code: 'invalid' }],
    [says('Failed to parse duration 60'), { kind: 'refused', code: 'invalid' }],
    [
      says('Unexpected, violated: Trying to submit a region migration procedure to non-leader meta server'),
      { kind: 'refused', code: 'not-leader' },
    ],
    [says('The target peer is unavailable temporally: 1'), { kind: 'refused', code: 'peer-unavailable' }],
    [
      says('Another migration procedure is running for region: 4398046511105(1024, 1)'),
      { kind: 'refused', code: 'already-running' },
    ],
    [
      says("Invalid arguments: The `from_peer_id` can't equal `to_peer_id`"),
      { kind: 'refused', code: 'invalid' },
    ],
    [says('Failed to find table route for 1024'), { kind: 'refused', code: 'region-gone' }],
    [
      says(
        'Unexpected, violated: Trying to execute region migration on the logical table, task cluster: 0, region: 4402341478400(1025, 0), from_peer: peer-1(addr), to_peer: peer-2(addr)',
      ),
      { kind: 'refused', code: 'logical-table' },
    ],
    [
      says('Failed to find table route for 4398046511114(1024, 10)'),
      { kind: 'refused', code: 'region-gone' },
    ],
    [
      says('Unexpected, violated: Region route leader peer is not found'),
      { kind: 'refused', code: 'leader-changed' },
    ],
    [
      says('Invalid arguments: Invalid region migration `from_peer` argument'),
      { kind: 'refused', code: 'leader-changed' },
    ],
    [says('Table info not found: 1024'), { kind: 'refused', code: 'region-gone' }],
    [says('Table metadata manager error'), { kind: 'refused', code: 'invalid' }],
    [{ status: 404 }, { kind: 'refused', code: 'invalid' }],
    // A proxy may show such a page in place of its own time-out.
    [
      { status: 404, headers: { 'content-type': 'text/html' }, body: '<html>404' },
      { kind: 'unclear', message: expect.stringContaining('HTTP 404') as string },
    ],
    [says('Something nobody has seen yet'), { kind: 'unclear' }],
    [says('<html>Bad Gateway</html>'), { kind: 'unclear' }],
    ['<html>', { kind: 'unclear' }],
    ['{"procedure_id":7}', { kind: 'unclear' }],
    ['{}', { kind: 'unclear' }],
    ['', { kind: 'unclear' }],
    [{ status: 302, headers: { location: 'http://elsewhere' } }, { kind: 'unclear' }],
    [CUT, { kind: 'unclear' }],
  ])('%#', async (answer, result) => {
    expect(await submitLegacy(answer)).toMatchObject(result);
  });

  it('sends ids and a timeout with its unit, once', async () => {
    const transport = scripted({ ...LEGACY, 'POST /admin/region-migration': CUT });
    const cluster = await open(transport);
    await cluster.submitMigration(REQUEST, { signal: NEVER });
    expect(transport.log.filter((line) => line.includes('region-migration'))).toEqual([
      'http://m0:3002 POST /admin/region-migration?cluster_id=0&region_id=4398046511105&from_peer_id=1&to_peer_id=2&replay_timeout=300s',
    ]);
  });

  it('goes on to the next server only after a refusal of a follower or of the connection', async () => {
    const follower = {
      'GET /admin/leader': 'unresolvable.example:3002',
      'GET /admin/route': LEGACY['GET /admin/route']!,
      'POST /admin/region-migration': says(
        'Unexpected, violated: Trying to submit a region migration procedure to non-leader meta server',
      ),
    };
    const leader = { ...follower, 'POST /admin/region-migration': `{"procedure_id":"${PID}"}` };
    const dead = { ...follower, 'POST /admin/region-migration': refusal() };
    const transport = scripted({ 'http://a:3002': follower, 'http://b:3002': dead, 'http://c:3002': leader });
    const cluster = await open(transport, ['http://a:3002', 'http://b:3002', 'http://c:3002']);
    const submissions = () => transport.log.filter((line) => line.includes('region-migration'));
    expect(await cluster.submitMigration(REQUEST, { signal: NEVER })).toMatchObject({ kind: 'accepted' });
    expect(submissions().map((line) => line.split(' ')[0])).toEqual([
      'http://a:3002',
      'http://b:3002',
      'http://c:3002',
    ]);
    // It has learned who the unresolvable leader is.
    await cluster.submitMigration(REQUEST, { signal: NEVER });
    expect(submissions().slice(3)).toHaveLength(1);
    expect(submissions()[3]).toMatch(/^http:\/\/c:3002/);
  });

  it('stays with a leader that only a follower names', async () => {
    const follower = { ...LEGACY, 'GET /admin/leader': 'b:3002' };
    const leader = { ...follower, 'POST /admin/region-migration': `{"procedure_id":"${PID}"}` };
    const clock = new VirtualClock();
    const transport = scripted({ 'http://a:3002': follower, 'http://b:3002': leader });
    const cluster = await openCluster(
      metasrvOptions(['http://a:3002']),
      { clock, transport },
      { signal: NEVER },
    );
    for (let count = 0; count < 2; count += 1) {
      expect(await cluster.submitMigration(REQUEST, { signal: NEVER })).toMatchObject({ kind: 'accepted' });
      await inVirtualTime(clock, sleep(clock, 2_000));
    }
  });

  it('rejects when nothing was sent at all', async () => {
    const cluster = await open(scripted({ ...LEGACY, 'POST /admin/region-migration': refusal() }));
    await expect(cluster.submitMigration(REQUEST, { signal: NEVER })).rejects.toMatchObject({
      code: 'not-sent',
    });
    await expect(cluster.submitMigration(REQUEST, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      name: 'AbortError',
    });
  });
});

/** A cluster of 0.9.4 to 0.13 by its tables. */
const SQL: Script = {
  'SQL SELECT * FROM information_schema.region_peers LIMIT 1': rows(
    ['region_id', 'peer_id', 'peer_addr', 'is_leader', 'status', 'down_seconds'],
    [],
  ),
  'SQL SELECT * FROM information_schema.procedure_info LIMIT 1': rows(
    ['procedure_id', 'procedure_type', 'start_time', 'end_time', 'status', 'lock_keys'],
    [],
  ),
  'SQL SELECT * FROM information_schema.cluster_info': rows(
    ['peer_id', 'peer_type', 'peer_addr', 'version', 'active_time'],
    [
      [1, 'DATANODE', 'a:1', '0.12.0', '1s'],
      [2, 'DATANODE', 'b:1', '0.12.0', '11s'],
    ],
  ),
  'SQL SELECT * FROM information_schema.tables LIMIT 1': rows(['table_id', 'create_options'], []),
  'SQL SELECT region_id, peer_id, peer_addr, is_leader, status FROM information_schema.region_peers': rows(
    ['region_id', 'peer_id', 'peer_addr', 'is_leader', 'status'],
    [[4_398_046_511_105, 1, 'a:1', 'Yes', 'ALIVE']],
  ),
  SQL: sqlError(4001, 'Table not found'),
};

async function submitSql(answer: Answer, script: Script = SQL): Promise<SubmitResult> {
  const transport = scripted({ ...script, 'SQL ADMIN migrate_region': answer });
  const cluster = await openCluster(
    sqlOptions(['http://f0:4000']),
    { clock: systemClock, transport },
    { signal: NEVER },
  );
  return cluster.submitMigration(REQUEST, { signal: NEVER });
}

const DEEP = 'Failed to execute admin function migrate_region: Execution error: ';

describe('submitting over SQL', () => {
  it.each<[Answer, object]>([
    [rows(['ADMIN migrate_region(1)'], [[PID]]), { kind: 'accepted', procedureId: PID }],
    [rows(['x'], [[null]]), { kind: 'already-there' }],
    [rows(['x'], [['not a uuid']]), { kind: 'unclear' }],
    [rows(['x'], []), { kind: 'unclear' }],
    ['{"output":[{"affectedrows":0}]}', { kind: 'unclear' }],
    [
      sqlError(
        1004,
        "Fail to create datafusion record batch: Invalid argument error: Column 'x' is declared as non-nullable but contains null values",
      ),
      { kind: 'already-there' },
    ],
    [
      sqlError(
        1002,
        `${DEEP}The region migration procedure is completed for region: 4398046511105(1024, 1), target_peer: 2, code: Unexpected, tonic code: Internal error`,
        500,
      ),
      { kind: 'already-there' },
    ],
    [
      sqlError(1002, `${DEEP}The target peer is unavailable temporally: 2`, 500),
      { kind: 'refused', code: 'peer-unavailable' },
    ],
    [
      sqlError(1002, 'Another migration procedure is running for region: 4398046511105(1024, 1)', 500),
      { kind: 'refused', code: 'already-running' },
    ],
    [sqlError(1004, "The `from_peer_id` can't equal `to_peer_id`"), { kind: 'refused', code: 'invalid' }],
    [
      sqlError(1002, `${DEEP}Failed to find table route for 1024`, 500),
      { kind: 'refused', code: 'region-gone' },
    ],
    [
      sqlError(1002, 'Trying to execute region migration on the logical table, x', 500),
      { kind: 'refused', code: 'logical-table' },
    ],
    [
      sqlError(1004, 'Invalid region migration `from_peer` argument'),
      { kind: 'refused', code: 'leader-changed' },
    ],
    [
      sqlError(
        1002,
        `${DEEP}Region's leader peer changed: Region's leader peer(3) is not the \`from_peer\`(1), region: 4398046511105(1024, 1)`,
        500,
      ),
      { kind: 'refused', code: 'leader-changed' },
    ],
    [
      sqlError(1004, 'The `to_peer`(2) is already has a region follower, region: 4398046511105(1024, 1)'),
      { kind: 'refused', code: 'follower-on-target' },
    ],
    [sqlError(1002, 'Table info not found: 1024', 500), { kind: 'refused', code: 'region-gone' }],
    [sqlError(7006, 'no permission', 403), { kind: 'refused', code: 'access-denied' }],
    [
      { status: 401, body: 'nope' },
      { kind: 'refused', code: 'access-denied' },
    ],
    [sqlError(1001, 'unsupported operation: `migrate_region`'), { kind: 'refused', code: 'invalid' }],
    // Masked; datanode 2 is dead, which explains it.
    [sqlError(1003, 'Internal error: 1003', 500), { kind: 'refused', code: 'peer-unavailable' }],
    [sqlError(1002, `${DEEP}status: Unavailable, tonic code: Unavailable`, 500), { kind: 'unclear' }],
    ['<html>', { kind: 'unclear' }],
    [{ status: 502, body: '<html>' }, { kind: 'unclear' }],
    [CUT, { kind: 'unclear' }],
    // 0.7.0 answers 200 whatever happened.
    [
      { body: '{"code":1004,"error":"Invalid region migration `from_peer` argument"}' },
      { kind: 'refused', code: 'leader-changed' },
    ],
  ])('%#', async (answer, result) => {
    expect(await submitSql(answer)).toMatchObject(result);
  });

  it('leaves a masked error unclear while both datanodes live', async () => {
    const script = {
      ...SQL,
      'SQL SELECT * FROM information_schema.cluster_info': rows(
        ['peer_id', 'peer_type', 'peer_addr', 'active_time'],
        [
          [1, 'DATANODE', 'a:1', '1s'],
          [2, 'DATANODE', 'b:1', '2s'],
        ],
      ),
    };
    const answer = sqlError(1003, 'Internal error: 1003', 500);
    expect(await submitSql(answer, script)).toMatchObject({ kind: 'unclear' });
  });

  it('takes the other form when the cluster does not understand the first', async () => {
    const transport = scripted({
      ...SQL,
      'SQL ADMIN migrate_region': sqlError(2000, 'sql parser error: unexpected ADMIN'),
      'SQL SELECT migrate_region': rows(['x'], [[PID]]),
    });
    const cluster = await openCluster(
      sqlOptions(['http://f0:4000']),
      { clock: systemClock, transport },
      { signal: NEVER },
    );
    expect(await cluster.submitMigration(REQUEST, { signal: NEVER })).toMatchObject({ kind: 'accepted' });
    expect(transport.log.filter((line) => line.includes('migrate_region'))).toEqual([
      'http://f0:4000 SQL ADMIN migrate_region(4398046511105, 1, 2, 300)',
      'http://f0:4000 SQL SELECT migrate_region(4398046511105, 1, 2, 300)',
    ]);
  });
});

describe('a submission that is answered by something else than GreptimeDB', () => {
  const pages = (status: number): readonly Partial<TransportResponse>[] => [
    { status, body: '<html>no' },
    { status, body: '' },
    { status, body: '{"message":"no"}', headers: { 'content-type': 'application/json' } },
    { status, body: '{"error":"no"}', headers: { 'content-type': 'application/json' } },
  ];

  it.each([405, 407, 411, 413, 414, 415, 417, 421, 425, 426, 429, 431])(
    'HTTP %i never arrived, over SQL and over metasrv',
    async (status) => {
      for (const page of pages(status)) {
        for (const submission of [submitSql(page), submitLegacy(page)]) {
          await expect(submission).rejects.toMatchObject({ code: 'not-sent' });
          await expect(submission).rejects.toThrow(new RegExp(`HTTP ${status}|\\bno\\b`));
        }
      }
    },
  );

  it.each([401, 403])('HTTP %i never arrived either', async (status) => {
    for (const page of pages(status)) {
      expect(await submitSql(page)).toMatchObject({ kind: 'refused', code: 'access-denied' });
      await expect(submitLegacy(page)).rejects.toMatchObject({ code: 'not-sent' });
    }
  });

  it.each([200, 202, 302, 408, 499, 500, 502, 503, 504, 520, 524])(
    'HTTP %i may have arrived',
    async (status) => {
      const page = { status, body: '<html>no' };
      expect(await submitSql(page)).toMatchObject({ kind: 'unclear' });
      expect(await submitLegacy(page)).toMatchObject({ kind: 'unclear' });
    },
  );

  it("GreptimeDB's own words with such a status go by their code", async () => {
    expect(await submitSql(sqlError(6001, 'rate limited', 429))).toMatchObject({ kind: 'unclear' });
    const marked = { status: 429, headers: { 'x-greptime-execution-time': '1' }, body: 'busy' };
    expect(await submitSql(marked)).toMatchObject({ kind: 'unclear' });
  });

  it('is sent to nobody else', async () => {
    const busy = { ...SQL, 'SQL ADMIN migrate_region': { status: 429, body: 'busy' } };
    const transport = scripted({ 'http://f0:4000': busy, 'http://f1:4000': busy });
    const cluster = await openCluster(
      sqlOptions(['http://f0:4000', 'http://f1:4000']),
      { clock: systemClock, transport },
      { signal: NEVER },
    );
    await expect(cluster.submitMigration(REQUEST, { signal: NEVER })).rejects.toThrow(/limits the rate/);
    expect(transport.log.filter((line) => line.includes('migrate_region'))).toHaveLength(1);
  });
});

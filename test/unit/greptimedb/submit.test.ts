import { describe, expect, it } from 'vitest';
import { TransportError } from '../../../src/greptimedb/http.ts';
import type { TransportResponse } from '../../../src/greptimedb/http.ts';
import type { SubmitResult } from '../../../src/greptimedb/port.ts';
import { sleep } from '../../../src/lib/clock.ts';
import { VirtualClock } from '../../harness/virtual-clock.ts';
import {
  metasrvOptions,
  NEVER,
  openScripted,
  refusal,
  rows,
  sqlError,
  sqlOptions,
} from '../../support/greptimedb.ts';
import type { Answer, Script } from '../../support/greptimedb.ts';

const REQUEST = { regionId: '4398046511105', from: '1', to: '2', replayTimeoutMs: 300_000 };
const PID = '538b7476-9f79-4e50-aa9c-b1de90710839';
const CUT = new TransportError('socket hang up', { sent: true, code: 'ECONNRESET' });
const METASRV = metasrvOptions(['http://m0:3002']);
const FRONTEND = sqlOptions(['http://f0:4000']);

const LEGACY: Script = {
  'GET /admin/leader': 'm0:3002',
  'GET /admin/route': { status: 500, body: 'Failed to find table route for 4294967295' },
};

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
  'SQL SELECT * FROM information_schema.cluster_info': datanodes('1s', '11s'),
  'SQL SELECT * FROM information_schema.tables LIMIT 1': rows(['table_id', 'create_options'], []),
  'SQL SELECT region_id, peer_id, peer_addr, is_leader, status FROM information_schema.region_peers': rows(
    ['region_id', 'peer_id', 'peer_addr', 'is_leader', 'status'],
    [[4_398_046_511_105, 1, 'a:1', 'Yes', 'ALIVE']],
  ),
  SQL: sqlError(4001, 'Table not found'),
};

function datanodes(...activeTimes: readonly string[]): string {
  return rows(
    ['peer_id', 'peer_type', 'peer_addr', 'version', 'active_time'],
    activeTimes.map((activeTime, index) => [index + 1, 'DATANODE', 'a:1', '0.12.0', activeTime]),
  );
}

async function submitLegacy(answer: Answer): Promise<SubmitResult> {
  const { cluster } = await openScripted(METASRV, { ...LEGACY, 'POST /admin/region-migration': answer });
  return cluster.submitMigration(REQUEST, { signal: NEVER });
}

async function submitSql(answer: Answer, script: Script = SQL): Promise<SubmitResult> {
  const { cluster } = await openScripted(FRONTEND, { ...script, 'SQL ADMIN migrate_region': answer });
  return cluster.submitMigration(REQUEST, { signal: NEVER });
}

function says(text: string): Answer {
  return { status: 500, body: text };
}

/** The outcome in one word. */
async function wordOf(submission: Promise<SubmitResult>): Promise<string> {
  const result = await submission;
  return result.kind === 'refused' ? result.code : result.kind;
}

const DEEP = 'Failed to execute admin function migrate_region: Execution error: ';
const NOT_LEADER =
  'Unexpected, violated: Trying to submit a region migration procedure to non-leader meta server';

describe('what metasrv says when it does not start a migration', () => {
  it.each([
    ['Failed to parse number: invalid region_id: abc', 'invalid'],
    ['Missing required parameter, param: "region_id"', 'invalid'],
    ['Failed to parse duration 60', 'invalid'],
    [NOT_LEADER, 'not-leader'],
    ['The target peer is unavailable temporally: 1', 'peer-unavailable'],
    ['Another migration procedure is running for region: 4398046511105(1024, 1)', 'already-running'],
    ["Invalid arguments: The `from_peer_id` can't equal `to_peer_id`", 'invalid'],
    ['Failed to find table route for 1024', 'region-gone'],
    [
      'Unexpected, violated: Trying to execute region migration on the logical table, task cluster: 0, region: 4402341478400(1025, 0), from_peer: peer-1(addr), to_peer: peer-2(addr)',
      'logical-table',
    ],
    ['Failed to find table route for 4398046511114(1024, 10)', 'region-gone'],
    ['Unexpected, violated: Region route leader peer is not found', 'leader-changed'],
    ['Invalid arguments: Invalid region migration `from_peer` argument', 'leader-changed'],
    [
      "Region's leader peer changed: Region's leader peer(3) is not the `from_peer`(1), region: 4398046511105(1024, 1)",
      'leader-changed',
    ],
    [
      'The `to_peer`(2) is already has a region follower, region: 4398046511105(1024, 1)',
      'follower-on-target',
    ],
    [
      'The region migration procedure is completed for region: 4398046511105(1024, 1), target_peer: 2',
      'already-there',
    ],
    [
      "Fail to create datafusion record batch: Invalid argument error: Column 'x' is declared as non-nullable but contains null values",
      'already-there',
    ],
    ['Table info not found: 1024', 'region-gone'],
    ['Table metadata manager error', 'invalid'],
    ['Something nobody has seen yet', 'unclear'],
    ['status: Unavailable, tonic code: Unavailable', 'unclear'],
  ])('%s: %s, over either interface and however it is wrapped', async (text, word) => {
    expect(await wordOf(submitLegacy(says(text)))).toBe(word);
    expect(await wordOf(submitSql(sqlError(1002, text, 500)))).toBe(word);
    const wrapped = `${DEEP}${text}, code: Unexpected, tonic code: Internal error`;
    expect(await wordOf(submitSql(sqlError(1002, wrapped, 500)))).toBe(word);
    // 0.7.0 answers 200 whatever happened.
    expect(await wordOf(submitSql(sqlError(1002, text, 200)))).toBe(word);
  });
});

describe('submitting over the admin interface', () => {
  it.each<[Answer, object]>([
    [`{"procedure_id":"${PID}"}`, { kind: 'accepted', procedureId: PID }],
    ['{"procedure_id":null}', { kind: 'already-there' }],
    [{ status: 404 }, { kind: 'refused', code: 'invalid' }],
    // A proxy may show such a page in place of its own time-out.
    [
      { status: 404, headers: { 'content-type': 'text/html' }, body: '<html>404' },
      { kind: 'unclear', message: expect.stringContaining('HTTP 404') as string },
    ],
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
    const script = { ...LEGACY, 'POST /admin/region-migration': CUT };
    const { cluster, transport } = await openScripted(METASRV, script);
    await cluster.submitMigration(REQUEST, { signal: NEVER });
    expect(transport.log.filter((line) => line.includes('region-migration'))).toEqual([
      'http://m0:3002 POST /admin/region-migration?cluster_id=0&region_id=4398046511105&from_peer_id=1&to_peer_id=2&replay_timeout=300s',
    ]);
  });

  it('goes on to the next server only after a refusal of a follower or of the connection', async () => {
    const follower = {
      'GET /admin/leader': 'unresolvable.example:3002',
      'GET /admin/route': LEGACY['GET /admin/route']!,
      'POST /admin/region-migration': says(NOT_LEADER),
    };
    const { cluster, transport } = await openScripted(
      metasrvOptions(['http://a:3002', 'http://b:3002', 'http://c:3002']),
      {
        'http://a:3002': follower,
        'http://b:3002': { ...follower, 'POST /admin/region-migration': refusal() },
        'http://c:3002': { ...follower, 'POST /admin/region-migration': `{"procedure_id":"${PID}"}` },
      },
    );
    const asked = () =>
      transport.log.filter((line) => line.includes('region-migration')).map((line) => line[7]);
    expect(await cluster.submitMigration(REQUEST, { signal: NEVER })).toMatchObject({ kind: 'accepted' });
    expect(asked()).toEqual(['a', 'b', 'c']);
    // It has learned who the unresolvable leader is.
    await cluster.submitMigration(REQUEST, { signal: NEVER });
    expect(asked()).toEqual(['a', 'b', 'c', 'c']);
  });

  it('stays with a leader that only a follower names', async () => {
    const follower = { ...LEGACY, 'GET /admin/leader': 'b:3002' };
    const leader = { ...follower, 'POST /admin/region-migration': `{"procedure_id":"${PID}"}` };
    const clock = new VirtualClock();
    const { cluster } = await openScripted(
      metasrvOptions(['http://a:3002']),
      { 'http://a:3002': follower, 'http://b:3002': leader },
      { clock },
    );
    for (let count = 0; count < 2; count += 1) {
      expect(await cluster.submitMigration(REQUEST, { signal: NEVER })).toMatchObject({ kind: 'accepted' });
      await clock.settled(sleep(clock, 2_000));
    }
  });

  it('rejects when nothing was sent at all', async () => {
    const script = { ...LEGACY, 'POST /admin/region-migration': refusal() };
    const { cluster } = await openScripted(METASRV, script);
    await expect(cluster.submitMigration(REQUEST, { signal: NEVER })).rejects.toMatchObject({
      code: 'not-sent',
    });
    await expect(cluster.submitMigration(REQUEST, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      name: 'AbortError',
    });
  });
});

describe('submitting over SQL', () => {
  it.each<[Answer, object]>([
    [rows(['ADMIN migrate_region(1)'], [[PID]]), { kind: 'accepted', procedureId: PID }],
    [rows(['x'], [[null]]), { kind: 'already-there' }],
    [rows(['x'], [['not a uuid']]), { kind: 'unclear' }],
    [rows(['x'], []), { kind: 'unclear' }],
    ['{"output":[{"affectedrows":0}]}', { kind: 'unclear' }],
    [sqlError(7006, 'no permission', 403), { kind: 'refused', code: 'access-denied' }],
    [
      { status: 401, body: 'nope' },
      { kind: 'refused', code: 'access-denied' },
    ],
    [sqlError(1001, 'unsupported operation: `migrate_region`'), { kind: 'refused', code: 'invalid' }],
    // Masked; datanode 2 is dead, which explains it.
    [sqlError(1003, 'Internal error: 1003', 500), { kind: 'refused', code: 'peer-unavailable' }],
    ['<html>', { kind: 'unclear' }],
    [{ status: 502, body: '<html>' }, { kind: 'unclear' }],
    [CUT, { kind: 'unclear' }],
  ])('%#', async (answer, result) => {
    expect(await submitSql(answer)).toMatchObject(result);
  });

  it('leaves a masked error unclear while both datanodes live', async () => {
    const script = { ...SQL, 'SQL SELECT * FROM information_schema.cluster_info': datanodes('1s', '2s') };
    expect(await wordOf(submitSql(sqlError(1003, 'Internal error: 1003', 500), script))).toBe('unclear');
  });

  it('takes the other form when the cluster does not understand the first', async () => {
    const { cluster, transport } = await openScripted(FRONTEND, {
      ...SQL,
      'SQL ADMIN migrate_region': sqlError(2000, 'sql parser error: unexpected ADMIN'),
      'SQL SELECT migrate_region': rows(['x'], [[PID]]),
    });
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
        for (const submit of [submitSql, submitLegacy])
          await expect(submit(page)).rejects.toMatchObject({
            code: 'not-sent',
            message: expect.stringMatching(new RegExp(`HTTP ${status}|\\bno\\b`)) as string,
          });
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
    const { cluster, transport } = await openScripted(sqlOptions(['http://f0:4000', 'http://f1:4000']), {
      'http://f0:4000': busy,
      'http://f1:4000': busy,
    });
    await expect(cluster.submitMigration(REQUEST, { signal: NEVER })).rejects.toThrow(/limits the rate/);
    expect(transport.log.filter((line) => line.includes('migrate_region'))).toHaveLength(1);
  });
});

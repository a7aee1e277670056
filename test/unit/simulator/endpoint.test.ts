import { describe, expect, it } from 'vitest';
import type { SimulatedClusterOptions } from '../../../src/simulator/index.ts';
import { cases, play } from './harness.ts';

const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
const schema = '"schema":{"column_schemas":[{"name":"table_id","data_type":"UInt32"}]},"rows":[[1024]]';

describe('a success looks as its version writes it', () => {
  it.each([
    ['0.6', `{"code":0,"output":[{"records":{${schema}}}],"execution_time_ms":1}`],
    ['0.7', `{"output":[{"records":{${schema}}}],"execution_time_ms":1}`],
    ['0.8', `{"output":[{"records":{${schema},"total_rows":1}}],"execution_time_ms":1}`],
    ['1.3', `{"output":[{"records":{${schema},"total_rows":1}}],"execution_time_ms":1}`],
  ])('%s', async (profile, body) => {
    const statement = "SELECT table_id FROM information_schema.tables WHERE table_name = 'cpu'";
    const type = { 'content-type': 'application/json', 'x-greptime-format': 'greptimedb_v1' };
    const headers = { ...type, 'x-greptime-execution-time': '1' };
    expect(await play({ profile }).sql(statement)).toEqual({ status: 200, headers, body });
  });
});

describe('an error has the status of its version', () => {
  it.each([
    ['0.6', 'SELECT * FROM nothing', 200, 4001],
    ['0.7.0', 'SELECT * FROM nothing', 200, 4001],
    ['0.7.2', 'SELECT * FROM nothing', 400, 4001],
    ['1.3', 'SELEC', 400, 2000],
    ['1.3', 'ADMIN migrate_region(1, 8, 9)', 500, 1002],
    ['1.3', 'ADMIN migrate_region(1)', 400, 1004],
    ['1.3', "ADMIN migrate_region('a', 1, 2)", 400, 1004],
    ['1.3', 'ADMIN migrate_region(x, 1, 2)', 400, 1004],
    ['1.3', 'ADMIN nonsense(1)', 400, 1004],
    ['0.9.0', 'ADMIN migrate_region(1, 2, 3)', 400, 2000],
    ['0.9.5', 'SELECT migrate_region(1, 2, 3)', 400, 3000],
    ['0.6', 'SELECT migrate_region(1, 2, 3)', 200, 3000],
  ])('%s %s: %i, code %i', async (profile, text, status, code) => {
    const response = await play({ profile }).sql(text);
    expect(response.status).toBe(status);
    expect(response.headers['x-greptime-err-code']).toBe(String(code));
    const isNew = profile === '1.3';
    expect(response.headers['x-greptime-err-msg'] !== undefined).toBe(isNew);
    expect(response.headers['x-greptime-execution-time']).toBe(isNew ? undefined : '0');
    expect(JSON.parse(response.body)).toEqual({ code, error: expect.any(String), execution_time_ms: 0 });
  });
});

describe('where parameters come from', () => {
  const send = (
    options: SimulatedClusterOptions,
    request: object,
  ): Promise<{ status: number; body: string }> =>
    play(options).cluster.handle({ target: 'frontend-0', method: 'POST', path: '/v1/sql', ...request });

  const SQL = 'sql=SELECT+*+FROM+tables';

  it('the query string wins over the form, and GET works', async () => {
    const both = { query: 'sql=SELECT+version()', headers: FORM, body: 'sql=nonsense' };
    expect((await send({}, both)).body).toContain('[["1.3.0"]]');
    const get = { method: 'GET', query: 'sql=SELECT+version()' };
    expect((await send({}, get)).body).toContain('[["1.3.0"]]');
  });

  it('a body that is not a form is not read', async () => {
    const json = { headers: { 'content-type': 'application/json' }, body: '{"sql":"SELECT version()"}' };
    expect(await send({}, json)).toMatchObject({ status: 400 });
    expect((await send({}, json)).body).toContain('"code":1004,"error":"sql parameter is required."');
  });

  it.each([
    ['1.3', { headers: FORM, body: `${SQL}&db=information_schema` }, 200],
    ['0.9.0', { headers: FORM, body: `${SQL}&db=information_schema` }, 400],
    ['0.9.0', { query: `db=information_schema&${SQL}` }, 200],
    ['0.7', { query: SQL, headers: { 'x-greptime-db-name': 'information_schema' } }, 200],
    ['0.7', { query: SQL }, 400],
  ])('%s takes db from %j: %i', async (profile, request, status) => {
    expect(await send({ profile }, request)).toMatchObject({ status });
  });

  it('a catalog comes before a dash, and each catalog shows its own tables', async () => {
    const stage = play({ layout: { catalogs: ['greptime', 'other'], tables: 4, metricTables: 0 } });
    const names = "SELECT table_name FROM information_schema.tables WHERE engine = 'mito' ORDER BY table_id";
    expect(await stage.rows(names)).toEqual([['cpu'], ['disk']]);
    expect(await stage.rows(names, { db: 'other-public' })).toEqual([['memory'], ['network']]);
    expect(await stage.rows('SELECT * FROM other.information_schema.region_peers')).toHaveLength(6);
    const { body } = await stage.sql('SELECT version()', { db: 'none-public' });
    expect(JSON.parse(body)).toMatchObject({ code: 4004 });
  });

  it('other paths and methods are refused', async () => {
    const { cluster } = play();
    const get = (path: string, method = 'GET'): Promise<{ status: number }> =>
      cluster.handle({ target: 'frontend-0', method, path });
    expect((await get('/v1/nothing')).status).toBe(404);
    expect((await get('/v1/sql', 'DELETE')).status).toBe(405);
    await expect(
      cluster.handle({ target: 'frontend-7', method: 'GET', path: '/v1/sql' }),
    ).rejects.toMatchObject({
      code: 'ECONNREFUSED',
    });
  });
});

describe('authentication', () => {
  const users = [
    { username: 'rebalancer', password: 'p:w' },
    { username: 'reader', password: 'r', readOnly: true },
  ];
  const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`;
  it.each<[Record<string, string>, number, number | undefined]>([
    [{}, 401, 7003],
    [{ authorization: 'Bearer x' }, 401, 7004],
    [{ authorization: basic('rebalancer:wrong') }, 401, 7002],
    [{ authorization: basic('nobody:p') }, 401, 7002],
    [{ authorization: basic('rebalancer:p:w') }, 200, undefined],
    [{ 'x-greptime-auth': basic('rebalancer:p:w'), authorization: 'nonsense' }, 200, undefined],
  ])('%j: %i', async (headers, status, code) => {
    for (const profile of ['0.7.0', '1.3']) {
      const response = await play({ profile, users }).sql('SELECT version()', { headers });
      expect(response.status).toBe(status);
      expect(JSON.parse(response.body).code).toBe(code);
    }
  });

  it('a reader may read and not migrate', async () => {
    const { sql } = play({ users });
    const headers = { authorization: basic('reader:r') };
    expect((await sql('SELECT * FROM information_schema.region_peers', { headers })).status).toBe(200);
    expect(await sql('ADMIN migrate_region(1, 2, 3)', { headers })).toMatchObject({ status: 403 });
  });
});

describe('how the refusal of a migration reaches the client', () => {
  const failed = 'Failed to execute admin function migrate_region';
  const dead = 'The target peer is unavailable temporally: 9';
  const id = '4398046511104';
  const moved = (actual: string, from: string): string =>
    `Region's leader peer changed: Region's leader peer(${actual}) is not the \`from_peer\`(${from}), region: ${id}(1024, 0)`;
  it.each(
    cases(`
      0.7.0 | SELECT migrate_region(${id}, 0, 9) | 200 | 1003 | Internal error: 1003
      0.9.0 | SELECT migrate_region(${id}, 0, 9) | 500 | 1003 | Internal error: 1003
      0.12 | ADMIN migrate_region(${id}, 0, 9) | 500 | 1003 | Internal error: 1003
      0.16 | ADMIN migrate_region(${id}, 0, 9) | 500 | 1003 | Internal error: 1003
      1.0.0 | ADMIN migrate_region(${id}, 0, 9) | 500 | 1002 | Failed to execute admin function: ${failed}, error: Execution error: Function execution error: ${dead}:
      1.0 | ADMIN migrate_region(${id}, 0, 9) | 500 | 1002 | ${failed}: Execution error: ${dead}
      1.3 | ADMIN migrate_region(${id}, 0, 9) | 500 | 1002 | ${failed}: Execution error: ${dead}, code: Unexpected, tonic code: Internal error
      0.12 | ADMIN migrate_region(${id}, 2, 1) | 400 | 1004 | Invalid region migration \`from_peer\` argument
      0.14 | ADMIN migrate_region(${id}, 2, 1) | 400 | 1004 | ${moved('0', '2')}
      1.3 | ADMIN migrate_region(${id}, 2, 1) | 500 | 1002 | ${moved('0', '2')}
      0.16 | ADMIN migrate_region(${id}, 1, 1) | 400 | 1004 | The \`from_peer_id\` can't equal \`to_peer_id\`
      0.16 | ADMIN migrate_region(429496729600, 1, 2) | 500 | 1002 | Failed to find table route for 100
      0.16 | ADMIN migrate_region(4398046511109, 1, 2) | 500 | 1002 | Failed to find table route for 4398046511109(1024, 5)
      0.14 | ADMIN migrate_region(${id}, 1, 0) | 400 | 1004 | declared as non-nullable but contains null values
      0.16 | ADMIN migrate_region(${id}, 1, 0) | 500 | 1002 | The region migration procedure is completed for region: ${id}(1024, 0), target_peer: 0
    `),
  )('%s %s: %s', async (profile = '', text = '', status, code, error) => {
    const stage = play({ profile });
    stage.cluster.moveRegionBehindTheScenes(id, '0');
    const answer = await stage.error(text);
    expect(answer).toMatchObject({ status: Number(status), code: Number(code) });
    expect(answer.error).toContain(error);
    const [entry] = stage.cluster.journal.filter((event) => event.kind === 'mutating-request');
    expect(entry?.verdict).toMatch(/refused|already-there/);
  });

  it.each(['0.7', '0.9.0'])('%s: a region that is there gives null', async (profile) => {
    const stage = play({ profile });
    stage.cluster.moveRegionBehindTheScenes(id, '0');
    expect(await stage.rows(`SELECT migrate_region(${id}, 1, 0)`)).toEqual([[null]]);
  });

  it.each([
    ['0.12', 'accepted'],
    ['0.14', 'The `to_peer`(2) is already has a region follower'],
    ['1.3', 'The `to_peer`(2) is already has a region follower'],
  ])('%s: a target that follows the region: %s', async (profile, expected) => {
    const stage = play({ profile });
    stage.cluster.moveRegionBehindTheScenes(id, '0');
    stage.cluster.setFollower(id, '2');
    const { body } = await stage.sql(`ADMIN migrate_region(${id}, 0, 2)`);
    expect(body).toContain(expected === 'accepted' ? '"output"' : expected);
  });

  const unknown = '538b7476-9f79-4e50-aa9c-b1de90710839';
  it.each(
    cases(`
      0.16 | ${unknown} | 1004 | Procedure not found: ${unknown}
      1.3 | ${unknown} | 1002 | Procedure not found: ${unknown}
      1.3 | x | 1002 | Failed to parse procedure id: x: invalid length: expected length 32 for simple format, found 1
    `),
  )('%s: the procedure %s', async (profile = '', id, code, text = '') => {
    const answer = await play({ profile }).error(`ADMIN procedure_state('${id}')`);
    expect(answer).toMatchObject({ code: Number(code), error: expect.stringContaining(text) });
    if (profile === '0.16') expect(answer.error).toBe(text);
  });

  it('the wrong catalog', async () => {
    const stage = play({ layout: { catalogs: ['greptime', 'other'] } });
    expect((await stage.sql('ADMIN migrate_region(1, 2, 3)', { db: 'other-public' })).status).toBe(403);
  });
});

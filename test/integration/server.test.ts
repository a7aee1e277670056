import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { OperatingError } from '../../src/domain/errors.ts';
import { planSchema } from '../../src/domain/plan.ts';
import { snapshotSchema } from '../../src/domain/snapshot.ts';
import { historySchema, statusSchema } from '../../src/server/api/answers.ts';
import { samplePlan, sampleSnapshot, START_MS } from '../support/observability.ts';
import { ask, emitPlan, postJson, startTestServer } from '../support/server.ts';
import type { TestServer, TestServerOverrides } from '../support/server.ts';

const running: TestServer[] = [];

async function start(overrides: TestServerOverrides = {}): Promise<TestServer & { url: string }> {
  const test = await startTestServer(overrides);
  running.push(test);
  return { ...test, url: test.server.url };
}

afterEach(async () => {
  await Promise.all(running.splice(0).map(({ server }) => server.close()));
});

describe('reads', () => {
  it('tells that the process lives', async () => {
    const { url } = await start();
    const answer = await ask(`${url}/healthz`);
    expect([answer.status, answer.text]).toEqual([200, '{"status":"ok"}']);
  });

  it.each([
    [true, 200],
    [false, 503],
  ])('when ready is %s answers /readyz with %i', async (ready, status) => {
    const missing = ready ? [] : [{ code: 'leader' as const, detail: 'No replica of the rebalancer leads.' }];
    const { url } = await start({ views: { readiness: () => ({ ready, missing }) } });
    const answer = await ask(`${url}/readyz`);
    expect([answer.status, JSON.parse(answer.text)]).toEqual([status, { ready, missing }]);
  });

  it('serves metrics in the type that they have', async () => {
    const { url } = await start();
    const answer = await ask(`${url}/metrics`);
    expect([answer.status, answer.text, answer.headers['content-type']]).toEqual([
      200,
      'up 1\n',
      'text/plain; version=0.0.4',
    ]);
  });

  it('serves the status', async () => {
    const { url, bus } = await start();
    expect(JSON.parse((await ask(`${url}/api/v1/status`)).text).verdict.code).toBe('starting');
    emitPlan(bus);
    const status = statusSchema.parse(JSON.parse((await ask(`${url}/api/v1/status`)).text));
    expect(status.verdict).toEqual({ code: 'balancing', sentence: '0 of 2 moves done.', detail: null });
    expect(status.queue.next.map((move) => move.regionId)).toEqual(['4398046511104', '4398046511106']);
  });

  it.each([
    ['snapshot', sampleSnapshot(), snapshotSchema],
    ['plan', samplePlan(), planSchema],
  ])('serves the %s as its file format has it', async (name, wanted, schema) => {
    const { url, bus } = await start();
    const before = await ask(`${url}/api/v1/${name}`);
    expect([before.status, before.code, before.headers['retry-after']]).toEqual([503, `no-${name}`, '5']);
    emitPlan(bus);
    const answer = await ask(`${url}/api/v1/${name}`);
    expect(JSON.parse(answer.text)).toEqual(wanted);
    expect(schema.parse(JSON.parse(answer.text))).toEqual(wanted);
  });

  it('sends a large snapshot compressed, and not again to whom has it', async () => {
    const region = sampleSnapshot().regions[0]!;
    const regions = Array.from({ length: 9_000 }, (_, index) => ({ ...region, id: String(index) }));
    const snapshot = { ...sampleSnapshot(), regions };
    const { url } = await start({ views: { snapshot: () => snapshot } });
    const plain = await ask(`${url}/api/v1/snapshot`);
    expect(JSON.parse(plain.text)).toEqual(snapshot);
    const compressed = await fetch(`${url}/api/v1/snapshot`, { headers: { 'accept-encoding': 'gzip' } });
    expect(compressed.headers.get('content-encoding')).toBe('gzip');
    expect(await compressed.json()).toEqual(snapshot);
    const etag = compressed.headers.get('etag') ?? '';
    const headers = { 'accept-encoding': 'gzip', 'if-none-match': etag };
    expect((await ask(`${url}/api/v1/snapshot`, { headers })).status).toBe(304);
    const refused = await ask(`${url}/api/v1/snapshot`, { headers: { 'accept-encoding': 'gzip;q=0' } });
    expect(refused.headers['content-encoding']).toBeUndefined();
  });

  it('serves history in pages', async () => {
    const { url, queries } = await start();
    const page = historySchema.parse(JSON.parse((await ask(`${url}/api/v1/history?limit=2`)).text));
    expect(page.moves.map((move) => move.id)).toEqual(['9', '8']);
    expect(page.next).toBe('8');
    await ask(
      `${url}/api/v1/history?before=8&outcome=failed&reason=drain&region=18446744073709551615&table=cpu&datanode=3&since=2026-01-01T00:00:00Z`,
    );
    expect(queries[1]).toEqual({
      limit: 100,
      before: 8,
      outcome: 'failed',
      reason: 'drain',
      region: '18446744073709551615',
      table: 'cpu',
      datanode: '3',
      since: Date.UTC(2026, 0, 1),
    });
  });

  it.each([
    ['region/18446744073709551615', 200],
    ['table/public.cpu', 200],
    ['table/public.c%2Fp%20u', 200],
    ['datanode/404', 404],
  ])('explains %s with %i', async (path, status) => {
    const { url } = await start();
    const answer = await ask(`${url}/api/v1/explain/${path}`);
    expect(answer.status).toBe(status);
    if (status === 404) expect(answer.code).toBe('not-found');
    else expect(JSON.parse(answer.text).id).toBe(decodeURIComponent(path.split('/')[1] ?? ''));
  });
});

it('lists the regions in quarantine', async () => {
  const { url } = await start();
  const { text } = await ask(`${url}/api/v1/quarantine`);
  expect(JSON.parse(text)).toMatchObject({
    quarantined: [
      {
        regionId: '4398046511104',
        failures: 2,
        until: new Date(START_MS).toISOString(),
        detail: 'rolled_back: no',
        move: { from: '0', to: '1', state: 'rolled_back', cause: 'rolled_back' },
      },
    ],
  });
});

describe('actions', () => {
  it.each([
    [
      'pause',
      { for: '1h30m', reason: 'deploy', by: 'anna' },
      { forMs: 5_400_000, reason: 'deploy', by: 'anna (127.0.0.1)' },
      200,
    ],
    ['pause', {}, { forMs: undefined, reason: '', by: 'API (127.0.0.1)' }, 200],
    ['resume', {}, { by: 'API (127.0.0.1)' }, 200],
    ['trigger', { by: 'anna' }, { by: 'anna (127.0.0.1)' }, 202],
    [
      'drain',
      { datanodes: [3, '4'], dryRun: true },
      { datanodes: ['3', '4'], dryRun: true, by: 'API (127.0.0.1)' },
      200,
    ],
    ['undrain', { datanodes: [3], by: 'anna' }, { datanodes: ['3'], by: 'anna (127.0.0.1)' }, 200],
    [
      'quarantine/release',
      { regionId: '4398046511104' },
      { regionId: '4398046511104', by: 'API (127.0.0.1)' },
      200,
    ],
  ])('%s with %j asks for %j', async (name, body, wanted, status) => {
    const { url, calls } = await start();
    const answer = await postJson(`${url}/api/v1/${name}`, body);
    expect(answer.status).toBe(status);
    expect(calls).toEqual([[name === 'quarantine/release' ? 'release-quarantine' : name, wanted]]);
  });

  it('takes an action without a body', async () => {
    const { url, calls } = await start();
    expect((await ask(`${url}/api/v1/resume`, { method: 'POST' })).text).toBe('{"paused":null}');
    expect(calls).toHaveLength(1);
  });

  it('keeps an id beyond 2^53 that came as a number', async () => {
    const { url, calls } = await start();
    await postJson(`${url}/api/v1/drain`, '{"datanodes":[18446744073709551615]}');
    expect(calls[0]?.[1]).toMatchObject({ datanodes: ['18446744073709551615'] });
  });

  it.each([
    [{ kind: 'running' as const, cycleId: 4 }, 'cycle-running', 'Cycle 4 is running already.'],
    [{ kind: 'refused' as const, detail: 'It stops.' }, 'refused', 'It stops.'],
  ])('answers 409 when a trigger is %j', async (result, code, message) => {
    const { url } = await start({ actions: { trigger: () => result } });
    const answer = await postJson(`${url}/api/v1/trigger`, {});
    expect([answer.status, JSON.parse(answer.text)]).toEqual([409, { error: { code, message } }]);
  });

  it.each([
    [new OperatingError('unknown-datanode', 'The cluster has no datanode 9.'), 404, 'unknown-datanode'],
    [new OperatingError('state-full', 'The disk is full.'), 503, 'state-full'],
    [new OperatingError('not-draining', 'Datanode 9 does not drain'), 409, 'not-draining'],
    [new OperatingError('configured-drain', 'Datanode 9 drains by configuration'), 409, 'configured-drain'],
  ])('tells the client of %s', async (error, status, code) => {
    const drain = (): never => {
      throw error;
    };
    const { url, defects } = await start({ actions: { drain } });
    const answer = await postJson(`${url}/api/v1/drain`, { datanodes: ['9'] });
    expect([answer.status, answer.code]).toEqual([status, code]);
    expect(defects).toEqual([]);
  });

  it('tells the client nothing of a defect, and its owner all', async () => {
    const error = new TypeError('secret is not a function');
    const status = (): never => {
      throw error;
    };
    const { url, defects } = await start({ views: { status } });
    const answer = await ask(`${url}/api/v1/status`);
    expect([answer.status, answer.code]).toEqual([500, 'internal']);
    expect(answer.text).not.toContain('secret');
    expect(defects).toEqual([error]);
  });
});

describe('bad input', () => {
  const json = { 'content-type': 'application/json' };
  const big = JSON.stringify({ reason: 'x'.repeat(70_000) });
  it.each([
    ['an unknown path', 'GET', '/nothing', {}, undefined, 404, 'not-found', 'There is nothing at '],
    [
      'a wrong method',
      'POST',
      '/api/v1/status',
      json,
      '{}',
      405,
      'method-not-allowed',
      'takes GET, not POST',
    ],
    ['a GET of an action', 'GET', '/api/v1/pause', {}, undefined, 405, 'method-not-allowed', 'POST'],
    ['a HEAD of the events', 'HEAD', '/api/v1/events', {}, undefined, 405, undefined, ''],
    ['an unknown kind', 'GET', '/api/v1/explain/cat/1', {}, undefined, 400, 'bad-request', 'kind: '],
    [
      'a path that is too long',
      'GET',
      `/api/v1/explain/table/${'x'.repeat(590)}`,
      {},
      undefined,
      400,
      'bad-request',
      'id: ',
    ],
    [
      'a path with a broken escape',
      'GET',
      '/api/v1/explain/table/%zz',
      {},
      undefined,
      400,
      'bad-request',
      '',
    ],
    ['a limit of 0', 'GET', '/api/v1/history?limit=0', {}, undefined, 400, 'bad-request', 'limit: '],
    ['an unknown filter', 'GET', '/api/v1/history?colour=red', {}, undefined, 400, 'bad-request', 'colour'],
    [
      'an unknown outcome',
      'GET',
      '/api/v1/history?outcome=lost',
      {},
      undefined,
      400,
      'bad-request',
      'succeeded',
    ],
    [
      'a filter given twice',
      'GET',
      '/api/v1/history?table=a&table=b',
      {},
      undefined,
      400,
      'bad-request',
      'table: ',
    ],
    [
      'a region that is no u64',
      'GET',
      '/api/v1/history?region=18446744073709551616',
      {},
      undefined,
      400,
      'bad-request',
      'region: ',
    ],
    ['broken JSON', 'POST', '/api/v1/pause', json, '{"for":', 400, 'malformed-json', 'not JSON'],
    ['JSON that is no object', 'POST', '/api/v1/pause', json, '[1]', 400, 'bad-request', 'object'],
    ['a number as duration', 'POST', '/api/v1/pause', json, '{"for":5}', 400, 'bad-request', 'for: '],
    [
      'a duration without unit',
      'POST',
      '/api/v1/pause',
      json,
      '{"for":"5"}',
      400,
      'bad-request',
      'for: found \\"5\\", wanted a duration',
    ],
    ['an unknown field', 'POST', '/api/v1/pause', json, '{"until":"x"}', 400, 'bad-request', 'until'],
    [
      'a control character',
      'POST',
      '/api/v1/pause',
      json,
      '{"reason":"a\\nb"}',
      400,
      'bad-request',
      'reason: ',
    ],
    ['a prototype', 'POST', '/api/v1/pause', json, '{"__proto__":{"a":1}}', 400, 'bad-request', '__proto__'],
    ['no datanode', 'POST', '/api/v1/drain', json, '{"datanodes":[]}', 400, 'bad-request', 'datanodes: '],
    [
      'a negative datanode',
      'POST',
      '/api/v1/drain',
      json,
      '{"datanodes":[-1]}',
      400,
      'bad-request',
      'datanodes[0]: ',
    ],
    [
      'another content type',
      'POST',
      '/api/v1/pause',
      { 'content-type': 'text/plain' },
      '{}',
      415,
      'unsupported-media-type',
      '',
    ],
    ['a large body', 'POST', '/api/v1/pause', json, big, 413, 'body-too-large', ''],
    [
      'a method that nobody knows',
      'PROPFIND',
      '/api/v1/status',
      {},
      undefined,
      405,
      'method-not-allowed',
      'GET',
    ],
  ] as const)('refuses %s', async (_name, method, path, headers, body, status, code, part) => {
    const { url, calls, defects } = await start();
    const answer = await ask(url + path, { method, headers, ...(body === undefined ? {} : { body }) });
    expect([answer.status, answer.code]).toEqual([status, code]);
    expect(answer.text).toContain(part);
    expect(answer.headers['x-content-type-options']).toBe('nosniff');
    expect([calls, defects]).toEqual([[], []]);
  });

  it.each([
    ['garbage', 'garbage\r\n\r\n', '400', 'bad-request'],
    ['endless headers', `GET / HTTP/1.1\r\nx: ${'y'.repeat(40_000)}`, '431', 'headers-too-large'],
  ])('answers %s in the form of every error', async (_name, sent, status, code) => {
    const { server, defects } = await start();
    const text = await new Promise<string>((resolve, reject) => {
      let received = '';
      const socket = connect(server.port, '127.0.0.1', () => socket.write(sent));
      socket.on('data', (part) => (received += part.toString()));
      socket.on('close', () => resolve(received));
      socket.on('error', reject);
    });
    expect(text).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(text).toContain(`{"error":{"code":"${code}",`);
    expect(defects).toEqual([]);
  });
});

describe('headers', () => {
  it.each(['/healthz', '/', '/api/v1/status', '/nothing', '/metrics'])('guard %s', async (path) => {
    const { url } = await start();
    const { headers } = await ask(url + path);
    expect(headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
      'cross-origin-resource-policy': 'same-origin',
    });
    expect(headers['content-security-policy']).toContain("default-src 'none'");
    expect(headers['content-security-policy']).not.toContain('unsafe');
  });

  it('do not let answers be kept', async () => {
    const { url } = await start();
    expect((await ask(`${url}/api/v1/status`)).headers['cache-control']).toBe('no-store');
  });
});

describe('listening', () => {
  it('names the address that is taken', async () => {
    const { server } = await start();
    const again = startTestServer({ options: { listen: { host: '127.0.0.1', port: server.port } } });
    await expect(again).rejects.toMatchObject({
      code: 'address-in-use',
      message: expect.stringContaining(`Cannot listen on 127.0.0.1:${server.port}: another process`),
    });
  });

  it.each([
    ['192.0.2.1', 'no such address'],
    ['2001:db8::1', '[2001:db8::1]:0'],
  ])('names the address %s that is not of this machine', async (host, part) => {
    await expect(startTestServer({ options: { listen: { host, port: 0 } } })).rejects.toMatchObject({
      code: 'listen-failed',
      message: expect.stringContaining(part),
    });
  });

  it.each([
    ['localhost', 'http://127.0.0.1:'],
    ['0.0.0.0', 'http://127.0.0.1:'],
  ])('on %s gives a URL that can be opened', async (host, wanted) => {
    const { url } = await start({ options: { listen: { host, port: 0 } } });
    expect(url.startsWith(wanted)).toBe(true);
    expect((await ask(`${url}/healthz`)).status).toBe(200);
  });
});

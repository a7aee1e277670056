import { connect } from 'node:net';
import { describe, expect, it, vi } from 'vitest';
import { OperatingError } from '../../src/domain/errors.ts';
import { explanationSchema } from '../../src/domain/explanation.ts';
import { planSchema } from '../../src/domain/plan.ts';
import { snapshotSchema } from '../../src/domain/snapshot.ts';
import { toMoveView } from '../../src/observability/event-view.ts';
import { drainAnswerSchema, historySchema, statusSchema } from '../../src/server/api/answers.ts';
import { samplePlan, sampleSnapshot, START_MS } from '../support/observability.ts';
import { ask, emitPlan, postJson, storeMove, startTestServer as start } from '../support/server.ts';

const U64_MAX = '18446744073709551615';

describe('reads', () => {
  it('tells that the process lives', async () => {
    const { url } = await start();
    const answer = await ask(`${url}/healthz`);
    expect([answer.status, answer.text]).toEqual([200, '{"status":"ok"}']);
  });

  it('tells whether it can work', async () => {
    const { url, bus } = await start();
    const before = await ask(`${url}/readyz`);
    const missing = [{ code: 'snapshot', detail: 'No snapshot of the cluster has been read yet.' }];
    expect([before.status, JSON.parse(before.text)]).toEqual([503, { ready: false, missing }]);
    emitPlan(bus);
    const after = await ask(`${url}/readyz`);
    expect([after.status, JSON.parse(after.text)]).toEqual([200, { ready: true, missing: [] }]);
  });

  it('serves metrics in the type that they have', async () => {
    const { url } = await start();
    const { status, text, headers } = await ask(`${url}/metrics`);
    expect([status, headers['content-type']]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8']);
    expect(text).toContain('greptime_rebalancer_build_info{version="1.2.3"} 1\n');
  });

  it('serves the status', async () => {
    const { url, bus } = await start();
    expect(JSON.parse((await ask(`${url}/api/v1/status`)).text).verdict.code).toBe('starting');
    emitPlan(bus);
    const status = statusSchema.parse(JSON.parse((await ask(`${url}/api/v1/status`)).text));
    expect(status.verdict).toEqual({
      code: 'balancing',
      sentence: '0 of 2 moves done; the time left is known after the first move.',
      detail: null,
    });
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
    const { url, bus } = await start();
    bus.emit({ type: 'snapshot-taken', cycleId: 1, snapshot, durationMs: 5 });
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

  it('serves history in pages, and what the filters let through', async () => {
    const { url, store } = await start();
    const failed = { state: 'failed', cause: 'rolled_back', detail: 'no', endedAtMs: START_MS } as const;
    storeMove(store, { regionId: U64_MAX, reason: 'drain', to: '3' }, failed);
    storeMove(store, { createdAtMs: 0 }, { state: 'succeeded', endedAtMs: 1 });
    storeMove(store, {}, failed);
    const idsOf = async (query: string): Promise<(string | null)[]> => {
      const { text } = await ask(`${url}/api/v1/history?${query}`);
      const { moves, next } = historySchema.parse(JSON.parse(text));
      return [...moves.map(({ id }) => id), next];
    };
    expect(await idsOf('limit=2')).toEqual(['3', '2', '2']);
    expect(await idsOf('limit=2&before=2')).toEqual(['1', null]);
    for (const filter of ['reason=drain', `region=${U64_MAX}`, 'datanode=3'])
      expect(await idsOf(filter), filter).toEqual(['1', null]);
    expect(await idsOf('outcome=succeeded')).toEqual(['2', null]);
    expect(await idsOf('since=2025-12-31T23:00:00-01:00')).toEqual(['3', '1', null]);
    expect(await idsOf('until=2025-12-31T23:00:00-01:00&table=cpu')).toEqual(['2', null]);
    expect(await idsOf('table=1025')).toEqual([null]);
  });

  it.each([
    [`region/${U64_MAX}`, 200],
    ['table/public.cpu', 200],
    ['table/public.c%2Fp%20u', 200],
    ['datanode/2', 200],
    ['datanode/404', 404],
  ])('explains %s with %i', async (path, status) => {
    const { url, bus } = await start();
    const { regions, tables, ...rest } = sampleSnapshot();
    const snapshot = {
      ...rest,
      tables: [...tables, { ...tables[0]!, id: '1025', name: 'c/p u' }],
      regions: [...regions, { id: U64_MAX, tableId: '1025', leader: '0', status: 'alive' as const }],
    };
    bus.emit({ type: 'snapshot-taken', cycleId: 1, snapshot, durationMs: 5 });
    const answer = await ask(`${url}/api/v1/explain/${path}`);
    expect(answer.status).toBe(status);
    if (status === 404) expect(answer.code).toBe('not-found');
    else expect(explanationSchema.parse(JSON.parse(answer.text)).kind).toBe(path.split('/')[0]);
  });

  it('says of nothing that it is not there before the cluster was read', async () => {
    const { url } = await start();
    for (const path of ['region/4398046511104', 'table/public.cpu', 'datanode/2'])
      expect(await ask(`${url}/api/v1/explain/${path}`)).toMatchObject({ status: 503, code: 'no-snapshot' });
  });

  it('explains the plan that it shows, and names it', async () => {
    const { url, bus } = await start();
    emitPlan(bus);
    const plan = planSchema.parse(JSON.parse((await ask(`${url}/api/v1/plan`)).text));
    const [move] = plan.moves;
    const answer = await ask(`${url}/api/v1/explain/region/${move!.regionId}`);
    const { planId, answer: text } = explanationSchema.parse(JSON.parse(answer.text));
    expect(planId).toBe(plan.planId);
    expect(text).toContain(`as move 1 of ${plan.moves.length}`);
  });
});

it('lists the regions in quarantine, and the move that failed last', async () => {
  const { url, store } = await start();
  const effects = { quarantine: { untilMs: START_MS + 60_000, detail: 'rolled_back: no' } };
  storeMove(store, {}, { state: 'rolled_back', cause: 'rolled_back', endedAtMs: START_MS, effects });
  const [move] = store.listMoves({ limit: 1 });
  const { text } = await ask(`${url}/api/v1/quarantine`);
  expect(JSON.parse(text)).toEqual({
    datanodes: [],
    quarantined: [
      {
        regionId: '4398046511104',
        failures: 1,
        until: new Date(START_MS + 60_000).toISOString(),
        detail: 'rolled_back: no',
        move: move && toMoveView(move),
      },
    ],
  });
});

describe('actions', () => {
  it.each([
    ['pause', { for: '1h30m', reason: 'deploy', by: 'anna' }, ['anna (127.0.0.1)', 'pause', 'deploy'], 200],
    ['pause', {}, ['API (127.0.0.1)', 'pause', ''], 200],
    ['resume', {}, ['API (127.0.0.1)', 'resume', ''], 200],
    ['trigger', { by: 'anna' }, ['anna (127.0.0.1)', 'trigger', ''], 202],
    ['drain', { datanodes: [1, '2'] }, ['API (127.0.0.1)', 'drain', 'datanodes 1, 2'], 200],
    [
      'quarantine/release',
      { regionId: '4398046511104' },
      ['API (127.0.0.1)', 'release-quarantine', 'region 4398046511104'],
      200,
    ],
  ])('%s with %j is done and audited', async (name, body, entry, status) => {
    const { url, bus, asked } = await start();
    emitPlan(bus);
    expect((await postJson(`${url}/api/v1/${name}`, body)).status).toBe(status);
    expect(asked()).toEqual([entry]);
  });

  it('pauses for the time that was asked for', async () => {
    const { url } = await start();
    const { text } = await postJson(`${url}/api/v1/pause`, { for: '1h30m', reason: 'deploy', by: 'anna' });
    const until = new Date(START_MS + 5_400_000).toISOString();
    expect(JSON.parse(text)).toEqual({ paused: { until, reason: 'deploy', by: 'anna (127.0.0.1)' } });
    const { paused } = statusSchema.parse(JSON.parse((await ask(`${url}/api/v1/status`)).text));
    expect(paused).toEqual({ until, reason: 'deploy', by: 'anna (127.0.0.1)' });
  });

  it('drains, and ends that', async () => {
    const { url, bus, asked } = await start();
    emitPlan(bus);
    const asIf = await postJson(`${url}/api/v1/drain`, { datanodes: ['2'], dryRun: true });
    const planned = drainAnswerSchema.parse(JSON.parse(asIf.text));
    expect(planned).toMatchObject({ dryRun: true, draining: ['2'] });
    expect(planned.plan?.blocked).toMatchObject([{ code: 'migrating', regionId: '4398046511106' }]);
    expect(asked()).toEqual([]);
    await postJson(`${url}/api/v1/drain`, { datanodes: ['2'] });
    const ended = await postJson(`${url}/api/v1/undrain`, { datanodes: [2], by: 'anna' });
    expect(JSON.parse(ended.text)).toEqual({ draining: [] });
    expect(asked()[0]).toEqual(['anna (127.0.0.1)', 'undrain', 'datanode 2']);
  });

  it('takes an action without a body', async () => {
    const { url, asked } = await start();
    expect((await ask(`${url}/api/v1/resume`, { method: 'POST' })).text).toBe(
      '{"paused":null,"resumed":false}',
    );
    expect(asked()).toHaveLength(1);
  });

  it('keeps an id beyond 2^53 that came as a number', async () => {
    const { url, bus } = await start();
    emitPlan(bus);
    const answer = await postJson(`${url}/api/v1/drain`, `{"datanodes":[${U64_MAX}]}`);
    expect(answer.text).toContain(`The cluster has no datanode ${U64_MAX}`);
  });

  it('answers 409 when a cycle runs already, or none may begin', async () => {
    const { url, daemon } = await start();
    const first = await postJson(`${url}/api/v1/trigger`, {});
    expect([first.status, JSON.parse(first.text)]).toEqual([202, { cycleId: '1', paused: null }]);
    const second = await postJson(`${url}/api/v1/trigger`, {});
    expect([second.status, second.code]).toEqual([409, 'cycle-running']);
    expect(second.text).toContain('Cycle 1 is running already.');
    await daemon.stop();
    const third = await postJson(`${url}/api/v1/trigger`, {});
    expect([third.status, third.code]).toEqual([409, 'refused']);
  });

  it.each([
    ['drain', ['9'], 404, 'unknown-datanode'],
    ['undrain', ['2'], 409, 'not-draining'],
    ['undrain', ['1'], 409, 'configured-drain'],
    ['cordon', ['9'], 404, 'unknown-datanode'],
    ['uncordon', ['2'], 409, 'not-cordoned'],
    ['uncordon', ['0'], 409, 'configured-cordon'],
  ])('tells the client why %s of %j cannot be', async (name, datanodes, status, code) => {
    const { url, bus, errors, asked } = await start({ set: ['datanodes.drain=[1]', 'datanodes.cordon=[0]'] });
    emitPlan(bus);
    const answer = await postJson(`${url}/api/v1/${name}`, { datanodes });
    expect([answer.status, answer.code]).toEqual([status, code]);
    expect([errors, asked()]).toEqual([[], []]);
  });

  it('tells the client what keeps it from acting now', async () => {
    const { url, store, errors } = await start();
    expect((await postJson(`${url}/api/v1/drain`, { datanodes: ['1'] })).code).toBe('no-snapshot');
    vi.spyOn(store, 'addAudit').mockImplementation(() => {
      throw new OperatingError('state-full', 'The disk is full.');
    });
    const answer = await postJson(`${url}/api/v1/pause`, {});
    expect([answer.status, answer.code, errors]).toEqual([503, 'state-full', []]);
  });

  it('tells the client nothing of a defect, and the log all', async () => {
    const { url, store, errors } = await start();
    vi.spyOn(store, 'memory').mockImplementation(() => {
      throw new TypeError('secret is not a function');
    });
    const answer = await ask(`${url}/api/v1/status`);
    expect([answer.status, answer.code]).toEqual([500, 'internal']);
    expect(answer.text).not.toContain('secret');
    expect(errors).toMatchObject([expect.stringContaining('secret is not a function')]);
  });
});

describe('bad input', () => {
  const big = JSON.stringify({ reason: 'x'.repeat(70_000) });
  const long = `GET /api/v1/explain/table/${'x'.repeat(590)}`;
  const wrong = '400 bad-request';
  it.each<[name: string, request: string, body: string | undefined, refusal: string, part: string]>([
    ['an unknown path', 'GET /nothing', undefined, '404 not-found', 'There is nothing at '],
    ['a wrong method', 'POST /api/v1/status', '{}', '405 method-not-allowed', 'takes GET, not POST'],
    ['a GET of an action', 'GET /api/v1/pause', undefined, '405 method-not-allowed', 'POST'],
    ['a HEAD of the events', 'HEAD /api/v1/events', undefined, '405 ', ''],
    ['an unknown kind', 'GET /api/v1/explain/cat/1', undefined, wrong, 'kind: '],
    ['a path that is too long', long, undefined, wrong, 'id: '],
    ['a path with a broken escape', 'GET /api/v1/explain/table/%zz', undefined, wrong, ''],
    ['a limit of 0', 'GET /api/v1/history?limit=0', undefined, wrong, 'limit: '],
    ['an unknown filter', 'GET /api/v1/history?colour=red', undefined, wrong, 'colour'],
    ['an unknown outcome', 'GET /api/v1/history?outcome=lost', undefined, wrong, 'succeeded'],
    ['a filter given twice', 'GET /api/v1/history?table=a&table=b', undefined, wrong, 'table: '],
    [
      'a region that is no u64',
      `GET /api/v1/history?region=${U64_MAX.replace(/5$/, '6')}`,
      undefined,
      wrong,
      'region: ',
    ],
    ['broken JSON', 'POST /api/v1/pause', '{"for":', '400 malformed-json', 'not JSON'],
    ['JSON that is no object', 'POST /api/v1/pause', '[1]', wrong, 'object'],
    ['a number as duration', 'POST /api/v1/pause', '{"for":5}', wrong, 'for: '],
    [
      'a duration without unit',
      'POST /api/v1/pause',
      '{"for":"5"}',
      wrong,
      'for: found \\"5\\", wanted a duration',
    ],
    ['an unknown field', 'POST /api/v1/pause', '{"until":"x"}', wrong, 'until'],
    ['a control character', 'POST /api/v1/pause', '{"reason":"a\\nb"}', wrong, 'reason: '],
    ['a prototype', 'POST /api/v1/pause', '{"__proto__":{"a":1}}', wrong, '__proto__'],
    ['no datanode', 'POST /api/v1/drain', '{"datanodes":[]}', wrong, 'datanodes: '],
    ['nothing to release', 'POST /api/v1/quarantine/release', '{}', wrong, 'wanted either the regionId or'],
    ['a negative datanode', 'POST /api/v1/drain', '{"datanodes":[-1]}', wrong, 'datanodes[0]: '],
    ['a large body', 'POST /api/v1/pause', big, '413 body-too-large', ''],
    ['a method that nobody knows', 'PROPFIND /api/v1/status', undefined, '405 method-not-allowed', 'GET'],
  ])('refuses %s', async (_name, request, body, refusal, part) => {
    const { url, asked, errors } = await start();
    const [method = '', path = ''] = request.split(' ');
    const sent = body === undefined ? {} : { body, headers: { 'content-type': 'application/json' } };
    const answer = await ask(url + path, { method, ...sent });
    expect(`${answer.status} ${answer.code ?? ''}`).toBe(refusal);
    expect(answer.text).toContain(part);
    expect(answer.headers['x-content-type-options']).toBe('nosniff');
    expect([asked(), errors]).toEqual([[], []]);
  });

  it('refuses another content type', async () => {
    const { url, asked } = await start();
    const answer = await postJson(`${url}/api/v1/pause`, '{}', { 'content-type': 'text/plain' });
    expect([answer.status, answer.code]).toEqual([415, 'unsupported-media-type']);
    expect(answer.text).toContain('Send the header Content-Type: application/json');
    expect(asked()).toEqual([]);
  });

  it.each([
    ['garbage', 'garbage\r\n\r\n', '400', 'bad-request'],
    ['endless headers', `GET / HTTP/1.1\r\nx: ${'y'.repeat(40_000)}`, '431', 'headers-too-large'],
    ['no Host', 'GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n', '403', 'foreign-host'],
    [
      'two Hosts',
      'GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n',
      '403',
      'foreign-host',
    ],
  ])('answers %s in the form of every error', async (_name, sent, status, code) => {
    const { server, errors } = await start();
    const text = await new Promise<string>((resolve, reject) => {
      let received = '';
      const socket = connect(server.port, '127.0.0.1', () => socket.write(sent));
      socket.on('data', (part) => (received += part.toString()));
      socket.on('close', () => resolve(received));
      socket.on('error', reject);
    });
    expect(text).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(text).toContain(`{"error":{"code":"${code}",`);
    expect(errors).toEqual([]);
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
    const again = start({ server: { listen: { host: '127.0.0.1', port: server.port } } });
    await expect(again).rejects.toMatchObject({
      code: 'address-in-use',
      message: expect.stringContaining(`Cannot listen on 127.0.0.1:${server.port}: another process`),
    });
  });

  it.each([
    ['192.0.2.1', 'no such address'],
    ['2001:db8::1', '[2001:db8::1]:0'],
  ])('names the address %s that is not of this machine', async (host, part) => {
    await expect(start({ server: { listen: { host, port: 0 } } })).rejects.toMatchObject({
      code: 'listen-failed',
      message: expect.stringContaining(part),
    });
  });

  it.each([
    ['localhost', 'http://127.0.0.1:'],
    ['0.0.0.0', 'http://127.0.0.1:'],
  ])('on %s gives a URL that can be opened', async (host, wanted) => {
    const { url } = await start({ server: { listen: { host, port: 0 } } });
    expect(url.startsWith(wanted)).toBe(true);
    expect((await ask(`${url}/healthz`)).status).toBe(200);
  });
});

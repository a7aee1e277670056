import { describe, expect, it } from 'vitest';
import { ask, emitPlan, postJson, startTestServer as startWith } from '../support/server.ts';
import type { TestServer, TestServerOptions } from '../support/server.ts';

const start = ({
  token,
  ...server
}: NonNullable<TestServerOptions['server']> & { readonly token?: string }): Promise<TestServer> =>
  startWith({ server, ...(token !== undefined && { token }) });

const TOKEN = 'correct-horse';
const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` });
const everywhere = { listen: { host: '0.0.0.0', port: 0 } };

describe('with a token', () => {
  it.each([
    ['no header', {}, 401],
    ['a wrong token', bearer('wrong'), 401],
    ['a token of which a part is right', bearer(TOKEN.slice(0, -1)), 401],
    ['an empty token', { authorization: 'Bearer ' }, 401],
    ['another scheme', { authorization: `Basic ${TOKEN}` }, 401],
    ['the token', bearer(TOKEN), 200],
    ['the token, the scheme in small letters', { authorization: `bearer ${TOKEN}` }, 200],
    ['the token, from a page of another origin', { ...bearer(TOKEN), origin: 'http://ops.example' }, 200],
  ])('answers an action with %s by %i', async (_name, headers, status) => {
    const { url, asked } = await start({ ...everywhere, token: TOKEN });
    const answer = await postJson(`${url}/api/v1/resume`, {}, headers);
    expect(answer.status).toBe(status);
    expect(asked()).toHaveLength(status === 200 ? 1 : 0);
    if (status === 401)
      expect([answer.code, answer.headers['www-authenticate']]).toEqual([
        'unauthorized',
        'Bearer realm="greptime-rebalancer"',
      ]);
  });

  it('never repeats a token', async () => {
    const { url } = await start({ token: TOKEN });
    expect((await postJson(`${url}/api/v1/resume`, {}, bearer('mistyped'))).text).not.toContain('mistyped');
  });

  it.each(['/api/v1/status', '/metrics', '/api/v1/openapi.json', '/api/v1/snapshot'])(
    'leaves %s open unless reads are protected',
    async (path) => {
      const open = await start({ token: TOKEN });
      expect((await ask(open.url + path)).status).not.toBe(401);
      const guarded = await start({ token: TOKEN, protectReads: true });
      expect((await ask(guarded.url + path)).status).toBe(401);
      expect((await ask(guarded.url + path, { headers: bearer(TOKEN) })).status).not.toBe(401);
    },
  );

  it.each(['/healthz', '/readyz', '/'])('leaves %s open in any case: it holds no data', async (path) => {
    const { url, bus } = await start({ token: TOKEN, protectReads: true });
    emitPlan(bus);
    expect((await ask(url + path)).status).toBe(200);
  });

  it('refuses before it reads the body', async () => {
    const { url } = await start({ token: TOKEN });
    expect((await postJson(`${url}/api/v1/pause`, '{"broken')).status).toBe(401);
  });
});

describe('without a token', () => {
  it('refuses every action unless it listens on a loopback address', async () => {
    const { url, asked } = await start(everywhere);
    const answer = await postJson(`${url}/api/v1/resume`, {});
    expect([answer.status, answer.code, asked().length]).toEqual([403, 'no-token', 0]);
    expect((await ask(`${url}/api/v1/status`)).status).toBe(200);
  });

  it('refuses protected reads, for there is nothing to prove them by', async () => {
    const { url } = await start({ protectReads: true });
    expect((await ask(`${url}/api/v1/status`)).code).toBe('no-token');
    expect((await postJson(`${url}/api/v1/resume`, {})).status).toBe(200);
  });

  it.each([
    ['its own name', { host: 'localhost:9480' }, 200],
    ['an IPv6 loopback name', { host: '[::1]:9480' }, 200],
    ['a name that an attacker gave this address', { host: 'evil.example:9480' }, 403],
    ['a name that looks like an address', { host: '127.0.0.1.evil.example' }, 403],
    ['its own origin', { host: 'localhost:9480', origin: 'http://localhost:9480' }, 200],
    ['another origin', { origin: 'http://evil.example' }, 403],
    [
      'another port of this machine as origin',
      { host: 'localhost:9480', origin: 'http://localhost:3000' },
      403,
    ],
    ['a page without origin', { origin: 'null' }, 403],
    ['a form of another site', { 'sec-fetch-site': 'cross-site' }, 403],
  ])('on loopback answers an action with %s as case %#', async (_name, headers, status) => {
    const { url, asked } = await start({});
    expect((await postJson(`${url}/api/v1/resume`, {}, headers)).status).toBe(status);
    expect(asked()).toHaveLength(status === 200 ? 1 : 0);
  });
});

describe('the name in the Host header', () => {
  const PATHS = ['/api/v1/status', '/metrics', '/healthz', '/', '/api/v1/nothing'];
  const loopback = { host: '127.0.0.1', port: 0 };

  it.each([
    ['loopback', {}, 'localhost:9480', true],
    ['loopback', {}, '127.0.0.1', true],
    ['loopback', {}, '[::1]:9480', true],
    ['loopback', {}, 'evil.example:9480', false],
    ['loopback', {}, '127.0.0.1.evil.example', false],
    ['loopback', {}, '10.0.0.7:9480', false],
    ['loopback with a proxy', { allowedHosts: ['Rebalancer.example'] }, 'rebalancer.example', true],
    ['loopback with a proxy', { allowedHosts: ['rebalancer.example'] }, 'rebalancer.example:443', true],
    ['loopback with a proxy', { allowedHosts: ['rebalancer.example'] }, 'x.rebalancer.example', false],
    ['loopback with a proxy', { allowedHosts: ['fd00::7'] }, '[fd00:0::7]:80', true],
    [
      'an IPv4 address written as IPv6',
      { listen: { host: '::ffff:127.0.0.1', port: 0 } },
      '[::ffff:127.0.0.1]',
      true,
    ],
    ['every address', everywhere, '10.0.0.7:9480', true],
    ['every address', everywhere, '[fd00::7]', true],
    ['every address', everywhere, 'rebalancer.default.svc', false],
    [
      'every address with a service',
      { ...everywhere, allowedHosts: ['rebalancer.default.svc'] },
      'rebalancer.default.svc:9480',
      true,
    ],
    ['loopback', {}, 'no name at all', false],
    ['loopback', {}, 'evil.example@127.0.0.1', false],
    ['loopback', {}, '127.0.0.1/evil.example', false],
  ])('listening on %s %j, a request to %s: answered %s', async (_name, options, host, isAnswered) => {
    for (const tokens of [{}, { token: TOKEN }]) {
      const { url } = await start({ listen: loopback, ...options, ...tokens });
      for (const path of PATHS) {
        const { status, code } = await ask(url + path, { headers: { host, ...bearer(TOKEN) } });
        expect([path, status === 403, code === 'foreign-host']).toEqual([path, !isAnswered, !isAnswered]);
      }
    }
  });
});

describe('methods', () => {
  it.each(['QUERY', 'PROPFIND', 'TRACE', 'LINK'])(
    '%s is refused before anything else is looked at',
    async (method) => {
      const { url, errors } = await start({ token: TOKEN, protectReads: true });
      const answer = await ask(`${url}/api/v1/status`, { method });
      expect([answer.status, answer.code, errors]).toEqual([405, 'method-not-allowed', []]);
    },
  );
});

describe('rates', () => {
  it('limits actions from one address, and lets them go on later', async () => {
    const { url, clock } = await start({});
    const statuses: number[] = [];
    for (let count = 0; count < 101; count += 1)
      statuses.push((await postJson(`${url}/api/v1/resume`, {})).status);
    expect(statuses).toEqual([...Array<number>(100).fill(200), 429]);
    await clock.advance(100);
    expect((await postJson(`${url}/api/v1/resume`, {})).status).toBe(200);
    const answer = await postJson(`${url}/api/v1/resume`, {});
    expect([answer.code, answer.headers['retry-after']]).toEqual(['too-many-requests', '1']);
    expect((await ask(`${url}/api/v1/status`)).status).toBe(200);
  });

  it('limits wrong tokens from one address, and never the right one', async () => {
    const { url, clock } = await start({ token: TOKEN });
    const resume = async (token: string) => postJson(`${url}/api/v1/resume`, {}, bearer(token));
    for (let count = 0; count < 20; count += 1) expect((await resume(`guess-${count}`)).status).toBe(401);
    const limited = await resume('guess-20');
    expect([limited.status, limited.code, limited.headers['retry-after']]).toEqual([
      429,
      'too-many-requests',
      '2',
    ]);
    expect((await resume(TOKEN)).status).toBe(200);
    expect((await postJson(`${url}/api/v1/resume`, {})).status).toBe(401);
    await clock.advance(2_000);
    expect((await resume('guess-21')).status).toBe(401);
    expect((await resume('guess-22')).status).toBe(429);
  });
});

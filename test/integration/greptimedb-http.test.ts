import { createServer } from 'node:http';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../src/lib/clock.ts';
import { createPrng } from '../../src/lib/prng.ts';
import { Secret } from '../../src/lib/secret.ts';
import type { TlsOptions } from '../../src/lib/tls.ts';
import { Caller } from '../../src/greptimedb/caller.ts';
import type { Call } from '../../src/greptimedb/caller.ts';
import type { CallError } from '../../src/greptimedb/call-error.ts';
import { parseEndpoint } from '../../src/greptimedb/endpoint.ts';
import { createHttpTransport } from '../../src/greptimedb/http.ts';
import type { RequestSample } from '../../src/greptimedb/options.ts';
import { SqlClient } from '../../src/greptimedb/sql/client.ts';
import { rows } from '../support/greptimedb.ts';
import { listenOn } from '../support/listen.ts';
import { selfSigned } from '../support/tls.ts';

const NEVER = new AbortController().signal;

async function serve(listener: RequestListener, tls?: { key: string; cert: string }): Promise<string> {
  const server = tls ? createTlsServer(tls, listener) : createServer(listener);
  return `${tls ? 'https' : 'http'}://127.0.0.1:${await listenOn(server)}`;
}

interface Limits {
  readonly requestTimeoutMs?: number;
  readonly maxResponseBytes?: number;
  readonly tls?: TlsOptions;
}

function caller(limits: Limits = {}, samples: RequestSample[] = []): Caller {
  const transport = createHttpTransport({ connectTimeoutMs: 2_000 });
  onTestFinished(() => transport.close());
  return new Caller(
    { requestTimeoutMs: 2_000, maxResponseBytes: 1_000, ...limits },
    { clock: systemClock, prng: createPrng('http'), transport, onRequest: (sample) => samples.push(sample) },
    limits.tls,
  );
}

const GET: Call = { operation: 'route', method: 'GET', path: '/admin/x?y=1', signal: NEVER };

function get(origin: string, limits: Limits = {}, call: Partial<Call> = {}): Promise<string> {
  return caller(limits).call(parseEndpoint(origin), { ...GET, ...call }, ({ body }) => body);
}

async function failure(work: Promise<unknown>): Promise<CallError> {
  return (await work.then(
    () => expect.unreachable(),
    (error: unknown) => error,
  )) as CallError;
}

describe('the HTTP transport', () => {
  it('stops an answer of too many small things long before its end, and names the limit', async () => {
    let isCutOff = false;
    const origin = await serve((_, response) => {
      response.once('close', () => (isCutOff = !response.writableFinished));
      response.write('[');
      const more = (): void => {
        if (!response.destroyed && response.write('{},'.repeat(20_000))) setImmediate(more);
      };
      response.on('drain', more);
      more();
    });
    const error = await failure(get(origin, { maxResponseBytes: 100_000_000 }));
    expect(error.failure).toBe('answer');
    expect(error.message).toMatch(
      /more than the limit of 300000 arrays and objects \(stopped after \d+ bytes\)/,
    );
    await expect.poll(() => isCutOff).toBe(true);
  });

  it('puts a large answer together, also where its parts cut characters in two', async () => {
    const text = 'データノード 7; '.repeat(200_000);
    const bytes = Buffer.from(text);
    const origin = await serve((_, response) => {
      for (let at = 0; at < bytes.length; at += 10_007) response.write(bytes.subarray(at, at + 10_007));
      response.end();
    });
    const limits = { requestTimeoutMs: 60_000, maxResponseBytes: 10_000_000 };
    expect((await get(origin, limits)) === text).toBe(true);
  });

  it('answers, keeps a path before ours, and keeps connections', async () => {
    const ports = new Set<number | undefined>();
    const origin = await serve((request, response) => {
      ports.add(request.socket.remotePort);
      response.end(`${request.method} ${request.url}`);
    });
    const one = caller();
    const endpoint = parseEndpoint(`${origin}/prefix/`);
    for (let count = 0; count < 5; count += 1)
      expect(await one.call(endpoint, GET, ({ body }) => body)).toBe('GET /prefix/admin/x?y=1');
    const kept = ports.size;
    expect(kept).toBeLessThan(5);
    await one.call(endpoint, { ...GET, freshConnection: true }, ({ body }) => body);
    expect(ports.size).toBe(kept + 1);
  });

  it.each<[string, (request: IncomingMessage, response: ServerResponse) => void, Partial<CallError>, RegExp]>(
    [
      [
        'a server that never answers',
        () => undefined,
        { failure: 'timeout', sent: true, code: 'cluster-timeout' },
        /no answer within 300 ms/,
      ],
      [
        'a body that never ends',
        (_request, response) => response.write('{'),
        { failure: 'timeout', sent: true },
        /no answer within 300 ms/,
      ],
      [
        'a body that is announced as too large',
        (_request, response) => response.writeHead(200, { 'content-length': '5000' }).write('x'),
        { failure: 'answer', code: 'cluster-answer' },
        /larger than the limit of 1000 bytes \(5000 bytes announced\)/,
      ],
      [
        'a body that turns out too large',
        (_request, response) => {
          response.write('x'.repeat(800));
          response.write('x'.repeat(800));
        },
        { failure: 'answer' },
        /larger than the limit of 1000 bytes \(stopped after/,
      ],
      [
        'a redirect',
        (_request, response) => response.writeHead(307, { location: 'http://user:pass@other:1/x' }).end(),
        { failure: 'answer', status: 307 },
        /redirect \(HTTP 307\) to http:\/\/\*\*\*@other:1\/x/,
      ],
      [
        'a connection that breaks before the answer',
        (request) => request.socket.destroy(),
        { failure: 'network', sent: true, code: 'cluster-unreachable' },
        /the exchange broke off/,
      ],
      [
        'a connection that breaks within the answer',
        (_request, response) => {
          response.writeHead(200, { 'content-length': '100' });
          response.write('x', () => response.destroy());
        },
        { failure: 'network', sent: true },
        /the exchange broke off/,
      ],
      [
        'no HTTP at all',
        (request) => request.socket.end('SSH-2.0-OpenSSH\r\n\r\n'),
        { failure: 'network', sent: true },
        /the exchange broke off/,
      ],
    ],
  )('%s', async (_name, listener, expected, text) => {
    const origin = await serve(listener);
    const error = await failure(get(origin, { requestTimeoutMs: 300 }));
    expect(error).toMatchObject(expected);
    expect(error.message).toMatch(text);
    expect(error.message).toContain(`GET ${origin}/admin/x?y=1`);
  });

  it.each(['http://127.0.0.1:1', 'http://does-not-exist.invalid:3002'])(
    'no server at %s: nothing was sent',
    async (origin) => {
      const error = await failure(get(origin));
      expect(error).toMatchObject({ failure: 'refused', sent: false, code: 'cluster-unreachable' });
    },
  );

  it('gives a large answer that has begun more time, and the large limit', async () => {
    const origin = await serve((_request, response) => {
      response.write('x'.repeat(2_000));
      setTimeout(() => response.end('y'), 500);
    });
    expect(await get(origin, { requestTimeoutMs: 200 }, { large: true })).toHaveLength(2_001);
    const silent = await serve(() => undefined);
    expect(await failure(get(silent, { requestTimeoutMs: 200 }, { large: true }))).toMatchObject({
      failure: 'timeout',
    });
  });

  it('stops when told to, with the reason it was given', async () => {
    const arrived = Promise.withResolvers<undefined>();
    const origin = await serve(() => arrived.resolve(undefined));
    const controller = new AbortController();
    const work = get(origin, {}, { signal: controller.signal });
    await arrived.promise;
    controller.abort(new Error('enough'));
    await expect(work).rejects.toThrow('enough');
    await expect(get(origin, {}, { signal: controller.signal })).rejects.toThrow('enough');
  });

  it('measures', async () => {
    const samples: RequestSample[] = [];
    const origin = await serve((_request, response) => response.end());
    await caller({}, samples).call(parseEndpoint(origin), GET, () => undefined);
    await failure(caller({}, samples).call(parseEndpoint('http://127.0.0.1:1'), GET, () => undefined));
    expect(samples).toMatchObject([
      { endpoint: 'route', outcome: 'ok' },
      { endpoint: 'route', outcome: 'refused' },
    ]);
  });
});

describe('TLS', () => {
  it('trusts the authority that it is given, and no other unless told to', async () => {
    const pair = selfSigned();
    const origin = await serve((_request, response) => response.end('safe'), pair);
    expect(await get(origin, { tls: { ca: pair.cert } })).toBe('safe');
    expect(await get(origin, { tls: { insecureSkipVerify: true } })).toBe('safe');
    const error = await failure(get(origin));
    expect(error).toMatchObject({ failure: 'refused', sent: false });
    expect(error.message).toMatch(/self.signed/);
  });
});

describe('SQL over HTTP', () => {
  it('sends one form field, and credentials as GreptimeDB takes them', async () => {
    const seen: { url: string | undefined; headers: IncomingMessage['headers']; body: string }[] = [];
    const origin = await serve((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        seen.push({ url: request.url, headers: request.headers, body });
        response.end(rows(['a'], [[1]]));
      });
    });
    const client = new SqlClient(
      { endpoints: [parseEndpoint(origin)], login: { username: 'ada', password: new Secret('p:ä') } },
      caller(),
    );
    const statement = "SELECT 'a&b=c+d' FROM t";
    const answer = await client.select({ operation: 'sql-tables', statement, signal: NEVER });
    expect(answer.first).toEqual([1]);
    expect(seen[0]?.url).toBe('/v1/sql');
    expect(seen[0]?.headers).toMatchObject({
      'content-type': 'application/x-www-form-urlencoded',
      authorization: `Basic ${Buffer.from('ada:p:ä').toString('base64')}`,
    });
    expect(new URLSearchParams(seen[0]?.body).get('sql')).toBe(statement);
  });
});

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  auditSchema,
  matrixSchema,
  queueSchema,
  regionsSchema,
  seriesSchema,
} from '../../src/server/api/answers.ts';
import { ask, emitPlan, startTestServer } from '../support/server.ts';
import type { TestServer } from '../support/server.ts';

let test: TestServer;
let url: string;

beforeEach(async () => {
  test = await startTestServer({});
  url = test.server.url;
});
afterEach(() => test.server.close());

describe('what the page shows', () => {
  it.each([
    ['matrix', matrixSchema],
    ['regions', regionsSchema],
    ['regions?datanode=0&table=1024&moving=true&limit=1', regionsSchema],
    ['queue', queueSchema],
    ['queue?text=cpu&offset=1&limit=1&datanode=2', queueSchema],
    ['series', seriesSchema],
    ['series?range=7d&points=10', seriesSchema],
    ['audit?limit=5', auditSchema],
  ])('answer %s as described', async (path, schema) => {
    emitPlan(test.bus);
    const { status, text } = await ask(`${url}/api/v1/${path}`);
    expect(status).toBe(200);
    expect(schema.parse(JSON.parse(text))).toEqual(JSON.parse(text));
  });

  it.each(['matrix', 'regions'])('say of %s that there is no snapshot yet', async (path) => {
    expect(await ask(`${url}/api/v1/${path}`)).toMatchObject({ status: 503, code: 'no-snapshot' });
  });

  it.each([
    'regions?limit=5001',
    'regions?datanode=x',
    'regions?moving=yes',
    'queue?offset=-1',
    'series?range=1s',
    'series?range=24',
    'series?points=0',
    'audit?limit=0',
    'audit?other=1',
  ])('refuse %s', async (path) => {
    expect(await ask(`${url}/api/v1/${path}`)).toMatchObject({ status: 400, code: 'bad-request' });
  });

  it('are protected like every other read', async () => {
    const shut = await startTestServer({ options: { token: 'T', protectReads: true } });
    for (const path of ['matrix', 'regions', 'queue', 'series', 'audit'])
      expect((await ask(`${shut.server.url}/api/v1/${path}`)).status, path).toBe(401);
    await shut.server.close();
  });
});

describe('files of the page', () => {
  const script = Buffer.from('let a = 1;\n'.repeat(500));

  it('are compressed for who takes that, each form with a tag of its own', async () => {
    const web = new Map([
      ['/index.html', { body: Buffer.from('<!doctype html>'), type: 'text/html', etag: '"a"' }],
      ['/assets/app.js', { body: script, type: 'text/javascript', etag: '"b"' }],
    ]);
    const built = await startTestServer({ web });
    const file = `${built.server.url}/assets/app.js`;
    const small = await fetch(file, { headers: { 'accept-encoding': 'gzip' } });
    expect(small.headers.get('content-encoding')).toBe('gzip');
    expect(small.headers.get('etag')).toBe('"b-gzip"');
    expect(await small.text()).toBe(script.toString());
    const plain = await ask(file);
    expect([plain.headers['content-encoding'], plain.headers.etag, plain.headers.vary]).toEqual([
      undefined,
      '"b"',
      'accept-encoding',
    ]);
    const known = await ask(file, { headers: { 'accept-encoding': 'gzip', 'if-none-match': '"b-gzip"' } });
    expect([known.status, known.text, known.headers['content-encoding']]).toEqual([304, '', undefined]);
    await built.server.close();
  });
});

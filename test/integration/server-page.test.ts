import { beforeEach, describe, expect, it } from 'vitest';
import {
  auditSchema,
  matrixSchema,
  queueSchema,
  regionsSchema,
  seriesSchema,
} from '../../src/server/api/answers.ts';
import { ask, emitPlan, startTestServer as start } from '../support/server.ts';
import type { TestServer } from '../support/server.ts';

let test: TestServer;
let url: string;

beforeEach(async () => {
  test = await start();
  ({ url } = test);
});

describe('what the page shows', () => {
  it.each([
    ['matrix', matrixSchema],
    ['regions', regionsSchema],
    ['regions?datanode=0&table=1024&limit=1', regionsSchema],
    ['queue', queueSchema],
    ['queue?text=cpu&limit=1', queueSchema],
    ['series', seriesSchema],
    ['series?range=7d&points=10', seriesSchema],
    ['audit?limit=5', auditSchema],
  ])('answer %s as described', async (path, schema) => {
    emitPlan(test.bus);
    const { status, text } = await ask(`${url}/api/v1/${path}`);
    expect(status).toBe(200);
    expect(schema.parse(JSON.parse(text))).toEqual(JSON.parse(text));
  });

  it.each([
    ['matrix', 'no-plan'],
    ['regions', 'no-snapshot'],
  ])('say of %s that there is none yet', async (path, code) => {
    expect(await ask(`${url}/api/v1/${path}`)).toMatchObject({ status: 503, code });
  });

  it.each([
    'regions?limit=5001',
    'regions?datanode=x',
    'queue?limit=0',
    'series?range=1s',
    'series?range=24',
    'series?points=0',
    'audit?limit=0',
    'audit?other=1',
  ])('refuse %s', async (path) => {
    expect(await ask(`${url}/api/v1/${path}`)).toMatchObject({ status: 400, code: 'bad-request' });
  });

  it('are protected like every other read', async () => {
    const shut = await start({ token: 'T', server: { protectReads: true } });
    for (const path of ['matrix', 'regions', 'queue', 'series', 'audit'])
      expect((await ask(`${shut.url}/api/v1/${path}`)).status, path).toBe(401);
  });
});

describe('the page', () => {
  const script = Buffer.from('let a = 1;\n'.repeat(500));

  it('says how to build it where that was not done', async () => {
    const bare = await start({ web: new Map() });
    const { status, code, text } = await ask(bare.url);
    expect([status, code]).toEqual([503, 'no-page']);
    expect(text).toContain('npm run build');
  });

  it('is asked for again, and its files are kept by browsers', async () => {
    const web = new Map([
      ['/index.html', { body: Buffer.from('<!doctype html>'), type: 'text/html', etag: '"a"' }],
      ['/assets/app-1.js', { body: Buffer.from('1'), type: 'text/javascript', etag: '"b"' }],
    ]);
    const built = await start({ web });
    const page = await ask(built.url);
    const file = await ask(`${built.url}/assets/app-1.js`);
    const other = await ask(`${built.url}/assets/../../etc/passwd`);
    expect([page.text, page.headers['cache-control']]).toEqual(['<!doctype html>', 'no-cache']);
    expect([file.text, file.headers['cache-control'], file.headers.etag]).toEqual([
      '1',
      'public, max-age=31536000, immutable',
      '"b"',
    ]);
    expect(page.headers['content-security-policy']).toContain("script-src 'self'");
    expect(other.status).toBe(404);
  });

  it('has files that are compressed for who takes that, each form with a tag of its own', async () => {
    const web = new Map([
      ['/index.html', { body: Buffer.from('<!doctype html>'), type: 'text/html', etag: '"a"' }],
      ['/assets/app.js', { body: script, type: 'text/javascript', etag: '"b"' }],
    ]);
    const built = await start({ web });
    const file = `${built.url}/assets/app.js`;
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
  });
});

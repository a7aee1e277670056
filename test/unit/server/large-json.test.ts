import { escapeInvisible } from '../../../src/lib/invisible.ts';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { createJsonCache } from '../../../src/server/http/large-json.ts';

const items = (count: number): object[] =>
  Array.from({ length: count }, (_, index) => ({ id: String(index) }));

describe('createJsonCache', () => {
  it.each([
    ['an empty object', {}],
    ['plain members', { a: 1, b: 'two', c: null, d: [1, [2]], e: { f: [] } }],
    ['a member that is undefined', { a: undefined, b: 1 }],
    ['only members that are undefined', { a: undefined }],
    ['names and texts that need escapes', { 'a"\n': 'ü"\u2028😀' }],
    ['an empty array', { a: [] }],
    ['several long arrays', { a: items(4_500), b: items(2_500), c: 'end' }],
  ])('writes %s', async (_name, value) => {
    const { body, gzip } = await createJsonCache()(value);
    const text = body.toString();
    expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
    expect(escapeInvisible(text)).toBe(text);
    if (gzip) expect(gunzipSync(await gzip()).toString()).toBe(text);
    expect(gzip !== undefined).toBe(text.length >= 2_048);
  });

  it('writes one object once, and compresses it once', async () => {
    const write = createJsonCache();
    const value = { a: items(1_000) };
    const [first, second] = await Promise.all([write(value), write(value)]);
    expect(second).toBe(first);
    expect(await second.gzip?.()).toBe(await first.gzip?.());
  });

  it('gives equal content an equal tag, and other content another', async () => {
    const write = createJsonCache();
    const [one, same, other] = [await write({ a: 1 }), await write({ a: 1 }), await write({ a: 2 })];
    expect(one.etag).toBe(same.etag);
    expect(one.etag).not.toBe(other.etag);
    expect(one.etag).toMatch(/^"[\w-]{27}"$/);
  });

  it('lets other work go on in between', async () => {
    const written = createJsonCache()({ a: items(20_000) });
    let turns = 0;
    let done = false;
    const count = (): void => {
      turns += 1;
      if (!done) setImmediate(count);
    };
    setImmediate(count);
    await written;
    done = true;
    expect(turns).toBeGreaterThanOrEqual(9);
  });
});

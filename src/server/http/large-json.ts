import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { jsonChunks } from '../../domain/json-file.ts';
import { escapeInvisible } from '../../lib/invisible.ts';
import { yieldToEventLoop } from '../../lib/event-loop.ts';
import { JSON_TYPE } from './route.ts';
import type { Content } from './route.ts';

/** Below this, compressing costs more than it saves. */
const COMPRESS_FROM_BYTES = 2_048;

/**
 * Writes a large object (a snapshot, a plan) as JSON without keeping the event loop from other work. The last object's text is kept, so
 * that a thousand readers cost one writing. It is compressed in another thread, once, when first asked for.
 */
export function createJsonCache(): (value: object) => Promise<Content> {
  let last: { readonly value: object; readonly content: Promise<Content> } | undefined;
  return (value) => {
    if (last?.value === value) return last.content;
    const content = writeJson(value);
    last = { value, content };
    return content;
  };
}

async function writeJson(value: object): Promise<Content> {
  const hash = createHash('sha256');
  const parts: Buffer[] = [];
  for (const text of jsonChunks(value)) {
    const part = Buffer.from(escapeInvisible(text));
    hash.update(part);
    parts.push(part);
    await yieldToEventLoop();
  }
  const body = Buffer.concat(parts);
  let compressed: Promise<Buffer> | undefined;
  return {
    kind: 'content',
    body,
    type: JSON_TYPE,
    headers: { 'cache-control': 'no-cache', vary: 'accept-encoding' },
    // Of the content, so that it stays the same over restarts.
    etag: `"${hash.digest('base64url').slice(0, 27)}"`,
    gzip: body.length < COMPRESS_FROM_BYTES ? undefined : () => (compressed ??= compress(body, { level: 5 })),
  };
}

const compress = promisify(gzip);

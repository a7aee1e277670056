import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { jsonChunks } from '../../domain/json-file.ts';
import { escapeInvisible } from '../../lib/invisible.ts';
import { yieldToEventLoop } from '../../lib/event-loop.ts';

/** A JSON text that is ready to be sent. */
export interface JsonBody {
  readonly plain: Buffer;
  /** With its quotes; of the content, so that it stays the same over restarts. */
  readonly etag: string;
  /** Compressed in another thread, once, when first asked for. */
  compressed(): Promise<Buffer>;
}

/**
 * Writes a large object (a snapshot, a plan) as JSON without keeping the event loop from other work. The last object's text is kept, so
 * that a thousand readers cost one writing.
 */
export function createJsonCache(): (value: object) => Promise<JsonBody> {
  let last: { readonly value: object; readonly body: Promise<JsonBody> } | undefined;
  return (value) => {
    if (last?.value === value) return last.body;
    const body = writeJson(value);
    last = { value, body };
    return body;
  };
}

async function writeJson(value: object): Promise<JsonBody> {
  const hash = createHash('sha256');
  const parts: Buffer[] = [];
  for (const text of jsonChunks(value)) {
    const part = Buffer.from(escapeInvisible(text));
    hash.update(part);
    parts.push(part);
    await yieldToEventLoop();
  }
  const plain = Buffer.concat(parts);
  let compressed: Promise<Buffer> | undefined;
  return {
    plain,
    etag: `"${hash.digest('base64url').slice(0, 27)}"`,
    compressed: () => (compressed ??= compress(plain)),
  };
}

const compressAsync = promisify(gzip);

function compress(plain: Buffer): Promise<Buffer> {
  return compressAsync(plain, { level: 5 });
}

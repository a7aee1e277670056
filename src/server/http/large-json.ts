import { escapeInvisible } from '../../lib/invisible.ts';
import { createHash } from 'node:crypto';
import { setImmediate as turn } from 'node:timers/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

/** A JSON text that is ready to be sent. */
export interface JsonBody {
  readonly plain: Buffer;
  /** With its quotes; of the content, so that it stays the same over restarts. */
  readonly etag: string;
  /** Compressed in another thread, once, when first asked for. */
  compressed(): Promise<Buffer>;
}

/** Elements that are written before others get their turn: well below a millisecond's work. */
const SLICE = 500;

/**
 * Writes a large object (a snapshot, a plan) as JSON without keeping the event loop from other work: its long arrays are
 * written in slices. The last object's text is kept, so that a thousand readers cost one writing.
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
  for (const text of slicesOf(value)) {
    const part = Buffer.from(text);
    hash.update(part);
    parts.push(part);
    if (text.length > SLICE) await turn();
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

/** The JSON text in pieces that together say what `JSON.stringify(value)` says. */
function* slicesOf(value: object): Generator<string> {
  let separator = '{';
  for (const [name, member] of Object.entries(value) as [string, unknown][]) {
    if (member === undefined) continue;
    yield `${separator}${JSON.stringify(name)}:`;
    separator = ',';
    if (Array.isArray(member)) yield* slicesOfArray(member);
    else yield escapeInvisible(JSON.stringify(member));
  }
  yield separator === '{' ? '{}' : '}';
}

function* slicesOfArray(items: readonly unknown[]): Generator<string> {
  yield '[';
  for (let start = 0; start < items.length; start += SLICE) {
    const text = escapeInvisible(JSON.stringify(items.slice(start, start + SLICE)));
    yield start === 0 ? text.slice(1, -1) : `,${text.slice(1, -1)}`;
  }
  yield ']';
}

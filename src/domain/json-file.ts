import { findJsonError } from '../lib/json-error.ts';
import { parseJsonExact } from '../lib/json.ts';
import { UsageError } from './errors.ts';

const BYTE_ORDER_MARK = 0xfe_ff;

/**
 * Parses the JSON text of a file of ours, integers exact.
 *
 * @throws UsageError that names line, column, what was found and what was wanted.
 */
export function parseJsonFile(text: string): unknown {
  const bare = text.charCodeAt(0) === BYTE_ORDER_MARK ? text.slice(1) : text;
  try {
    return parseJsonExact(bare);
  } catch (error) {
    const place = findJsonError(bare);
    if (!place) throw error;
    throw new UsageError(
      `not JSON at line ${place.line}, column ${place.column}: found ${place.found}, wanted ${place.wanted}`,
      { cause: error },
    );
  }
}

/** An object of parsed JSON. */
export type JsonObject = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const CHUNK_CHARS = 32_768;

/**
 * A document as JSON in pieces of about 32 KiB, so that the whole text never has to be held at once. Each property stands on a line of
 * its own, and each item of a list too, so that two files can be compared with diff. A list may be any iterable.
 */
export function* jsonChunks(document: object): Generator<string, void, undefined> {
  let chunk = '{';
  let separator = '\n  ';
  for (const [name, value] of Object.entries(document) as [string, unknown][]) {
    if (value === undefined) continue;
    chunk += `${separator}${JSON.stringify(name)}: `;
    separator = ',\n  ';
    if (!isIterable(value)) {
      chunk += JSON.stringify(value);
      continue;
    }
    let before = '[\n    ';
    for (const item of value) {
      chunk += before + JSON.stringify(item);
      before = ',\n    ';
      if (chunk.length < CHUNK_CHARS) continue;
      yield chunk;
      chunk = '';
    }
    chunk += before.startsWith('[') ? '[]' : '\n  ]';
  }
  yield `${chunk}\n}\n`;
}

function isIterable(value: unknown): value is Iterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.iterator in value;
}

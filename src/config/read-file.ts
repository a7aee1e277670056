import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';

const CHUNK_BYTES = 65_536;

/** A file's content, or why there is none, in words that complete "the file …". */
export type FileReading = { readonly bytes: Buffer } | { readonly fault: string; readonly cause?: unknown };

/** Reads a file whole, unless it has more than `maxBytes`: then no more than that is read (think of /dev/zero). */
export async function readBounded(path: string, maxBytes: number): Promise<FileReading> {
  try {
    await using file = await open(path, 'r');
    if ((await file.stat()).isDirectory()) return { fault: 'is a folder' };
    const bytes = await readUpTo(file, maxBytes + 1);
    return bytes.length > maxBytes ? { fault: `is larger than ${sizeText(maxBytes)}` } : { bytes };
  } catch (cause) {
    return { fault: faultOf(cause), cause };
  }
}

async function readUpTo(file: FileHandle, limit: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let total = 0;
  while (total < limit) {
    const chunk = Buffer.alloc(Math.min(CHUNK_BYTES, limit - total));
    const { bytesRead } = await file.read(chunk, 0, chunk.length, null);
    if (bytesRead === 0) break;
    chunks.push(chunk.subarray(0, bytesRead));
    total += bytesRead;
  }
  return Buffer.concat(chunks);
}

function sizeText(bytes: number): string {
  return bytes >= 1_048_576 ? `${bytes / 1_048_576} MiB` : `${bytes / 1_024} KiB`;
}

const FAULTS: ReadonlyMap<string, string> = new Map([
  ['ENOENT', 'does not exist'],
  ['ENOTDIR', 'does not exist: a part of its path is no folder'],
  ['EACCES', 'may not be read by this user'],
  ['EPERM', 'may not be read by this user'],
  ['EISDIR', 'is a folder'],
  ['ELOOP', 'is a symbolic link that leads nowhere'],
  ['ENAMETOOLONG', 'has a name that is too long'],
]);

function faultOf(cause: unknown): string {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  return FAULTS.get(code) ?? `cannot be read (${code || String(cause)})`;
}

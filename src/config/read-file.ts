import { readFileSync, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';

/** Why a file cannot be used, in words that complete "the file …". */
export interface Fault {
  readonly fault: string;
  readonly cause?: unknown;
}

/** The text of a file, without a byte order mark. */
export type FileReading = { readonly text: string } | Fault;

/** Reads a file of UTF-8 text whole, unless it has more than `maxBytes`: then no more than that is read (think of /dev/zero). */
export async function readBounded(path: string, maxBytes: number): Promise<FileReading> {
  try {
    await using file = await open(path, 'r');
    if ((await file.stat()).isDirectory()) return { fault: 'is a folder' };
    // `end` is the last byte that is read: one more than may be there.
    const bytes = await buffer(file.createReadStream({ end: maxBytes, autoClose: false }));
    return bounded(bytes, maxBytes);
  } catch (cause) {
    return { fault: faultOf(cause), cause };
  }
}

/** The same at once, and of regular files only: reading a pipe could wait for ever. */
export function readBoundedSync(path: string, maxBytes: number): FileReading {
  try {
    const stats = statSync(path);
    if (!stats.isFile()) return { fault: 'is no regular file' };
    return stats.size > maxBytes ? tooLarge(maxBytes) : bounded(readFileSync(path), maxBytes);
  } catch (cause) {
    return { fault: faultOf(cause), cause };
  }
}

function bounded(bytes: Buffer, maxBytes: number): FileReading {
  if (bytes.length > maxBytes) return tooLarge(maxBytes);
  return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) };
}

function tooLarge(maxBytes: number): Fault {
  return { fault: `is larger than ${sizeText(maxBytes)}` };
}

/** The stamp of pipes, devices and folders. */
export const NO_REGULAR_FILE = 'no regular file';

/** Differs once the file was written, replaced (also behind a symbolic link), removed, or its rights were changed. */
export function fileStamp(path: string): string {
  try {
    const stats = statSync(path, { bigint: true });
    if (!stats.isFile()) return NO_REGULAR_FILE;
    return [stats.dev, stats.ino, stats.size, stats.mtimeNs, stats.ctimeNs].join(' ');
  } catch (cause) {
    return faultOf(cause);
  }
}

function sizeText(bytes: number): string {
  return bytes >= 1_048_576 ? `${bytes / 1_048_576} MiB` : `${bytes / 1_024} KiB`;
}

const FAULTS: ReadonlyMap<string, string> = new Map([
  ['ERR_ENCODING_INVALID_ENCODED_DATA', 'is not UTF-8 text'],
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

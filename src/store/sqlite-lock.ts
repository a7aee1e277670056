import { accessSync, constants, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';
import { OperatingError } from '../domain/errors.ts';
import { guarded, sqliteCode } from './sqlite-errors.ts';

const SQLITE_BUSY = 5;
const NOTE = 'rebalancer.pid';
/** How long to wait for another process to let go of the folder. The thread waits. */
const LOCK_WAIT_MS = 500;

export interface FolderLockOptions {
  readonly nowMs: number;
  /** What this process works on, for the message of the next one. */
  readonly cluster: string | undefined;
}

export interface FolderLock {
  /** The file whose lock this process has. */
  readonly location: string;
  /** Says where this process is reached. */
  announce(url: string): void;
  release(): void;
}

/**
 * Makes this process the only one that uses a state folder, until it releases or dies. The lock is SQLite's own exclusive file
 * lock on a database that holds nothing: the operating system frees it even after `kill -9`, so that no stale lock is ever left.
 * It works between processes of one machine; on NFS as well as the server's locks do.
 *
 * @throws OperatingError `state-locked`, with the holder's process id when that can be read.
 */
export function lockStateFolder(folder: string, options: FolderLockOptions): FolderLock {
  const { nowMs, cluster } = options;
  const location = join(folder, 'rebalancer.lock');
  const notePath = join(folder, NOTE);
  const lock = guarded(location, 'Opening the lock file', () => {
    return new DatabaseSync(location, { timeout: LOCK_WAIT_MS });
  });
  try {
    refuseReadOnly(location);
    lock.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    lock.close();
    if (error instanceof OperatingError) throw error;
    if (((sqliteCode(error) ?? 0) & 0xff) !== SQLITE_BUSY) {
      return guarded(location, 'Locking', () => {
        throw error;
      });
    }
    throw new OperatingError('state-locked', describeHolder(folder, readHolder(folder), cluster), {
      cause: error,
    });
  }
  const watch = watchFile(location);
  const note: Holder = { pid: process.pid, since: new Date(nowMs).toISOString(), cluster };
  writeNote(notePath, note);
  return {
    location,
    announce: (url) => writeNote(notePath, { ...note, url }),
    release() {
      // Where the lock was deleted, the note may be that of the next process.
      if (watch() === undefined) rmSync(notePath, { force: true });
      lock.close();
    },
  };
}

/** @returns a function that tells what became of a file's name since: `is gone`, or `is another one than at the start`; mostly nothing. */
export function watchFile(location: string): () => string | undefined {
  const numberOf = (): number | undefined => {
    try {
      return statSync(location).ino;
    } catch {
      // Gone, or no longer to be reached by this name: a restart could not open it either.
      return undefined;
    }
  };
  const opened = numberOf();
  return () => {
    const now = numberOf();
    if (now === opened) return undefined;
    return now === undefined ? 'is gone' : 'is another one than at the start';
  };
}

/** On a file that it may not write, SQLite takes a shared lock in place of an exclusive one, and says nothing. */
function refuseReadOnly(path: string): void {
  try {
    accessSync(path, constants.W_OK);
  } catch (error) {
    throw new OperatingError(
      'state-read-only',
      `The lock file ${path} cannot be written. Make the state folder and its files writable for this user.`,
      { cause: error },
    );
  }
}

const holderSchema = z.object({
  pid: z.int(),
  since: z.string(),
  cluster: z.string().optional(),
  url: z.string().optional(),
});
export type Holder = z.infer<typeof holderSchema>;

/** Says who holds the lock. Only for the message of the next process, so that a failure here (a full disk) is no reason to stop. */
function writeNote(path: string, holder: Holder): void {
  try {
    writeFileSync(path, `${JSON.stringify(holder)}\n`);
  } catch {
    // The lock itself holds; the message will just not name us.
  }
}

/** Who has the lock, as it says itself; a process that was killed leaves its note behind. */
export function readHolder(folder: string): Holder | undefined {
  try {
    return holderSchema.safeParse(JSON.parse(readFileSync(join(folder, NOTE), 'utf8'))).data;
  } catch {
    return undefined;
  }
}

function describeHolder(folder: string, holder: Holder | undefined, cluster: string | undefined): string {
  const inUse = `The state folder ${folder} is in use by`;
  const wayOut = 'Only one process may move the regions of a cluster at a time';
  if (!holder) return `${inUse} another process. ${wayOut}: wait for its end, or stop it.`;
  const { pid, since, url } = holder;
  const name =
    holder.cluster === undefined ? '' : `, working on the cluster ${JSON.stringify(holder.cluster)}`;
  const who = `${inUse} the process with id ${pid}, since ${since}${name}${url === undefined ? '' : ` at ${url}`}`;
  if (cluster !== undefined && holder.cluster !== undefined && holder.cluster !== cluster)
    return `${who}; cluster.name is ${JSON.stringify(cluster)}. Each cluster needs a state.path of its own.`;
  return url === undefined
    ? `${who}. ${wayOut}: wait for its end, or stop it.`
    : `${who}. ${wayOut}: let that one do the work (status, trigger, drain, pause with --url ${url}), or stop it first.`;
}

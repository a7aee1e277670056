import { accessSync, constants, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { OperatingError } from '../domain/errors.ts';
import { guarded, sqliteCode } from './sqlite-errors.ts';

const SQLITE_BUSY = 5;

/**
 * Makes this process the only one that uses a state folder, until it releases or dies. The lock is SQLite's own exclusive file
 * lock on a database that holds nothing: the operating system frees it even after `kill -9`, so that no stale lock is ever left.
 * It works between processes of one machine; on NFS as well as the server's locks do.
 *
 * @throws OperatingError `state-locked`, with the holder's process id when that can be read.
 */
export function lockStateFolder(
  folder: string,
  options: { readonly waitMs: number; readonly nowMs: number },
): () => void {
  const lockPath = join(folder, 'rebalancer.lock');
  const holderPath = join(folder, 'rebalancer.pid');
  const lock = guarded(lockPath, 'Opening the lock file', () => {
    return new DatabaseSync(lockPath, { timeout: options.waitMs });
  });
  try {
    refuseReadOnly(lockPath);
    lock.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    lock.close();
    if (error instanceof OperatingError) throw error;
    if (((sqliteCode(error) ?? 0) & 0xff) !== SQLITE_BUSY) {
      return guarded(lockPath, 'Locking', () => {
        throw error;
      });
    }
    throw new OperatingError(
      'state-locked',
      `The state folder ${folder} is in use by ${describeHolder(holderPath)}. Stop it, or give this one its own state.path.`,
      { cause: error },
    );
  }
  noteHolder(holderPath, options.nowMs);
  return () => {
    rmSync(holderPath, { force: true });
    lock.close();
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

/** Says who holds the lock. Only for the message of the next process, so that a failure here (a full disk) is no reason to stop. */
function noteHolder(path: string, nowMs: number): void {
  try {
    writeFileSync(path, `${process.pid} ${new Date(nowMs).toISOString()}\n`);
  } catch {
    // The lock itself holds; the message will just not name us.
  }
}

function describeHolder(path: string): string {
  const unknown = 'another process';
  try {
    const match = /^(\d{1,10}) (\S{1,40})\n$/.exec(readFileSync(path, 'utf8'));
    return match ? `the process with id ${match[1]!}, since ${match[2]!}` : unknown;
  } catch {
    return unknown;
  }
}

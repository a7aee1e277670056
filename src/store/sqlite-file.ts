import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  type Stats,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import { OperatingError } from '../domain/errors.ts';
import { Database, type DatabaseOptions } from './sqlite-database.ts';

/** Marks the file as ours (PRAGMA application_id): `GRbl` in ASCII. */
export const APPLICATION_ID = 0x4752_626c;

const MAGIC = 'SQLite format 3\0';
/** The smallest page, hence the smallest file that can be a database. */
const SMALLEST_FILE_BYTES = 512;
const WAY_OUT =
  'Restore it from a backup, or move the state folder away for later study and start with an empty one; docs/recovery.md says what is lost then.';

export interface FileOptions extends Omit<DatabaseOptions, 'location'> {
  readonly folder: string;
  readonly migrations: readonly string[];
  readonly onNotice?: NoticeListener | undefined;
}

/** Told what somebody should know of the state. */
export type NoticeListener = (message: string, fields: Readonly<Record<string, unknown>>) => void;

/** Makes sure that the state folder exists. @throws OperatingError `state-not-a-directory` or `state-unwritable`. */
export function makeFolder(folder: string): void {
  try {
    makeFolders(resolve(folder));
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    const notDirectory = code === 'EEXIST' || code === 'ENOTDIR';
    throw new OperatingError(
      notDirectory ? 'state-not-a-directory' : 'state-unwritable',
      notDirectory
        ? `state.path ${folder} is, or lies in, a file; a folder was wanted. Name another one.`
        : `Creating the state folder ${folder} failed. Create it so that this user may write to it, or name another one.`,
      { cause: error },
    );
  }
}

/** One after the other: with `recursive` Node tries for ever where a folder cannot be made in one that is there, as below /proc. */
function makeFolders(folder: string): void {
  if (isFolder(folder)) return;
  const parent = dirname(folder);
  if (parent !== folder) makeFolders(parent);
  try {
    mkdirSync(folder, { mode: 0o750 });
  } catch (error) {
    // Another process may have been quicker.
    if (!isFolder(folder)) throw error;
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

/** Opens the state database of a folder: creates it where there is none, brings an older one up to date, refuses any other. */
export function openFile(options: FileOptions): Database {
  const location = join(options.folder, 'rebalancer.db');
  const stats = statOrUndefined(location);
  if (stats) {
    refuseForeignFile(location, stats);
    setForeignJournalAside(location, options);
  } else createFile(location, options);
  const database = new Database({ ...options, location });
  try {
    verify(database, options.migrations.length);
    configure(database);
    migrate(database, options.migrations);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Runs the steps that the database has not seen yet, each in one transaction with its number. */
export function migrate(database: Database, migrations: readonly string[]): void {
  for (let version = readNumber(database, 'user_version'); version < migrations.length; version += 1) {
    database.transaction(() => {
      database.script(migrations[version]!);
      database.script(`PRAGMA user_version = ${version + 1}`);
    });
  }
}

/**
 * Full sync: a transaction that was reported as done survives a power cut. SQLite opens a file that it may not write for reading
 * only and says so at the first write: the last statement is one, and changes nothing.
 */
function configure(database: Database): void {
  database.script('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA trusted_schema = OFF;');
  database.script(`PRAGMA application_id = ${APPLICATION_ID}`);
}

/**
 * A new database gets its final name only once it is complete, so that an empty or half a file under that name is always
 * damage and never a creation that was cut short.
 */
function createFile(location: string, options: FileOptions): void {
  if (statOrUndefined(`${location}-wal`)) {
    throw new OperatingError(
      'state-corrupt',
      `The state file ${location} is missing, and its journal ${location}-wal is there: the two belong together. ${WAY_OUT}`,
    );
  }
  const draft = `${location}.new`;
  withFiles(`Creating ${location}`, () => {
    for (const suffix of ['', '-journal', '-wal', '-shm']) rmSync(`${draft}${suffix}`, { force: true });
  });
  const database = new Database({ ...options, location: draft });
  try {
    database.script('PRAGMA auto_vacuum = INCREMENTAL; PRAGMA synchronous = FULL;');
    migrate(database, options.migrations);
    database.script(`PRAGMA application_id = ${APPLICATION_ID}`);
  } finally {
    database.close();
  }
  withFiles(`Creating ${location}`, () => {
    renameSync(draft, location);
    syncFolder(options.folder);
  });
}

/** Runs work on the file system; its errors come out as OperatingErrors. */
function withFiles<T>(doing: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    const isFull = error instanceof Error && 'code' in error && error.code === 'ENOSPC';
    throw new OperatingError(
      isFull ? 'state-full' : 'state-unopenable',
      isFull
        ? `${doing} failed: the disk is full. Free some space.`
        : `${doing} failed. Look at the permissions of the state folder and its files.`,
      { cause: error },
    );
  }
}

/** Makes the new name itself durable. */
function syncFolder(folder: string): void {
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

function refuseForeignFile(location: string, stats: Stats): void {
  if (!stats.isFile()) {
    throw new OperatingError('state-not-ours', `${location} is not a file. Name another state.path.`);
  }
  const head = readHead(location);
  const magic = head.toString('latin1', 0, MAGIC.length);
  if (magic !== MAGIC.slice(0, magic.length)) {
    throw new OperatingError(
      'state-not-ours',
      `${location} is not an SQLite database. Name a state.path that holds nothing else, or restore the file.`,
    );
  }
  if (!isCutOff(location, stats.size, head)) return;
  throw new OperatingError(
    'state-corrupt',
    `${location} has ${stats.size} bytes: it was cut off. It was left as it is. ${WAY_OUT}`,
  );
}

/**
 * Whether the file ends within a page. SQLite itself reads the missing bytes of a last page as zeros. Where a journal is left, a
 * power cut while it was being copied in may have caused this, and SQLite repairs it from the journal.
 */
function isCutOff(location: string, size: number, head: Buffer): boolean {
  if (size < SMALLEST_FILE_BYTES) return true;
  const pageSize = head.readUInt16BE(16);
  const journal = statOrUndefined(`${location}-wal`);
  return (journal?.size ?? 0) === 0 && size % (pageSize === 1 ? 65_536 : pageSize) !== 0;
}

/**
 * A backup that was put in place of the file after `kill -9` finds the journal of the file before it. SQLite cannot tell that the two do
 * not belong together, and would copy pages of the one into the other. Both together are damaged then, and the file alone is sound; with
 * a journal of its own it is the other way round, or both are sound.
 */
function setForeignJournalAside(location: string, { busyTimeoutMs, onNotice }: FileOptions): void {
  const journal = `${location}-wal`;
  if ((statOrUndefined(journal)?.size ?? 0) === 0) return;
  if (isSound(location, busyTimeoutMs)) return;
  // `immutable`: the journal is not looked at.
  if (!isSound(`${pathToFileURL(resolve(location)).href}?immutable=1`, busyTimeoutMs)) return;
  const aside = `${journal}.of-another-file`;
  withFiles(`Setting ${journal} aside`, () => {
    renameSync(journal, aside);
    rmSync(`${location}-shm`, { force: true });
  });
  onNotice?.(
    'The journal beside the state file was of another file, as after a restored backup; it was set aside',
    {
      state: location,
      aside,
    },
  );
}

/** Reads only, so that nothing of the journal gets into the file. More than a quick check: half of another file may look well in itself. */
function isSound(location: string, busyTimeoutMs: number): boolean {
  let database: Database | undefined;
  try {
    database = new Database({ location, busyTimeoutMs, readOnly: true });
    return database.value(z.string(), 'PRAGMA integrity_check(1)') === 'ok';
  } catch (error) {
    if (error instanceof OperatingError) return false;
    throw error;
  } finally {
    database?.close();
  }
}

/** The magic text and the page size. Fewer bytes where the file has fewer. */
function readHead(location: string): Buffer {
  return withFiles(`Reading ${location}`, () => {
    const handle = openSync(location, 'r');
    try {
      const buffer = Buffer.alloc(MAGIC.length + 2);
      return buffer.subarray(0, readSync(handle, buffer));
    } finally {
      closeSync(handle);
    }
  });
}

/** Looks only; changes nothing, so that a refused file stays as it was. */
function verify(database: Database, newestVersion: number): void {
  const applicationId = readNumber(database, 'application_id');
  if (applicationId !== APPLICATION_ID) {
    throw new OperatingError(
      'state-not-ours',
      `${database.location} is a database of another program. Name another state.path.`,
    );
  }
  const version = readNumber(database, 'user_version');
  if (version > newestVersion) {
    throw new OperatingError(
      'state-newer',
      `${database.location} was written by a newer release (schema ${version}; this one knows ${newestVersion}). ` +
        'Run that release or a newer one; this one would not understand everything in it.',
    );
  }
  const problem = database.value(z.string(), 'PRAGMA quick_check(1)');
  if (problem === 'ok') return;
  throw new OperatingError(
    'state-corrupt',
    `${database.location} is damaged (${(problem ?? 'no answer').slice(0, 200)}). It was left as it is. ${WAY_OUT}`,
  );
}

function readNumber(database: Database, pragma: 'application_id' | 'user_version'): number {
  return database.value(z.number(), `PRAGMA ${pragma}`) ?? 0;
}

function statOrUndefined(path: string): Stats | undefined {
  return withFiles(`Looking at ${path}`, () => statSync(path, { throwIfNoEntry: false }));
}

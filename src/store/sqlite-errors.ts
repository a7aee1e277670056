import { OperatingError } from '../domain/errors.ts';

/** SQLite's primary result codes that an operator can do something about (https://sqlite.org/rescode.html). */
const KNOWN: Readonly<Record<number, { code: string; found: string; wayOut: string }>> = {
  5: {
    code: 'state-locked',
    found: 'it is locked by another process',
    wayOut: 'Let the other process (a backup, another rebalancer) come to its end, or stop it.',
  },
  8: {
    code: 'state-read-only',
    found: 'it cannot be written',
    wayOut: 'Make the state folder and its files writable for this user, and its file system not read-only.',
  },
  10: {
    code: 'state-io',
    found: 'the disk reported an error',
    wayOut: 'Look at the kernel log and the disk; nothing was changed.',
  },
  11: {
    code: 'state-corrupt',
    found: 'its content is damaged',
    wayOut:
      'Restore it from a backup, or move the damaged files away for later study and start with an empty state folder; docs/recovery.md says what is lost then.',
  },
  13: {
    code: 'state-full',
    found: 'the disk is full',
    wayOut: 'Free some space; nothing was changed, and work goes on by itself then.',
  },
  14: {
    code: 'state-unopenable',
    found: 'it cannot be opened',
    wayOut: 'Look at the permissions of the state folder and its files.',
  },
  26: {
    code: 'state-not-ours',
    found: 'it is not an SQLite database',
    wayOut: 'Give a state.path that holds nothing else, or restore the file from a backup.',
  },
};

/** Runs `work`; an error of SQLite comes out as an OperatingError that names the file and a way out. */
export function guarded<T>(location: string, doing: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw translate(location, doing, error);
  }
}

function translate(location: string, doing: string, error: unknown): unknown {
  const resultCode = sqliteCode(error);
  if (resultCode === undefined) return error;
  const known = KNOWN[resultCode & 0xff] ?? {
    code: 'state-failed',
    found: 'SQLite reported an error',
    wayOut: 'The cause is named at the end.',
  };
  const message = `${doing} ${location}: ${known.found}. ${known.wayOut}`;
  return new OperatingError(known.code, message, { cause: error });
}

/** SQLite's extended result code, when the error is one of node:sqlite's. */
export function sqliteCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('errcode' in error)) return undefined;
  return typeof error.errcode === 'number' ? error.errcode : undefined;
}

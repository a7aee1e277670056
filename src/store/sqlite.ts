import { statSync } from 'node:fs';
import { OperatingError } from '../domain/errors.ts';
import type { Clock } from '../lib/clock.ts';
import type { Store } from './port.ts';
import { createCycleStore } from './sqlite-cycles.ts';
import { Database } from './sqlite-database.ts';
import { makeFolder, migrate, openFile } from './sqlite-file.ts';
import { lockStateFolder } from './sqlite-lock.ts';
import { MIGRATIONS } from './sqlite-migrations.ts';
import { createMoveStore } from './sqlite-moves.ts';
import { createOperatorStore } from './sqlite-operator.ts';
import { prune, type RetentionOptions } from './sqlite-prune.ts';
import { createHoldStore } from './sqlite-holds.ts';

export interface StoreOptions extends Partial<RetentionOptions> {
  /** The state folder, or `:memory:` for a store that is forgotten at the end (commands that only plan). */
  readonly path: string;
  /** How long to wait for another process to let go of the folder, in ms. The thread waits. Default 500. */
  readonly lockWaitMs?: number;
  /** The most pages (4 KiB) that the database may have. Default: as many as the disk takes. */
  readonly maxPages?: number;
}

export interface StoreDependencies {
  readonly clock: Pick<Clock, 'now'>;
}

const DAY_MS = 86_400_000;

const DEFAULT_RETENTION: RetentionOptions = {
  retentionMs: 90 * DAY_MS,
  maxMoves: 200_000,
  maxCycles: 50_000,
  maxSamples: 50_000,
  maxAudit: 50_000,
};

const BUSY_TIMEOUT_MS = 2_000;

/**
 * Opens the state folder, creating it where there is none. The folder belongs to this process until {@link Store.close} or its death.
 *
 * @throws OperatingError with a way out: `state-locked`, `state-not-a-directory`, `state-unwritable`, `state-read-only`,
 *   `state-full`, `state-corrupt`, `state-newer`, `state-not-ours`, `state-unopenable`, `state-io`. What is there is left as it is.
 */
export function openStore(options: StoreOptions, dependencies: StoreDependencies): Store {
  const retention = { ...DEFAULT_RETENTION, ...options };
  if (options.path === ':memory:') return compose(openInMemory(), retention, () => undefined);
  makeFolder(options.path);
  const release = lockStateFolder(options.path, {
    waitMs: options.lockWaitMs ?? 500,
    nowMs: dependencies.clock.now(),
  });
  try {
    const database = openFile({
      folder: options.path,
      migrations: MIGRATIONS,
      busyTimeoutMs: BUSY_TIMEOUT_MS,
      ...(options.maxPages !== undefined && { maxPages: options.maxPages }),
    });
    return compose(database, retention, release);
  } catch (error) {
    release();
    throw error;
  }
}

function openInMemory(): Database {
  const database = new Database({ location: ':memory:', busyTimeoutMs: 0 });
  migrate(database, MIGRATIONS);
  return database;
}

function compose(database: Database, retention: RetentionOptions, release: () => void): Store {
  let isOpen = true;
  const cycles = createCycleStore(database);
  const problem = watchFile(database.location);
  return {
    location: database.location,
    ...createMoveStore(database),
    ...createHoldStore(database),
    ...cycles,
    ...createOperatorStore(database),
    problem,
    beginCycle(trigger, startedAtMs) {
      const found = problem();
      if (found !== undefined) throw new OperatingError('state-io', found);
      return cycles.beginCycle(trigger, startedAtMs);
    },
    atomically: (work) => database.transaction(work),
    prune: (nowMs) => prune(database, retention, nowMs),
    close() {
      if (!isOpen) return;
      isOpen = false;
      database.close();
      release();
    },
  };
}

/** SQLite goes on in a file that has no name any more, of which a restart would know nothing. */
function watchFile(location: string): () => string | undefined {
  if (location === ':memory:') return () => undefined;
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
    const what = now === undefined ? 'is gone' : 'is another one than at the start';
    return `The state file ${location} ${what}: what happens now would be forgotten. Restart the rebalancer.`;
  };
}

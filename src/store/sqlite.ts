import { dirname } from 'node:path';
import { OperatingError } from '../domain/errors.ts';
import type { Clock } from '../lib/clock.ts';
import type { Store } from './port.ts';
import { createCycleStore } from './sqlite-cycles.ts';
import { Database } from './sqlite-database.ts';
import { makeFolder, migrate, openFile, type NoticeListener } from './sqlite-file.ts';
import { becomeOwner, claimFor, createIdentityStore, isUnused } from './sqlite-identity.ts';
import { lockStateFolder, watchFile, type FolderLock } from './sqlite-lock.ts';
import { MIGRATIONS } from './sqlite-migrations.ts';
import { createMoveStore } from './sqlite-moves.ts';
import { createLoadStore } from './sqlite-loads.ts';
import { createOperatorStore } from './sqlite-operator.ts';
import { markTime, prune, type RetentionOptions } from './sqlite-prune.ts';
import { createHoldStore } from './sqlite-holds.ts';

export interface StoreOptions extends Partial<RetentionOptions> {
  /** The state folder, or `:memory:` for a store that is forgotten at the end (commands that only plan). */
  readonly path: string;
  /** `cluster.name`: whose state it is. Default: nobody is refused for his name. */
  readonly cluster?: string;
  /** The most pages (4 KiB) that the database may have. Default: as many as the disk takes. */
  readonly maxPages?: number;
}

export interface StoreDependencies {
  readonly clock: Pick<Clock, 'now'>;
  readonly onNotice?: NoticeListener;
}

const DAY_MS = 86_400_000;

const DEFAULT_RETENTION: RetentionOptions = { retentionMs: 90 * DAY_MS, maxMoves: 200_000 };

const BUSY_TIMEOUT_MS = 2_000;

/**
 * Opens the state folder, creating it where there is none. The folder belongs to this process until {@link Store.close} or its death.
 *
 * @throws OperatingError with a way out: `state-locked`, `state-not-a-directory`, `state-unwritable`, `state-read-only`,
 *   `state-full`, `state-corrupt`, `state-newer`, `state-of-other-cluster`, `state-not-ours`, `state-unopenable`, `state-io`. What is there is left as it is.
 */
export function openStore(options: StoreOptions, dependencies: StoreDependencies): Store {
  const retention = { ...DEFAULT_RETENTION, ...options };
  if (options.path === ':memory:') return compose(openInMemory(), retention, dependencies);
  makeFolder(options.path);
  const lock = lockStateFolder(options.path, {
    nowMs: dependencies.clock.now(),
    cluster: options.cluster,
  });
  try {
    const database = openFile({
      folder: options.path,
      migrations: MIGRATIONS,
      busyTimeoutMs: BUSY_TIMEOUT_MS,
      onNotice: dependencies.onNotice,
      ...(options.maxPages !== undefined && { maxPages: options.maxPages }),
    });
    try {
      claim(database, options, dependencies);
      return compose(database, retention, dependencies, lock);
    } catch (error) {
      database.close();
      throw error;
    }
  } catch (error) {
    lock.release();
    throw error;
  }
}

function claim(database: Database, { path, cluster }: StoreOptions, { onNotice }: StoreDependencies): void {
  if (cluster === undefined) return;
  const isNew = isUnused(database);
  const isClaimed = claimFor(database, path, cluster);
  if (isClaimed && !isNew)
    onNotice?.('The state folder belonged to no cluster yet; from now on it is that of this one', {
      cluster,
      state: database.location,
    });
}

function openInMemory(): Database {
  const database = new Database({ location: ':memory:', busyTimeoutMs: 0 });
  migrate(database, MIGRATIONS);
  return database;
}

const KEPT =
  'Records are older than state.retention by the clock, but so much time was not seen to pass: they are kept. Did the clock jump?';

function compose(
  database: Database,
  retention: RetentionOptions,
  { onNotice }: StoreDependencies,
  lock?: FolderLock,
): Store {
  let isOpen = true;
  let hasTold = false;
  const cycles = createCycleStore(database);
  const moves = createMoveStore(database);
  const problem = lock ? watchOwnership(database, lock) : (): undefined => undefined;
  const refuseProblem = (): void => {
    const found = problem();
    if (found !== undefined) throw new OperatingError('state-io', found);
  };
  return {
    location: database.location,
    ...createIdentityStore(database, dirname(database.location)),
    ...moves,
    ...createHoldStore(database),
    ...cycles,
    ...createOperatorStore(database),
    ...createLoadStore(database),
    problem,
    announce: (url) => lock?.announce(url),
    beginCycle(trigger, startedAtMs) {
      refuseProblem();
      markTime(database, retention, startedAtMs);
      return cycles.beginCycle(trigger, startedAtMs);
    },
    // In one transaction: of two processes that both believe to have the folder, the one that came first cannot go on.
    writeMove: (change) =>
      database.transaction(() => {
        refuseProblem();
        return moves.writeMove(change);
      }),
    atomically: (work) => database.transaction(work),
    prune(nowMs) {
      const keepsMore = prune(database, retention, nowMs);
      if (keepsMore && !hasTold) onNotice?.(KEPT, { nowMs, retentionMs: retention.retentionMs });
      hasTold = keepsMore;
    },
    close() {
      if (!isOpen) return;
      isOpen = false;
      database.close();
      lock?.release();
    },
  };
}

/** SQLite goes on in a file that has no name any more, of which a restart would know nothing, and under a lock that no other process sees. */
function watchOwnership(database: Database, lock: FolderLock): () => string | undefined {
  const files = [
    { what: `The state file ${database.location}`, fate: watchFile(database.location) },
    { what: `The lock ${lock.location}`, fate: watchFile(lock.location) },
  ];
  const isOwner = becomeOwner(database);
  return () => {
    for (const { what, fate } of files) {
      const found = fate();
      if (found !== undefined)
        return `${what} ${found}: what happens now would be forgotten, or another process be at work in the same folder. Nothing is moved. Restart the rebalancer.`;
    }
    if (isOwner()) return undefined;
    return `Another process has taken over the state file ${database.location}: this one moves nothing any more. Stop one of the two.`;
  };
}

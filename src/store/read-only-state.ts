import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { DatanodeId, RegionId } from '../domain/ids.ts';
import type { PauseRecord, SavedLoads, SeenCluster } from './port.ts';
import type { Memory, RequestKind } from '../domain/policy.ts';
import { Database } from './sqlite-database.ts';
import { isOfOtherCluster, readIdentity, refuseOther } from './sqlite-identity.ts';
import { MIGRATIONS } from './sqlite-migrations.ts';
import { createLoadStore } from './sqlite-loads.ts';
import { createMoveStore } from './sqlite-moves.ts';
import { createOperatorStore, requestsIn } from './sqlite-operator.ts';
import { createHoldStore } from './sqlite-holds.ts';

/** What a plan on the side may know of the daemon's work. */
export interface ReadOnlyState {
  readonly memory: Memory;
  /** The means of loads that the daemon keeps. */
  readonly loads: SavedLoads | undefined;
  /** Datanodes that somebody asked the daemon to drain, or to cordon. */
  readonly requests: Readonly<Record<RequestKind, readonly DatanodeId[]>>;
  /** How long the newest succeeded migrations took, in ms. */
  readonly recentDurationsMs: readonly number[];
  /** What closes gates. */
  readonly standing: StandingInState;
  /** @throws OperatingError `state-of-other-cluster` when what was read is not the cluster whose state this is. */
  readonly checkCluster: (seen: SeenCluster) => void;
}

export interface StandingInState {
  readonly pause: PauseRecord | undefined;
  readonly failureRun: number;
  readonly submittedThisHour: number;
  readonly undoneMoves: number;
  /** Regions of the daemon's own moves that have not ended. */
  readonly ownRegions: readonly RegionId[];
}

const HOUR_MS = 3_600_000;
const BUSY_TIMEOUT_MS = 500;
const DURATIONS = 50;

/**
 * Looks into a state folder that another process may be working with: no lock is taken, nothing is written or brought up to date.
 *
 * @param name `cluster.name`.
 * @param nowMs ms since 1970.
 * @param thrashWindowMs how far back moves that others undid count.
 * @returns undefined where there is no state, or none that this release can read as it is. A plan is then made without.
 * @throws OperatingError `state-of-other-cluster`
 */
export function readOnlyState(
  folder: string,
  name: string,
  nowMs: number,
  thrashWindowMs = HOUR_MS,
): ReadOnlyState | undefined {
  const location = join(folder, 'rebalancer.db');
  if (!existsSync(location)) return undefined;
  let database: Database | undefined;
  try {
    database = new Database({ location, busyTimeoutMs: BUSY_TIMEOUT_MS, readOnly: true });
    const version = database.value(z.int(), 'PRAGMA user_version');
    if (version !== MIGRATIONS.length) return undefined;
    const identity = readIdentity(database);
    if (identity) refuseOther(folder, identity, { name });
    const [moves, operator] = [createMoveStore(database), createOperatorStore(database)];
    return {
      memory: createHoldStore(database).memory(nowMs),
      loads: createLoadStore(database).savedLoads(),
      recentDurationsMs: moves.recentDurationsMs(DURATIONS),
      standing: {
        pause: operator.pause(nowMs),
        failureRun: moves.failureRun(),
        submittedThisHour: moves.countSubmissions(nowMs - HOUR_MS),
        undoneMoves: moves.countUndone(nowMs - thrashWindowMs),
        ownRegions: moves.unresolvedMoves().map(({ regionId }) => regionId),
      },
      requests: requestsIn(operator),
      checkCluster: (seen) => {
        if (identity) refuseOther(folder, identity, seen);
      },
    };
  } catch (error) {
    if (isOfOtherCluster(error)) throw error;
    // Whatever is wrong with the file, the daemon says so: it is not this plan's business.
    return undefined;
  } finally {
    database?.close();
  }
}

/**
 * Why there is a state and {@link readOnlyState} does not read it. An `older` one is brought up to date by the next start; a `refused` one (of
 * a newer release, damaged, or no state at all) keeps it from starting.
 */
export function whyUnread(folder: string): 'older' | 'refused' {
  let database: Database | undefined;
  try {
    const location = join(folder, 'rebalancer.db');
    database = new Database({ location, busyTimeoutMs: BUSY_TIMEOUT_MS, readOnly: true });
    const version = database.value(z.int(), 'PRAGMA user_version');
    return version !== undefined && version < MIGRATIONS.length ? 'older' : 'refused';
  } catch {
    return 'refused';
  } finally {
    database?.close();
  }
}

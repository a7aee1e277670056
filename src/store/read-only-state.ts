import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { DatanodeId } from '../domain/ids.ts';
import type { Memory } from '../domain/policy.ts';
import { Database } from './sqlite-database.ts';
import { MIGRATIONS } from './sqlite-migrations.ts';
import { createMoveStore } from './sqlite-moves.ts';
import { createOperatorStore } from './sqlite-operator.ts';
import { createHoldStore } from './sqlite-holds.ts';

/** What a plan on the side may know of the daemon's work. */
export interface ReadOnlyState {
  readonly memory: Memory;
  /** Datanodes that somebody asked the daemon to drain. */
  readonly drains: readonly DatanodeId[];
  /** How long the newest succeeded migrations took, in ms. */
  readonly recentDurationsMs: readonly number[];
}

const BUSY_TIMEOUT_MS = 500;
const DURATIONS = 50;

/**
 * Looks into a state folder that another process may be working with: no lock is taken, nothing is written or brought up to date.
 *
 * @param nowMs ms since 1970.
 * @returns undefined where there is no state, or none that this release can read as it is. A plan is then made without.
 */
export function readOnlyState(folder: string, nowMs: number): ReadOnlyState | undefined {
  const location = join(folder, 'rebalancer.db');
  if (!existsSync(location)) return undefined;
  let database: Database | undefined;
  try {
    database = new Database({ location, busyTimeoutMs: BUSY_TIMEOUT_MS, readOnly: true });
    const version = database.first(z.object({ user_version: z.int() }), 'PRAGMA user_version');
    if (version?.user_version !== MIGRATIONS.length) return undefined;
    return {
      memory: createHoldStore(database).memory(nowMs),
      drains: createOperatorStore(database)
        .drains()
        .map(({ datanode }) => datanode),
      recentDurationsMs: createMoveStore(database).recentDurationsMs(DURATIONS),
    };
  } catch {
    // Whatever is wrong with the file, the daemon says so: it is not this plan's business.
    return undefined;
  } finally {
    database?.close();
  }
}

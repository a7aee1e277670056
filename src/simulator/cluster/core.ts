import { OperatingError } from '../../domain/errors.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Prng } from '../../lib/prng.ts';
import type { FaultBox } from '../faults/faults.ts';
import type { FrontendCache } from './frontend-cache.ts';
import type { Journal } from './journal.ts';
import type { MetaGroup } from './meta.ts';
import type { MigrationsUnderWay } from '../procedures/migration-task.ts';
import type { ProcedureManager } from '../procedures/manager.ts';
import type { Profile } from '../profiles.ts';
import type { RegionLoads } from './region-loads.ts';
import type { ClusterState } from './state.ts';
import type { ServerTime } from './time.ts';

/** A user of the frontends' SQL. */
export interface SimUser {
  readonly username: string;
  readonly password: string;
  /** May read but not call admin functions. */
  readonly readOnly?: boolean;
}

/** The parts of one simulated cluster, as its own modules see each other. */
export interface ClusterCore {
  readonly profile: Profile;
  readonly clock: Clock;
  readonly time: ServerTime;
  readonly prng: Prng;
  readonly state: ClusterState;
  readonly loads: RegionLoads;
  readonly meta: MetaGroup;
  readonly procedures: ProcedureManager;
  readonly migrations: MigrationsUnderWay;
  readonly frontends: readonly SimFrontend[];
  readonly faults: FaultBox;
  readonly journal: Journal;
  readonly users: readonly SimUser[];
  /** `host:port` by target name; replaced when the cluster is served on real sockets. */
  readonly addresses: Map<string, string>;
  /** Whether migrations are recorded in `greptime_private.events`. */
  readonly migrationEvents: boolean;
  /** Null: no failover. */
  readonly failoverAfterMs: number | null;
  readonly hugeBodyBytes: number;
  /** Aborts when the cluster is closed. */
  readonly closed: AbortSignal;
}

export interface SimFrontend {
  readonly index: number;
  readonly hostname: string;
  readonly startedAtMs: number;
  diedAtMs: number | null;
  readonly cache: FrontendCache;
}

/** Runs `callback` once, `delayMs` from now, unless the cluster is closed before. */
export function later(core: ClusterCore, delayMs: number, callback: () => void): void {
  if (core.closed.aborted) return;
  const onClosed = (): void => cancel();
  const cancel = core.clock.setTimer(delayMs, () => {
    core.closed.removeEventListener('abort', onClosed);
    callback();
  });
  core.closed.addEventListener('abort', onClosed, { once: true });
}

/** Tells every frontend that a table's route changed; each message can get lost. */
export function broadcastInvalidation(core: ClusterCore, tableId: number): void {
  for (const frontend of core.frontends)
    if (!core.faults.strikes('stale-routes')) frontend.cache.invalidate(tableId);
    else core.journal.record({ kind: 'fault', name: 'stale-routes', target: `frontend-${frontend.index}` });
}

/** Addresses of servers as the cluster itself gives them out. */
export function addressOf(core: ClusterCore, target: string): string {
  return core.addresses.get(target) ?? `${target}.invalid:0`;
}

/** @throws OperatingError always: what was asked of the cluster is not possible. */
export function refuse(what: string): never {
  throw new OperatingError('simulator-refused', `Simulated cluster: ${what}`);
}

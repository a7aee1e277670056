import { OperatingError } from '../../domain/errors.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Prng } from '../../lib/prng.ts';
import { FaultBox } from '../faults/faults.ts';
import { ProcedureManager } from '../procedures/manager.ts';
import type { MigrationTask } from '../procedures/migration-task.ts';
import { findProfile } from '../profiles.ts';
import type { Profile } from '../profiles.ts';
import { FrontendCache } from './frontend-cache.ts';
import { Journal } from './journal.ts';
import { inRange } from './layout.ts';
import type { LayoutOptions } from './layout.ts';
import { MetaGroup } from './meta.ts';
import { RegionLoads } from './region-loads.ts';
import { ClusterState } from './state.ts';
import { createServerTime } from './time.ts';

/** A user of the frontends' SQL. */
export interface SimUser {
  readonly username: string;
  readonly password: string;
  /** May read but not call admin functions. */
  readonly readOnly?: boolean;
}

export interface SimulatedClusterOptions {
  /** A version profile: `0.6`, `0.7.0`, `1.3`, `latest` … Default `1.3`. */
  readonly profile?: string;
  /** Default 1. */
  readonly metasrvs?: number;
  /** Whether metasrvs elect a leader; without, `/admin/leader` says `election info is None`. Default: with two or more. */
  readonly election?: boolean;
  /** Default 1. */
  readonly frontends?: number;
  /** What the cluster holds at the start. */
  readonly layout?: LayoutOptions;
  /** With any user, SQL demands Basic authentication. Default none. */
  readonly users?: readonly SimUser[];
  /** Mean duration of a migration. Default 1500. */
  readonly migrationMs?: number;
  /** False: metasrv's `event_recorder` is switched off, so that no table `greptime_private.events` appears. Default true. */
  readonly migrationEvents?: boolean;
  /** Move regions off a datanode that has been dead for this long; absent: no failover. */
  readonly failoverAfterMs?: number;
  /** Settings as `parseFaults` reads them. Default none. */
  readonly faults?: string;
  /** How far the servers' wall clocks are ahead of ours. Default 0. */
  readonly clockSkewMs?: number;
  /** Events that the journal keeps. Default 100 000. */
  readonly journalLimit?: number;
  /** Size of the body that the fault `huge-body` sends. Default 100 MB. */
  readonly hugeBodyBytes?: number;
}

export interface SimulatedClusterDependencies {
  readonly clock: Clock;
  readonly prng: Prng;
}

/** The parts of one simulated cluster, as its own modules see each other. */
export type ClusterCore = Readonly<ReturnType<typeof buildCore>>;

export interface SimFrontend {
  readonly index: number;
  readonly hostname: string;
  readonly startedAtMs: number;
  diedAtMs: number | null;
  readonly cache: FrontendCache;
}

const CLUSTER_AGE_MS = 2 * 3_600_000;

/** @param closed aborts when the cluster is closed. @throws UsageError when an option is out of range. */
export function buildCore(
  options: SimulatedClusterOptions,
  { clock, prng }: SimulatedClusterDependencies,
  closed: AbortSignal,
) {
  const profile = findProfile(options.profile ?? '1.3');
  const time = createServerTime(clock, options.clockSkewMs ?? 0);
  const startedAtMs = time.now() - CLUSTER_AGE_MS;
  const metasrvs = inRange('metasrvs', options.metasrvs ?? 1, 1, 100);
  const frontends = inRange('frontends', options.frontends ?? 1, 1, 100);
  const election = options.election ?? metasrvs > 1;
  const { statFlushBeats, maxRunning } = profile;
  const meta = new MetaGroup({ metasrvs, election, statFlushBeats, electedAtMs: startedAtMs }, { time });
  return {
    profile,
    clock,
    time,
    prng: prng.fork('cluster'),
    meta,
    frontends: Array.from({ length: frontends }, (_, index): SimFrontend => {
      const cache = new FrontendCache({ time });
      return { index, hostname: `frontend-${index}`, startedAtMs, diedAtMs: null, cache };
    }),
    faults: new FaultBox({ monotonicMs: () => clock.monotonicMs(), prng: prng.fork('faults') }),
    state: new ClusterState({ time, memory: () => meta.memory() }),
    loads: new RegionLoads(options.layout?.loads ?? '', prng.fork('loads')),
    procedures: new ProcedureManager({ maxRunning, startedAtMs }, { time }),
    migrations: {
      meanMs: inRange('ms for a migration', options.migrationMs ?? 1_500, 0, 86_400_000),
      /** Those that were accepted and have neither ended nor been forgotten, whoever asked for them, by procedure id. */
      tasks: new Map<string, MigrationTask>(),
      /** Aborts when the metasrv leader that runs them is gone. */
      leadership: new AbortController(),
    },
    /** Whether migrations are recorded in `greptime_private.events`. */
    migrationEvents: (options.migrationEvents ?? true) && profile.migrationEvents,
    /** Null: no failover. */
    failoverAfterMs: options.failoverAfterMs ?? null,
    journal: new Journal({ limit: options.journalLimit ?? 100_000 }, { now: () => time.now() }),
    users: options.users ?? [],
    /** `host:port` by target name; replaced when the cluster is served on real sockets. */
    addresses: new Map(defaultAddresses(profile, metasrvs, frontends)),
    hugeBodyBytes: options.hugeBodyBytes ?? 100_000_000,
    closed,
  };
}

function* defaultAddresses(
  { httpPort }: Profile,
  metasrvs: number,
  frontends: number,
): Generator<[target: string, address: string]> {
  for (let index = 0; index < metasrvs; index += 1) {
    yield [`metasrv-${index}`, `metasrv-${index}.sim:3002`];
    if (httpPort !== 'none') yield [`metasrv-${index}-http`, `metasrv-${index}.sim:4000`];
  }
  for (let index = 0; index < frontends; index += 1)
    yield [`frontend-${index}`, `frontend-${index}.sim:4000`];
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

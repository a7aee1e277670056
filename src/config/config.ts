import type { DatanodeId, RegionId } from '../domain/ids.ts';
import type { ListenAddress } from '../lib/listen-address.ts';
import type { CheckedFile } from './schema.ts';

/** The effective configuration. Times in milliseconds, ids as decimal texts, paths absolute, every default filled in. */
export interface Config {
  readonly cluster: ClusterConfig;
  readonly tables: { readonly include: readonly string[]; readonly exclude: readonly string[] };
  readonly datanodes: {
    readonly expected: readonly DatanodeId[];
    readonly weights: Readonly<Record<DatanodeId, number>>;
    readonly drain: readonly DatanodeId[];
    readonly cordon: readonly DatanodeId[];
  };
  readonly pins: { readonly tables: readonly string[]; readonly regions: readonly RegionId[] };
  readonly balance: { readonly objective: 'count' };
  readonly schedule: ScheduleConfig;
  readonly planning: { readonly timeBudgetMs: number; readonly planExpiryMs: number };
  readonly execution: ExecutionConfig;
  readonly state: { readonly path: string; readonly retentionMs: number };
  readonly server: {
    readonly listen: ListenAddress;
    readonly tokenFile?: string;
    readonly allowedHosts: readonly string[];
    readonly protectReads: boolean;
    readonly tls: { readonly certFile?: string; readonly keyFile?: string };
  };
  readonly ha: HaConfig;
  readonly notifications: NotificationsConfig;
  readonly log: { readonly level: 'debug' | 'info' | 'warn' | 'error' | 'silent' };
}

interface ClusterConfig {
  readonly name: string;
  readonly api: 'auto' | 'sql' | 'metasrv';
  readonly sql: {
    /** Origins without a slash at the end: `http://host:4000`. */
    readonly endpoints: readonly string[];
    readonly username?: string;
    readonly passwordFile?: string;
    readonly tls: TlsConfig;
  };
  readonly metasrv: {
    readonly endpoints: readonly string[];
    readonly clusterId: number;
    readonly tls: TlsConfig;
  };
  readonly requestTimeoutMs: number;
}

export interface TlsConfig {
  readonly caFile?: string;
  readonly certFile?: string;
  readonly keyFile?: string;
  readonly insecureSkipVerify: boolean;
}

interface HaConfig {
  readonly provider: 'none' | 'etcd' | 'kubernetes';
  readonly identity?: string;
  readonly leaseDurationMs: number;
  readonly renewDeadlineMs: number;
  readonly retryPeriodMs: number;
  readonly etcd: {
    readonly endpoints: readonly string[];
    readonly prefix: string;
    readonly username?: string;
    readonly passwordFile?: string;
    readonly tls: TlsConfig;
  };
  readonly kubernetes: {
    readonly endpoint: string;
    readonly namespace?: string;
    readonly lease: string;
    readonly serviceAccount: string;
  };
}

interface NotificationsConfig {
  readonly url?: string;
  readonly urlFile?: string;
  readonly format: 'generic' | 'slack';
  readonly events: readonly ('started' | 'finished' | 'blocked' | 'failed' | 'paused')[];
  readonly tokenFile?: string;
  readonly timeoutMs: number;
}

interface ScheduleConfig {
  readonly cron: string;
  readonly timezone: string;
  /** None: always open. */
  readonly windows: readonly { readonly cron: string; readonly durationMs: number }[];
}

interface ExecutionConfig {
  readonly dryRun: boolean;
  readonly maxMovesPerCycle: number;
  /** 0: no limit. */
  readonly maxMovesPerHour: number;
  readonly replayTimeoutMs: number;
  readonly moveTimeoutMs: number;
  readonly pauseBetweenMovesMs: number;
  readonly pollIntervalMs: number;
  readonly regionCooldownMs: number;
  readonly maxConsecutiveFailures: number;
  readonly maxSnapshotAgeMs: number;
  /** 0 to 1. */
  readonly minAliveShare: number;
  readonly quarantine: { readonly baseMs: number; readonly maxMs: number };
  readonly thrash: { readonly undoneMoves: number; readonly windowMs: number };
}

/** Gives durations their unit in the name. */
export function toConfig(file: CheckedFile): Config {
  const { cluster, schedule, planning, execution, state, ha, notifications, ...rest } = file;
  const { timeout, ...notificationsRest } = notifications;
  const { requestTimeout, ...clusterRest } = cluster;
  return {
    ...rest,
    cluster: { ...clusterRest, requestTimeoutMs: requestTimeout },
    schedule: {
      ...schedule,
      windows: schedule.windows.map(({ cron, duration }) => ({ cron, durationMs: duration })),
    },
    planning: { timeBudgetMs: planning.timeBudget, planExpiryMs: planning.planExpiry },
    execution: toExecution(execution),
    state: { path: state.path, retentionMs: state.retention },
    ha: toHa(ha),
    notifications: { ...notificationsRest, timeoutMs: timeout },
  };
}

function toHa({ leaseDuration, renewDeadline, retryPeriod, ...rest }: CheckedFile['ha']): HaConfig {
  return {
    ...rest,
    leaseDurationMs: leaseDuration,
    renewDeadlineMs: renewDeadline,
    retryPeriodMs: retryPeriod,
  };
}

function toExecution(file: CheckedFile['execution']): ExecutionConfig {
  const { replayTimeout, moveTimeout, pauseBetweenMoves, pollInterval, regionCooldown, ...rest } = file;
  const { maxSnapshotAge, quarantine, thrash, ...others } = rest;
  return {
    ...others,
    replayTimeoutMs: replayTimeout,
    moveTimeoutMs: moveTimeout,
    pauseBetweenMovesMs: pauseBetweenMoves,
    pollIntervalMs: pollInterval,
    regionCooldownMs: regionCooldown,
    maxSnapshotAgeMs: maxSnapshotAge,
    quarantine: { baseMs: quarantine.base, maxMs: quarantine.max },
    thrash: { undoneMoves: thrash.undoneMoves, windowMs: thrash.window },
  };
}

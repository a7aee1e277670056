import type { OperatingError } from '../domain/errors.ts';
import type { DatanodeId } from '../domain/ids.ts';
import type { Clock } from '../lib/clock.ts';
import type { Prng } from '../lib/prng.ts';
import type { Login } from '../lib/secret.ts';
import type { TlsOptions } from '../lib/tls.ts';
import type { Transport } from './http.ts';

/** How to reach a cluster. Secrets and PEM texts are already loaded. */
export interface ClusterOptions {
  readonly name: string;
  /** `auto` finds out which of the configured interfaces fits. */
  readonly api: 'auto' | 'sql' | 'metasrv';
  /** Frontends: the HTTP SQL interface, usually port 4000. */
  readonly sql?: SqlOptions | undefined;
  /** Metasrvs: the admin interface, port 3002, or 4000 from 0.15.5. */
  readonly metasrv?: MetasrvOptions | undefined;
  /** Datanodes to list even where the cluster cannot name them. */
  readonly expectedDatanodes?: readonly DatanodeId[];
  /** For one call. Large tables may take {@link LARGE_READ_FACTOR} times as long once their answer has begun. */
  readonly requestTimeoutMs: number;
  /** The cap on ordinary answers, in bytes. Default {@link DEFAULT_MAX_RESPONSE_BYTES}. */
  readonly maxResponseBytes?: number;
}

export interface SqlOptions {
  /** `http://host:port`, a path before `/v1/sql` is kept. */
  readonly endpoints: readonly string[];
  /** For HTTP Basic authentication. */
  readonly login?: Login | undefined;
  readonly tls?: TlsOptions;
}

export interface MetasrvOptions {
  readonly endpoints: readonly string[];
  readonly clusterId: number;
  /** Hosts besides the endpoints' own that a leader's address may name. Default: those near the endpoints. */
  readonly allowedHosts?: readonly string[];
  readonly tls?: TlsOptions;
}

export interface ClusterDependencies {
  readonly clock: Clock;
  /** For the jitter of retries. Default: one with a seed of its own. */
  readonly prng?: Prng;
  /** Replaces the network, for tests. The caller closes it. */
  readonly transport?: Transport;
  /** Told of every attempt. */
  readonly onRequest?: (sample: RequestSample) => void;
  /** Told of the failures after which a read is tried again. */
  readonly onRetry?: (error: OperatingError) => void;
  readonly onWarning?: WarningListener;
}

export type WarningListener = (message: string, fields: Readonly<Record<string, unknown>>) => void;

/** One request's fate, for metrics. */
export interface RequestSample {
  readonly endpoint: OperationName;
  readonly outcome: RequestOutcome;
  /** Whether anything came back that is not a gateway's word for no answer: an error that the server reports is an answer. */
  readonly isAnswered: boolean;
  readonly durationMs: number;
}

/** `refused`: no connection, so that nothing was sent. `error`: any other failure, and every error that the server reports. */
export type RequestOutcome = 'ok' | 'error' | 'timeout' | 'refused';

/** Every kind of request that we send. Label of `cluster_request_duration_seconds`. */
export type OperationName =
  | 'probe'
  | 'leader'
  | 'node-lease'
  | 'heartbeat'
  | 'catalogs'
  | 'schemas'
  | 'tables'
  | 'table'
  | 'route'
  | 'region-migration'
  | 'maintenance'
  | 'procedure-manager'
  | 'sql-tables'
  | 'sql-region-peers'
  | 'sql-cluster-info'
  | 'sql-region-statistics'
  | 'sql-region-info'
  | 'sql-procedure-info'
  | 'sql-procedure-state'
  | 'sql-migrate-region';

export const DEFAULT_MAX_RESPONSE_BYTES = 64 * 1024 * 1024;
/** The cap on answers that hold a row per region or table. The longest string of V8 is a little above. */
export const LARGE_MAX_RESPONSE_BYTES = 500 * 1024 * 1024;
export const LARGE_READ_FACTOR = 6;

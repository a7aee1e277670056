import { randomUUID } from 'node:crypto';
import type { Clock } from '../lib/clock.ts';
import type { Login } from '../lib/secret.ts';
import type { TlsOptions } from '../lib/tls.ts';
import { Election } from './election.ts';
import { EtcdClient } from './etcd-client.ts';
import { EtcdLock } from './etcd.ts';
import { createJsonHttp, withPatience, type JsonHttp } from './http.ts';
import { ServiceAccountClient } from './kubernetes-client.ts';
import type { KubernetesClientOptions } from './kubernetes-client.ts';
import { KubernetesLock } from './kubernetes.ts';
import type { ElectionTiming, LeaderElection, Lock } from './port.ts';

export interface OpenElectionOptions extends ElectionTiming {
  readonly provider: 'etcd' | 'kubernetes';
  /** The replica's name for people; need not be unique. */
  readonly identity: string;
  /** Names what is led in etcd: another for every cluster. */
  readonly cluster: string;
  readonly etcd: {
    readonly endpoints: readonly string[];
    /** Keys begin with this and the name of the cluster. */
    readonly prefix: string;
    readonly login?: Login | undefined;
    readonly tls: TlsOptions;
  };
  readonly kubernetes: Omit<KubernetesClientOptions, 'requestTimeoutMs'> & { readonly lease: string };
}

export interface OpenElectionDependencies {
  readonly clock: Clock;
  readonly onTrouble: (problem: string | undefined) => void;
}

/** Within the time in which a leader has to renew, four requests find room. */
const REQUESTS_PER_DEADLINE = 4;
/** Not even a server near by is given less than this. */
const SHORTEST_PATIENCE_MS = 500;

/** Nothing is asked of the lock's server before `start`. */
export function openElection(
  options: OpenElectionOptions,
  { clock, onTrouble }: OpenElectionDependencies,
): LeaderElection {
  const lock = openLock(options, clock);
  return new Election(options, { lock, clock, onTrouble, random: Math.random });
}

function openLock(
  { provider, identity, cluster, etcd, kubernetes, ...timing }: OpenElectionOptions,
  clock: Clock,
): Lock {
  // A name that no other process has, not even the next one of the same replica.
  const instance = `${identity}_${randomUUID()}`;
  const { leaseDurationMs, renewDeadlineMs, retryPeriodMs } = timing;
  const requestTimeoutMs = renewDeadlineMs / REQUESTS_PER_DEADLINE;
  const firstMs = Math.max(SHORTEST_PATIENCE_MS, retryPeriodMs / 2);
  const createHttp = (tls: TlsOptions): JsonHttp =>
    withPatience(createJsonHttp(tls, { clock }), { firstMs }, { clock });
  if (provider === 'etcd') {
    const { endpoints, login, tls } = etcd;
    const prefix = `${etcd.prefix.replace(/\/+$/, '')}/${cluster}`;
    const client = new EtcdClient({ endpoints, login, requestTimeoutMs }, createHttp(tls));
    return new EtcdLock({ prefix, instance, leaseDurationMs }, client);
  }
  const client = new ServiceAccountClient({ ...kubernetes, requestTimeoutMs }, { createHttp });
  return new KubernetesLock({ lease: kubernetes.lease, instance, leaseDurationMs }, client, { clock });
}

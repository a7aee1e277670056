import { randomUUID } from 'node:crypto';
import type { Clock } from '../lib/clock.ts';
import type { Login } from '../lib/secret.ts';
import type { TlsOptions } from '../lib/tls.ts';
import { Election } from './election.ts';
import { EtcdClient } from './etcd-client.ts';
import { EtcdLock } from './etcd.ts';
import { createJsonHttp, withPatience, type JsonHttp } from './http.ts';
import { ServiceAccountClient } from './kubernetes-client.ts';
import { KubernetesLock } from './kubernetes.ts';
import type { ElectionTiming, LeaderElection, Lock } from './port.ts';

export type ProviderOptions =
  | {
      readonly provider: 'etcd';
      readonly endpoints: readonly string[];
      /** Names what is led: the same for all replicas, another for every cluster. */
      readonly prefix: string;
      readonly login?: Login | undefined;
      readonly tls: TlsOptions;
    }
  | {
      readonly provider: 'kubernetes';
      readonly endpoint: string;
      readonly namespace?: string;
      readonly lease: string;
      readonly serviceAccount: string;
    };

export interface OpenElectionOptions extends ElectionTiming {
  /** The replica's name for people; need not be unique. */
  readonly identity: string;
  readonly lock: ProviderOptions;
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

function openLock({ identity, lock, ...timing }: OpenElectionOptions, clock: Clock): Lock {
  // A name that no other process has, not even the next one of the same replica.
  const instance = `${identity}_${randomUUID()}`;
  const { leaseDurationMs, renewDeadlineMs, retryPeriodMs } = timing;
  const requestTimeoutMs = renewDeadlineMs / REQUESTS_PER_DEADLINE;
  const firstMs = Math.max(SHORTEST_PATIENCE_MS, retryPeriodMs / 2);
  const createHttp = (tls: TlsOptions): JsonHttp =>
    withPatience(createJsonHttp(tls, { clock }), { firstMs }, { clock });
  if (lock.provider === 'etcd') {
    const { endpoints, prefix, login, tls } = lock;
    const http = createHttp(tls);
    const client = new EtcdClient({ endpoints, login, requestTimeoutMs }, http);
    return new EtcdLock({ prefix, instance, leaseDurationMs }, client);
  }
  const client = new ServiceAccountClient({ ...lock, requestTimeoutMs }, { clock, createHttp });
  return new KubernetesLock({ lease: lock.lease, instance, leaseDurationMs }, client, { clock });
}

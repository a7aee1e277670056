import { OperatingError } from '../../../src/domain/errors.ts';
import { EtcdClient } from '../../../src/ha/etcd-client.ts';
import { EtcdLock } from '../../../src/ha/etcd.ts';
import { withPatience, type JsonHttp, type JsonRequest, type JsonResponse } from '../../../src/ha/http.ts';
import type { LeaseClient } from '../../../src/ha/kubernetes-client.ts';
import { KubernetesLock, NOTE_ANNOTATION } from '../../../src/ha/kubernetes.ts';
import type { Lock } from '../../../src/ha/port.ts';
import type { Clock } from '../../../src/lib/clock.ts';
import { EtcdDouble } from './etcd-double.ts';
import { LeaseDouble } from './lease-double.ts';

interface LockSetup {
  readonly instance: string;
  readonly leaseDurationMs: number;
  readonly requestTimeoutMs: number;
  readonly firstTimeoutMs: number;
  readonly clock: Clock;
  /** The way between this replica and the server. */
  readonly wire: (answer: () => JsonResponse, request: JsonRequest) => Promise<JsonResponse>;
}

/** A server with locks, in virtual time, and a way to look at it from outside. */
export interface LockServer {
  lock(setup: LockSetup): Lock;
  note(): string | undefined;
}

export function createLockServer(provider: 'etcd' | 'kubernetes', clock: Clock): LockServer {
  return provider === 'etcd' ? etcdServer(new EtcdDouble(clock)) : leaseServer(new LeaseDouble());
}

function etcdServer(double: EtcdDouble): LockServer {
  return {
    lock(setup) {
      const { instance, leaseDurationMs, requestTimeoutMs } = setup;
      const http = patientHttp(setup, ({ url, body }) => double.answer(new URL(url).pathname, body));
      const client = new EtcdClient({ endpoints: ['http://etcd:2379'], requestTimeoutMs }, http);
      return new EtcdLock({ prefix: '/sim', instance, leaseDurationMs }, client);
    },
    note: () => double.valueOf('/sim/handover'),
  };
}

function patientHttp(
  { wire, firstTimeoutMs, clock }: LockSetup,
  answer: (request: JsonRequest) => JsonResponse,
): JsonHttp {
  const http: JsonHttp = {
    send: (request) => wire(() => answer(request), request),
    close: () => Promise.resolve(),
  };
  return withPatience(http, { firstMs: firstTimeoutMs }, { clock });
}

const LEASES = 'https://k8s/apis/coordination.k8s.io/v1/namespaces/ops/leases';

function leaseServer(double: LeaseDouble): LockServer {
  return {
    lock: (setup) => {
      const { instance, leaseDurationMs, requestTimeoutMs, clock } = setup;
      const http = patientHttp(setup, (request) => double.answer(request));
      const call = async (
        method: JsonRequest['method'],
        url: string,
        signal: AbortSignal,
        body?: object,
      ): Promise<unknown> => {
        const headers = { authorization: `Bearer ${double.token}` };
        const request = { method, url, headers, body, timeoutMs: requestTimeoutMs, signal };
        const { status, text } = await http.send(request);
        if (status === 404 || status === 409) return undefined;
        if (status > 201) throw new OperatingError('lock-error', text);
        return JSON.parse(text) as unknown;
      };
      const client: LeaseClient = {
        get: (name, signal) => call('GET', `${LEASES}/${name}`, signal),
        put: (name, lease, signal) =>
          lease.metadata.resourceVersion === undefined
            ? call('POST', LEASES, signal, lease)
            : call('PUT', `${LEASES}/${name}`, signal, lease),
        close: () => Promise.resolve(),
      };
      return new KubernetesLock({ lease: 'rebalancer', instance, leaseDurationMs }, client, { clock });
    },
    note() {
      const annotations: unknown = double.leases.get('rebalancer')?.metadata['annotations'];
      const note: unknown = Object(annotations)[NOTE_ANNOTATION];
      return typeof note === 'string' ? note : undefined;
    },
  };
}

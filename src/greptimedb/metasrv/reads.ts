import { OperatingError } from '../../domain/errors.ts';
import { CallError } from '../caller.ts';
import type { AnswerReader } from '../caller.ts';
import type { ClusterSafety } from '../port.ts';
import {
  adminCall,
  HEARTBEAT_LIMITS,
  heartbeatReader,
  leaseReader,
  readMaintenance,
  readProcedureManager,
} from './admin.ts';
import type { HeartbeatReading, LeaseReading } from './admin.ts';
import type { MetasrvSession } from './session.ts';

/** The reads that every version of the admin interface has, or lacks as a path that is missing. */
export class MetasrvReads {
  readonly #session: MetasrvSession;
  readonly #clusterId: number;
  /** Paths that were there once: one that is missing afterwards is trouble, and tells nothing about the version. */
  readonly #answered = new Set<string>();

  constructor(session: MetasrvSession, clusterId: number) {
    this.#session = session;
    this.#clusterId = clusterId;
  }

  leases(signal: AbortSignal): Promise<LeaseReading> {
    // Later versions have no clusters and ignore the parameter.
    const call = adminCall('node-lease', `/admin/node-lease?cluster_id=${this.#clusterId}`, { signal });
    return this.#session.read(call, leaseReader(this.#clusterId), never);
  }

  heartbeats(signal: AbortSignal): Promise<HeartbeatReading> {
    const call = adminCall('heartbeat', '/admin/heartbeat', {
      signal,
      large: true,
      limits: HEARTBEAT_LIMITS,
    });
    return this.#session.read(call, heartbeatReader(this.#clusterId), never);
  }

  async safety(signal: AbortSignal): Promise<ClusterSafety> {
    const [maintenance, procedureManager] = await Promise.all([
      this.maintenance(signal),
      this.#procedureManager(signal),
    ]);
    return { maintenance, procedureManager };
  }

  /** From 0.7.2 on; `unknown` before. A plain GET without a query changes nothing in any version. */
  async maintenance(signal: AbortSignal): Promise<ClusterSafety['maintenance']> {
    const path = (text: string): Promise<boolean | 'unknown'> => {
      return this.#orUnknown(adminCall('maintenance', text, { signal }), readMaintenance);
    };
    const state = await path('/admin/maintenance');
    return state === 'unknown' ? path('/admin/maintenance/status') : state;
  }

  /** From 0.15.5 on. */
  #procedureManager(signal: AbortSignal): Promise<ClusterSafety['procedureManager']> {
    const call = adminCall('procedure-manager', '/admin/procedure-manager/status', { signal });
    return this.#orUnknown(call, readProcedureManager);
  }

  async #orUnknown<T>(call: ReturnType<typeof adminCall>, read: AnswerReader<T>): Promise<T | 'unknown'> {
    try {
      const value = await this.#session.read(call, read, never);
      this.#answered.add(call.path);
      return value;
    } catch (error) {
      if (!(error instanceof CallError) || error.failure !== 'missing') throw error;
      if (!this.#answered.has(call.path)) return 'unknown';
      throw new OperatingError('cluster-answer', `${error.message}, which answered before`, { cause: error });
    }
  }
}

function never(): boolean {
  return false;
}

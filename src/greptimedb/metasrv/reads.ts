import { OperatingError } from '../../domain/errors.ts';
import { CallError } from '../call-error.ts';
import type { AnswerReader } from '../caller.ts';
import { watchLeases } from '../liveness.ts';
import type { LeaseReading, NodeWatch } from '../liveness.ts';
import type { OperationName } from '../options.ts';
import type { ClusterSafety } from '../port.ts';
import { adminCall, leaseReader, readMaintenance, readProcedureManager } from './admin.ts';

import { HEARTBEAT_LIMITS, heartbeatReader } from './heartbeats.ts';
import type { HeartbeatReading } from './heartbeats.ts';
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
    return this.#session.read(call, leaseReader(this.#clusterId));
  }

  heartbeats(signal: AbortSignal): Promise<HeartbeatReading> {
    const options = { signal, large: true, limits: HEARTBEAT_LIMITS };
    const call = adminCall('heartbeat', '/admin/heartbeat', options);
    return this.#session.read(call, heartbeatReader(this.#clusterId));
  }

  watchLeases(): NodeWatch {
    return watchLeases({
      clock: this.#session.caller.clock,
      readLeases: (signal) => this.leases(signal),
      readOldestMs: (signal) => this.#oldestMs(signal),
    });
  }

  /** Undefined also where the statistics cannot be read: they are a help, not a need. */
  async #oldestMs(signal: AbortSignal): Promise<number | undefined> {
    try {
      return (await this.heartbeats(signal)).oldestMs;
    } catch (error) {
      if (error instanceof OperatingError) return undefined;
      throw error;
    }
  }

  async safety(signal: AbortSignal): Promise<ClusterSafety> {
    const [maintenance, procedureManager] = await Promise.all([
      this.maintenance(signal),
      // From 0.15.5 on.
      this.#orUnknown('procedure-manager', '/admin/procedure-manager/status', readProcedureManager, signal),
    ]);
    return { maintenance, procedureManager };
  }

  /** From 0.7.2 on; `unknown` before. A plain GET without a query changes nothing in any version. */
  async maintenance(signal: AbortSignal): Promise<ClusterSafety['maintenance']> {
    const path = '/admin/maintenance';
    const state = await this.#orUnknown('maintenance', path, readMaintenance, signal);
    return state === 'unknown'
      ? this.#orUnknown('maintenance', `${path}/status`, readMaintenance, signal)
      : state;
  }

  async #orUnknown<T>(
    operation: OperationName,
    path: string,
    read: AnswerReader<T>,
    signal: AbortSignal,
  ): Promise<T | 'unknown'> {
    try {
      const value = await this.#session.read(adminCall(operation, path, { signal }), read);
      this.#answered.add(path);
      return value;
    } catch (error) {
      if (!(error instanceof CallError) || error.failure !== 'missing') throw error;
      if (!this.#answered.has(path)) return 'unknown';
      throw new OperatingError('cluster-answer', `${error.message}, which answered before`, { cause: error });
    }
  }
}

import type { DatanodeId } from '../../domain/ids.ts';
import { sleep } from '../../lib/clock.ts';
import type { Clock } from '../../lib/clock.ts';
import { readWorkloads } from '../datanodes.ts';
import type { Workloads } from '../datanodes.ts';
import { LEASE_MS } from '../liveness.ts';
import { isObject } from '../wire.ts';
import type { LiveNodes } from '../liveness.ts';
import { decimalId } from '../../lib/json.ts';
import { parseHumantime } from './humantime.ts';
import type { SqlRows } from './result.ts';

export interface ClusterInfoReading extends LiveNodes {
  /** Whether a datanode is listed whose last heartbeat is older than a lease: metasrv's leader remembers at least that far back. */
  readonly isWarm: boolean;
}

/**
 * Reads the datanodes of `information_schema.cluster_info` (0.8 and later). Dead ones stay listed for a day: `active_time`, the time since
 * the last heartbeat by the servers' own clocks, tells. Flownodes have ids of the same kind and are left out.
 */
export async function readClusterInfo(rows: SqlRows): Promise<ClusterInfoReading> {
  const [id, type, addr, activeTime] = [
    rows.require('peer_id'),
    rows.require('peer_type'),
    rows.find('peer_addr'),
    rows.find('active_time'),
  ];
  const nodeStatus = rows.find('node_status');
  const addrs = new Map<DatanodeId, string>();
  const workloads = new Map<DatanodeId, Workloads>();
  const alive = new Set<DatanodeId>();
  let isWarm = false;
  await rows.each((row, index) => {
    if (typeof row[type] !== 'string' || row[type].toUpperCase() !== 'DATANODE') return;
    const node = decimalId(row[id]);
    if (node === undefined) throw rows.bad(index, 'peer_id', 'an unsigned integer', row[id]);
    const silentMs = typeof row[activeTime] === 'string' ? parseHumantime(row[activeTime]) : undefined;
    if (silentMs !== undefined && silentMs >= LEASE_MS) isWarm = true;
    // A datanode that came back under another address may leave its old row behind.
    const isLive = silentMs !== undefined && silentMs < LEASE_MS;
    if (isLive) alive.add(node);
    const kinds = workloadsOf(row[nodeStatus]);
    if (kinds && (isLive || !alive.has(node))) workloads.set(node, kinds);
    if (isLive || !addrs.get(node)) addrs.set(node, typeof row[addr] === 'string' ? row[addr] : '');
  });
  return { addrs, workloads, alive, isWarm };
}

const MAX_STATUS_CHARACTERS = 10_000;

/** From `{"workloads":["query"],…}` (0.15 and later). What is not that tells nothing. */
function workloadsOf(status: unknown): Workloads | undefined {
  if (typeof status !== 'string' || status.length > MAX_STATUS_CHARACTERS) return undefined;
  try {
    const parsed: unknown = JSON.parse(status);
    return isObject(parsed) ? readWorkloads(parsed['workloads']) : undefined;
  } catch {
    return undefined;
  }
}

const POLL_INTERVAL_MS = 1_000;
const MAX_POLLS = 14;

/**
 * Follows `cluster_info` over time. Rows vanish when metasrv's leader changes, until the next heartbeat: a known datanode without
 * a row counts as dead only after a full lease, or when the list reaches back that far.
 */
export class ClusterInfoWatch {
  readonly #clock: Clock;
  readonly #read: (signal: AbortSignal) => Promise<ClusterInfoReading>;
  readonly #confirmedMissing = new Set<DatanodeId>();
  #lastAlive: ReadonlySet<DatanodeId> = new Set();

  constructor(clock: Clock, read: (signal: AbortSignal) => Promise<ClusterInfoReading>) {
    this.#clock = clock;
    this.#read = read;
  }

  /** One reading as it is. */
  now(signal: AbortSignal): Promise<LiveNodes> {
    return this.#read(signal);
  }

  /** @param known datanodes that should exist: they lead regions, or the operator expects them. */
  async settled(known: Iterable<DatanodeId>, signal: AbortSignal): Promise<LiveNodes> {
    const wanted = new Set([...known, ...this.#lastAlive]);
    const startedMs = this.#clock.monotonicMs();
    for (let poll = 0; ; poll += 1) {
      const reading = await this.#read(signal);
      for (const id of reading.addrs.keys()) this.#confirmedMissing.delete(id);
      const missing = [...wanted].filter((id) => !reading.addrs.has(id) && !this.#confirmedMissing.has(id));
      const isOver = this.#clock.monotonicMs() - startedMs >= LEASE_MS || poll >= MAX_POLLS;
      if (isOver || (reading.addrs.size > 0 && (missing.length === 0 || reading.isWarm))) {
        for (const id of missing) this.#confirmedMissing.add(id);
        this.#lastAlive = reading.alive;
        return reading;
      }
      await sleep(this.#clock, POLL_INTERVAL_MS, signal);
    }
  }
}

import { z } from 'zod';
import type { DatanodeId } from '../../domain/ids.ts';
import { parsedOrUndefined } from '../../lib/json.ts';
import { LEASE_MS, readWorkloads } from '../liveness.ts';
import type { ListedNode, NodeLook } from '../liveness.ts';
import type { SqlRows } from './result.ts';

/**
 * Reads the datanodes of `information_schema.cluster_info` (0.8 and later). Dead ones stay listed for a day: `active_time`, the time since
 * the last heartbeat by the servers' own clocks, tells. Flownodes have ids of the same kind and are left out.
 */
export async function readClusterInfo(rows: SqlRows): Promise<NodeLook> {
  const [id, type] = [rows.id('peer_id'), rows.optional('peer_type')];
  const [addr, activeTime] = [rows.optional('peer_addr'), rows.optional('active_time')];
  const status = rows.optional('node_status');
  const nodes = new Map<DatanodeId, ListedNode>();
  const alive = new Set<DatanodeId>();
  let isWarm = false;
  await rows.each((row) => {
    if (type(row).toUpperCase() !== 'DATANODE') return;
    const node = id(row);
    const silentMs = parseHumantime(activeTime(row));
    if (silentMs !== undefined && silentMs >= LEASE_MS) isWarm = true;
    // A datanode that came back under another address may leave its old row behind.
    const isLive = silentMs !== undefined && silentMs < LEASE_MS;
    if (!isLive && alive.has(node)) return;
    if (isLive) alive.add(node);
    const workloads = workloadsOf(status(row));
    nodes.set(node, { addr: addr(row), ...(workloads && { workloads }) });
  });
  return { nodes, alive: nodes.size > 0 ? alive : undefined, isWarm: () => isWarm };
}

const MAX_STATUS_CHARACTERS = 10_000;
const nodeStatus = z.object({ workloads: z.unknown().optional() });

/** From `{"workloads":["query"],…}` (0.15 and later). What is not that tells nothing. */
function workloadsOf(status: string): readonly string[] | undefined {
  if (status.length > MAX_STATUS_CHARACTERS) return undefined;
  return readWorkloads(nodeStatus.safeParse(parsedOrUndefined(status)).data?.workloads);
}

/** Longer units are written out, and in the plural where there are several. */
const UNITS_MS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  day: 86_400_000,
  month: 2_630_016_000,
  year: 31_557_600_000,
};
const PART = /\s*(\d+(?:\.\d+)?)\s*([a-zµ]+)\s*/gi;

/**
 * Reads a duration as Rust's humantime writes it: `2s 113ms`, `1m 3s`, `2h 3m 1s 20ms`, `1day 2h`.
 *
 * @returns milliseconds, or undefined when the text is no such duration.
 */
export function parseHumantime(text: string): number | undefined {
  if (text.length > 200) return undefined;
  let totalMs = 0;
  let readTo = 0;
  for (const match of text.matchAll(PART)) {
    const unit = match[2]!.toLowerCase();
    const unitMs = UNITS_MS[unit] ?? UNITS_MS[unit.replace(/s$/, '')];
    if (match.index !== readTo || unitMs === undefined) return undefined;
    totalMs += Number(match[1]) * unitMs;
    readTo = match.index + match[0].length;
  }
  return readTo === text.length && readTo > 0 ? totalMs : undefined;
}

import { addressOf } from '../../cluster/core.ts';
import type { ClusterCore } from '../../cluster/core.ts';
import { FRONTEND_HEARTBEAT_MS, lastBeatMs } from '../../cluster/heartbeats.ts';
import type { SimDatanode } from '../../cluster/model.ts';
import type { Profile } from '../../profiles/profile.ts';
import { humanTime } from '../../cluster/time.ts';
import type { Column, Row, SqlValue } from '../result-set.ts';
import { requireMetasrv } from './information-table.ts';
import type { InformationTable } from './information-table.ts';

const HEAD: readonly Column[] = [
  ['peer_id', 'Int64'],
  ['peer_type', 'String'],
  ['peer_addr', 'String'],
];
const HARDWARE: readonly Column[] = [
  ['peer_hostname', 'String'],
  ['total_cpu_millicores', 'Int64'],
  ['total_memory_bytes', 'Int64'],
  ['cpu_usage_millicores', 'Int64'],
  ['memory_usage_bytes', 'Int64'],
];
const TIMES: readonly Column[] = [
  ['version', 'String'],
  ['git_commit', 'String'],
  ['start_time', 'TimestampMillisecond'],
  ['uptime', 'String'],
  ['active_time', 'String'],
];

/** How long a node stays listed after its last heartbeat (GreptimeDB src/meta-srv/src/metasrv.rs). */
const MAX_IDLE_MS = 24 * 3_600_000;
const GIB = 1_073_741_824;

interface NodeFacts {
  readonly id: number | bigint;
  readonly type: 'DATANODE' | 'FRONTEND' | 'METASRV';
  readonly addr: string;
  readonly hostname: string;
  readonly startedAtMs: number;
  readonly activeAtMs: number | null;
  readonly status: string | null;
}

/** `cluster_info`: what the leading metasrv has heard since its election. */
export function clusterInfo({ sql }: Profile): InformationTable | null {
  if (!sql.clusterInfo) return null;
  const isDetailed = sql.clusterInfo === 'detailed';
  const columns = isDetailed
    ? [...HEAD, ...HARDWARE, ...TIMES, ['node_status', 'String'] as const]
    : [...HEAD, ...TIMES];
  return {
    name: 'cluster_info',
    columns,
    rows: ({ core }) => {
      requireMetasrv(core);
      return nodes(core).map((node) => nodeRow(core, node, isDetailed));
    },
  };
}

function nodes(core: ClusterCore): NodeFacts[] {
  const metasrvs = core.meta.servers
    .filter((server) => server.up)
    .map((server): NodeFacts => {
      const addr = addressOf(core, `metasrv-${server.index}`);
      const status = server.index === core.meta.leader ? '{"is_leader":true}' : null;
      const { hostname, startedAtMs } = server;
      return { id: -1, type: 'METASRV', addr, hostname, startedAtMs, activeAtMs: null, status };
    });
  return [...datanodes(core), ...frontends(core), ...metasrvs];
}

function datanodes(core: ClusterCore): NodeFacts[] {
  return [...core.state.datanodes.values()].flatMap((node): NodeFacts[] => {
    const activeAtMs = core.meta.leaseMs(node);
    if (activeAtMs === undefined || core.time.now() - activeAtMs > MAX_IDLE_MS) return [];
    const { addr, hostname, startedAtMs } = node;
    const status = core.profile.sql.clusterInfo === 'detailed' ? datanodeStatus(node) : null;
    return [{ id: BigInt(node.id), type: 'DATANODE', addr, hostname, startedAtMs, activeAtMs, status }];
  });
}

function datanodeStatus(node: SimDatanode): string {
  let leaders = 0;
  for (const copy of node.copies.values()) if (copy.role !== 'Follower') leaders += 1;
  const followers = node.copies.size - leaders;
  return `{"workloads":["hybrid"],"leader_regions":${leaders},"follower_regions":${followers}}`;
}

function frontends(core: ClusterCore): NodeFacts[] {
  return core.frontends.flatMap((frontend): NodeFacts[] => {
    const sinceMs = core.meta.memory().electedAtMs;
    const activeAtMs = lastBeatMs(frontend, core.time.now(), sinceMs, FRONTEND_HEARTBEAT_MS);
    if (activeAtMs === undefined) return [];
    const { hostname, startedAtMs } = frontend;
    const addr = `10.0.250.${frontend.index + 1}:4001`;
    return [{ id: -1, type: 'FRONTEND', addr, hostname, startedAtMs, activeAtMs, status: null }];
  });
}

function nodeRow(core: ClusterCore, node: NodeFacts, isDetailed: boolean): Row {
  const nowMs = core.time.now();
  const { version, gitCommit } = core.profile;
  const since = (atMs: number | null): SqlValue => (atMs === null ? null : humanTime(nowMs - atMs));
  const times = [version, gitCommit, node.startedAtMs, since(node.startedAtMs), since(node.activeAtMs)];
  const head = [node.id, node.type, node.addr];
  if (!isDetailed) return [...head, ...times];
  return [...head, node.hostname, 8_000, 16 * GIB, 350, 2 * GIB, ...times, node.status];
}

import { addressOf } from '../../cluster/core.ts';
import type { ClusterCore } from '../../cluster/core.ts';
import { flushedStats, FRONTEND_HEARTBEAT_MS, lastBeatMs } from '../../cluster/heartbeats.ts';
import type { Metasrv } from '../../cluster/meta.ts';
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
const GIT_COMMIT = '0000000';

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

/** The leading metasrv last of its kind, then by kind and id as texts, as the store has them. */
function nodes(core: ClusterCore): NodeFacts[] {
  const { leader, servers } = core.meta;
  const isLeading = (server: Metasrv): boolean => server.index === leader;
  const up = servers.filter((server) => server.up);
  const metasrvs = [...up.filter((server) => !isLeading(server)), ...up.filter(isLeading)];
  const byText = datanodes(core).sort((a, b) => (String(a.id) < String(b.id) ? -1 : 1));
  return [
    ...metasrvs.map((server) => metasrv(core, server, isLeading(server))),
    ...byText,
    ...frontends(core),
  ];
}

function metasrv(core: ClusterCore, { index, hostname, startedAtMs }: Metasrv, isLeader: boolean): NodeFacts {
  const addr = addressOf(core, `metasrv-${index}`);
  const status = `{"is_leader":${isLeader}}`;
  return { id: -1, type: 'METASRV', addr, hostname, startedAtMs, activeAtMs: null, status };
}

function datanodes(core: ClusterCore): NodeFacts[] {
  return [...core.state.datanodes.values()].flatMap((node): NodeFacts[] => {
    const activeAtMs = core.meta.leaseMs(node);
    if (activeAtMs === undefined || core.time.now() - activeAtMs > MAX_IDLE_MS) return [];
    const { addr, hostname, startedAtMs } = node;
    const status = core.profile.sql.clusterInfo === 'detailed' ? datanodeStatus(core, node) : null;
    return [{ id: BigInt(node.id), type: 'DATANODE', addr, hostname, startedAtMs, activeAtMs, status }];
  });
}

/** As of the last statistics that metasrv's leader kept. */
function datanodeStatus(core: ClusterCore, node: SimDatanode): string {
  const copies = [...(flushedStats(node, core.time.now(), core.meta.memory())?.copies ?? [])];
  const followers = copies.filter(({ role }) => role === 'Follower').length;
  const leaders = copies.length - followers;
  return `{"workloads":["${node.workload}"],"leader_regions":${leaders},"follower_regions":${followers}}`;
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
  const since = (atMs: number | null): SqlValue => (atMs === null ? null : humanTime(nowMs - atMs));
  const times = [
    core.profile.version,
    GIT_COMMIT,
    node.startedAtMs,
    since(node.startedAtMs),
    since(node.activeAtMs),
  ];
  const head = [node.id, node.type, node.addr];
  if (!isDetailed) return [...head, ...times];
  return [...head, node.hostname, 8_000, 16 * GIB, 350, 2 * GIB, ...times, node.status];
}

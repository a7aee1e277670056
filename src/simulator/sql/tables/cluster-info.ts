import { addressOf } from '../../cluster/core.ts';
import type { ClusterCore } from '../../cluster/core.ts';
import { flushedStats, FRONTEND_HEARTBEAT_MS, lastBeatMs } from '../../cluster/heartbeats.ts';
import type { SimDatanode } from '../../cluster/model.ts';
import { humanTime } from '../../cluster/time.ts';
import type { Profile } from '../../profiles.ts';
import { constants, requireMetasrv, tableOf } from './table.ts';
import type { Field, ReadContext, SqlTable } from './table.ts';

interface NodeRecord {
  readonly core: ClusterCore;
  readonly id: number | bigint;
  readonly type: 'DATANODE' | 'FRONTEND' | 'METASRV';
  readonly addr: string;
  readonly hostname: string;
  readonly startedAtMs: number;
  readonly activeAtMs: number | null;
  readonly status: string | null;
}

/** How long a node stays listed after its last heartbeat (GreptimeDB src/meta-srv/src/metasrv.rs). */
const MAX_IDLE_MS = 24 * 3_600_000;
const GIB = 1_073_741_824;

const HEAD: readonly Field<NodeRecord>[] = [
  ['peer_id', 'Int64', ({ id }) => id],
  ['peer_type', 'String', ({ type }) => type],
  ['peer_addr', 'String', ({ addr }) => addr],
];
const HARDWARE: readonly Field<NodeRecord>[] = [
  ['peer_hostname', 'String', ({ hostname }) => hostname],
  ...constants('Int64', 'total_cpu_millicores', 8_000),
  ...constants('Int64', 'total_memory_bytes', 16 * GIB),
  ...constants('Int64', 'cpu_usage_millicores', 350),
  ...constants('Int64', 'memory_usage_bytes', 2 * GIB),
];
const TIMES: readonly Field<NodeRecord>[] = [
  ['version', 'String', ({ core }) => core.profile.version],
  ...constants('String', 'git_commit', '0000000'),
  ['start_time', 'TimestampMillisecond', ({ startedAtMs }) => startedAtMs],
  ['uptime', 'String', ({ core, startedAtMs }) => since(core, startedAtMs)],
  ['active_time', 'String', ({ core, activeAtMs }) => since(core, activeAtMs)],
];
const STATUS: Field<NodeRecord> = ['node_status', 'String', ({ status }) => status];

function since({ time }: ClusterCore, atMs: number | null): string | null {
  return atMs === null ? null : humanTime(time.now() - atMs);
}

/** `cluster_info`: what the leading metasrv has heard since its election. */
export function clusterInfo(profile: Profile): SqlTable {
  const isDetailed = profile.clusterInfo === 'detailed';
  return tableOf(isDetailed ? [...HEAD, ...HARDWARE, ...TIMES, STATUS] : [...HEAD, ...TIMES], allNodes);
}

/** By kind, and the datanodes by their ids as texts, as the store has them. */
function allNodes({ core }: ReadContext): NodeRecord[] {
  requireMetasrv(core);
  const byText = datanodes(core).sort((a, b) => (String(a.id) < String(b.id) ? -1 : 1));
  return [...metasrvs(core), ...byText, ...frontends(core)];
}

/** The leading one last. */
function metasrvs(core: ClusterCore): NodeRecord[] {
  const { leader, servers } = core.meta;
  const up = servers.filter((server) => server.up);
  const inOrder = [
    ...up.filter(({ index }) => index !== leader),
    ...up.filter(({ index }) => index === leader),
  ];
  return inOrder.map(({ index, hostname, startedAtMs }) => {
    const status = `{"is_leader":${index === leader}}`;
    const addr = addressOf(core, `metasrv-${index}`);
    return { core, id: -1, type: 'METASRV', addr, hostname, startedAtMs, activeAtMs: null, status };
  });
}

function datanodes(core: ClusterCore): NodeRecord[] {
  return [...core.state.datanodes.values()].flatMap((node): NodeRecord[] => {
    const activeAtMs = core.meta.leaseMs(node);
    if (activeAtMs === undefined || core.time.now() - activeAtMs > MAX_IDLE_MS) return [];
    const { addr, hostname, startedAtMs } = node;
    const status = datanodeStatus(core, node);
    return [{ core, id: BigInt(node.id), type: 'DATANODE', addr, hostname, startedAtMs, activeAtMs, status }];
  });
}

/** As of the last statistics that metasrv's leader kept. */
function datanodeStatus(core: ClusterCore, node: SimDatanode): string {
  const copies = [...(flushedStats(node, core.time.now(), core.meta.memory())?.copies ?? [])];
  const followers = copies.filter(({ role }) => role === 'Follower').length;
  const leaders = copies.length - followers;
  return `{"workloads":["${node.workload}"],"leader_regions":${leaders},"follower_regions":${followers}}`;
}

function frontends(core: ClusterCore): NodeRecord[] {
  return core.frontends.flatMap((frontend): NodeRecord[] => {
    const sinceMs = core.meta.memory().electedAtMs;
    const activeAtMs = lastBeatMs(frontend, core.time.now(), sinceMs, FRONTEND_HEARTBEAT_MS);
    if (activeAtMs === undefined) return [];
    const { index, hostname, startedAtMs } = frontend;
    const addr = `10.0.250.${index + 1}:4001`;
    return [{ core, id: -1, type: 'FRONTEND', addr, hostname, startedAtMs, activeAtMs, status: null }];
  });
}

import { addressOf } from '../cluster/core.ts';
import type { ClusterCore } from '../cluster/core.ts';
import { flushedStats, HEARTBEAT_MS } from '../cluster/heartbeats.ts';
import { loadOf, WORKLOADS } from '../cluster/model.ts';
import type { CopyLoad, RegionCopy, SimDatanode } from '../cluster/model.ts';
import { MetaError } from '../procedures/errors.ts';
import { JSON_TYPE, respond, TEXT_TYPE } from '../serve/http.ts';
import type { SimResponse } from '../serve/http.ts';
import { required } from './admin-call.ts';
import type { AdminCall, AdminHandler } from './admin-call.ts';

/** Endpoints that every version has; on the HTTP port for GET only. */
export const READ_HANDLERS: Readonly<Record<string, AdminHandler>> = {
  '/admin/health': (call) => text(call, 'OK\n'),
  '/admin/leader': (call) => text(call, leaderAddress(call.core)),
  '/admin/node-lease': nodeLease,
  '/admin/heartbeat': (call) => list(call, heartbeats(call.core, call.parameters.get('addr'))),
};

function nodeLease(call: AdminCall): SimResponse {
  const { core, parameters } = call;
  const clusterId = core.profile.clusterId ? required(parameters, 'cluster_id') : '0';
  if (!/^\d{1,20}$/.test(clusterId))
    throw new MetaError('InvalidArguments', 'Failed to parse number: `cluster_id` is not a valid number');
  return list(call, nodeLeases(core, clusterId));
}

function text(call: AdminCall, body: string): SimResponse {
  return respond(200, body, call.port === 'http' ? TEXT_TYPE : {});
}

/** The gRPC port names no content type for these; the early HTTP port calls them text. */
function list(call: AdminCall, body: string): SimResponse {
  if (call.port === 'grpc') return respond(200, body);
  return respond(200, body, call.core.profile.httpPort === 'early' ? TEXT_TYPE : JSON_TYPE);
}

/** Reads of leases and heartbeats go to the leader's memory; nobody answers without one. */
function requireElectedLeader(core: ClusterCore): void {
  if (core.meta.leader === null) throw new MetaError('Internal', 'MetaSrv has no leader at this moment');
}

/** Body of `/admin/leader`. @throws MetaError when nobody is elected. */
function leaderAddress(core: ClusterCore): string {
  if (!core.meta.hasElection) return 'election info is None';
  requireElectedLeader(core);
  if (core.faults.strikes('dead-leader-address')) return 'metasrv-gone.invalid:3002';
  return addressOf(core, `metasrv-${core.meta.leader ?? 0}`);
}

/** Body of `/admin/node-lease`: every lease that the leader knows, dead ones too, in no useful order. */
function nodeLeases(core: ClusterCore, clusterId: string): string {
  requireElectedLeader(core);
  // The store is searched for the prefix of the key: cluster 1 would also find 10 to 19; this cluster is number 0.
  if (clusterId !== '0') return '[]';
  const known = [...core.state.datanodes.values()].flatMap((node) => {
    const beatMs = core.meta.leaseMs(node);
    return beatMs === undefined ? [] : [renderLease(core, node, beatMs)];
  });
  return `[${shuffled(known).join(',')}]`;
}

function renderLease(core: ClusterCore, node: SimDatanode, beatMs: number): string {
  const { clusterId, workloads } = core.profile;
  const name = clusterId ? `{"cluster_id":0,"node_id":${node.id}}` : `{"node_id":${node.id}}`;
  const zone = clusterId ? '+0000' : '';
  const human = new Date(beatMs).toISOString().replace('T', ' ').replace('Z', zone);
  const kinds = workloads ? `,"workloads":{"Datanode":{"types":[${WORKLOADS.indexOf(node.workload)}]}}` : '';
  return (
    `{"name":${name},"human_time":"${human}",` +
    `"lease":{"timestamp_millis":${beatMs},"node_addr":"${node.addr}"${kinds}}}`
  );
}

/** A fixed order that is not that of the ids, as a Rust hash map would give. */
function shuffled(items: readonly string[]): string[] {
  const odd = items.filter((_, index) => index % 2 === 1);
  return [...odd, ...items.filter((_, index) => index % 2 === 0)];
}

const HISTORY_REGION_LIMIT = 2_000;

/** Body of `/admin/heartbeat`: per datanode its kept statistics, the newest last. */
function heartbeats(core: ClusterCore, addr: string | undefined): string {
  requireElectedLeader(core);
  const nodes = [...core.state.datanodes.values()].filter((node) => addr === undefined || node.addr === addr);
  return `[${nodes.flatMap((node) => renderHistory(core, node)).join(',')}]`;
}

/** Nothing of a datanode that the leader has not heard of. */
function renderHistory(core: ClusterCore, node: SimDatanode): string | [] {
  const stats = flushedStats(node, core.time.now(), core.meta.memory());
  if (!stats) return [];
  const copies = [...stats.copies];
  const times = [stats.flushMs];
  if (copies.length <= HISTORY_REGION_LIMIT && stats.flushMs - HEARTBEAT_MS >= node.startedAtMs)
    times.unshift(stats.flushMs - HEARTBEAT_MS);
  return `[${times.map((atMs) => renderStat(core, node, copies, atMs)).join(',')}]`;
}

function renderStat(
  core: ClusterCore,
  node: SimDatanode,
  copies: readonly RegionCopy[],
  atMs: number,
): string {
  const { clusterId, heartbeat } = core.profile;
  const cluster = clusterId ? '"cluster_id":0,' : '';
  const regions = copies.map((copy) => renderRegionStat(core, copy, atMs)).join(',');
  const tail =
    heartbeat === 'current'
      ? `"topic_stats":[],"node_epoch":${node.startedAtMs},"datanode_workloads":{"types":[${WORKLOADS.indexOf(node.workload)}]},"gc_stat":null`
      : `"node_epoch":${node.startedAtMs}`;
  return (
    `{"timestamp_millis":${atMs},${cluster}"id":${node.id},"addr":"${node.addr}","rcus":0,"wcus":0,` +
    `"region_num":${copies.length},"region_stats":[${regions}],${tail}}`
  );
}

function renderRegionStat(core: ClusterCore, copy: RegionCopy, atMs: number): string {
  const load = loadOf(copy, atMs);
  const { table, id } = copy.region;
  const legacy = core.profile.heartbeat === 'legacy';
  const rows = legacy ? ',"approximate_rows":0' : '';
  const more = legacy ? '' : sizes(core, table.engine, load);
  return (
    `{"id":${id},"rcus":0,"wcus":0,"approximate_bytes":${load.sstBytes}${rows},` +
    `"engine":"${table.engine}","role":"${copy.role}"${more}}`
  );
}

/** The same facts that the version's region_statistics shows. */
function sizes(core: ClusterCore, engine: string, load: CopyLoad): string {
  const has = (column: string): boolean => core.profile.regionStatistics.includes(column);
  const isCurrent = core.profile.heartbeat === 'current';
  const manifest =
    engine === 'metric'
      ? '{"Metric":{"data_manifest_version":3,"data_flushed_entry_id":9,"metadata_manifest_version":2,"metadata_flushed_entry_id":4}}'
      : '{"Mito":{"manifest_version":3,"flushed_entry_id":9,"file_removed_cnt":0}}';
  const fields = [
    has('region_rows') ? `"num_rows":${load.rows}` : '',
    `"memtable_size":${load.memtableBytes}`,
    `"manifest_size":${load.manifestBytes}`,
    `"sst_size":${load.sstBytes}`,
    has('sst_num') ? `"sst_num":${load.sstCount}` : '',
    has('index_size') ? `"index_size":${load.indexBytes}` : '',
    isCurrent ? `"region_manifest":${manifest}` : '',
    has('written_bytes_since_open') ? `"written_bytes":${load.writtenBytes}` : '',
    has('query_cpu_time_millis') ? '"query_cpu_time":0,"query_scanned_bytes":0' : '',
    isCurrent ? '"data_topic_latest_entry_id":0,"metadata_topic_latest_entry_id":0' : '',
  ];
  return ['', ...fields.filter((field) => field !== '')].join(',');
}

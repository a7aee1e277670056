import { addressOf } from '../cluster/core.ts';
import type { ClusterCore } from '../cluster/core.ts';
import { flushedStats, HEARTBEAT_MS } from '../cluster/heartbeats.ts';
import { loadOf, WORKLOADS } from '../cluster/model.ts';
import type { RegionCopy, SimDatanode } from '../cluster/model.ts';
import { MetaError } from '../procedures/errors.ts';
import type { Profile } from '../profiles.ts';
import { JSON_TYPE, respond, TEXT_TYPE, toJson } from '../serve/http.ts';
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
function list(call: AdminCall, items: readonly object[]): SimResponse {
  const body = toJson(items);
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

/** `/admin/node-lease`: every lease that the leader knows, dead ones too, in no useful order. */
function nodeLeases(core: ClusterCore, clusterId: string): object[] {
  requireElectedLeader(core);
  // The store is searched for the prefix of the key: cluster 1 would also find 10 to 19; this cluster is number 0.
  if (clusterId !== '0') return [];
  const known = [...core.state.datanodes.values()].flatMap((node) => {
    const beatMs = core.meta.leaseMs(node);
    return beatMs === undefined ? [] : [leaseOf(core, node, beatMs)];
  });
  // A fixed order that is not that of the ids, as a Rust hash map would give.
  const isOdd = (_: object, index: number): boolean => index % 2 === 1;
  return [...known.filter(isOdd), ...known.filter((lease, index) => !isOdd(lease, index))];
}

function leaseOf({ profile }: ClusterCore, node: SimDatanode, beatMs: number): object {
  const { clusterId, workloads } = profile;
  const zone = clusterId ? '+0000' : '';
  return {
    name: { ...(clusterId && { cluster_id: 0 }), node_id: BigInt(node.id) },
    human_time: new Date(beatMs).toISOString().replace('T', ' ').replace('Z', zone),
    lease: {
      timestamp_millis: beatMs,
      node_addr: node.addr,
      ...(workloads && { workloads: { Datanode: workloadOf(node) } }),
    },
  };
}

function workloadOf({ workload }: SimDatanode): object {
  return { types: [WORKLOADS.indexOf(workload)] };
}

const HISTORY_REGION_LIMIT = 2_000;

/** `/admin/heartbeat`: per datanode its kept statistics, the newest last. */
function heartbeats(core: ClusterCore, addr: string | undefined): object[][] {
  requireElectedLeader(core);
  const nodes = [...core.state.datanodes.values()].filter((node) => addr === undefined || node.addr === addr);
  return nodes.map((node) => historyOf(core, node)).filter((history) => history.length > 0);
}

/** Nothing of a datanode that the leader has not heard of. */
function historyOf(core: ClusterCore, node: SimDatanode): object[] {
  const stats = flushedStats(node, core.time.now(), core.meta.memory());
  if (!stats) return [];
  const copies = [...stats.copies];
  const times = [stats.flushMs];
  if (copies.length <= HISTORY_REGION_LIMIT && stats.flushMs - HEARTBEAT_MS >= node.startedAtMs)
    times.unshift(stats.flushMs - HEARTBEAT_MS);
  return times.map((atMs) => statOf(core, node, copies, atMs));
}

function statOf(
  { profile }: ClusterCore,
  node: SimDatanode,
  copies: readonly RegionCopy[],
  atMs: number,
): object {
  const isCurrent = profile.heartbeat === 'current';
  return {
    timestamp_millis: atMs,
    ...(profile.clusterId && { cluster_id: 0 }),
    id: BigInt(node.id),
    addr: node.addr,
    rcus: 0,
    wcus: 0,
    region_num: copies.length,
    region_stats: copies.map((copy) => regionStatOf(profile, copy, atMs)),
    ...(isCurrent && { topic_stats: [] }),
    node_epoch: node.startedAtMs,
    ...(isCurrent && { datanode_workloads: workloadOf(node), gc_stat: null }),
  };
}

const METRIC_MANIFEST = {
  Metric: {
    data_manifest_version: 3,
    data_flushed_entry_id: 9,
    metadata_manifest_version: 2,
    metadata_flushed_entry_id: 4,
  },
};
const MITO_MANIFEST = { Mito: { manifest_version: 3, flushed_entry_id: 9, file_removed_cnt: 0 } };

/** The same facts that the version's region_statistics shows. */
function regionStatOf(profile: Profile, copy: RegionCopy, atMs: number): object {
  const load = loadOf(copy, atMs);
  const { table, key } = copy.region;
  const isLegacy = profile.heartbeat === 'legacy';
  const isCurrent = profile.heartbeat === 'current';
  const has = (column: string): boolean => profile.regionStatistics.includes(column);
  return {
    id: key,
    rcus: 0,
    wcus: 0,
    approximate_bytes: load.sstBytes,
    ...(isLegacy && { approximate_rows: 0 }),
    engine: table.engine,
    role: copy.role,
    ...(has('region_rows') && { num_rows: load.rows }),
    ...(has('memtable_size') && { memtable_size: load.memtableBytes }),
    ...(has('manifest_size') && { manifest_size: load.manifestBytes }),
    ...(has('sst_size') && { sst_size: load.sstBytes }),
    ...(has('sst_num') && { sst_num: load.sstCount }),
    ...(has('index_size') && { index_size: load.indexBytes }),
    ...(isCurrent && { region_manifest: table.engine === 'metric' ? METRIC_MANIFEST : MITO_MANIFEST }),
    ...(has('written_bytes_since_open') && { written_bytes: load.writtenBytes }),
    ...(has('query_cpu_time_millis') && { query_cpu_time: 0, query_scanned_bytes: 0 }),
    ...(isCurrent && { data_topic_latest_entry_id: 0, metadata_topic_latest_entry_id: 0 }),
  };
}

import type { DatanodeId, RegionId } from '../../domain/ids.ts';
import { yieldToEventLoop } from '../../lib/event-loop.ts';
import { decimalId } from '../../lib/json.ts';
import { readWorkloads } from '../datanodes.ts';
import type { Workloads } from '../datanodes.ts';
import {
  CallError,
  dateOf,
  describeBody,
  excerpt,
  headerOf,
  MAX_SERVER_TEXT,
  unexpected,
} from '../caller.ts';
import type { Call } from '../caller.ts';
import type { TransportResponse } from '../http.ts';
import type { AnswerLimits } from '../json-meter.ts';
import type { ClusterSafety } from '../port.ts';
import {
  amountOf,
  isObject,
  jsonOf,
  malformed,
  requireArray,
  requireId,
  requireObject,
  requireString,
} from '../wire.ts';
import type { JsonObject } from '../wire.ts';
import { objectsIn } from './heartbeat-text.ts';

/** A request to the admin interface: always a GET, which every version answers on both of its ports. */
export function adminCall(
  operation: Call['operation'],
  path: string,
  options: Pick<Call, 'signal' | 'large' | 'limits' | 'timeoutMs'>,
): Call {
  return { operation, method: 'GET', path, ...options };
}

/**
 * Throws unless the handler succeeded. Handlers report failures as HTTP 500 with a sentence as the body (GreptimeDB
 * src/meta-srv/src/service/admin.rs at v0.7.2); those of the switches on the HTTP port of 0.15.5 and 0.16 as HTTP 404.
 */
export function requireSuccess(response: TransportResponse, where: string): void {
  if (response.status === 200) return;
  const text = response.body.slice(0, MAX_SERVER_TEXT).trim();
  if (response.status === 500 && text !== '' && !text.startsWith('<'))
    throw new CallError(`${where}: metasrv says: ${excerpt(text, 300)}`, {
      failure: 'server',
      sent: true,
      status: 500,
      serverText: text,
    });
  if (isMissing(response))
    throw new CallError(`${where}: there is no such path (HTTP 404 with ${describeBody(response)})`, {
      failure: 'missing',
      sent: true,
      status: 404,
    });
  throw unexpected(where, 'HTTP 200', response);
}

/**
 * Whether metasrv has no such path: then it answers with an empty 404 of no content type, on each of its ports. A 404 that has one
 * may be any failure: a handler's in 0.15.5 and 0.16, which is empty too but text/plain (`to_axum_not_found_response` in
 * src/meta-srv/src/service/admin/util.rs at v0.16.0), or a page of a proxy.
 */
function isMissing(response: TransportResponse): boolean {
  return (
    response.status === 404 && response.body.trim() === '' && headerOf(response, 'content-type') === undefined
  );
}

/** What `/admin/leader` says. */
export type LeaderAnswer =
  | { readonly kind: 'self' }
  | { readonly kind: 'names'; readonly address: string }
  | { readonly kind: 'none'; readonly text: string };

const ADDRESS = /^(?:https?:\/\/)?[\w.\-[\]:]+:\d{1,5}\/?$/i;
/** The exact body of a metasrv that needs no election (v0.7.2 src/meta-srv/src/service/admin/leader.rs). */
const NO_ELECTION = 'election info is none';

export function readLeader(response: TransportResponse, where: string): LeaderAnswer {
  const text = response.body.trim();
  if (response.status === 500 && isLeaderFailure(text)) return { kind: 'none', text };
  requireSuccess(response, where);
  if (text.toLowerCase() === NO_ELECTION) return { kind: 'self' };
  if (text.length > 300 || !ADDRESS.test(text)) throw unexpected(where, 'the address of a leader', response);
  return { kind: 'names', address: text.replace(/\/$/, '') };
}

function isLeaderFailure(text: string): boolean {
  return /no leader|etcd/i.test(text) && !text.startsWith('<');
}

/** One datanode's last heartbeat as metasrv's leader noted it, by its own clock. */
export interface Lease {
  readonly id: DatanodeId;
  readonly addr: string;
  readonly timestampMs: number;
  readonly workloads?: Workloads;
}

export interface LeaseReading {
  readonly leases: readonly Lease[];
  /** The answering server's clock, when it sends a `Date` header: whole seconds. */
  readonly dateMs: number | undefined;
}

/**
 * `/admin/node-lease`: every lease that the leader knows, live or not. The server matches the cluster id as a prefix, so that
 * asking for 1 also gives 10 to 19; from 0.13 there is no cluster id at all.
 */
export function leaseReader(clusterId: number): (response: TransportResponse, where: string) => LeaseReading {
  return (response, where) => {
    requireSuccess(response, where);
    const items = requireArray(jsonOf(response, where, 'a JSON array of leases'), where, 'the body');
    const leases: Lease[] = [];
    for (const [index, item] of items.entries()) {
      const entry = requireObject(item, where, `item ${index}`);
      const name = requireObject(entry['name'], where, `item ${index}: name`);
      if (!isOurs(name['cluster_id'], clusterId) || !isDatanode(entry['lease'])) continue;
      const lease = requireObject(entry['lease'], where, `item ${index}: lease`);
      const workloads = workloadsOf(lease);
      leases.push({
        ...(workloads && { workloads }),
        id: requireId(name['node_id'], where, `item ${index}: name.node_id`),
        addr: requireString(lease['node_addr'], where, `item ${index}: lease.node_addr`),
        timestampMs: requireTime(lease['timestamp_millis'], where, `item ${index}: lease.timestamp_millis`),
      });
    }
    return { leases, dateMs: dateOf(response) };
  };
}

function isOurs(found: unknown, clusterId: number): boolean {
  return found === undefined || found === null || decimalId(found) === String(clusterId);
}

/** From 0.15 a lease lists its workloads. Anything that is not a datanode's is not ours. */
function isDatanode(lease: unknown): boolean {
  if (!isObject(lease) || !isObject(lease['workloads'])) return true;
  const kinds = Object.keys(lease['workloads']);
  return kinds.length === 0 || kinds.some((kind) => kind.toLowerCase() === 'datanode');
}

/** The numbers of GreptimeDB's DatanodeWorkloadType (src/common/workload/src/lib.rs). */
const WORKLOADS: readonly string[] = ['hybrid', 'ingest', 'query'];

function workloadsOf(lease: Readonly<Record<string, unknown>>): Workloads | undefined {
  const { workloads } = lease;
  if (!isObject(workloads) || !isObject(workloads['Datanode'])) return undefined;
  const { types } = workloads['Datanode'];
  return Array.isArray(types)
    ? readWorkloads(types.map((type) => WORKLOADS[Number(type)] ?? `type ${String(type)}`))
    : undefined;
}

function requireTime(value: unknown, where: string, place: string): number {
  const time = amountOf(value);
  if (time === undefined) throw malformed(where, place, 'milliseconds since 1970', value);
  return time;
}

/** A datanode's newest statistics. They are up to 9 s old, up to 30 s before 0.10. */
export interface NodeStat {
  readonly id: DatanodeId;
  readonly addr: string;
  readonly timestampMs: number;
  readonly regions: readonly RegionStat[];
}

export interface RegionStat {
  readonly id: RegionId;
  /** `Leader`, `Follower`, `StagingLeader`, `DowngradingLeader`. */
  readonly role: string;
  readonly diskBytes?: number;
  readonly memtableBytes?: number;
  /** Counts from when the region was opened. */
  readonly writtenBytes?: number;
}

export interface HeartbeatReading {
  readonly nodes: readonly NodeStat[];
  /** The oldest time stamp in the history: the leader has collected at least since then. */
  readonly oldestMs: number | undefined;
}

/** Statistics of a million regions, the history counted. */
export const HEARTBEAT_LIMITS: AnswerLimits = { containers: 1_000_000, values: 10_000_000, depth: 16 };

/** Characters that are parsed between two turns of the event loop: some milliseconds' work. */
const TURN_LENGTH = 256 * 1024;

/** `/admin/heartbeat`: per datanode the history of its statistics, the newest last. Each is parsed by itself, with turns for others. */
export function heartbeatReader(
  clusterId: number,
): (response: TransportResponse, where: string) => Promise<HeartbeatReading> {
  return async (response, where) => {
    requireSuccess(response, where);
    const newest = new Map<number, JsonObject>();
    let oldestMs: number | undefined;
    let sinceTurn = 0;
    for (const { text, item } of objectsIn(response, where)) {
      sinceTurn += text.length;
      if (sinceTurn > TURN_LENGTH) await yieldToEventLoop();
      sinceTurn %= TURN_LENGTH;
      const stat = jsonOf({ ...response, body: text }, where, 'the statistics of a datanode');
      if (!isObject(stat) || !isOurs(stat['cluster_id'], clusterId)) continue;
      newest.set(item, newerOf(newest.get(item), stat));
      oldestMs = Math.min(oldestMs ?? Infinity, timeOf(stat));
    }
    const nodes: NodeStat[] = [];
    for (const [item, stat] of newest) {
      if (response.body.length > TURN_LENGTH) await yieldToEventLoop();
      nodes.push(readNodeStat(stat, where, `item ${item}`));
    }
    return { nodes, oldestMs };
  };
}

function newerOf(best: JsonObject | undefined, stat: JsonObject): JsonObject {
  return best === undefined || timeOf(stat) >= timeOf(best) ? stat : best;
}

function timeOf(stat: JsonObject): number {
  return amountOf(stat['timestamp_millis']) ?? 0;
}

function readNodeStat(stat: JsonObject, where: string, place: string): NodeStat {
  const regions = requireArray(stat['region_stats'] ?? [], where, `${place}: region_stats`);
  return {
    id: requireId(stat['id'], where, `${place}: id`),
    addr: requireString(stat['addr'], where, `${place}: addr`),
    timestampMs: timeOf(stat),
    regions: regions.map((region, index) =>
      readRegionStat(region, where, `${place}: region_stats[${index}]`),
    ),
  };
}

function readRegionStat(value: unknown, where: string, place: string): RegionStat {
  const region = requireObject(value, where, place);
  const diskBytes = amountOf(region['approximate_bytes']);
  const memtableBytes = amountOf(region['memtable_size']);
  const writtenBytes = amountOf(region['written_bytes']);
  const rows = amountOf(region['num_rows']);
  return {
    id: requireId(region['id'], where, `${place}.id`),
    role: requireString(region['role'] ?? '', where, `${place}.role`),
    ...(diskBytes === undefined ? {} : { diskBytes }),
    ...(memtableBytes === undefined ? {} : { memtableBytes }),
    ...(writtenBytes === undefined ? {} : { writtenBytes }),
    ...(rows === undefined ? {} : { rows }),
  };
}

/** `/admin/maintenance`: text up to 0.14, JSON from 0.15. */
export function readMaintenance(response: TransportResponse, where: string): boolean {
  requireSuccess(response, where);
  const text = response.body.trim();
  const words = /^Maintenance mode (?:is )?(enabled|disabled)\.?$/i.exec(text);
  if (words) return words[1]!.toLowerCase() === 'enabled';
  const body = jsonOf(response, where, 'the state of maintenance mode');
  const enabled = isObject(body) ? body['enabled'] : body;
  if (typeof enabled !== 'boolean') throw unexpected(where, '{"enabled":true|false}', response);
  return enabled;
}

/** `/admin/procedure-manager/status`, from 0.15.5. */
export function readProcedureManager(
  response: TransportResponse,
  where: string,
): ClusterSafety['procedureManager'] {
  requireSuccess(response, where);
  const body = requireObject(jsonOf(response, where, 'a JSON object'), where, 'the body');
  const status = requireString(body['status'], where, 'status').toLowerCase();
  if (status === 'running' || status === 'paused') return status;
  throw malformed(where, 'status', '"running" or "paused"', status);
}

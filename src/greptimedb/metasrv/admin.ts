import { z } from 'zod';
import { decimalId } from '../../lib/json.ts';
import { CallError, dateOf, describeBody, excerpt, headerOf, unexpected } from '../call-error.ts';
import type { Call } from '../caller.ts';
import type { TransportResponse } from '../http.ts';
import { readWorkloads } from '../liveness.ts';
import type { Lease, LeaseReading, ListedNode } from '../liveness.ts';
import type { ClusterSafety } from '../port.ts';
import { checked, id, jsonOf, list, optionalAmount, text } from '../wire.ts';

/** A request to the admin interface: always a GET, which every version answers on both of its ports. */
export function adminCall(
  operation: Call['operation'],
  path: string,
  options: Pick<Call, 'signal' | 'large' | 'limits'>,
): Call {
  return { operation, method: 'GET', path, ...options };
}

/**
 * Throws unless the handler succeeded. Handlers report failures as HTTP 500 with a sentence as the body (GreptimeDB
 * src/meta-srv/src/service/admin.rs at v0.7.2); those of the switches on the HTTP port of 0.15.5 and 0.16 as HTTP 404.
 */
export function requireSuccess(response: TransportResponse, where: string): void {
  const { status, body } = response;
  if (status === 200) return;
  const said = body.trim();
  if (status === 500 && said !== '' && !said.startsWith('<'))
    throw new CallError(`${where}: metasrv says: ${excerpt(said, 300)}`, {
      failure: 'server',
      status,
      serverText: said,
    });
  if (isMissing(response))
    throw new CallError(`${where}: there is no such path (HTTP 404 with ${describeBody(response)})`, {
      failure: 'missing',
      status,
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

/** The JSON of a handler that succeeded. @throws CallError */
export function readJson<S extends z.ZodType>(
  schema: S,
  response: TransportResponse,
  where: string,
  wanted: string,
): z.output<S> {
  requireSuccess(response, where);
  return checked(schema, jsonOf(response, where, wanted), where);
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
  const said = response.body.trim();
  if (response.status === 500 && /no leader|etcd/i.test(said) && !said.startsWith('<'))
    return { kind: 'none', text: said };
  requireSuccess(response, where);
  if (said.toLowerCase() === NO_ELECTION) return { kind: 'self' };
  if (said.length > 300 || !ADDRESS.test(said)) throw unexpected(where, 'the address of a leader', response);
  return { kind: 'names', address: said.replace(/\/$/, '') };
}

const leaseList = list(
  z.object({
    name: z.object({ cluster_id: z.unknown().optional(), node_id: id }),
    lease: z.object({
      timestamp_millis: optionalAmount.pipe(z.number('milliseconds since 1970')),
      node_addr: text,
      // From 0.15 on, by the kind of node.
      workloads: z.record(z.string(), z.unknown()).optional().catch(undefined),
    }),
  }),
);

/**
 * `/admin/node-lease`: every lease that the leader knows, live or not. The server matches the cluster id as a prefix, so that
 * asking for 1 also gives 10 to 19; from 0.13 there is no cluster id at all.
 */
export function leaseReader(clusterId: number): (response: TransportResponse, where: string) => LeaseReading {
  return (response, where) => {
    const items = readJson(leaseList, response, where, 'a JSON array of leases');
    const leases = items
      .filter(({ name, lease }) => isOurs(name.cluster_id, clusterId) && isDatanode(lease.workloads))
      .map(({ name, lease }): Lease => {
        const { node_addr: addr, timestamp_millis: timestampMs } = lease;
        return { id: name.node_id, addr, timestampMs, ...workloadsOf(lease.workloads?.['Datanode']) };
      });
    return { leases, dateMs: dateOf(response) };
  };
}

export function isOurs(found: unknown, clusterId: number): boolean {
  return found === undefined || found === null || decimalId(found) === String(clusterId);
}

/** Anything that is not a datanode's is not ours. */
function isDatanode(workloads: object = {}): boolean {
  const kinds = Object.keys(workloads);
  return kinds.length === 0 || kinds.some((kind) => kind.toLowerCase() === 'datanode');
}

/** The numbers of GreptimeDB's DatanodeWorkloadType (src/common/workload/src/lib.rs). */
const WORKLOADS: readonly string[] = ['hybrid', 'ingest', 'query'];
const datanodeWorkloads = z.object({ types: z.array(z.unknown()) });

function workloadsOf(value: unknown): Pick<ListedNode, 'workloads'> {
  const types = datanodeWorkloads.safeParse(value).data?.types;
  const workloads = readWorkloads(types?.map((type) => WORKLOADS[Number(type)] ?? `type ${String(type)}`));
  return workloads ? { workloads } : {};
}

const maintenance = z.object({ enabled: z.boolean() });

/** `/admin/maintenance`: text up to 0.14, JSON from 0.15. */
export function readMaintenance(response: TransportResponse, where: string): boolean {
  const words = /^Maintenance mode (?:is )?(enabled|disabled)\.?$/i.exec(response.body.trim());
  if (response.status === 200 && words) return words[1]!.toLowerCase() === 'enabled';
  return readJson(maintenance, response, where, 'the state of maintenance mode').enabled;
}

const procedureManager = z.object({
  status: text.transform((word) => word.toLowerCase()).pipe(z.enum(['running', 'paused'])),
});

/** `/admin/procedure-manager/status`, from 0.15.5. */
export function readProcedureManager(
  response: TransportResponse,
  where: string,
): ClusterSafety['procedureManager'] {
  return readJson(procedureManager, response, where, 'a JSON object').status;
}

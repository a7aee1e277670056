import type { DatanodeId, RegionId, TableId } from '../../domain/ids.ts';
import type { RegionStatus } from '../../domain/snapshot.ts';
import { CallError } from '../caller.ts';
import type { TransportResponse } from '../http.ts';
import { isObject, jsonOf, malformed, requireArray, requireId, requireObject } from '../wire.ts';
import type { JsonObject } from '../wire.ts';
import { requireSuccess } from './admin.ts';

/** One region of a physical table's route. */
export interface RegionRoute {
  readonly id: RegionId;
  readonly leader: Peer | null;
  readonly followers: readonly Peer[];
  readonly status: RegionStatus;
}

interface Peer {
  readonly id: DatanodeId;
  readonly addr: string;
}

export type TableRoute =
  | { readonly kind: 'physical'; readonly regions: readonly RegionRoute[] }
  | {
      readonly kind: 'logical';
      readonly physicalTableId: TableId;
      /** The ids carry the logical table's own id. They name no region that could be migrated. */
      readonly regionIds: readonly RegionId[];
    }
  /** The table does not exist, or no longer. */
  | { readonly kind: 'gone' };

/** How the answer was written: a hint at the version. */
export interface RouteReading {
  readonly route: TableRoute;
  /** Up to 0.6 the body is a JSON string that holds the JSON. */
  readonly doubleEncoded: boolean;
}

/** What metasrv says of a table that it does not know (v0.7.2 src/meta-srv/src/error.rs). */
const GONE = /^(?:Failed to find table route for |Table .* not found)/s;

export function isGone(error: CallError): boolean {
  return error.failure === 'server' && GONE.test(error.serverText);
}

/**
 * `/admin/route`. Values that an older version stored have no `type` and are physical; a `leader_status` (`leader_state` from
 * 0.9.4) is written only while a region is not healthy (v0.7.2 src/common/meta/src/rpc/router.rs).
 *
 * @throws CallError
 */
export function readRoute(response: TransportResponse, where: string): RouteReading {
  try {
    requireSuccess(response, where);
  } catch (error) {
    if (error instanceof CallError && isGone(error)) return { route: { kind: 'gone' }, doubleEncoded: false };
    throw error;
  }
  const body = requireObject(jsonOf(response, where, 'a JSON object', true), where, 'the body');
  return { route: parseRoute(body, where), doubleEncoded: response.body.trimStart().startsWith('"') };
}

function parseRoute(body: JsonObject, where: string): TableRoute {
  if (body['type'] === 'logical' || (body['type'] === undefined && 'physical_table_id' in body))
    return parseLogical(body, where);
  if (body['type'] !== undefined && body['type'] !== null && body['type'] !== 'physical')
    throw malformed(where, 'type', '"physical" or "logical"', body['type']);
  const items = requireArray(body['region_routes'], where, 'region_routes');
  return { kind: 'physical', regions: items.map((item, index) => parseRegion(item, where, index)) };
}

function parseLogical(body: JsonObject, where: string): TableRoute {
  const ids = requireArray(body['region_ids'] ?? [], where, 'region_ids');
  return {
    kind: 'logical',
    physicalTableId: requireId(body['physical_table_id'], where, 'physical_table_id'),
    regionIds: ids.map((id, index) => requireId(id, where, `region_ids[${index}]`)),
  };
}

function parseRegion(item: unknown, where: string, index: number): RegionRoute {
  const place = `region_routes[${index}]`;
  const route = requireObject(item, where, place);
  const region = requireObject(route['region'], where, `${place}.region`);
  const followers = requireArray(route['follower_peers'] ?? [], where, `${place}.follower_peers`);
  return {
    id: requireId(region['id'], where, `${place}.region.id`),
    leader: parsePeer(route['leader_peer'], where, `${place}.leader_peer`),
    followers: followers.flatMap((peer, at) => {
      const follower = parsePeer(peer, where, `${place}.follower_peers[${at}]`);
      return follower ? [follower] : [];
    }),
    status: statusOf(route['leader_status'] ?? route['leader_state']),
  };
}

function parsePeer(value: unknown, where: string, place: string): Peer | null {
  if (value === undefined || value === null) return null;
  if (!isObject(value)) throw malformed(where, place, 'a peer or null', value);
  const addr = value['addr'];
  return { id: requireId(value['id'], where, `${place}.id`), addr: typeof addr === 'string' ? addr : '' };
}

function statusOf(state: unknown): RegionStatus {
  if (state === undefined || state === null) return 'alive';
  return typeof state === 'string' && /^staging/i.test(state) ? 'staging' : 'migrating';
}

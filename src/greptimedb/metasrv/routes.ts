import { z } from 'zod';
import type { DatanodeId, RegionId, TableId } from '../../domain/ids.ts';
import type { RegionStatus } from '../../domain/snapshot.ts';
import { CallError } from '../call-error.ts';
import type { TransportResponse } from '../http.ts';
import type { RegionReading } from '../port.ts';
import type { RegionPlace } from '../tables.ts';
import { checked, id, jsonOf, list, optionalText } from '../wire.ts';
import { requireSuccess } from './admin.ts';

/** One region of a physical table's route. */
export interface RegionRoute extends RegionPlace {
  readonly id: RegionId;
}

export type TableRoute =
  | {
      readonly kind: 'physical';
      readonly regions: readonly RegionRoute[];
      /** Of the datanodes that are named. */
      readonly addrs: ReadonlyMap<DatanodeId, string>;
    }
  | {
      readonly kind: 'logical';
      readonly physicalTableId: TableId;
      /** The ids carry the logical table's own id. They name no region that could be migrated. */
      readonly regionIds: readonly RegionId[];
    }
  /** The table does not exist, or no longer. */
  | { readonly kind: 'gone' };

export interface RouteReading {
  readonly route: TableRoute;
  /** Up to 0.6 the body is a JSON string that holds the JSON: a hint at the version. */
  readonly doubleEncoded: boolean;
}

/** What metasrv says of a table that it does not know (v0.7.2 src/meta-srv/src/error.rs). */
const GONE = /^(?:Failed to find table route for |Table .* not found)/s;

export function isGone(error: CallError): boolean {
  return error.failure === 'server' && GONE.test(error.serverText);
}

/** Values that an older version stored have no `type` and are physical. */
const routeType = z.looseObject({ type: z.enum(['physical', 'logical']).nullish() });
const logicalRoute = z.object({ physical_table_id: id, region_ids: list(id).nullish() });
const peer = z.object({ id, addr: optionalText });
const physicalRoute = z.object({
  region_routes: list(
    z.object({
      region: z.object({ id }),
      leader_peer: peer.nullish(),
      follower_peers: list(peer.nullable()).nullish(),
      // Written only while a region is not healthy (v0.7.2 src/common/meta/src/rpc/router.rs).
      leader_status: z.unknown().optional(),
      // The same from 0.9.4 on.
      leader_state: z.unknown().optional(),
    }),
  ),
});

function statusOf(state: unknown): RegionStatus {
  if (state === undefined || state === null) return 'alive';
  return typeof state === 'string' && /^staging/i.test(state) ? 'staging' : 'migrating';
}

/** `/admin/route`. @throws CallError */
export function readRoute(response: TransportResponse, where: string): RouteReading {
  try {
    requireSuccess(response, where);
  } catch (error) {
    if (error instanceof CallError && isGone(error)) return { route: { kind: 'gone' }, doubleEncoded: false };
    throw error;
  }
  const body = jsonOf(response, where, 'a JSON object', true);
  return { route: parseRoute(body, where), doubleEncoded: response.body.trimStart().startsWith('"') };
}

function parseRoute(body: unknown, where: string): TableRoute {
  const head = checked(routeType, body, where);
  if (head.type === 'logical' || (head.type === undefined && 'physical_table_id' in head)) {
    const logical = checked(logicalRoute, body, where);
    return {
      kind: 'logical',
      physicalTableId: logical.physical_table_id,
      regionIds: logical.region_ids ?? [],
    };
  }
  const addrs = new Map<DatanodeId, string>();
  const regions = checked(physicalRoute, body, where).region_routes.map((route): RegionRoute => {
    const { leader_peer: leader, leader_status, leader_state } = route;
    const followers = (route.follower_peers ?? []).filter((follower) => follower !== null);
    for (const { id: datanode, addr } of leader ? [leader, ...followers] : followers)
      addrs.set(datanode, addr);
    return {
      id: route.region.id,
      leader: leader?.id ?? null,
      followers: followers.map((follower) => follower.id),
      status: statusOf(leader_status ?? leader_state),
    };
  });
  return { kind: 'physical', regions, addrs };
}

/** One region of the route of its table. */
export function regionIn({ route }: RouteReading, regionId: RegionId): RegionReading {
  const found =
    route.kind === 'physical' ? route.regions.find((region) => region.id === regionId) : undefined;
  if (!found) return { kind: 'gone' };
  const { leader, followers, status } = found;
  return { kind: 'found', leader, followers, status };
}

import { regionKey } from '../../cluster/model.ts';
import type { RegionRoute, SimTable } from '../../cluster/model.ts';
import type { Profile } from '../../profiles.ts';
import { isEqual, tableOf } from './table.ts';
import type { Field, ReadContext, SqlTable } from './table.ts';

/** A region of a table, with one of the peers that hold it. */
interface RegionPeer {
  readonly table: SimTable;
  readonly key: bigint;
  /** Id and address as cells; null where a region has no leader. */
  readonly peer: readonly [id: bigint, addr: string] | null;
  /** Null: the peer is a follower. */
  readonly leads: { readonly status: string; readonly downSeconds: number | null } | null;
}

const TABLE_NAME: readonly Field<RegionPeer>[] = [
  ['table_catalog', 'String', ({ table }) => table.catalog],
  ['table_schema', 'String', ({ table }) => table.schema],
  ['table_name', 'String', ({ table }) => table.name],
];
const REGION: readonly Field<RegionPeer>[] = [
  ['region_id', 'UInt64', ({ key }) => key],
  ['peer_id', 'UInt64', ({ peer }) => peer?.[0] ?? null],
  ['peer_addr', 'String', ({ peer }) => peer?.[1] ?? null],
  ['is_leader', 'String', ({ leads }) => (leads ? 'Yes' : 'No')],
  ['status', 'String', ({ leads }) => leads?.status ?? null],
  ['down_seconds', 'Int64', ({ leads }) => leads?.downSeconds ?? null],
];

/** `region_peers` (`greptime_region_peers` in 0.7), from the routes that this frontend has cached. */
export function regionPeers({ peersNameTables }: Profile): SqlTable {
  return tableOf(peersNameTables ? [...TABLE_NAME, ...REGION] : REGION, allPeers);
}

function* allPeers(context: ReadContext): Generator<RegionPeer> {
  const { core, catalog, frontend } = context;
  const nodes = [...core.state.datanodes.values()];
  const peers = new Map(nodes.map(({ id, addr }) => [id, [BigInt(id), addr] as const]));
  for (const table of core.state.sortedTables()) {
    if (table.catalog !== catalog || table.kind === 'view') continue;
    const isRenumbered = table.physical !== null && core.profile.peersRenumberLogical;
    for (const route of frontend.cache.routesOf(table.physical ?? table)) {
      const key = isRenumbered ? regionKey(table.id, route.region.number) : route.region.key;
      if (isWanted(context, table, key)) yield* peersOf(context, table, key, route, peers);
      else if (core.profile.peersPredicateBug) break;
    }
  }
}

/** Whether the conditions on those columns hold that the table looks at before it builds rows; all are looked at afterwards. */
function isWanted({ core, where }: ReadContext, table: SimTable, key: bigint): boolean {
  return where.every(({ column, value }) => {
    if (column === 'region_id') return isEqual(key, value);
    if (!core.profile.peersNameTables) return true;
    if (column === 'table_catalog') return isEqual(table.catalog, value);
    if (column === 'table_schema') return isEqual(table.schema, value);
    return column !== 'table_name' || isEqual(table.name, value);
  });
}

function peersOf(
  { core }: ReadContext,
  table: SimTable,
  key: bigint,
  route: RegionRoute,
  peers: ReadonlyMap<string, RegionPeer['peer']>,
): RegionPeer[] {
  const { leader, followers, downSinceMs } = route;
  const peerOf = (id: string | null): RegionPeer['peer'] => peers.get(id ?? '') ?? null;
  const downSeconds = downSinceMs === null ? null : Math.floor((core.time.now() - downSinceMs) / 1_000);
  const leads = { status: statusOf(route, core.profile), downSeconds };
  const told = core.profile.peersTellFollowers ? followers : [];
  return [
    { table, key, peer: peerOf(leader), leads },
    ...told.map((follower) => ({ table, key, peer: peerOf(follower), leads: null })),
  ];
}

function statusOf({ state }: RegionRoute, { downgradedWord, peersTellStaging }: Profile): string {
  if (state === 'downgrading') return downgradedWord;
  return state === 'staging' && peersTellStaging ? 'STAGING' : 'ALIVE';
}

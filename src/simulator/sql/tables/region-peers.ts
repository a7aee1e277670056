import type { Profile, RegionPeerFacts } from '../../profiles/profile.ts';
import { regionKey } from '../../cluster/model.ts';
import type { RegionRoute, SimTable } from '../../cluster/model.ts';
import type { Column, Row } from '../result-set.ts';
import { isEqual } from './information-table.ts';
import type { InformationTable, ReadContext } from './information-table.ts';

const TABLE_COLUMNS: readonly Column[] = [
  ['table_catalog', 'String'],
  ['table_schema', 'String'],
  ['table_name', 'String'],
];
const COLUMNS: readonly Column[] = [
  ['region_id', 'UInt64'],
  ['peer_id', 'UInt64'],
  ['peer_addr', 'String'],
  ['is_leader', 'String'],
  ['status', 'String'],
  ['down_seconds', 'Int64'],
];

/** `region_peers` (`greptime_region_peers` in 0.7), from the routes that this frontend has cached. */
export function regionPeers({ sql }: Profile): InformationTable | null {
  const facts = sql.regionPeers;
  if (!facts) return null;
  return {
    name: facts.name,
    columns: facts.tableColumns ? [...TABLE_COLUMNS, ...COLUMNS] : COLUMNS,
    rows: (context) => readRows(context, facts),
  };
}

interface Reading {
  readonly context: ReadContext;
  readonly facts: RegionPeerFacts;
  /** Id and address of each datanode, as cells. */
  readonly peers: ReadonlyMap<string, readonly [bigint, string]>;
  readonly rows: Row[];
}

function readRows(context: ReadContext, facts: RegionPeerFacts): Row[] {
  const { core, catalog } = context;
  const peers = new Map(
    [...core.state.datanodes.values()].map(({ id, addr }) => [id, [BigInt(id), addr] as const]),
  );
  const reading: Reading = { context, facts, peers, rows: [] };
  for (const table of core.state.sortedTables())
    if (table.catalog === catalog && table.kind !== 'view') addTable(reading, table);
  return reading.rows;
}

function addTable(reading: Reading, table: SimTable): void {
  const { context, facts } = reading;
  const routes = context.frontend.cache.routesOf(table.physical ?? table);
  const isRenumbered = table.physical !== null && facts.logicalRows === 'renumbered';
  for (const route of routes) {
    const key = isRenumbered ? regionKey(table.id, route.region.number) : route.region.key;
    if (!isWanted(context, table, key, facts)) {
      if (facts.predicateBug) return;
      continue;
    }
    addRoute(reading, table, key, route);
  }
}

/** Whether the conditions on those columns hold that the table looks at before it builds rows; all are looked at afterwards. */
function isWanted({ where }: ReadContext, table: SimTable, key: bigint, facts: RegionPeerFacts): boolean {
  return where.every(({ column, value }) => {
    if (column === 'region_id') return isEqual(key, value);
    if (!facts.tableColumns) return true;
    if (column === 'table_catalog') return isEqual(table.catalog, value);
    if (column === 'table_schema') return isEqual(table.schema, value);
    return column !== 'table_name' || isEqual(table.name, value);
  });
}

function addRoute(reading: Reading, table: SimTable, key: bigint, route: RegionRoute): void {
  const { facts, peers, rows, context } = reading;
  const { leader, followers, downSinceMs } = route;
  const downSeconds =
    downSinceMs === null ? null : Math.floor((context.core.time.now() - downSinceMs) / 1_000);
  const [id, addr] = (leader === null ? undefined : peers.get(leader)) ?? [null, null];
  rows.push(rowOf(facts, table, key, id, addr, 'Yes', statusOf(route, facts), downSeconds));
  if (!facts.followers) return;
  for (const follower of followers) {
    const [followerId, followerAddr] = peers.get(follower) ?? [null, null];
    rows.push(rowOf(facts, table, key, followerId, followerAddr, 'No', null, null));
  }
}

function rowOf(facts: RegionPeerFacts, table: SimTable, ...cells: Row): Row {
  return facts.tableColumns ? [table.catalog, table.schema, table.name, ...cells] : cells;
}

function statusOf(route: RegionRoute, facts: RegionPeerFacts): string {
  if (route.state === 'downgrading') return facts.downgradedWord;
  return route.state === 'staging' && facts.staging ? 'STAGING' : 'ALIVE';
}

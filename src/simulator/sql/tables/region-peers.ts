import type { Profile, RegionPeerFacts } from '../../profiles.ts';
import { regionKey } from '../../model.ts';
import type { RegionRoute, SimTable } from '../../model.ts';
import type { Row } from '../evaluate.ts';
import { mayMatch } from '../pushdown.ts';
import type { ColumnDefinition, InformationTable, ReadContext } from './table.ts';

const TABLE_COLUMNS: readonly ColumnDefinition[] = [
  ['table_catalog', 'String'],
  ['table_schema', 'String'],
  ['table_name', 'String'],
];
const COLUMNS: readonly ColumnDefinition[] = [
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

function readRows(context: ReadContext, facts: RegionPeerFacts): Row[] {
  const { core, catalog } = context;
  const rows: Row[] = [];
  for (const table of core.state.sortedTables())
    if (table.catalog === catalog && table.kind !== 'view') addTable(rows, table, context, facts);
  return rows;
}

function addTable(rows: Row[], table: SimTable, context: ReadContext, facts: RegionPeerFacts): void {
  const routes = context.frontend.cache.routesOf(table.physical ?? table);
  const isRenumbered = table.physical !== null && facts.logicalRows === 'renumbered';
  for (const route of routes) {
    const key = isRenumbered ? regionKey(table.id, route.region.number) : route.region.key;
    if (context.filter && !isWanted(context.filter, table, key, facts)) {
      if (facts.predicateBug) return;
      continue;
    }
    addRoute(rows, table, key, route, context, facts);
  }
}

function isWanted(
  filter: NonNullable<ReadContext['filter']>,
  table: SimTable,
  key: bigint,
  facts: RegionPeerFacts,
): boolean {
  return (
    mayMatch(filter, (column) => {
      if (column === 'region_id') return key;
      if (!facts.tableColumns) return undefined;
      if (column === 'table_catalog') return table.catalog;
      if (column === 'table_schema') return table.schema;
      return column === 'table_name' ? table.name : undefined;
    }) !== false
  );
}

function addRoute(
  rows: Row[],
  table: SimTable,
  key: bigint,
  route: RegionRoute,
  { core }: ReadContext,
  facts: RegionPeerFacts,
): void {
  const head = facts.tableColumns ? [table.catalog, table.schema, table.name] : [];
  const { leader, followers, downSinceMs } = route;
  const downSeconds = downSinceMs === null ? null : Math.floor((core.time.now() - downSinceMs) / 1_000);
  const addrOf = (id: string): string => core.state.datanodes.get(id)?.addr ?? '';
  if (leader !== null)
    rows.push([...head, key, BigInt(leader), addrOf(leader), 'Yes', statusOf(route, facts), downSeconds]);
  else rows.push([...head, key, null, null, 'Yes', statusOf(route, facts), downSeconds]);
  if (!facts.followers) return;
  for (const follower of followers)
    rows.push([...head, key, BigInt(follower), addrOf(follower), 'No', null, null]);
}

function statusOf(route: RegionRoute, facts: RegionPeerFacts): string {
  if (route.state === 'downgrading') return facts.downgradedWord;
  return route.state === 'staging' && facts.staging ? 'STAGING' : 'ALIVE';
}

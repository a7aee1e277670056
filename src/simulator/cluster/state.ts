import { beforeCopiesChange } from './heartbeats.ts';
import type { LeaderMemory } from './heartbeats.ts';
import { regionKey } from './model.ts';
import type { RegionRole, RegionRoute, SimDatanode, SimRegion, SimTable } from './model.ts';
import type { RegionLoad } from './region-loads.ts';
import type { ServerTime } from './time.ts';

/** The truth of the cluster: what the metadata store holds, and what each datanode has open. */
export class ClusterState {
  readonly tables = new Map<number, SimTable>();
  #lastTableId = 1_023;
  readonly datanodes = new Map<string, SimDatanode>();
  /** Databases that were created over SQL, as `catalog.schema`. */
  readonly #schemas = new Set<string>();
  readonly #time: ServerTime;
  readonly #memory: () => LeaderMemory;

  constructor(dependencies: { time: ServerTime; memory: () => LeaderMemory }) {
    this.#time = dependencies.time;
    this.#memory = dependencies.memory;
  }

  tableNamed(catalog: string, schema: string, name: string): SimTable | undefined {
    return this.tables
      .values()
      .find((table) => table.name === name && table.schema === schema && table.catalog === catalog);
  }

  /** The catalog `greptime` exists always, others with their first table. */
  hasCatalog(catalog: string): boolean {
    if (catalog === 'greptime') return true;
    return [...this.tables.values()].some((table) => table.catalog === catalog);
  }

  /** Schemas of a catalog, the built-in ones included, in order. */
  schemasOf(catalog: string): string[] {
    const own = [...this.tables.values()]
      .filter((table) => table.catalog === catalog)
      .map(({ schema }) => schema);
    const created = [...this.#schemas].flatMap((name) =>
      name.startsWith(`${catalog}.`) ? [name.slice(catalog.length + 1)] : [],
    );
    return [...new Set(['greptime_private', 'information_schema', 'public', ...created, ...own])].sort();
  }

  addSchema(catalog: string, name: string): void {
    this.#schemas.add(`${catalog}.${name}`);
  }

  removeSchema(catalog: string, name: string): void {
    this.#schemas.delete(`${catalog}.${name}`);
  }

  /** Tables in the order of their ids. */
  sortedTables(): SimTable[] {
    return [...this.tables.values()].sort((a, b) => a.id - b.id);
  }

  /** Ids are never given twice, not even those of dropped tables. */
  nextTableId(): number {
    return this.#lastTableId + 1;
  }

  addTable(table: SimTable): void {
    this.#lastTableId = Math.max(this.#lastTableId, table.id);
    this.tables.set(table.id, table);
    table.physical?.logicalTables.push(table);
    for (const route of table.routes) {
      if (route.leader !== null) this.openCopy(route.leader, route.region, 'Leader');
      for (const follower of route.followers) this.openCopy(follower, route.region, 'Follower');
    }
  }

  /** Drops a table with its routes and copies; a physical table takes its logical tables along. */
  removeTable(table: SimTable): void {
    for (const logical of [...table.logicalTables]) this.removeTable(logical);
    this.tables.delete(table.id);
    const siblings = table.physical?.logicalTables;
    siblings?.splice(siblings.indexOf(table), 1);
    for (const route of table.routes)
      for (const node of this.datanodes.values()) this.closeCopy(node.id, route.region);
    table.routes = [];
  }

  addDatanode(node: SimDatanode): void {
    this.datanodes.set(node.id, node);
  }

  get livingDatanodeIds(): string[] {
    return [...this.datanodes.values()].filter((node) => node.diedAtMs === null).map(({ id }) => id);
  }

  /** The entry of a region, or undefined when the table or the region does not exist. */
  routeOf(key: bigint): RegionRoute | undefined {
    const table = this.tables.get(Number(key >> 32n));
    if (!table) return undefined;
    const guess = table.routes[Number(key & 0xff_ffffn)];
    return guess?.region.key === key ? guess : table.routes.find((route) => route.region.key === key);
  }

  /** Replaces a region's entry in its table's route; the version rises by one. False when the table is gone. */
  changeRoute(region: SimRegion, change: Partial<Omit<RegionRoute, 'region'>>): boolean {
    const { table, index } = region;
    const current = table.routes[index];
    if (!current || !this.tables.has(table.id)) return false;
    table.routes = table.routes.with(index, { ...current, ...change });
    table.version += 1;
    return true;
  }

  /** Opens a region on a datanode, or changes the role of the copy that is open there. */
  openCopy(nodeId: string, region: SimRegion, role: RegionRole): void {
    const node = this.datanodes.get(nodeId);
    if (!node) return;
    const existing = node.copies.get(region);
    if (existing?.role === role) return;
    const nowMs = this.#time.now();
    beforeCopiesChange(node, nowMs, this.#memory());
    const becomesLeader = role === 'Leader' && existing?.role === 'Follower';
    const openedAtMs = existing && !becomesLeader ? existing.openedAtMs : nowMs;
    node.copies.set(region, { region, role, openedAtMs });
  }

  closeCopy(nodeId: string, region: SimRegion): void {
    const node = this.datanodes.get(nodeId);
    if (!node?.copies.has(region)) return;
    beforeCopiesChange(node, this.#time.now(), this.#memory());
    node.copies.delete(region);
  }

  /** How many regions each datanode really leads, ids ascending; only tables that `wanted` accepts. */
  regionsPerDatanode(wanted: (table: SimTable) => boolean = () => true): Map<string, number> {
    const ids = [...this.datanodes.keys()].sort((a, b) => Number(BigInt(a) - BigInt(b)));
    const counts = new Map(ids.map((id) => [id, 0]));
    for (const table of this.tables.values()) {
      if (!wanted(table)) continue;
      for (const { leader } of table.routes)
        if (leader !== null) counts.set(leader, (counts.get(leader) ?? 0) + 1);
    }
    return counts;
  }
}

/** What a new table needs; the rest is derived. */
interface TableSeed extends Pick<
  SimTable,
  'id' | 'catalog' | 'schema' | 'name' | 'engine' | 'createdAtMs' | 'physical'
> {
  /** Default: those that its engine needs. */
  readonly options?: SimTable['options'];
  readonly comment?: string;
  /** One for each region. */
  readonly placements: readonly RegionPlacement[];
  /** Region numbers; default 0, 1, 2 … A repartitioned table has gaps. */
  readonly numbers?: readonly number[];
}

export interface RegionPlacement extends RegionLoad {
  readonly leader: string;
  readonly followers: readonly string[];
}

export function buildTable({ placements, numbers, options, comment, ...seed }: TableSeed): SimTable {
  const table: SimTable = {
    ...seed,
    kind: seed.engine === '' ? 'view' : seed.physical ? 'logical' : 'physical',
    options: options ?? engineOptions(seed),
    comment: comment ?? null,
    logicalTables: [],
    partitionColumns: placements.length > 1 ? ['host'] : [],
    routes: [],
    version: 0,
    stored: null,
  };
  table.routes = placements.map(({ leader, followers, ...load }, index) => {
    const number = numbers?.[index] ?? index;
    const key = regionKey(table.id, number);
    const region = { ...load, key, id: key.toString(), table, number, index };
    return { region, leader, followers, state: null, downSinceMs: null };
  });
  return table;
}

function engineOptions({ physical, engine }: Pick<SimTable, 'physical' | 'engine'>): SimTable['options'] {
  if (physical) return { on_physical_table: physical.name };
  return engine === 'metric' ? { physical_metric_table: '' } : {};
}

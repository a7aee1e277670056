import { OperatingError } from '../../domain/errors.ts';
import { isDecimalId } from '../../domain/ids.ts';
import { broadcastInvalidation, later } from './core.ts';
import type { ClusterCore } from './core.ts';
import { newDatanode, newPlacement } from './layout.ts';
import { displayRegion } from './model.ts';
import type { RegionRoute, SimDatanode, SimTable } from './model.ts';
import { newProcedure } from '../procedures/manager.ts';
import { seededUuid } from '../procedures/uuid.ts';
import { buildTable } from './state.ts';

/** What people and accidents do to a cluster, apart from migrations. Each action is journalled. */

export function addDatanode(core: ClusterCore, wantedId?: string): string {
  const id = wantedId ?? nextDatanodeId(core);
  if (!isDecimalId(id)) throw notPossible(`a datanode ${JSON.stringify(id)}; wanted a decimal id`);
  if (core.state.datanodes.has(id)) throw notPossible(`datanode ${id} exists already`);
  core.state.addDatanode(newDatanode(id, core.time.now(), null));
  tell(core, 'add-datanode', id);
  return id;
}

function nextDatanodeId(core: ClusterCore): string {
  const ids = [...core.state.datanodes.keys()].map(BigInt);
  return (ids.reduce((most, id) => (id > most ? id : most), -1n) + 1n).toString();
}

/** The process dies: no heartbeat any more. Its routes stay. */
export function killDatanode(core: ClusterCore, id: string): void {
  const node = datanode(core, id);
  if (node.diedAtMs !== null) return;
  node.diedAtMs = core.time.now();
  tell(core, 'kill-datanode', id);
}

/** The process starts again with the regions that the routes give it. */
export function reviveDatanode(core: ClusterCore, id: string): void {
  const node = datanode(core, id);
  if (node.diedAtMs === null) return;
  node.diedAtMs = null;
  node.startedAtMs = core.time.now();
  node.changedAtMs = node.startedAtMs;
  node.flushed = null;
  for (const region of [...node.copies.keys()]) {
    const route = core.state.routeOf(region.key);
    node.copies.delete(region);
    if (route?.leader === id) core.state.openCopy(id, region, 'Leader');
    else if (route?.followers.includes(id)) core.state.openCopy(id, region, 'Follower');
  }
  tell(core, 'revive-datanode', id);
}

export interface NewTable {
  readonly name: string;
  readonly regions: number;
  readonly catalog?: string;
  readonly schema?: string;
  readonly engine?: 'mito' | 'metric';
  /** Region numbers, as many as regions; default 0, 1, 2 … A repartitioned table has gaps. */
  readonly numbers?: readonly number[];
  /** Datanodes that get the regions in turn; default: the living ones. */
  readonly on?: readonly string[];
}

export function createTable(core: ClusterCore, wanted: NewTable): SimTable {
  const { catalog = 'greptime', schema = 'public', name, regions, engine = 'mito' } = wanted;
  if (!Number.isInteger(regions) || regions < 1 || regions > 100_000)
    throw notPossible(`a table of ${regions} regions; wanted 1 to 100000`);
  if (core.state.tableNamed(catalog, schema, name))
    throw notPossible(`table ${catalog}.${schema}.${name} exists already`);
  const living = [...core.state.datanodes.values()].filter((node) => node.diedAtMs === null);
  const nodes = wanted.on ?? living.map((node) => node.id);
  if (nodes.length === 0) throw notPossible('a table without any datanode');
  for (const id of nodes) datanode(core, id);
  const id = core.state.nextTableId();
  const placements = Array.from({ length: regions }, (_, index) =>
    newPlacement(nodes[index % nodes.length]!, nodes, 0, core.prng),
  );
  const createdAtMs = core.time.now();
  const names = { id, catalog, schema, name, engine, kind: 'physical', createdAtMs, physical: null } as const;
  const { numbers } = wanted;
  const table = buildTable({ ...names, placements, ...(numbers ? { numbers } : {}) });
  core.state.addTable(table);
  tell(core, 'create-table', `${catalog}.${schema}.${name}`);
  return table;
}

/**
 * Drops a table through a procedure, which in 0.6 to 0.14 waits for the table's migrations.
 *
 * @returns whether it is gone already.
 */
export function dropTable(core: ClusterCore, fullName: string): boolean {
  const [name = '', schema = 'public', catalog = 'greptime'] = fullName.split('.').reverse();
  const table = core.state.tableNamed(catalog, schema, name);
  if (!table) throw notPossible(`there is no table ${fullName} to drop`);
  const procedure = newProcedure(seededUuid(core.prng), 'metasrv-procedure::DropTable', [
    { mode: 'Share', key: `__catalog_lock/${catalog}` },
    { mode: 'Share', key: `__schema_lock/${catalog}.${schema}` },
    { mode: 'Exclusive', key: `__table_lock/${table.id}` },
  ]);
  core.procedures.register(procedure, () => {
    core.state.removeTable(table);
    broadcastInvalidation(core, table.id);
    tell(core, 'drop-table', `${catalog}.${schema}.${name}`);
    core.procedures.finish(procedure, 'Done', null);
  });
  return !core.state.tables.has(table.id);
}

/** Another mover's work, done in an instant and without a procedure that anybody could see. */
export function moveRegionBehindTheScenes(core: ClusterCore, regionId: string, to: string): void {
  const { region, leader } = routeFor(core, regionId);
  datanode(core, to);
  core.state.changeRoute(region, { leader: to, state: null, downSinceMs: null });
  if (leader !== null && leader !== to) core.state.closeCopy(leader, region);
  core.state.openCopy(to, region, 'Leader');
  broadcastInvalidation(core, region.table.id);
  tell(core, 'move-region', `${displayRegion(region.key)} from ${leader ?? 'nowhere'} to ${to}`);
}

export function setFollower(core: ClusterCore, regionId: string, nodeId: string, isFollower: boolean): void {
  const { region, followers } = routeFor(core, regionId);
  datanode(core, nodeId);
  const others = followers.filter((follower) => follower !== nodeId);
  core.state.changeRoute(region, { followers: isFollower ? [...others, nodeId] : others });
  if (isFollower) core.state.openCopy(nodeId, region, 'Follower');
  else core.state.closeCopy(nodeId, region);
  broadcastInvalidation(core, region.table.id);
  tell(core, 'set-follower', `${displayRegion(region.key)} on ${nodeId}: ${isFollower}`);
}

/** Marks a region as being repartitioned, or no longer. */
export function setStaging(core: ClusterCore, regionId: string, isStaging: boolean): void {
  setState(core, regionId, isStaging ? 'staging' : null);
}

/** Marks a region as downgraded, as a migration leaves it that got stuck. */
export function setDowngraded(core: ClusterCore, regionId: string, isDowngraded: boolean): void {
  setState(core, regionId, isDowngraded ? 'downgrading' : null);
}

function setState(core: ClusterCore, regionId: string, state: RegionRoute['state']): void {
  const { region, leader } = routeFor(core, regionId);
  core.state.changeRoute(region, { state, downSinceMs: state === 'downgrading' ? core.time.now() : null });
  const role =
    state === 'staging' ? 'StagingLeader' : state === 'downgrading' ? 'DowngradingLeader' : 'Leader';
  if (leader !== null) core.state.openCopy(leader, region, role);
  broadcastInvalidation(core, region.table.id);
  tell(core, 'set-state', `${displayRegion(region.key)}: ${state ?? 'none'}`);
}

/** A region without a leader in its route. */
export function removeLeader(core: ClusterCore, regionId: string): void {
  const { region, leader } = routeFor(core, regionId);
  core.state.changeRoute(region, { leader: null });
  if (leader !== null) core.state.closeCopy(leader, region);
  broadcastInvalidation(core, region.table.id);
  tell(core, 'remove-leader', displayRegion(region.key));
}

export interface LeaderChange {
  /** Index of the metasrv that shall lead; default: the next one that is up. */
  readonly to?: number;
  /** How long nobody leads; default: the leader lease of the version. */
  readonly gapMs?: number;
}

/**
 * The leader steps down; after the gap another one is elected, with an empty memory. A metasrv without election restarts and
 * refuses connections until then.
 */
export function changeLeader(core: ClusterCore, change: LeaderChange = {}): void {
  const old = core.meta.leader;
  if (old === null) return;
  const server = core.meta.servers[old];
  const restarts = !core.meta.hasElection && server?.up === true;
  if (restarts) server.up = false;
  depose(core, old);
  later(core, change.gapMs ?? core.profile.leaderLeaseMs, () => {
    if (restarts) server.up = true;
    electLeader(core, change.to ?? old + 1);
  });
}

function depose(core: ClusterCore, leader: number): void {
  core.meta.depose();
  core.journal.record({ kind: 'leader-lost', metasrv: leader });
  core.migrations.leaderLost(core);
}

function electLeader(core: ClusterCore, preferred: number): void {
  const { servers } = core.meta;
  const inTurn = servers.map((_, offset) => servers[(preferred + offset) % servers.length]!);
  const next = inTurn.find((server) => server.up);
  if (!next || core.meta.leader !== null) return;
  core.meta.elect(next.index);
  core.journal.record({ kind: 'leader-elected', metasrv: next.index });
  core.migrations.leaderElected(core);
}

/** A metasrv process dies; connections to it are refused. When it led, another one is elected. */
export function killMetasrv(core: ClusterCore, index: number): void {
  const server = core.meta.servers[index];
  if (!server) throw notPossible(`there is no metasrv ${index}`);
  server.up = false;
  tell(core, 'kill-metasrv', String(index));
  if (core.meta.leader !== index) return;
  depose(core, index);
  later(core, core.profile.leaderLeaseMs, () => electLeader(core, index + 1));
}

export function reviveMetasrv(core: ClusterCore, index: number): void {
  const server = core.meta.servers[index];
  if (!server) throw notPossible(`there is no metasrv ${index}`);
  server.up = true;
  tell(core, 'revive-metasrv', String(index));
  if (core.meta.leader === null) later(core, core.profile.leaderLeaseMs, () => electLeader(core, index));
}

/** A frontend process dies or comes back, then with empty caches. */
export function setFrontendUp(core: ClusterCore, index: number, isUp: boolean): void {
  const frontend = core.frontends[index];
  if (!frontend) throw notPossible(`there is no frontend ${index}`);
  frontend.diedAtMs = isUp ? null : core.time.now();
  if (isUp) frontend.cache.clear();
  tell(core, isUp ? 'revive-frontend' : 'kill-frontend', String(index));
}

export function setSwitch(
  core: ClusterCore,
  name: 'maintenance' | 'procedures-paused',
  value: boolean,
): void {
  core.meta.setSwitch(name, value, core.meta.leader ?? 0);
  tell(core, name, String(value));
}

/** A route by its region's id. @throws OperatingError when there is no such region. */
export function routeFor(core: ClusterCore, regionId: string): RegionRoute {
  const route = isDecimalId(regionId) ? core.state.routeOf(BigInt(regionId)) : undefined;
  if (!route) throw notPossible(`there is no region ${regionId}`);
  return route;
}

function datanode(core: ClusterCore, id: string): SimDatanode {
  const node = core.state.datanodes.get(id);
  if (!node) throw notPossible(`there is no datanode ${id}`);
  return node;
}

function tell(core: ClusterCore, action: string, detail: string): void {
  core.journal.record({ kind: 'operator', action, detail });
}

function notPossible(what: string): OperatingError {
  return new OperatingError('simulator-refused', `Simulated cluster: ${what}`);
}

import { isDecimalId } from '../../lib/json.ts';
import { createTable, dropTable } from '../procedures/ddl.ts';
import type { NewTable } from '../procedures/ddl.ts';
import { superviseFailover } from '../procedures/failover.ts';
import { beginUnlessTaken, resumeMigrations, suspendMigrations } from '../procedures/migrations.ts';
import { broadcastInvalidation, later, refuse } from './core.ts';
import type { ClusterCore, SimFrontend } from './core.ts';
import { newDatanode } from './layout.ts';
import type { Metasrv, SwitchName } from './meta.ts';
import { displayRegion } from './model.ts';
import type { RegionRole, RegionRoute, SimDatanode, SimRegion, SimTable, Workload } from './model.ts';

interface LeaderChange {
  /** Index of the metasrv that shall lead; default: the next one that is up. */
  readonly to?: number;
  /** How long nobody leads; default: the leader lease of the version. */
  readonly gapMs?: number;
}

/** What people and accidents do to a cluster. Each action is journalled. @throws OperatingError when it is not possible. */
export class ClusterOperator {
  protected readonly core: ClusterCore;

  constructor(core: ClusterCore) {
    this.core = core;
  }

  /** A new, empty datanode joins. Returns its id. */
  addDatanode(wantedId?: string, workload: Workload = 'hybrid'): string {
    const id = wantedId ?? this.#nextDatanodeId();
    if (!isDecimalId(id)) refuse(`a datanode ${JSON.stringify(id)}; wanted a decimal id`);
    if (this.core.state.datanodes.has(id)) refuse(`datanode ${id} exists already`);
    this.core.state.addDatanode(newDatanode(id, this.core.time.now(), null, workload));
    this.#tell('add-datanode', id);
    return id;
  }

  #nextDatanodeId(): string {
    const ids = [...this.core.state.datanodes.keys()].map(BigInt);
    return (ids.reduce((most, id) => (id > most ? id : most), -1n) + 1n).toString();
  }

  /** The process dies: no heartbeat any more. Its routes stay. */
  killDatanode(id: string): void {
    const node = this.#datanode(id);
    if (node.diedAtMs !== null) return;
    node.diedAtMs = this.core.time.now();
    this.#tell('kill-datanode', id);
    superviseFailover(this.core, id);
  }

  /** The process starts again with the regions that the routes give it. */
  reviveDatanode(id: string): void {
    const node = this.#datanode(id);
    if (node.diedAtMs === null) return;
    node.diedAtMs = null;
    node.startedAtMs = this.core.time.now();
    node.changedAtMs = node.startedAtMs;
    node.flushed = null;
    for (const region of [...node.copies.keys()]) {
      const route = this.core.state.routeOf(region.key);
      node.copies.delete(region);
      if (route?.leader === id) this.core.state.openCopy(id, region, 'Leader');
      else if (route?.followers.includes(id)) this.core.state.openCopy(id, region, 'Follower');
    }
    this.#tell('revive-datanode', id);
  }

  createTable(wanted: NewTable): SimTable {
    const table = createTable(this.core, wanted);
    this.#tell('create-table', fullName(table));
    return table;
  }

  /**
   * @param name `[catalog.][schema.]table`
   * @returns whether the table is gone already; in 0.6 to 0.14 its migrations end before.
   */
  dropTable(name: string): boolean {
    const [own = '', schema = 'public', catalog = 'greptime'] = name.split('.').reverse();
    const table =
      this.core.state.tableNamed(catalog, schema, own) ?? refuse(`there is no table ${name} to drop`);
    dropTable(this.core, table, () => this.#tell('drop-table', fullName(table)));
    return !this.core.state.tables.has(table.id);
  }

  /** Another mover's work, done in an instant and without a procedure that anybody could see. */
  moveRegionBehindTheScenes(regionId: string, to: string): void {
    const { region, leader } = this.route(regionId);
    this.#datanode(to);
    this.core.state.changeRoute(region, { leader: to, state: null, downSinceMs: null });
    if (leader !== null && leader !== to) this.core.state.closeCopy(leader, region);
    this.core.state.openCopy(to, region, 'Leader');
    this.#tellRoute(region, 'move-region', ` from ${leader ?? 'nowhere'} to ${to}`);
  }

  /** Another mover asks for a migration. Returns the procedure's id, or null when the region is taken. */
  startForeignMigration(regionId: string, to: string): string | null {
    return beginUnlessTaken(this.core, this.route(regionId), to, 'OtherMover');
  }

  setFollower(regionId: string, nodeId: string, isFollower = true): void {
    const { region, followers } = this.route(regionId);
    this.#datanode(nodeId);
    const others = followers.filter((follower) => follower !== nodeId);
    this.core.state.changeRoute(region, { followers: isFollower ? [...others, nodeId] : others });
    if (isFollower) this.core.state.openCopy(nodeId, region, 'Follower');
    else this.core.state.closeCopy(nodeId, region);
    this.#tellRoute(region, 'set-follower', ` on ${nodeId}: ${isFollower}`);
  }

  /** `staging`: being repartitioned; `downgrading`: as a migration leaves it that got stuck; null: healthy. */
  setRegionState(regionId: string, state: RegionRoute['state']): void {
    const { region, leader } = this.route(regionId);
    this.core.state.changeRoute(region, {
      state,
      downSinceMs: state === 'downgrading' ? this.core.time.now() : null,
    });
    const roles = { staging: 'StagingLeader', downgrading: 'DowngradingLeader' } as const;
    const role: RegionRole = state === null ? 'Leader' : roles[state];
    if (leader !== null) this.core.state.openCopy(leader, region, role);
    this.#tellRoute(region, 'set-state', `: ${state ?? 'none'}`);
  }

  /** A region without a leader in its route. */
  removeLeader(regionId: string): void {
    const { region, leader } = this.route(regionId);
    this.core.state.changeRoute(region, { leader: null });
    if (leader !== null) this.core.state.closeCopy(leader, region);
    this.#tellRoute(region, 'remove-leader', '');
  }

  /**
   * The leader steps down; after the gap another one is elected, with an empty memory. A metasrv without election restarts and
   * refuses connections until then.
   */
  changeLeader(change: LeaderChange = {}): void {
    const old = this.core.meta.leader;
    if (old === null) return;
    const server = this.core.meta.servers[old];
    const restarts = !this.core.meta.hasElection && server?.up === true;
    if (restarts) server.up = false;
    this.#depose(old);
    later(this.core, change.gapMs ?? this.core.profile.leaderLeaseMs, () => {
      if (restarts) server.up = true;
      this.#electLeader(change.to ?? old + 1);
    });
  }

  #depose(leader: number): void {
    this.core.meta.depose();
    this.core.journal.record({ kind: 'leader-lost', metasrv: leader });
    suspendMigrations(this.core);
  }

  #electLeader(preferred: number): void {
    const { servers } = this.core.meta;
    const inTurn = servers.map((_, offset) => servers[(preferred + offset) % servers.length]!);
    const next = inTurn.find((server) => server.up);
    if (!next || this.core.meta.leader !== null) return;
    this.core.meta.elect(next.index);
    this.core.journal.record({ kind: 'leader-elected', metasrv: next.index });
    resumeMigrations(this.core);
  }

  /** A metasrv process dies; connections to it are refused. When it led, another one is elected. */
  killMetasrv(index: number): void {
    const server = this.#metasrv(index);
    server.up = false;
    this.#tell('kill-metasrv', String(index));
    if (this.core.meta.leader !== index) return;
    this.#depose(index);
    later(this.core, this.core.profile.leaderLeaseMs, () => this.#electLeader(index + 1));
  }

  reviveMetasrv(index: number): void {
    const server = this.#metasrv(index);
    server.up = true;
    this.#tell('revive-metasrv', String(index));
    if (this.core.meta.leader === null)
      later(this.core, this.core.profile.leaderLeaseMs, () => this.#electLeader(index));
  }

  killFrontend(index: number): void {
    this.#frontend(index).diedAtMs = this.core.time.now();
    this.#tell('kill-frontend', String(index));
  }

  /** It comes back with empty caches. */
  reviveFrontend(index: number): void {
    const frontend = this.#frontend(index);
    frontend.diedAtMs = null;
    frontend.cache.clear();
    this.#tell('revive-frontend', String(index));
  }

  setMaintenance(isOn: boolean): void {
    this.#setSwitch('maintenance', isOn);
  }

  pauseProcedures(isPaused = true): void {
    this.#setSwitch('procedures-paused', isPaused);
  }

  #setSwitch(name: SwitchName, value: boolean): void {
    this.core.meta.setSwitch(name, value, this.core.meta.leader ?? 0);
    this.#tell(name, String(value));
  }

  /** A route by its region's id. */
  protected route(regionId: string): RegionRoute {
    const route = isDecimalId(regionId) ? this.core.state.routeOf(BigInt(regionId)) : undefined;
    return route ?? refuse(`there is no region ${regionId}`);
  }

  #datanode(id: string): SimDatanode {
    return this.core.state.datanodes.get(id) ?? refuse(`there is no datanode ${id}`);
  }

  #metasrv(index: number): Metasrv {
    return this.core.meta.servers[index] ?? refuse(`there is no metasrv ${index}`);
  }

  #frontend(index: number): SimFrontend {
    return this.core.frontends[index] ?? refuse(`there is no frontend ${index}`);
  }

  /** Tells the frontends of a changed route, and the journal what was done to the region. */
  #tellRoute({ key, table }: SimRegion, action: string, what: string): void {
    broadcastInvalidation(this.core, table.id);
    this.#tell(action, `${displayRegion(key)}${what}`);
  }

  #tell(action: string, detail: string): void {
    this.core.journal.record({ kind: 'operator', action, detail });
  }
}

function fullName({ catalog, schema, name }: SimTable): string {
  return `${catalog}.${schema}.${name}`;
}

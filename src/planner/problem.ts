import type { BlockerCode } from '../domain/codes.ts';
import { compareIds } from '../domain/ids.ts';
import type { DatanodeState } from '../domain/datanode-state.ts';
import type { DatanodeRole, Memory, Policy } from '../domain/policy.ts';
import { compilePattern, compileSelection } from '../domain/selector.ts';
import type { TableIdentity } from '../domain/selector.ts';
import { takesWrites } from '../domain/snapshot.ts';
import type { Datanode, Region, Snapshot, Table } from '../domain/snapshot.ts';

/**
 * The snapshot as the solver sees it: nodes, tables and regions as dense indices over typed arrays.
 *
 * *Nodes* are all datanodes in the order of their ids; *columns* are those of them that may receive regions. *Tables* are in
 * the order of their ids. Nothing here depends on the order in which the snapshot lists things, except `regions`, whose index
 * is the snapshot's.
 */
export interface Problem {
  readonly snapshot: Snapshot;
  readonly nodes: readonly ProblemNode[];
  /** Node index of each column. */
  readonly columns: readonly number[];
  /** Column of each node, or -1. */
  readonly columnOf: Int32Array;
  readonly weights: Float64Array;
  readonly totalWeight: number;
  /** Whether the datanodes' totals are evened out; otherwise a table's spread alone counts. */
  readonly evenTotals: boolean;
  readonly tables: readonly Table[];
  /** Whether the policy selects the table. */
  readonly inScope: readonly boolean[];
  /** Table index of each region, or -1. */
  readonly tableOf: Int32Array;
  /** Node index of each region's leader, or -1. */
  readonly nodeOf: Int32Array;
  /** Bytes written to each region per second; {@link UNKNOWN} where nobody says it. */
  readonly writeRate: Float64Array;
  /** The same as a cost of moving it: less for what the previous plan moves. */
  readonly moveRate: Float64Array;
  /** Whether any region has followers. */
  readonly hasFollowers: boolean;
  /** 0: may be moved. {@link NOT_DRAINING}: left out of a drain-only plan. Otherwise see {@link hasToLeave} and {@link holdOf}. */
  readonly hold: Uint8Array;
  /** `regionsOfTable[start[t] .. start[t + 1]]`: the counted regions of each table, by region index. */
  readonly start: Int32Array;
  readonly regionsOfTable: Int32Array;
  /** What the previous plan moves and can still be moved so, by region index. Its choices are kept where they are about as good. */
  readonly previous?: ReadonlyMap<number, PreviousMove>;
}

/** A measure of a load that is not known. It sorts after everything known. */
export const UNKNOWN = Number.MAX_VALUE;

export interface PreviousMove {
  /** The column that takes the region. */
  readonly column: number;
  /** Where in the previous plan the move stands. */
  readonly position: number;
}

interface ProblemNode {
  readonly id: string;
  readonly state: DatanodeState;
  /** It is to be emptied, dead or alive. */
  readonly drains: boolean;
  /** Migrations away from it failed: its regions stay for a while. */
  readonly givesNone: boolean;
  readonly weight: number;
}

/** Why a region stays where it is, whatever the balance says; in the order in which they are looked for. */
const HOLDS = [
  'unknown-table',
  'not-selected',
  'unsupported-engine',
  'no-leader',
  'unknown-datanode',
  'leader-dead',
  'cordoned',
  'query-only',
  'target-quarantined',
  'migrating',
  'staging',
  'pinned',
  'quarantined',
  'cooldown',
  'source-quarantined',
] as const satisfies readonly BlockerCode[];
export type Hold = (typeof HOLDS)[number];

const HOLD_INDEX = Object.fromEntries(HOLDS.map((code, index) => [code, index + 1])) as Readonly<
  Record<Hold, number>
>;

/** The region is led by a target, and the policy wants draining datanodes emptied and nothing else. */
const NOT_DRAINING = 255;

/** From this hold on, a region that stays is counted where it is; before it, it is not counted at all. */
const FIRST_COUNTED_HOLD = HOLD_INDEX.migrating;

/** Added to the hold of a region on a datanode that drains, whose table is not selected: it has to leave, and counts nowhere. */
const UNSELECTED = 64;

/** Whether a region counts towards its table's and its datanode's share. */
export function isCountedHold(hold: number): boolean {
  return hold === 0 || (hold >= FIRST_COUNTED_HOLD && hold < UNSELECTED) || hold === NOT_DRAINING;
}

/** Whether a region has to leave its datanode though its table is not selected: a drain takes everything. */
export function hasToLeave(hold: number): boolean {
  return hold === UNSELECTED;
}

/** The blocker behind a region's hold; undefined when it may be moved, or is merely left out. */
export function holdOf(hold: number): Hold | undefined {
  return HOLDS[(hold % UNSELECTED) - 1];
}

/** Engines whose regions cannot be migrated: the file engine has no catch-up (GreptimeDB src/file-engine/src/engine.rs). */
const UNSUPPORTED_ENGINES = new Set(['file']);

/** Whether regions of a table can be moved at all. */
export function isMovable({ engine }: Table): boolean {
  return !UNSUPPORTED_ENGINES.has(engine);
}

export function buildProblem(snapshot: Snapshot, policy: Policy, memory: Memory, nowMs: number): Problem {
  const rests = memory.datanodes.filter(({ untilMs }) => untilMs > nowMs);
  const nodes = problemNodes(snapshot, policy, rests);
  const columns = nodes.flatMap((node, index) => (node.state === 'target' ? [index] : []));
  const columnOf = new Int32Array(nodes.length).fill(-1);
  columns.forEach((node, column) => (columnOf[node] = column));
  const weights = Float64Array.from(columns, (node) => nodes[node]!.weight);
  const tables = [...snapshot.tables].sort((a, b) => compareIds(a.id, b.id));
  const selector = compileSelection(policy.tables);
  const inScope = tables.map((table) => selector.selects(table));
  const located = locateRegions(snapshot.regions, tables, nodes);
  const { tableOf, nodeOf, writeRate, hasFollowers } = located;
  const hold = findHolds({ snapshot, policy, memory, nowMs, nodes, tables, inScope, ...located });
  const { start, regionsOfTable } = groupByTable(tables.length, tableOf, hold);
  // Named one by one: an object that is spread into another loses its compiled readers at each full collection.
  return {
    snapshot,
    nodes,
    columns,
    columnOf,
    weights,
    totalWeight: weights.reduce((sum, weight) => sum + weight, 0),
    evenTotals: true,
    tables,
    inScope,
    tableOf,
    nodeOf,
    writeRate,
    hasFollowers,
    moveRate: writeRate,
    hold,
    start,
    regionsOfTable,
  };
}

function problemNodes(snapshot: Snapshot, policy: Policy, rests: Memory['datanodes']): ProblemNode[] {
  const draining = new Set(policy.drain);
  const cordoned = new Set(policy.cordon);
  const resting = (role: DatanodeRole): Set<string> =>
    new Set(rests.filter((rest) => rest.role === role).map(({ datanode }) => datanode));
  const [quarantined, noSource] = [resting('target'), resting('source')];
  const stateOf = (datanode: Datanode): DatanodeState => {
    const { id, status } = datanode;
    if (status === 'dead') return 'dead';
    if (draining.has(id)) return 'draining';
    if (cordoned.has(id)) return 'cordoned';
    if (!takesWrites(datanode)) return 'query-only';
    return quarantined.has(id) ? 'quarantined' : 'target';
  };
  return [...snapshot.datanodes]
    .sort((a, b) => compareIds(a.id, b.id))
    .map((datanode) => ({
      id: datanode.id,
      drains: draining.has(datanode.id),
      givesNone: noSource.has(datanode.id),
      state: stateOf(datanode),
      weight: policy.weights[datanode.id] ?? 1,
    }));
}

type Located = Pick<Problem, 'tableOf' | 'nodeOf' | 'writeRate' | 'hasFollowers'> & {
  /** 1: it is neither migrating nor staging. */
  readonly isAlive: Uint8Array;
};

function locateRegions(
  regions: readonly Region[],
  tables: readonly Table[],
  nodes: readonly ProblemNode[],
): Located {
  let tableIndex: Map<string, number> | undefined;
  const nodeIndex = createNodeIndex(nodes);
  const tableOf = new Int32Array(regions.length);
  const nodeOf = new Int32Array(regions.length);
  const writeRate = new Float64Array(regions.length);
  const isAlive = new Uint8Array(regions.length);
  let hasFollowers = false;
  // Neighbours usually belong to the same table or to the next: comparing is cheaper than hashing a million ids.
  let lastId = '';
  let lastTable = -1;
  for (let region = 0; region < regions.length; region += 1) {
    const { tableId, leader, followers, status, load } = regions[region]!;
    if (tableId !== lastId) {
      lastId = tableId;
      if (tables[lastTable + 1]?.id === tableId) lastTable += 1;
      else {
        tableIndex ??= new Map(tables.map(({ id }, index) => [id, index]));
        lastTable = tableIndex.get(tableId) ?? -1;
      }
    }
    tableOf[region] = lastTable;
    nodeOf[region] = leader === null ? -1 : nodeIndex(leader);
    writeRate[region] = load?.writeBytesPerSecond ?? UNKNOWN;
    if (status === 'alive') isAlive[region] = 1;
    if (followers !== undefined && followers.length > 0) hasFollowers = true;
  }
  return { tableOf, nodeOf, writeRate, isAlive, hasFollowers };
}

/** The index of a datanode by its id, or -1. Nearly all ids are small: those are looked up by position, which is many times faster than by name. */
function createNodeIndex(nodes: readonly ProblemNode[]): (id: string) => number {
  const byName = new Map(nodes.map(({ id }, index) => [id, index]));
  const bySmallId: number[] = [];
  nodes.forEach(({ id }, index) => {
    if (Number(id) < MAX_SMALL_ID) bySmallId[Number(id)] = index;
  });
  return (id) => {
    const small = bySmallId[Number(id)];
    // Not every text that makes the number is the id.
    return small !== undefined && nodes[small]!.id === id ? small : (byName.get(id) ?? -1);
  };
}

const MAX_SMALL_ID = 65_536;

interface HoldInput extends Located {
  readonly snapshot: Snapshot;
  readonly policy: Policy;
  readonly memory: Memory;
  readonly nowMs: number;
  readonly nodes: readonly ProblemNode[];
  readonly tables: readonly Table[];
  readonly inScope: readonly boolean[];
}

function findHolds(input: HoldInput): Uint8Array {
  const { snapshot, nodes, tables, policy, isAlive } = input;
  const engineHold = tables.map((table): Hold | undefined =>
    isMovable(table) ? undefined : 'unsupported-engine',
  );
  const tableHold = engineHold.map((byEngine, index) => (input.inScope[index]! ? byEngine : 'not-selected'));
  const isPinnedTable = pinnedTables(input);
  const held = heldRegions(input);
  /** Whoever drains a datanode does not wait for a cooldown. */
  const heldById = (region: Region, node: ProblemNode | undefined): Hold | undefined => {
    const hold = held.get(region.id);
    return hold === 'cooldown' && node?.drains === true ? undefined : hold;
  };
  // Most regions are free, and are known to be by the place where they are: that is asked first.
  const isFreeTable = tableHold.map((byTable, index) => byTable === undefined && !isPinnedTable[index]);
  const isFreeNode = nodes.map(
    ({ state, givesNone }) =>
      !givesNone && (state === 'draining' || (state === 'target' && !policy.onlyDrain)),
  );
  const hold = new Uint8Array(snapshot.regions.length);
  for (let index = 0; index < hold.length; index += 1) {
    const table = input.tableOf[index]!;
    const nodeIndex = input.nodeOf[index]!;
    const isFreePlace = table !== -1 && nodeIndex !== -1 && isFreeTable[table]! && isFreeNode[nodeIndex]!;
    const isFree = isFreePlace && isAlive[index] === 1;
    if (isFree && held.size === 0) continue;
    const region = snapshot.regions[index]!;
    if (isFree && !held.has(region.id)) continue;
    const node = nodes[nodeIndex];
    // A drain is about the datanode, not about the selection.
    const isUnselected = node?.drains === true && tableHold[table] === 'not-selected';
    const first: Hold | undefined =
      (table === -1 ? 'unknown-table' : isUnselected ? engineHold[table] : tableHold[table]) ??
      holdOfPlace(region, node) ??
      holdOfStatus(region) ??
      (isPinnedTable[table] ? 'pinned' : heldById(region, node)) ??
      (node?.givesNone ? 'source-quarantined' : undefined);
    const leftOut = policy.onlyDrain === true && node?.state === 'target';
    if (isUnselected) hold[index] = UNSELECTED + (first === undefined ? 0 : HOLD_INDEX[first]);
    else if (first !== undefined && !(leftOut && HOLD_INDEX[first] >= FIRST_COUNTED_HOLD))
      hold[index] = HOLD_INDEX[first];
    else if (leftOut) hold[index] = NOT_DRAINING;
  }
  return hold;
}

/** Regions that are held by their id; of several reasons the one that is told first stays. */
function heldRegions({ policy, memory, nowMs }: HoldInput): ReadonlyMap<string, Hold> {
  const held = new Map<string, Hold>();
  const resting = (rests: Memory['cooldowns'], hold: Hold): void => {
    for (const { regionId, untilMs } of rests) if (untilMs > nowMs) held.set(regionId, hold);
  };
  resting(memory.cooldowns, 'cooldown');
  resting(memory.quarantine, 'quarantined');
  for (const id of policy.pins.regions) held.set(id, 'pinned');
  return held;
}

function holdOfPlace(region: Region, node: ProblemNode | undefined): Hold | undefined {
  if (region.leader === null) return 'no-leader';
  if (node === undefined) return 'unknown-datanode';
  if (node.state === 'dead') return 'leader-dead';
  if (node.state === 'quarantined') return 'target-quarantined';
  return node.state === 'cordoned' || node.state === 'query-only' ? node.state : undefined;
}

function holdOfStatus({ status }: Region): Hold | undefined {
  return status === 'alive' ? undefined : status;
}

function pinnedTables({ tables, policy }: HoldInput): boolean[] {
  const pins = policy.pins.tables.flatMap((pattern) => compilePattern(pattern) ?? []);
  const isPinned = (table: TableIdentity): boolean => pins.some((matches) => matches(table));
  return tables.map(
    (table) =>
      pins.length > 0 &&
      (isPinned(table) ||
        (table.logicalTables?.some((logical) => isPinned({ ...logical, catalog: table.catalog })) ?? false)),
  );
}

/** Counting sort of the counted regions by table. */
function groupByTable(
  tableCount: number,
  tableOf: Int32Array,
  hold: Uint8Array,
): Pick<Problem, 'start' | 'regionsOfTable'> {
  const start = new Int32Array(tableCount + 1);
  for (let region = 0; region < hold.length; region += 1) {
    if (isCountedHold(hold[region]!)) start[tableOf[region]! + 1]! += 1;
  }
  for (let table = 0; table < tableCount; table += 1) start[table + 1]! += start[table]!;
  const next = start.slice();
  const regionsOfTable = new Int32Array(start[tableCount]!);
  for (let region = 0; region < hold.length; region += 1) {
    if (isCountedHold(hold[region]!)) regionsOfTable[next[tableOf[region]!]!++] = region;
  }
  return { start, regionsOfTable };
}

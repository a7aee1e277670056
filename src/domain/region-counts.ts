import { compareIds } from './ids.ts';
import type { DatanodeId, TableId } from './ids.ts';
import { withShiftedLoad } from './counted-load.ts';
import type { CountedLoad } from './counted-load.ts';
import type { DatanodeState } from './datanode-state.ts';
import type { Table } from './snapshot.ts';

/**
 * How many regions of each table each datanode leads: now, and after the plan. Every region of the snapshot is in it, whether it counts
 * for the balance or not. The planner counts; everybody else reads. Flat arrays, because there may be a million cells that change threads.
 */
export interface RegionCounts {
  /** By id, then those that lead regions and that the cluster does not list. */
  readonly datanodes: readonly CountedDatanode[];
  /** By id. */
  readonly tables: readonly Table[];
  /** Index into {@link TABLE_SCOPES} for each table, and for one row more: the regions of tables that the snapshot does not list. */
  readonly scope: Uint8Array<ArrayBuffer>;
  /** Cells of row r: `first[r] .. first[r + 1]`. */
  readonly first: Int32Array<ArrayBuffer>;
  /** Index into `datanodes` for each cell, or {@link NO_LEADER}. */
  readonly datanodeOf: Int32Array<ArrayBuffer>;
  /** Regions of each cell. */
  readonly now: Int32Array<ArrayBuffer>;
  readonly after: Int32Array<ArrayBuffer>;
  /** Where load is what is evened out. */
  readonly load?: CountedLoad;
}

export interface CountedDatanode {
  readonly id: DatanodeId;
  readonly state: DatanodeState | 'unlisted';
  readonly weight: number;
  /** It is to be emptied, dead or alive. */
  readonly drains: boolean;
}

/** Cells of regions without a leader. */
export const NO_LEADER = -1;

/** What a table's regions are to the balance. */
export const TABLE_SCOPES = ['counted', 'unsupported-engine', 'not-selected', 'unknown-table'] as const;
export type TableScope = (typeof TABLE_SCOPES)[number];

export type When = 'now' | 'after';

/** Whether a cell's regions count for the shares of their table and of all datanodes. */
export function isCounted(scope: TableScope, datanode: CountedDatanode | undefined): boolean {
  return scope === 'counted' && (datanode?.state === 'target' || datanode?.state === 'draining');
}

/** Whether the policy selects a table. */
export function isSelected(scope: TableScope): boolean {
  return scope === 'counted' || scope === 'unsupported-engine';
}

/** Whether a cell is in the number of its datanode: it is of a selected table, or is to leave whatever is selected. */
export function isShown(scope: TableScope, datanode: CountedDatanode | undefined): boolean {
  return isSelected(scope) || datanode?.drains === true;
}

/** How many tables and regions the numbers of the datanodes are about, with regions that nobody leads. */
export function sizeInScope(counts: RegionCounts): { readonly tables: number; readonly regions: number } {
  const { tables, datanodes, scope, first, datanodeOf, now } = counts;
  let [tablesShown, regionsShown] = [0, 0];
  for (let row = 0; row < scope.length; row += 1) {
    const name = TABLE_SCOPES[scope[row]!]!;
    let regions = 0;
    for (let cell = first[row]!; cell < first[row + 1]!; cell += 1)
      if (isShown(name, datanodes[datanodeOf[cell]!])) regions += now[cell]!;
    regionsShown += regions;
    if (row < tables.length && (isSelected(name) || regions > 0)) tablesShown += 1;
  }
  return { tables: tablesShown, regions: regionsShown };
}

/** Regions of one datanode, or of none, by what they are to the balance. */
interface RegionTally {
  /** All of them. */
  readonly led: number;
  /** Those of selected tables. */
  readonly selected: number;
  /** Those of them that can be moved in principle. */
  readonly movable: number;
  /** Those of them that count for the shares: their datanode is a target or draining. */
  readonly counted: number;
}

export interface Tallies {
  /** In the order of {@link RegionCounts.datanodes}. */
  readonly datanodes: readonly (CountedDatanode & RegionTally)[];
  readonly withoutLeader: RegionTally;
}

/** Adds up the tables. Takes time in proportion to the number of cells. */
export function tally(counts: RegionCounts, when: When): Tallies {
  const { datanodes, scope, first, datanodeOf } = counts;
  const cells = counts[when];
  // By scope, then datanode; the last of each is for what nobody leads.
  const width = datanodes.length + 1;
  const sums = TABLE_SCOPES.map(() => new Int32Array(width));
  for (let row = 0; row < scope.length; row += 1) {
    const sum = sums[scope[row]!]!;
    for (let cell = first[row]!; cell < first[row + 1]!; cell += 1) {
      const datanode = datanodeOf[cell]!;
      sum[datanode === NO_LEADER ? datanodes.length : datanode]! += cells[cell]!;
    }
  }
  const of = (index: number): RegionTally => {
    const total = (has: (scope: TableScope) => boolean): number =>
      TABLE_SCOPES.reduce((all, name, code) => (has(name) ? all + sums[code]![index]! : all), 0);
    return {
      led: total(() => true),
      selected: total(isSelected),
      movable: total((name) => name === 'counted'),
      counted: total((name) => isCounted(name, datanodes[index])),
    };
  };
  return {
    datanodes: datanodes.map((datanode, index) => ({ ...datanode, ...of(index) })),
    withoutLeader: of(datanodes.length),
  };
}

/** One move's end. */
export interface EndedMove {
  readonly tableId: TableId;
  readonly from: DatanodeId;
  readonly to: DatanodeId;
  /** Where in the plan it stands, from 0. */
  readonly position: number;
}

/** The counts once a move of their plan has ended: its region is at its target now, or stays where it is for this plan. */
export function withEndedMove(counts: RegionCounts, move: EndedMove, succeeded: boolean): RegionCounts {
  const [from, to] = [cellOf(counts, move.tableId, move.from), cellOf(counts, move.tableId, move.to)];
  // What the plan did not know of is seen by the next one.
  if (from === undefined || to === undefined) return counts;
  const load = counts.load && withEndedLoad(counts, counts.load, move, succeeded);
  return {
    ...counts,
    ...(succeeded ? { now: shifted(counts.now, from, to) } : { after: shifted(counts.after, to, from) }),
    ...(load && { load }),
  };
}

function withEndedLoad(
  { datanodes }: RegionCounts,
  load: CountedLoad,
  { from, to, position }: EndedMove,
  succeeded: boolean,
): CountedLoad {
  const indexOf = (wanted: DatanodeId): number => datanodes.findIndex(({ id }) => id === wanted);
  const carried = load.ofMove[position] ?? 0;
  const [source, target] = [indexOf(from), indexOf(to)];
  return succeeded
    ? withShiftedLoad(load, 'now', { carried, from: source, to: target })
    : withShiftedLoad(load, 'after', { carried, from: target, to: source });
}

const REQUESTED = {
  'drain-requested': {
    drains: true,
    from: ['target', 'cordoned', 'query-only', 'quarantined'],
    to: 'draining',
  },
  'drain-ended': { drains: false, from: ['draining'], to: 'target' },
  'cordon-requested': { from: ['target', 'quarantined'], to: 'cordoned' },
  'cordon-ended': { from: ['cordoned'], to: 'target' },
  'datanode-quarantined': { from: ['target'], to: 'quarantined' },
} as const satisfies Record<string, StateChange>;

export type DatanodeChange = keyof typeof REQUESTED;

interface StateChange {
  readonly drains?: boolean;
  readonly from: readonly CountedDatanode['state'][];
  readonly to: CountedDatanode['state'];
}

/** The counts once somebody asked for this of datanodes, or they were put into quarantine, as far as it can be told before the next plan. */
export function withRequest(
  counts: RegionCounts,
  request: DatanodeChange,
  ids: readonly DatanodeId[],
): RegionCounts {
  const { from, to, drains }: StateChange = REQUESTED[request];
  return {
    ...counts,
    datanodes: counts.datanodes.map((datanode) =>
      ids.includes(datanode.id)
        ? {
            ...datanode,
            state: from.includes(datanode.state) ? to : datanode.state,
            drains: drains ?? datanode.drains,
          }
        : datanode,
    ),
  };
}

function shifted(cells: Int32Array<ArrayBuffer>, from: number, to: number): Int32Array<ArrayBuffer> {
  const copy = cells.slice();
  copy[from]! -= 1;
  copy[to]! += 1;
  return copy;
}

function cellOf(counts: RegionCounts, table: TableId, datanode: DatanodeId): number | undefined {
  const { datanodes, first, datanodeOf } = counts;
  const row = rowOf(counts.tables, table);
  if (row === undefined) return undefined;
  const wanted = datanodes.findIndex(({ id }) => id === datanode);
  const found = datanodeOf.subarray(first[row], first[row + 1]).indexOf(wanted);
  return wanted === -1 || found === -1 ? undefined : first[row]! + found;
}

/** Binary search. */
function rowOf(tables: readonly Table[], id: TableId): number | undefined {
  let [low, high] = [0, tables.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compareIds(tables[middle]!.id, id) < 0) low = middle + 1;
    else high = middle;
  }
  return tables[low]?.id === id ? low : undefined;
}

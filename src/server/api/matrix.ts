import { compareIds } from '../../domain/ids.ts';
import type { DatanodeId, TableId } from '../../domain/ids.ts';
import type { Plan } from '../../domain/plan.ts';
import { fullTableName } from '../../domain/snapshot.ts';
import type { Snapshot } from '../../domain/snapshot.ts';
import { WorkSlice, yieldToEventLoop } from '../../lib/event-loop.ts';
import type { MatrixView } from './answers.ts';
import { movesByRegion, REGIONS_PER_SLICE } from './regions.ts';
import type { Placement } from './regions.ts';

/**
 * A reader of the latest matrix. It counts once for each plan: those who ask meanwhile wait for the same count, and get the same object
 * until a move ends.
 */
export function createMatrixReader(): (placement: Placement) => Promise<MatrixView | undefined> {
  let counting: (Pick<Placement, 'snapshot' | 'plan'> & { readonly base: Promise<MatrixBase> }) | undefined;
  let latest:
    { readonly of: MatrixBase; readonly ended: Placement['ended']; readonly view: MatrixView } | undefined;
  return async ({ snapshot, plan, ended }) => {
    if (!snapshot) return undefined;
    if (counting?.snapshot !== snapshot || counting.plan !== plan)
      counting = { snapshot, plan, base: countMatrix(snapshot, plan) };
    const base = await counting.base;
    if (latest?.of !== base || latest.ended !== ended)
      latest = { of: base, ended, view: buildMatrix(base, ended) };
    return latest.view;
  };
}

const TABLES_PER_SLICE = 50;

type Counts = Map<number, [now: number, after: number]>;

/** The counts that a plan was made from: what has to be counted only once for each plan. */
interface MatrixBase {
  readonly snapshot: Snapshot;
  readonly plan: Plan | null;
  readonly columns: ReadonlyMap<DatanodeId, number>;
  readonly rows: ReadonlyMap<TableId, Counts>;
  /** The tables as they are shown before any move. */
  readonly tables: MatrixView['tables'];
}

/** Counts regions by table and datanode; takes time in proportion to the number of regions, in turns. */
async function countMatrix(snapshot: Snapshot, plan: Plan | null): Promise<MatrixBase> {
  const columns = columnsOf(snapshot, plan);
  const moves = await movesByRegion(plan);
  const slice = new WorkSlice(REGIONS_PER_SLICE);
  const rows = new Map<TableId, Counts>(snapshot.tables.map(({ id }) => [id, new Map()]));
  for (const { id, tableId, leader } of snapshot.regions) {
    if (slice.isOver()) await yieldToEventLoop();
    const row = rows.get(tableId);
    if (!row) continue;
    count(row, columns, leader, 0, 1);
    count(row, columns, moves.get(id)?.to ?? leader, 1, 1);
  }
  const tables: MatrixView['tables'][number][] = [];
  const tableSlice = new WorkSlice(TABLES_PER_SLICE);
  for (const table of snapshot.tables) {
    if (tableSlice.isOver()) await yieldToEventLoop();
    tables.push({ id: table.id, name: fullTableName(table), cells: cellsOf(rows.get(table.id)) });
  }
  tables.sort((a, b) => (a.name < b.name ? -1 : 1));
  return { snapshot, plan, columns, rows, tables };
}

/** The counts with what has been moved since the plan was made. Only the tables of ended moves are written anew. */
function buildMatrix(base: MatrixBase, ended: Placement['ended']): MatrixView {
  const { snapshot, plan, columns } = base;
  const changed = new Map<TableId, Counts>();
  for (const { regionId, tableId, from, to } of plan?.moves ?? []) {
    const state = ended.get(regionId);
    const known = base.rows.get(tableId);
    if (state === undefined || !known) continue;
    const row = changed.get(tableId) ?? new Map([...known].map(([column, cell]) => [column, [...cell]]));
    changed.set(tableId, row);
    // A move that ended without success leaves its region where it is, for this plan.
    const [column, leaves, comes] =
      state === 'succeeded' ? ([0, from, to] as const) : ([1, to, from] as const);
    count(row, columns, leaves, column, -1);
    count(row, columns, comes, column, 1);
  }
  return {
    takenAt: snapshot.takenAt,
    planId: plan?.planId ?? null,
    datanodes: [...columns.keys()],
    tables: base.tables.map((table) => {
      const row = changed.get(table.id);
      return row ? { ...table, cells: cellsOf(row) } : table;
    }),
  };
}

function count(
  row: Counts,
  columns: ReadonlyMap<DatanodeId, number>,
  datanode: DatanodeId | null,
  when: 0 | 1,
  by: 1 | -1,
): void {
  const column = datanode === null ? undefined : columns.get(datanode);
  if (column === undefined) return;
  const cell = row.get(column) ?? [0, 0];
  cell[when] = Math.max(0, cell[when] + by);
  row.set(column, cell);
}

function cellsOf(row: Counts = new Map()): number[] {
  return [...row].sort(([a], [b]) => a - b).flatMap(([column, [now, after]]) => [column, now, after]);
}

/** Datanodes with their position, in the order of the plan. */
function columnsOf(snapshot: Snapshot, plan: Plan | null): ReadonlyMap<DatanodeId, number> {
  const ids = (plan?.before.datanodes ?? snapshot.datanodes).map(({ id }) => id).sort(compareIds);
  return new Map(ids.map((id, index) => [id, index]));
}

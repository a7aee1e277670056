import { measureTables } from '../../domain/balance.ts';
import { isSelected, isShown, TABLE_SCOPES } from '../../domain/region-counts.ts';
import type { RegionCounts, When } from '../../domain/region-counts.ts';
import { fullTableName } from '../../domain/snapshot.ts';
import { WorkSlice, yieldToEventLoop } from '../../lib/event-loop.ts';
import type { LiveState } from '../../observability/live-state.ts';
import type { MatrixView } from './answers.ts';

/** A reader of the latest matrix: the same object until a move ends or another plan is made. Undefined before the first plan. */
export function createMatrixReader(): (
  state: Pick<LiveState, 'plan' | 'counts'>,
) => Promise<MatrixView | undefined> {
  let latest: { readonly counts: RegionCounts; readonly view: Promise<MatrixView> } | undefined;
  return async ({ plan, counts }) => {
    if (!plan || !counts) return undefined;
    if (latest?.counts !== counts)
      latest = {
        counts,
        view: writeTables(counts).then((tables) => ({
          takenAt: plan.snapshotTakenAt,
          planId: plan.planId,
          datanodes: plan.before.datanodes.map(({ id }) => id),
          tables,
        })),
      };
    return latest.view;
  };
}

const TABLES_PER_SLICE = 50;

/** By name. Takes time in proportion to the number of cells, in turns. */
async function writeTables(counts: RegionCounts): Promise<MatrixView['tables']> {
  const { tables, scope } = counts;
  const written: MatrixView['tables'][number][] = [];
  const slice = new WorkSlice(TABLES_PER_SLICE);
  const [now, after] = [balances(counts, 'now'), balances(counts, 'after')];
  for (const [row, table] of tables.entries()) {
    if (slice.isOver()) await yieldToEventLoop();
    const selected = isSelected(TABLE_SCOPES[scope[row]!]!);
    const balance = now.get(row);
    const cells = cellsOf(counts, row);
    // One that is not selected is here only while a drain takes it away.
    if (!selected && cells.length === 0) continue;
    written.push({
      id: table.id,
      name: fullTableName(table),
      selected,
      regions: balance?.regions ?? 0,
      misplacedNow: balance?.violation ?? 0,
      misplacedAfter: after.get(row)?.violation ?? 0,
      cells,
    });
  }
  return written.sort((a, b) => (a.name < b.name ? -1 : 1));
}

function balances(
  counts: RegionCounts,
  when: When,
): ReadonlyMap<number, { readonly regions: number; readonly violation: number }> {
  const found = new Map<number, { regions: number; violation: number }>();
  measureTables(counts, when, (row, violation, regions) => found.set(row, { regions, violation }));
  return found;
}

/** Column, regions now, regions after: of the datanodes that the cluster lists, as their numbers count them. */
function cellsOf(counts: RegionCounts, row: number): number[] {
  const { datanodes, scope, first, datanodeOf, now, after } = counts;
  const name = TABLE_SCOPES[scope[row]!]!;
  const cells: (readonly [column: number, now: number, after: number])[] = [];
  for (let cell = first[row]!; cell < first[row + 1]!; cell += 1) {
    const column = datanodeOf[cell]!;
    const datanode = datanodes[column];
    if (datanode && datanode.state !== 'unlisted' && isShown(name, datanode))
      cells.push([column, now[cell]!, after[cell]!]);
  }
  return cells.sort(([a], [b]) => a - b).flat();
}

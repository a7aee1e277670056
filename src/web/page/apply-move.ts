import type { MoveView } from '../../observability/event-view.ts';
import type { MatrixView, RegionView } from '../../server/api/answers.ts';
import type { PageState } from './state.ts';

/** The state after a move ended: a region changes its place at once, without asking for everything again. */
export function applyMove({ matrix, regions }: PageState, move: MoveView): Partial<PageState> {
  return {
    ...(regions && { regions: { ...regions, regions: moveRegion(regions.regions, move) } }),
    ...(matrix && move.state === 'succeeded' && { matrix: moveCount(matrix, move) }),
  };
}

function moveRegion(regions: readonly RegionView[], { regionId, to, state }: MoveView): RegionView[] {
  return regions.map((region) =>
    region.id === regionId
      ? { ...region, target: null, reason: null, leader: state === 'succeeded' ? to : region.leader }
      : region,
  );
}

function moveCount(matrix: MatrixView, { tableId, from, to }: MoveView): MatrixView {
  const columns = [
    [matrix.datanodes.indexOf(from), -1],
    [matrix.datanodes.indexOf(to), 1],
  ] as const;
  const tables = matrix.tables.map((table) => {
    if (table.id !== tableId) return table;
    const cells = [...table.cells];
    for (const [column, change] of columns) {
      for (let at = 0; at < cells.length; at += 3)
        if (cells[at] === column) cells[at + 1] = Math.max(0, (cells[at + 1] ?? 0) + change);
    }
    return { ...table, cells };
  });
  return { ...matrix, tables };
}

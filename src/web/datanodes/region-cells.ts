import type { MatrixView, RegionView } from '../../server/api/answers.ts';
import type { When } from '../controls/choice.tsx';
import type { Theme } from '../page/theme.ts';
import { loadColour, tableColour } from './colours.ts';

export type ColourBy = 'table' | 'load';

/** One region's square in a datanode's column. */
export interface Cell {
  readonly region: RegionView;
  readonly colour: string;
  /** `leaves`: the plan takes it away; `comes`: the plan brings it, so that it is only an outline. */
  readonly role: 'stays' | 'leaves' | 'comes';
  readonly isMoving: boolean;
}

interface CellOptions {
  readonly when: When;
  readonly colourBy: ColourBy;
  readonly theme: Theme;
  /** The region that is on its way. */
  readonly movingId: string | null;
}

/** The cells of each datanode's column, those of one table beside each other, what comes and goes on top. */
export function cellsByDatanode(
  regions: readonly RegionView[],
  matrix: MatrixView,
  { when, colourBy, theme, movingId }: CellOptions,
): ReadonlyMap<string, readonly Cell[]> {
  const colourOf = colourBy === 'table' ? byTable(matrix, theme) : byLoad(regions, theme);
  const columns = new Map<string, Cell[]>(matrix.datanodes.map((id) => [id, []]));
  const order = new Map(matrix.tables.map(({ id }, index) => [id, index]));
  const sorted = regions.toSorted((a, b) => (order.get(a.tableId) ?? 0) - (order.get(b.tableId) ?? 0));
  for (const region of sorted) {
    const { leader, target, id } = region;
    const base = { region, colour: colourOf(region), isMoving: id === movingId };
    if (when === 'after') {
      columns.get(target ?? leader ?? '')?.push({ ...base, role: 'stays' });
      continue;
    }
    columns.get(leader ?? '')?.push({ ...base, role: target === null ? 'stays' : 'leaves' });
    if (target !== null) columns.get(target)?.push({ ...base, role: 'comes' });
  }
  for (const cells of columns.values()) cells.sort((a, b) => RANK[a.role] - RANK[b.role]);
  return columns;
}

const RANK = { stays: 0, leaves: 1, comes: 2 } as const;

function byTable(matrix: MatrixView, theme: Theme): (region: RegionView) => string {
  const colours = new Map(matrix.tables.map(({ id }, index) => [id, tableColour(index, theme)]));
  return ({ tableId }) => colours.get(tableId) ?? '#888';
}

function byLoad(regions: readonly RegionView[], theme: Theme): (region: RegionView) => string {
  const loads = regions.map(loadOf).filter((load) => load !== null);
  const most = loads.reduce((a, b) => Math.max(a, b), 0);
  return (region) => {
    const load = loadOf(region);
    return load === null || most === 0 ? '#8884' : loadColour(Math.sqrt(load / most), theme);
  };
}

/** Bytes written each second, or what lies on disk where that is not known. */
function loadOf({ writeBytesPerSecond, diskBytes }: RegionView): number | null {
  return writeBytesPerSecond ?? diskBytes;
}

import type { MatrixView, RegionView } from '../../server/api/answers.ts';
import type { LoadMeasure } from '../../domain/load.ts';
import type { When } from '../page/state.ts';
import { CHOSEN, loadColour, PALE, tableColour } from './colours.ts';

/** `tables`: each has its own colour; otherwise that one table stands out. */
export type ColourBy =
  | { readonly kind: 'tables' }
  | { readonly kind: 'table'; readonly id: string }
  | { readonly kind: 'load'; readonly load: LoadScale };

/** Which load is known, and the most of one region. */
export interface LoadScale {
  readonly of: 'writeBytesPerSecond' | 'diskBytes';
  readonly most: number;
}

/** One region's square in a datanode's column. */
export interface Cell {
  readonly region: RegionView;
  readonly colour: string;
  /** `leaves`: the plan takes it away; `comes`: the plan brings it, so that it is only an outline. */
  readonly role: 'stays' | 'leaves' | 'comes';
}

/** The cells of each datanode's column, those of one table beside each other, what comes and goes last. */
export function cellsByDatanode(
  regions: readonly RegionView[],
  matrix: MatrixView,
  when: When,
  colourBy: ColourBy,
): ReadonlyMap<string, readonly Cell[]> {
  const order = new Map(matrix.tables.map(({ id }, index) => [id, index]));
  const colourOf = colouring(colourBy, order);
  const columns = new Map<string, Cell[]>(matrix.datanodes.map((id) => [id, []]));
  const sorted = regions.toSorted((a, b) => (order.get(a.tableId) ?? 0) - (order.get(b.tableId) ?? 0));
  for (const region of sorted) {
    const { leader, target } = region;
    const colour = colourOf(region);
    if (when === 'after') {
      columns.get(target ?? leader ?? '')?.push({ region, colour, role: 'stays' });
      continue;
    }
    columns.get(leader ?? '')?.push({ region, colour, role: target === null ? 'stays' : 'leaves' });
    if (target !== null) columns.get(target)?.push({ region, colour, role: 'comes' });
  }
  for (const cells of columns.values()) cells.sort((a, b) => RANK[a.role] - RANK[b.role]);
  return columns;
}

const RANK = { stays: 0, leaves: 1, comes: 2 } as const;

function colouring(by: ColourBy, order: ReadonlyMap<string, number>): (region: RegionView) => string {
  switch (by.kind) {
    case 'tables':
      return ({ tableId }) => tableColour(order.get(tableId) ?? 0);
    case 'table':
      return ({ tableId }) => (tableId === by.id ? CHOSEN : PALE);
    case 'load':
      return (region) => {
        const load = region[by.load.of];
        return load === null || by.load.most === 0 ? PALE : loadColour(load / by.load.most);
      };
  }
}

/** What is evened out, or what is known of it: bytes written each second or on disk; undefined when neither is. */
export function loadScaleOf(regions: readonly RegionView[], by?: LoadMeasure): LoadScale | undefined {
  const scales = ['writeBytesPerSecond', 'diskBytes'] as const;
  for (const of of by === 'disk' ? scales.toReversed() : scales) {
    const most = regions.reduce((highest, region) => Math.max(highest, region[of] ?? 0), 0);
    if (most > 0) return { of, most };
  }
  return undefined;
}

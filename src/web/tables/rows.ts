import type { DatanodeState } from '../../domain/datanode-state.ts';
import type { MatrixView, StatusView } from '../../server/api/answers.ts';
import { formatCount, plural } from '../format.ts';
import type { When } from '../page/state.ts';

export type TableRow = MatrixView['tables'][number];

/** What part of each table a column should have; null where nothing is wanted or counted (cordoned, dead). */
export type Fractions = readonly (number | null)[];

export function fractionsOf(columns: MatrixView['datanodes'], datanodes: StatusView['datanodes']): Fractions {
  const known = new Map(datanodes.map((datanode) => [datanode.id, datanode]));
  const weights = columns.map((id) => {
    const { state = 'target', weight = 1 } = known.get(id) ?? {};
    if (state === 'target') return weight;
    return state === 'draining' ? 0 : null;
  });
  const sum = weights.reduce<number>((all, weight) => all + (weight ?? 0), 0);
  return weights.map((weight) => (weight === null || sum === 0 ? null : weight / sum));
}

/** Regions by column; what is not there is zero. */
export function countsOf({ cells }: TableRow, when: When): ReadonlyMap<number, number> {
  const counts = new Map<number, number>();
  for (let at = 0; at < cells.length; at += 3)
    counts.set(cells[at] ?? 0, cells[at + (when === 'now' ? 1 : 2)] ?? 0);
  return counts;
}

export function totalOf(counts: ReadonlyMap<number, number>): number {
  return counts.values().reduce((sum, count) => sum + count, 0);
}

/** What a column should have of a table, or of so many of its regions, not rounded; null where nothing is wanted. */
export function shareOf(
  table: TableRow,
  fraction: number | null = null,
  regions = table.regions,
): number | null {
  return table.regions === 0 || fraction === null ? null : regions * fraction;
}

/** The regions of a table that are compared with each other: what a draining datanode still leads is nobody's share yet. */
export function comparedOf(counts: ReadonlyMap<number, number>, fractions: Fractions): number {
  return [...counts].reduce((sum, [column, count]) => sum + ((fractions[column] ?? 0) > 0 ? count : 0), 0);
}

/** `fair share 1 to 2 of 6 regions`, or why there is none. */
export function shareText(state: DatanodeState, share: number | null, regions: number): string {
  if (state === 'draining') return 'to be emptied: the datanode is draining';
  if (share === null) return state === 'target' ? 'not compared' : `not compared: the datanode is ${state}`;
  const [floor, ceil] = boundsOf(share).map(formatCount);
  return `fair share ${floor === ceil ? '' : `${floor} to `}${ceil} of ${plural(regions, 'region')}`;
}

/** How far a datanode is from its share. What a dead one leads is all in the wrong place; what others without a share lead stays there. */
export function offShare(state: DatanodeState, share: number | null, count: number): number {
  if (share === null) return state === 'dead' ? count : 0;
  return Math.abs(count - share);
}

/** How far a count is from its share, as a colour. */
export function toneOf(
  count: number,
  share: number | null,
): { readonly className: 'fair' | 'over' | 'under' | 'out' | 'leaves'; readonly percent: number } {
  if (share === null) return { className: 'out', percent: 0 };
  // Of a draining datanode everything leaves, however little it is.
  if (share === 0 && count > 0) return { className: 'leaves', percent: 0 };
  const [floor, ceil] = boundsOf(share);
  const off = count > ceil ? count - ceil : Math.min(0, count - floor);
  if (off === 0) return { className: 'fair', percent: count === 0 ? 0 : 100 };
  const strength = Math.min(1, Math.abs(off) / Math.max(2, share));
  return { className: off > 0 ? 'over' : 'under', percent: Math.round(30 + 70 * strength) };
}

function boundsOf(share: number): readonly [floor: number, ceil: number] {
  return [Math.floor(share + 1e-9), Math.ceil(share - 1e-9)];
}

/** The tables whose name has `filter` in it. */
export function tableRows(
  tables: readonly TableRow[],
  filter: string,
  order: 'skew' | 'name',
  when: When,
): readonly TableRow[] {
  const misplaced = when === 'now' ? 'misplacedNow' : 'misplacedAfter';
  const rows = tables.filter(({ name, id }) => name.toLowerCase().includes(filter) || id === filter);
  // They come by name, and sorting keeps that among equals.
  return order === 'name' ? rows : rows.sort((a, b) => b[misplaced] - a[misplaced]);
}

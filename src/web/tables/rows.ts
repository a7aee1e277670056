import type { MatrixView, StatusView } from '../../server/api/answers.ts';
import type { When } from '../controls/choice.tsx';
import { formatCount, plural } from '../format.ts';

export interface HeatRow {
  readonly id: string;
  readonly name: string;
  /** Regions that are shared among the datanodes. */
  readonly total: number;
  /** By column; what is not there is zero. */
  readonly counts: ReadonlyMap<number, number>;
  /** What each column should have, not rounded; null where nothing is wanted or counted (cordoned, dead). */
  readonly shares: readonly (number | null)[];
  readonly skew: number;
}

type Table = MatrixView['tables'][number];

/** Makes a table's row. A table that did not change keeps the row that it had: a move changes one table of thousands. */
export function rowMaker(
  columns: MatrixView['datanodes'],
  datanodes: StatusView['datanodes'],
  when: When,
): (table: Table) => HeatRow {
  const states = new Map(datanodes.map((datanode) => [datanode.id, datanode]));
  const weights = columns.map((id) => {
    const { state = 'target', weight = 1 } = states.get(id) ?? {};
    if (state === 'target') return weight;
    return state === 'draining' ? 0 : null;
  });
  const weightSum = weights.reduce<number>((sum, weight) => sum + (weight ?? 0), 0);
  const sharesOf = memoized((total: number) =>
    weights.map((weight) => (weight === null || weightSum === 0 ? null : (total * weight) / weightSum)),
  );
  const made = new WeakMap<Table, HeatRow>();
  return (table) => {
    const row = made.get(table) ?? makeRow(table, weights, sharesOf, when);
    made.set(table, row);
    return row;
  };
}

function makeRow(
  { id, name, cells }: Table,
  weights: readonly (number | null)[],
  sharesOf: (total: number) => HeatRow['shares'],
  when: When,
): HeatRow {
  const counts = new Map<number, number>();
  let total = 0;
  for (let at = 0; at < cells.length; at += 3) {
    const count = cells[at + (when === 'now' ? 1 : 2)] ?? 0;
    const column = cells[at] ?? 0;
    if (count > 0) counts.set(column, count);
    if (weights[column] !== null) total += count;
  }
  const shares = sharesOf(total);
  return { id, name, total, counts, shares, skew: outOfPlace(counts, shares) };
}

/** Most tables have as many regions as others. */
function memoized<Value>(compute: (key: number) => Value): (key: number) => Value {
  const known = new Map<number, Value>();
  return (key) => {
    const value = known.get(key) ?? compute(key);
    known.set(key, value);
    return value;
  };
}

/** The rows of the heat map, filtered and in order. */
export function heatRows(
  tables: MatrixView['tables'],
  rowOf: (table: Table) => HeatRow,
  { filter, order }: { readonly filter: string; readonly order: 'skew' | 'name' },
): readonly HeatRow[] {
  const rows = tables
    .filter(({ name, id }) => name.toLowerCase().includes(filter) || id === filter)
    .map(rowOf);
  return order === 'name' ? rows : rows.sort((a, b) => b.skew - a.skew || (a.name < b.name ? -1 : 1));
}

/** Regions above the ceiling or below the floor of their share. */
function outOfPlace(counts: ReadonlyMap<number, number>, shares: readonly (number | null)[]): number {
  let sum = 0;
  for (const [column, share] of shares.entries()) {
    if (share === null) continue;
    sum += Math.abs(beyond(counts.get(column) ?? 0, share));
  }
  return sum;
}

/** Positive above the ceiling, negative below the floor, zero between. */
function beyond(count: number, share: number): number {
  const [floor, ceil] = [Math.floor(share + 1e-9), Math.ceil(share - 1e-9)];
  if (count > ceil) return count - ceil;
  return count < floor ? count - floor : 0;
}

/** How far a count is from its share, as a colour. */
export function toneOf(
  count: number,
  share: number | null,
): { readonly className: 'fair' | 'over' | 'under' | 'out'; readonly percent: number } {
  if (share === null) return { className: 'out', percent: 0 };
  const off = beyond(count, share);
  if (off === 0) return { className: 'fair', percent: count === 0 ? 0 : 100 };
  const strength = Math.min(1, Math.abs(off) / Math.max(2, share));
  return { className: off > 0 ? 'over' : 'under', percent: Math.round(30 + 70 * strength) };
}

/** `share 1 to 2 of 6 regions` */
export function shareText({ shares, total }: HeatRow, column: number): string {
  const share = shares[column] ?? null;
  if (share === null) return 'no share: it receives nothing';
  const [floor, ceil] = [Math.floor(share + 1e-9), Math.ceil(share - 1e-9)];
  return `share ${floor === ceil ? '' : `${formatCount(floor)} to `}${formatCount(ceil)} of ${plural(total, 'region')}`;
}

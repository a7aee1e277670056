/** Columns in the order of their need, kept up to date while they fill. */
export interface NeedOrder {
  /** Columns, the neediest first. */
  readonly order: Int32Array;
  /** The need of a column as a number that orders: the lower the needier. */
  keyOf(column: number): number;
  /** The column got one region and needs it one less. */
  fill(column: number): void;
}

/**
 * Sorts once, then moves a column on by one place in constant time per region: columns of equal need stand together, and the one
 * that fills changes places with the last of its group.
 *
 * @param keys the need of each column at the start; whole numbers, the lower the needier.
 */
export function createNeedOrder(keys: Int32Array): NeedOrder {
  const key = keys.slice();
  const order = Int32Array.from(key.keys()).sort((a, b) => key[a]! - key[b]! || a - b);
  const position = new Int32Array(order.length);
  const groupEnd = new Map<number, number>();
  order.forEach((column, index) => {
    position[column] = index;
    groupEnd.set(key[column]!, index + 1);
  });
  return {
    order,
    keyOf: (column) => key[column]!,
    fill(column) {
      const old = key[column]!;
      const end = groupEnd.get(old)!;
      const last = order[end - 1]!;
      const place = position[column]!;
      order[place] = last;
      position[last] = place;
      order[end - 1] = column;
      position[column] = end - 1;
      groupEnd.set(old, end - 1);
      key[column] = old + 1;
      if (!groupEnd.has(old + 1)) groupEnd.set(old + 1, end);
    },
  };
}

/** Up to this many items an insertion sort is quicker, and makes no garbage. */
const FEW = 16;

/** Sorts in place, stably, as `Array.prototype.sort` does; made for being called a hundred thousand times on a handful of items. */
export function sortFew<T>(items: T[], compare: (a: T, b: T) => number): T[] {
  if (items.length > FEW) return items.sort(compare);
  for (let end = 1; end < items.length; end += 1) {
    const item = items[end]!;
    let place = end;
    while (place > 0 && compare(items[place - 1]!, item) > 0) {
      items[place] = items[place - 1]!;
      place -= 1;
    }
    items[place] = item;
  }
  return items;
}

/** What items are sorted by, looked up by item. */
export interface SortKeys {
  /** Whole numbers that come before the keys. Default: all are of one group. */
  readonly group?: Int32Array;
  readonly key: Float64Array;
  /** Orders items of one group and key. */
  readonly compareEqual: (a: number, b: number) => number;
}

/** Sorts indices in place, stably. Keys are compared here and not by a function that is handed in, which takes a fifth of the time. */
export function sortByKey(items: number[], keys: SortKeys): number[] {
  if (isSorted(items, keys)) return items;
  for (let start = 0; start < items.length; start += FEW)
    sortRun(items, start, Math.min(start + FEW, items.length), keys);
  if (items.length <= FEW) return items;
  let source = items;
  let target = items.slice();
  for (let width = FEW; width < items.length; width *= 2) {
    for (let start = 0; start < items.length; start += 2 * width)
      mergeRuns(source, target, start, Math.min(start + width, items.length), width, keys);
    [source, target] = [target, source];
  }
  if (source !== items) for (let place = 0; place < items.length; place += 1) items[place] = source[place]!;
  return items;
}

function isSorted(items: readonly number[], keys: SortKeys): boolean {
  for (let place = 1; place < items.length; place += 1)
    if (isAfter(keys, items[place - 1]!, items[place]!)) return false;
  return true;
}

function isAfter({ group, key, compareEqual }: SortKeys, a: number, b: number): boolean {
  if (group !== undefined && group[a] !== group[b]) return group[a]! > group[b]!;
  return key[a] === key[b] ? compareEqual(a, b) > 0 : key[a]! > key[b]!;
}

function sortRun(items: number[], start: number, end: number, keys: SortKeys): void {
  for (let next = start + 1; next < end; next += 1) {
    const item = items[next]!;
    let place = next;
    for (; place > start && isAfter(keys, items[place - 1]!, item); place -= 1)
      items[place] = items[place - 1]!;
    items[place] = item;
  }
}

/** Merges `start .. middle` with as many more as a run has. */
function mergeRuns(
  source: readonly number[],
  target: number[],
  start: number,
  middle: number,
  width: number,
  keys: SortKeys,
): void {
  const end = Math.min(middle + width, source.length);
  let left = start;
  let right = middle;
  for (let place = start; place < end; place += 1) {
    const takesRight = right < end && (left === middle || isAfter(keys, source[left]!, source[right]!));
    target[place] = takesRight ? source[right++]! : source[left++]!;
  }
}

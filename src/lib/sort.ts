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

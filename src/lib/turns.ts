/**
 * Long work in turns: what waits for the event loop (requests, timers, answers) is served between two of them. A turn should last a
 * few milliseconds at most. Work that is short has a single turn and never waits.
 */

/** Ends this turn: resolves when the event loop has been round once. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/**
 * Calls `visit` with every item in order.
 *
 * @param perTurn how many items one turn takes.
 */
export async function inTurns<Item>(
  items: readonly Item[],
  perTurn: number,
  visit: (item: Item, index: number) => void,
): Promise<void> {
  for (let index = 0; index < items.length; index += 1) {
    if (index > 0 && index % perTurn === 0) await nextTurn();
    visit(items[index]!, index);
  }
}

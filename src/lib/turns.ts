/**
 * Long work in turns: what waits for the event loop (requests, timers, answers) is served between two of them. A turn should last a
 * few milliseconds at most. Work that is short has a single turn and never waits.
 */

/** Ends this turn: resolves when the event loop has been round once. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Counts steps of work: `if (turns.isOver()) await nextTurn();` */
export class Turns {
  readonly #stepsPerTurn: number;
  #steps = 0;

  constructor(stepsPerTurn: number) {
    this.#stepsPerTurn = stepsPerTurn;
  }

  /** Counts one step. Whether with it enough was done for a turn. */
  isOver(): boolean {
    this.#steps += 1;
    if (this.#steps < this.#stepsPerTurn) return false;
    this.#steps = 0;
    return true;
  }
}

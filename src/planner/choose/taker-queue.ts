/** A target that lacks so many regions of a row. */
export interface Taker {
  readonly column: number;
  readonly lack: number;
}

/** Targets that lack regions, the one that carries least first; among equals the one that was named first. A binary heap. */
export class TakerQueue {
  readonly #takers: readonly Taker[];
  readonly #lack: number[];
  readonly #carried: Float64Array;
  readonly #heap: number[];

  /** @param carriedBy what a target carries, which only grows, and only by what it takes. */
  constructor(takers: readonly Taker[], carriedBy: (column: number) => number) {
    this.#takers = takers;
    this.#lack = takers.map(({ lack }) => lack);
    this.#carried = Float64Array.from(takers, ({ column }) => carriedBy(column));
    this.#heap = [...takers.keys()];
    for (let place = (takers.length >> 1) - 1; place >= 0; place -= 1) this.#sink(place);
  }

  /**
   * Gives a region to the first target.
   *
   * @param give gives it, and returns what the target carries then.
   * @throws Error when none lacks any.
   */
  serve(give: (column: number) => number): void {
    const taker = this.#heap[0];
    if (taker === undefined) throw new Error('More regions leave than are lacking');
    this.#carried[taker] = give(this.#takers[taker]!.column);
    this.#lack[taker]! -= 1;
    if (this.#lack[taker] === 0) {
      const last = this.#heap.pop()!;
      if (this.#heap.length === 0) return;
      this.#heap[0] = last;
    }
    this.#sink(0);
  }

  #sink(start: number): void {
    const heap = this.#heap;
    for (let place = start; ;) {
      let child = 2 * place + 1;
      if (child >= heap.length) return;
      if (child + 1 < heap.length && this.#isLess(heap[child + 1]!, heap[child]!)) child += 1;
      if (!this.#isLess(heap[child]!, heap[place]!)) return;
      [heap[place], heap[child]] = [heap[child]!, heap[place]!];
      place = child;
    }
  }

  #isLess(a: number, b: number): boolean {
    const difference = this.#carried[a]! - this.#carried[b]!;
    return difference < 0 || (difference === 0 && a < b);
  }
}

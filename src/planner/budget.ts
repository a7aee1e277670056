import type { Plan } from '../domain/plan.ts';

/**
 * How much work a search may do. Work is counted in steps (a cell of a table looked at), which are the same on every machine, so that a plan
 * that was cut short is the same every time. Time is the last resort.
 */
export class Budget {
  readonly #steps: number;
  readonly #isLate: () => boolean;
  #spent = 0;
  #endedBy: Plan['cutShortBy'];

  /** @param isLate asked now and then; once true, the search ends whatever steps are left. */
  constructor(steps = Infinity, isLate: () => boolean = () => false) {
    this.#steps = steps;
    this.#isLate = isLate;
  }

  /** Counts steps. Returns whether nothing is left. */
  spend(steps: number): boolean {
    this.#spent += steps;
    if (this.#spent > this.#steps) this.#endedBy ??= 'budget';
    else if (this.#isLate()) this.#endedBy ??= 'clock';
    return this.#endedBy !== undefined;
  }

  /** What ended the search before it was done. */
  get endedBy(): Plan['cutShortBy'] {
    return this.#endedBy;
  }
}

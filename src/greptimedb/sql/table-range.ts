import { isBelow } from '../../domain/ids.ts';
import type { RegionId } from '../../domain/ids.ts';

/**
 * The ids that the regions of one table can have. The rows of a table mostly stand together: comparing texts tells whether a row belongs to
 * the same table as the one before, where a BigInt for each of a million ids would cost more than all the rest.
 */
export class TableRange {
  /** The upper half of the ids: the table's own. */
  readonly table: number;
  readonly #first: RegionId;
  readonly #last: RegionId;

  /** @param id of any region of the table. */
  constructor(id: RegionId) {
    const table = BigInt(id) >> 32n;
    this.table = Number(table);
    this.#first = (table << 32n).toString();
    this.#last = ((table << 32n) + 0xffff_ffffn).toString();
  }

  has(id: RegionId): boolean {
    return !isBelow(this.#last, id) && !isBelow(id, this.#first);
  }
}

import type { Column, Row } from '../sql/result-set.ts';
import type { SimRegion, SimTable } from './model.ts';

/** A table that was created over SQL: these alone hold rows. */
export interface StoredTable {
  readonly table: SimTable;
  readonly columns: readonly Column[];
  /** The region that a row belongs to; undefined when no partition takes it. */
  readonly regionOf: (row: Row) => SimRegion | undefined;
}

/** The rows of the tables that were created over SQL. They lie in storage that all datanodes share. */
export class StoredRows {
  readonly #tables = new Map<SimTable, StoredTable>();
  readonly #rows = new Map<SimRegion, Row[]>();

  addTable(stored: StoredTable): void {
    this.#tables.set(stored.table, stored);
  }

  find(table: SimTable): StoredTable | undefined {
    return this.#tables.get(table);
  }

  removeTable(table: SimTable): void {
    this.#tables.delete(table);
    for (const region of this.#rows.keys()) if (region.table === table) this.#rows.delete(region);
  }

  add(region: SimRegion, row: Row): void {
    const rows = this.#rows.get(region);
    if (rows) rows.push(row);
    else this.#rows.set(region, [row]);
  }

  rowsOf(region: SimRegion): readonly Row[] {
    return this.#rows.get(region) ?? [];
  }

  /** What happens to a region that moves to a datanode which does not share the storage. */
  lose(region: SimRegion): void {
    this.#rows.delete(region);
  }
}

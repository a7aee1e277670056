import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import type { z } from 'zod';
import { OperatingError } from '../domain/errors.ts';
import { guarded } from './sqlite-errors.ts';

export type Parameters = readonly SQLInputValue[];

export interface DatabaseOptions {
  /** A file, or `:memory:`. */
  readonly location: string;
  /** How long a statement waits for a lock that, say, a backup tool holds, in ms. */
  readonly busyTimeoutMs: number;
  /** The most pages the file may have; beyond that it behaves as on a full disk. */
  readonly maxPages?: number;
  /** Default false. */
  readonly readOnly?: boolean;
}

/** Times may be fractions of a millisecond, of which nothing is kept. */
function whole(value: SQLInputValue): SQLInputValue {
  return typeof value === 'number' ? Math.round(value) : value;
}

/** A number that is kept with its fraction, as a parameter for a REAL column: SQLite reads the text. */
export function real(value: number | undefined): string | null {
  return value === undefined ? null : String(value);
}

/**
 * One SQLite connection: prepared statements, transactions, rows checked on the way out, errors that an operator understands.
 * Statement texts are constants of this folder, so that the cache of prepared ones is bounded by the code.
 */
export class Database {
  readonly location: string;
  readonly #connection: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  constructor(options: DatabaseOptions) {
    this.location = options.location;
    this.#connection = guarded(options.location, 'Opening the state file', () => {
      return new DatabaseSync(options.location, {
        timeout: options.busyTimeoutMs,
        enableForeignKeyConstraints: true,
        readOnly: options.readOnly ?? false,
      });
    });
    if (options.maxPages !== undefined) this.script(`PRAGMA max_page_count = ${options.maxPages}`);
  }

  /** Runs statements that have neither parameters nor results. */
  script(sql: string): void {
    guarded(this.location, 'Writing the state file', () => this.#connection.exec(sql));
  }

  /** Runs one statement. Numbers are kept whole: see {@link real}. @returns how many rows it changed and the id of the row it added. */
  run(sql: string, parameters: Parameters = []): { changes: number; lastId: number } {
    const result = guarded(this.location, 'Writing the state file', () =>
      this.#prepare(sql).run(...parameters.map(whole)),
    );
    return { changes: Number(result.changes), lastId: Number(result.lastInsertRowid) };
  }

  first<Row>(schema: z.ZodType<Row>, sql: string, parameters: Parameters = []): Row | undefined {
    const row = guarded(this.location, 'Reading the state file', () =>
      this.#prepare(sql).get(...parameters.map(whole)),
    );
    return row === undefined ? undefined : this.#check(schema, row);
  }

  all<Row>(schema: z.ZodType<Row>, sql: string, parameters: Parameters = []): Row[] {
    const rows = guarded(this.location, 'Reading the state file', () =>
      this.#prepare(sql).all(...parameters.map(whole)),
    );
    return rows.map((row) => this.#check(schema, row));
  }

  /** All of `work` or nothing. With `synchronous = FULL` it is on disk when this returns; within another one it belongs to that. */
  transaction<T>(work: () => T): T {
    if (this.#connection.isTransaction) return work();
    this.script('BEGIN IMMEDIATE');
    try {
      const result = work();
      this.script('COMMIT');
      return result;
    } catch (error) {
      this.#rollBack();
      throw error;
    }
  }

  close(): void {
    this.#statements.clear();
    this.#connection.close();
  }

  /** SQLite undoes the transaction by itself on some errors (a full disk among them). */
  #rollBack(): void {
    if (this.#connection.isTransaction) this.script('ROLLBACK');
  }

  #prepare(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known) return known;
    const statement = this.#connection.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }

  /** A row that we did not write this way means that the file was changed by something else. */
  #check<Row>(schema: z.ZodType<Row>, row: unknown): Row {
    const result = schema.safeParse(row);
    if (result.success) return result.data;
    const issue = result.error.issues[0];
    throw new OperatingError(
      'state-corrupt',
      `Reading the state file ${this.location}: a row has ${issue?.path.join('.') ?? 'a column'} of a kind that this version never ` +
        `writes (${issue?.message ?? 'unknown'}). Restore the file from a backup, or start with an empty state folder.`,
    );
  }
}

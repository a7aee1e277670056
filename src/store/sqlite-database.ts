import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { z } from 'zod';
import { OperatingError } from '../domain/errors.ts';
import { guarded } from './sqlite-errors.ts';

/** The most rows that one query gives, whatever was asked. */
export const MAX_ROWS = 10_000;

export type Parameters = readonly SQLInputValue[];
/** Values by field; fields are columns in camel case: `startedAtMs` is `started_at_ms`. */
type Fields = Readonly<Record<string, SQLInputValue | undefined>>;

interface Prepared {
  readonly statement: StatementSync;
  /** For each column of the result. */
  readonly fields: readonly string[];
}

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
  readonly #statements = new Map<string, Prepared>();

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
      this.#prepare(sql).statement.run(...parameters.map(whole)),
    );
    return { changes: Number(result.changes), lastId: Number(result.lastInsertRowid) };
  }

  /** Adds a row. @param conflict what to do with one that is there already; default: an error. @returns the row's id. */
  insert(table: string, fields: Fields, conflict?: 'REPLACE' | 'IGNORE'): number {
    const names = Object.keys(fields);
    const sql = `INSERT ${conflict ? `OR ${conflict} ` : ''}INTO ${table} (${names.map(columnOf).join(', ')}) VALUES (${names.map(() => '?').join(', ')})`;
    return this.run(sql, Object.values(fields).map(orNull)).lastId;
  }

  /** Changes the row with this id. A field that is undefined stays as it is. */
  update(table: string, id: number, fields: Fields): void {
    const given = Object.entries(fields).filter(([, value]) => value !== undefined);
    const sql = `UPDATE ${table} SET ${given.map(([name]) => `${columnOf(name)} = ?`).join(', ')} WHERE id = ?`;
    this.run(sql, [...given.map(([, value]) => orNull(value)), id]);
  }

  first<Row>(schema: z.ZodType<Row>, sql: string, parameters: Parameters = []): Row | undefined {
    return this.all(schema, sql, parameters)[0];
  }

  /** The only column of the first row. */
  value<T>(schema: z.ZodType<T>, sql: string, parameters: Parameters = []): T | undefined {
    const row = this.first(z.record(z.string(), schema), sql, parameters);
    return row && Object.values(row)[0];
  }

  /** Rows with their columns as fields, those without a value left out. */
  all<Row>(schema: z.ZodType<Row>, sql: string, parameters: Parameters = []): Row[] {
    const rows = guarded(this.location, 'Reading the state file', () => {
      const { statement, fields } = this.#prepare(sql);
      return statement.all(...parameters.map(whole)).map((row) => toFields(fields, Object.values(row)));
    });
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

  #prepare(sql: string): Prepared {
    const known = this.#statements.get(sql);
    if (known) return known;
    const statement = this.#connection.prepare(sql);
    const prepared = { statement, fields: statement.columns().map(({ name }) => fieldOf(name)) };
    this.#statements.set(sql, prepared);
    return prepared;
  }

  /** A row that we did not write this way means that the file was changed by something else. */
  #check<Row>(schema: z.ZodType<Row>, row: unknown): Row {
    const result = schema.safeParse(row);
    if (result.success) return result.data;
    const issue = result.error.issues[0];
    throw new OperatingError(
      'state-corrupt',
      `Reading the state file ${this.location}: a row has ${issue ? columnOf(issue.path.join('_')) : 'a column'} of a kind that this version never ` +
        `writes (${issue?.message ?? 'unknown'}). Restore the file from a backup, or start with an empty state folder.`,
    );
  }
}

function toFields(fields: readonly string[], values: readonly unknown[]): Readonly<Record<string, unknown>> {
  const entries = fields.map((field, index) => [field, values[index]] as const);
  return Object.fromEntries(entries.filter(([, value]) => value !== null));
}

/** `startedAtMs` for `started_at_ms`. */
function fieldOf(column: string): string {
  return column.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
}

function columnOf(field: string): string {
  return field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function orNull(value: SQLInputValue | undefined): SQLInputValue {
  return value ?? null;
}

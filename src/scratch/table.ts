import { OperatingError } from '../domain/errors.ts';
import { CallError } from '../greptimedb/caller.ts';
import type { Endpoint } from '../greptimedb/endpoint.ts';
import { SqlError } from '../greptimedb/sql/result.ts';
import { sleep } from '../lib/clock.ts';
import type { Sent, ScratchSql } from './sql.ts';

/** The database that trials make and drop. Nothing else may lie in it. */
export const SCRATCH_DATABASE = 'greptime_rebalancer_preflight';
const TABLE_PREFIX = 'writes_';
/** A trial that is at work writes many rows in this time. */
const WATCH_MS = 1_500;
const READ_TRIES = 4;
const READ_PAUSE_MS = 1_000;

/** A table of our own with a few regions, and what may be done with it. */
export class ScratchTable {
  readonly name: string;
  readonly regions: number;
  readonly #sql: ScratchSql;
  readonly #startedAtMs: number;

  constructor(sql: ScratchSql, regions: number) {
    this.#sql = sql;
    this.regions = regions;
    this.#startedAtMs = sql.clock.now();
    this.name = `${TABLE_PREFIX}${this.#startedAtMs}`;
  }

  get #fullName(): string {
    return `${SCRATCH_DATABASE}.${this.name}`;
  }

  /** Makes database and table. @throws OperatingError `access-denied` and what else the cluster says. */
  async create(signal: AbortSignal): Promise<void> {
    await this.#sql.runSomewhere(`CREATE DATABASE IF NOT EXISTS ${SCRATCH_DATABASE}`, signal);
    const bounds = Array.from({ length: this.regions }, (_, shard) =>
      [
        ...(shard > 0 ? [`shard >= ${shard}`] : []),
        ...(shard < this.regions - 1 ? [`shard < ${shard + 1}`] : []),
      ].join(' AND '),
    );
    await this.#sql.runSomewhere(
      `CREATE TABLE IF NOT EXISTS ${this.#fullName} (shard INT, n BIGINT, ts TIMESTAMP(3) TIME INDEX, PRIMARY KEY (shard)) ` +
        `PARTITION ON COLUMNS (shard) (${bounds.join(', ')})`,
      signal,
    );
    // Each frontend has to learn of the table before its answers mean anything.
    for (const endpoint of this.#sql.endpoints) await this.#untilKnown(endpoint, signal);
  }

  async #untilKnown(endpoint: Endpoint, signal: AbortSignal): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.#sql.run(endpoint, `SELECT n FROM ${this.#fullName}`, { signal });
        return;
      } catch (error) {
        if (!(error instanceof CallError) || attempt >= READ_TRIES) throw error;
        await sleep(this.#sql.clock, READ_PAUSE_MS, signal);
      }
    }
  }

  /** Writes row `n` into the region of its shard. @throws CallError; what `sent` may have arrived in vain or not. */
  async insert(endpoint: Endpoint, shard: number, n: number, sent: Sent): Promise<void> {
    const statement = `INSERT INTO ${this.#fullName} (shard, n, ts) VALUES (${shard}, ${n}, ${this.#startedAtMs + n})`;
    await this.#sql.run(endpoint, statement, sent);
  }

  /** Those of `wanted` that cannot be found. A region that has just moved is given time before a row counts as gone. */
  async missing(wanted: readonly number[], signal: AbortSignal): Promise<number[]> {
    for (let attempt = 1; ; attempt += 1) {
      const found = await this.#readAll(signal);
      const gone = wanted.filter((n) => !found.has(n));
      if (gone.length === 0 || attempt >= READ_TRIES) return gone;
      await sleep(this.#sql.clock, READ_PAUSE_MS, signal);
    }
  }

  async #readAll(signal: AbortSignal): Promise<ReadonlySet<number>> {
    const rows = await this.#sql.runSomewhere(`SELECT n FROM ${this.#fullName}`, signal, true);
    const found = new Set<number>();
    await rows?.each((row) => found.add(Number(row[0])));
    return found;
  }
}

/**
 * Tables that earlier trials left, because they were killed.
 *
 * @throws OperatingError `trial-running` when one of them grows: what another trial made must not be dropped.
 */
export async function findLeftovers(sql: ScratchSql, signal: AbortSignal): Promise<readonly string[]> {
  const names = (await listTables(sql, signal)).filter((name) => TABLE_OF_TRIAL.test(name));
  if (names.length === 0) return [];
  const count = async (): Promise<number> => {
    let rows = 0;
    for (const name of names) {
      const answer = await sql.runSomewhere(`SELECT n FROM ${SCRATCH_DATABASE}.${name}`, signal, true);
      await answer?.each(() => (rows += 1));
    }
    return rows;
  };
  const before = await count();
  await sleep(sql.clock, WATCH_MS, signal);
  if ((await count()) === before) return names;
  throw new OperatingError(
    'trial-running',
    `Somebody writes to ${SCRATCH_DATABASE} at this moment: another trial is at work. Wait for its end`,
  );
}

/**
 * Drops tables of trials, and their database when nothing else is in it. Safe to repeat.
 *
 * @returns what stays and why; undefined when nothing does.
 * @throws OperatingError what the cluster says.
 */
export async function dropTables(
  sql: ScratchSql,
  names: readonly string[],
  signal: AbortSignal,
): Promise<string | undefined> {
  for (const name of names)
    await sql.runSomewhere(`DROP TABLE IF EXISTS ${SCRATCH_DATABASE}.${name}`, signal);
  const others = await untilGone(sql, names, signal);
  const [other] = others;
  if (other !== undefined)
    return `The database ${SCRATCH_DATABASE} stays: the table ${other} in it is not of this trial.`;
  try {
    await sql.runSomewhere(`DROP DATABASE IF EXISTS ${SCRATCH_DATABASE}`, signal);
    return undefined;
  } catch (error) {
    if (!(error instanceof SqlError) || !(error.isSyntaxError || error.sqlCode === 1_001)) throw error;
    return `The empty database ${SCRATCH_DATABASE} stays: this version cannot drop one.`;
  }
}

/**
 * A migration that goes on holds its table: the drop waits for its end.
 *
 * @returns the other tables in the database.
 * @throws OperatingError `trial-table-held` when that takes too long.
 */
async function untilGone(
  sql: ScratchSql,
  names: readonly string[],
  signal: AbortSignal,
): Promise<readonly string[]> {
  for (let attempt = 1; ; attempt += 1) {
    const listed = await listTables(sql, signal);
    const left = names.find((name) => listed.includes(name));
    if (left === undefined) return listed;
    if (attempt >= GONE_TRIES)
      throw new OperatingError(
        'trial-table-held',
        `${left} is still there, held by a migration that goes on`,
      );
    await sleep(sql.clock, READ_PAUSE_MS, signal);
  }
}

const GONE_TRIES = 10;
const TABLE_OF_TRIAL = new RegExp(`^${TABLE_PREFIX}\\d+$`);

/** The tables in the database; none where there is no such database. */
async function listTables(sql: ScratchSql, signal: AbortSignal): Promise<string[]> {
  const rows = await sql.runSomewhere(
    `SELECT table_name FROM information_schema.tables WHERE table_schema = '${SCRATCH_DATABASE}'`,
    signal,
  );
  const names: string[] = [];
  await rows?.each(([name]) => names.push(String(name)));
  return names;
}

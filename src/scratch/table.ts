import { describeError, OperatingError } from '../domain/errors.ts';
import type { Endpoint } from '../greptimedb/endpoint.ts';
import type { ClusterOptions } from '../greptimedb/options.ts';
import { SqlError } from '../greptimedb/sql/result.ts';
import { deadlineSignal, sleep } from '../lib/clock.ts';
import type { Clock } from '../lib/clock.ts';
import { ScratchSql } from './sql.ts';
import type { Sent } from './sql.ts';

/** The database that trials make and drop. Nothing else may lie in it. */
export const SCRATCH_DATABASE = 'greptime_rebalancer_preflight';
const TABLE_PREFIX = 'writes_';
const TABLE_OF_TRIAL = new RegExp(`^${TABLE_PREFIX}\\d+$`);
/** A trial that is at work writes many rows in this time. */
const WATCH_MS = 1_500;
const PAUSE_MS = 1_000;
const READ_TRIES = 4;
const GONE_TRIES = 10;
const CLEAN_UP_MS = 60_000;

export interface TrialCall {
  readonly signal: AbortSignal;
  /** Told what is being done. */
  readonly say: (line: string) => void;
}

/**
 * Lets work write to a table of its own, which is made before and dropped after it, also when the work failed or somebody stopped it. What a
 * killed process left is dropped first.
 *
 * @param options.regions how many the table gets.
 * @returns what came of the work, and what stays in the cluster and why; mostly nothing does.
 * @throws OperatingError `no-frontends`, `trial-running`, and what the cluster says.
 */
export async function withScratchTable<T>(
  { cluster, regions, clock }: { cluster: ClusterOptions; regions: number; clock: Clock },
  { signal, say }: TrialCall,
  work: (sql: ScratchSql, table: ScratchTable) => Promise<T>,
): Promise<{ readonly result: T; readonly left: string | undefined }> {
  const sql = new ScratchSql(cluster, clock);
  try {
    const leftovers = await findLeftovers(sql, signal);
    if (leftovers.length > 0) await dropTables(sql, leftovers, signal);
    const table = new ScratchTable(sql, regions);
    say(`creating ${SCRATCH_DATABASE}.${table.name} with ${regions} regions`);
    try {
      await table.create(signal);
      const result = await work(sql, table);
      return { result, left: await cleanUp(sql, table, say) };
    } catch (error) {
      // What is left is only told: the failure is what counts.
      const left = await cleanUp(sql, table, say);
      if (left !== undefined) say(left);
      throw error;
    }
  } finally {
    await sql.close();
  }
}

/** Never rejects. @returns what stays, and why. */
async function cleanUp(
  sql: ScratchSql,
  { name }: ScratchTable,
  say: TrialCall['say'],
): Promise<string | undefined> {
  say(`dropping ${SCRATCH_DATABASE}.${name}`);
  // With a signal of its own: whoever stopped the work wants no rest of it.
  const { signal, release } = deadlineSignal(sql.clock, CLEAN_UP_MS);
  try {
    return await dropTables(sql, [name], signal);
  } catch (error) {
    return `${SCRATCH_DATABASE} could not be dropped (${describeError(error)}); the next trial drops it.`;
  } finally {
    release();
  }
}

/** Asks again, a second later each time, until the answer is as wanted or the tries are over. @returns the last answer. */
export async function askAgain<T>(
  ask: () => Promise<T>,
  isWanted: (answer: T) => boolean,
  { tries, clock, signal }: { readonly tries: number; readonly clock: Clock; readonly signal: AbortSignal },
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    const answer = await ask();
    if (isWanted(answer) || attempt >= tries) return answer;
    await sleep(clock, PAUSE_MS, signal);
  }
}

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
    await this.#sql.runSomewhere(`CREATE DATABASE IF NOT EXISTS ${SCRATCH_DATABASE}`, { signal });
    const bounds = Array.from({ length: this.regions }, (_, shard) =>
      [
        ...(shard > 0 ? [`shard >= ${shard}`] : []),
        ...(shard < this.regions - 1 ? [`shard < ${shard + 1}`] : []),
      ].join(' AND '),
    );
    await this.#sql.runSomewhere(
      `CREATE TABLE IF NOT EXISTS ${this.#fullName} (shard INT, n BIGINT, ts TIMESTAMP(3) TIME INDEX, PRIMARY KEY (shard)) ` +
        `PARTITION ON COLUMNS (shard) (${bounds.join(', ')})`,
      { signal },
    );
    // Each frontend has to learn of the table before its answers mean anything.
    for (const endpoint of this.#sql.endpoints)
      await this.#sql.runSomewhere(`SELECT n FROM ${this.#fullName}`, { signal }, [endpoint]);
  }

  /** Writes row `n` into the region of its shard. @throws CallError; what `sent` may have arrived in vain or not. */
  async insert(endpoint: Endpoint, shard: number, n: number, sent: Sent): Promise<void> {
    const statement = `INSERT INTO ${this.#fullName} (shard, n, ts) VALUES (${shard}, ${n}, ${this.#startedAtMs + n})`;
    await this.#sql.run(endpoint, statement, sent);
  }

  /** Those of `wanted` that cannot be found. A region that has just moved is given time before a row counts as gone. */
  missing(wanted: readonly number[], signal: AbortSignal): Promise<number[]> {
    const look = async (): Promise<number[]> => {
      const rows = await this.#sql.runSomewhere(`SELECT n FROM ${this.#fullName}`, { signal, large: true });
      const found = new Set<number>();
      await rows?.each((row) => found.add(Number(row[0])));
      return wanted.filter((n) => !found.has(n));
    };
    const patience = { tries: READ_TRIES, clock: this.#sql.clock, signal };
    return askAgain(look, (gone) => gone.length === 0, patience);
  }
}

/**
 * Tables that earlier trials left, because they were killed.
 *
 * @throws OperatingError `trial-running` when one of them grows: what another trial made must not be dropped.
 */
async function findLeftovers(sql: ScratchSql, signal: AbortSignal): Promise<readonly string[]> {
  const names = (await listTables(sql, signal)).filter((name) => TABLE_OF_TRIAL.test(name));
  if (names.length === 0) return [];
  const count = async (): Promise<number> => {
    let rows = 0;
    for (const name of names) {
      const answer = await sql.runSomewhere(`SELECT n FROM ${SCRATCH_DATABASE}.${name}`, {
        signal,
        large: true,
      });
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
async function dropTables(
  sql: ScratchSql,
  names: readonly string[],
  signal: AbortSignal,
): Promise<string | undefined> {
  for (const name of names)
    await sql.runSomewhere(`DROP TABLE IF EXISTS ${SCRATCH_DATABASE}.${name}`, { signal });
  const others = await untilGone(sql, names, signal);
  const [other] = others;
  if (other !== undefined)
    return `The database ${SCRATCH_DATABASE} stays: the table ${other} in it is not of this trial.`;
  try {
    await sql.runSomewhere(`DROP DATABASE IF EXISTS ${SCRATCH_DATABASE}`, { signal });
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
  const isThere = (listed: readonly string[]): string | undefined =>
    names.find((name) => listed.includes(name));
  const listed = await askAgain(
    () => listTables(sql, signal),
    (tables) => isThere(tables) === undefined,
    { tries: GONE_TRIES, clock: sql.clock, signal },
  );
  const left = isThere(listed);
  if (left === undefined) return listed;
  throw new OperatingError('trial-table-held', `${left} is still there, held by a migration that goes on`);
}

/** The tables in the database; none where there is no such database. */
async function listTables(sql: ScratchSql, signal: AbortSignal): Promise<string[]> {
  const rows = await sql.runSomewhere(
    `SELECT table_name FROM information_schema.tables WHERE table_schema = '${SCRATCH_DATABASE}'`,
    { signal },
  );
  const names: string[] = [];
  await rows?.each(([name]) => names.push(String(name)));
  return names;
}

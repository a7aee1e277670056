import { describeError, OperatingError } from '../domain/errors.ts';
import type { ClusterDependencies, ClusterOptions } from '../greptimedb/options.ts';
import { deadlineSignal } from '../lib/clock.ts';
import { ScratchSql } from './sql.ts';
import { dropTables, findLeftovers, SCRATCH_DATABASE, ScratchTable } from './table.ts';

export interface TrialCall {
  readonly signal: AbortSignal;
  /** Told what is being done. */
  readonly say: (line: string) => void;
}

const CLEAN_UP_MS = 60_000;

/**
 * Lets work write to a table of its own, which is made before and dropped after it, also when the work failed or somebody stopped it. What a
 * killed process left is dropped first.
 *
 * @param options.regions how many the table gets.
 * @returns what came of the work, and what stays in the cluster and why; mostly nothing does.
 * @throws OperatingError `no-frontends`, `trial-running`, and what the cluster says.
 */
export async function withScratchTable<T>(
  { cluster, regions }: { readonly cluster: ClusterOptions; readonly regions: number },
  dependencies: ClusterDependencies,
  call: TrialCall,
  work: (sql: ScratchSql, table: ScratchTable) => Promise<T>,
): Promise<{ readonly result: T; readonly left: string | undefined }> {
  if ((cluster.sql?.endpoints.length ?? 0) === 0)
    throw new OperatingError(
      'no-frontends',
      'Rows are written and read over SQL: the trial needs the frontends in cluster.sql.endpoints',
    );
  const { signal, say } = call;
  const sql = new ScratchSql(cluster, dependencies);
  try {
    const leftovers = await findLeftovers(sql, signal);
    if (leftovers.length > 0) await dropTables(sql, leftovers, signal);
    const table = new ScratchTable(sql, regions);
    say(`creating ${SCRATCH_DATABASE}.${table.name} with ${regions} regions`);
    const result = await beforeCleanUp(
      () => cleanUp(sql, table, say),
      say,
      async () => {
        await table.create(signal);
        return work(sql, table);
      },
    );
    return { result, left: await cleanUp(sql, table, say) };
  } finally {
    await sql.close();
  }
}

/** After work that failed what is left is only told: the failure is what counts. */
async function beforeCleanUp<T>(
  clean: () => Promise<string | undefined>,
  say: TrialCall['say'],
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const left = await clean();
    if (left !== undefined) say(left);
    throw error;
  }
}

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

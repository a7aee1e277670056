import { randomInt } from 'node:crypto';
import { z } from 'zod';
import { OperatingError } from '../domain/errors.ts';
import { compareIds, type TableId } from '../domain/ids.ts';
import { fullTableName } from '../domain/snapshot.ts';
import type { IdentityStore, SeenCluster } from './port.ts';
import type { Database } from './sqlite-database.ts';

const IDENTITY_ROW = z
  .object({ name: z.string(), metasrvId: z.number().exactOptional(), tables: z.string() })
  .transform(({ tables, ...identity }) => ({
    ...identity,
    tables: new Map(z.array(z.tuple([z.string(), z.string()])).parse(JSON.parse(tables))),
  }));
type Identity = z.infer<typeof IDENTITY_ROW>;

/** Enough that a few renamed or dropped tables are no doubt about the rest. */
const TABLES_KEPT = 16;
const OTHER_CLUSTER = 'state-of-other-cluster';

/**
 * Binds a state to one cluster. GreptimeDB gives a cluster no id that can be read over SQL, so that the state keeps what it can
 * compare: `cluster.name`; before 0.8 the cluster's number at metasrv; and ids and full names of a few tables. Every cluster counts table
 * ids from 1024 on, so that the lowest ones are those that another cluster is most likely to have too, under another name. It is another
 * cluster when more than half of the known ids that it has belong to other names. A table that is gone says nothing (it may have been
 * dropped, or is not selected any more), and one renamed table among others is learnt. A copy of a cluster, made with all its tables, is
 * told apart by its name alone.
 */
export function createIdentityStore(database: Database, folder: string): IdentityStore {
  return {
    checkCluster(seen) {
      const known = readIdentity(database);
      if (!known) return;
      refuseOther(folder, known, seen);
      const metasrvId = seen.metasrvId ?? known.metasrvId;
      const json = JSON.stringify(tablesToKnow(known, seen));
      if (json === JSON.stringify([...known.tables]) && metasrvId === known.metasrvId) return;
      database.run('UPDATE cluster SET metasrv_id = ?, tables = ?', [metasrvId ?? null, json]);
    },
  };
}

/**
 * Makes the state that of a cluster when it is nobody's yet. @returns whether it did.
 *
 * @throws OperatingError `state-of-other-cluster`
 */
export function claimFor(database: Database, folder: string, name: string): boolean {
  const known = readIdentity(database);
  if (known) {
    refuseOther(folder, known, { name });
    return false;
  }
  database.insert('cluster', { only: 1, name, tables: '[]' });
  return true;
}

/** @throws OperatingError `state-of-other-cluster` when what was seen is not the cluster that the state knows. */
export function refuseOther(
  folder: string,
  known: Identity,
  { name, metasrvId, tables = [] }: SeenCluster,
): void {
  const belongs = `The state folder ${folder} belongs to`;
  if (name !== undefined && name !== known.name)
    throw otherCluster(
      `${belongs} the cluster ${JSON.stringify(known.name)}, and cluster.name is ${JSON.stringify(name)}`,
    );
  if (metasrvId !== undefined && known.metasrvId !== undefined && metasrvId !== known.metasrvId)
    throw otherCluster(
      `${belongs} the cluster ${known.metasrvId} at metasrv, and cluster.metasrv.clusterId is ${metasrvId}`,
    );
  const found = tables.filter(({ id }) => known.tables.has(id));
  const other = found.filter((table) => known.tables.get(table.id) !== fullTableName(table));
  const [first] = other;
  if (!first || 2 * other.length <= found.length) return;
  throw otherCluster(
    `${belongs} another cluster than the endpoints lead to: ${other.length} of ${found.length} known tables have other names there ` +
      `(table ${first.id} was ${known.tables.get(first.id) ?? ''}, and is ${fullTableName(first)})`,
  );
}

export function isOfOtherCluster(error: unknown): boolean {
  return error instanceof OperatingError && error.code === OTHER_CLUSTER;
}

function otherCluster(found: string): OperatingError {
  return new OperatingError(
    OTHER_CLUSTER,
    `${found}. Nothing was moved. Give each cluster a state.path of its own, and check the endpoints. If it is the same cluster ` +
      'with another name, or a new one in its place, docs/recovery.md ("The cluster of a state folder") says what to do.',
  );
}

/** The known ones that are there, by the names that they have now; others with the lowest ids; known ones that are not there now. */
function tablesToKnow(
  { tables: known }: Identity,
  { tables = [] }: SeenCluster,
): readonly [TableId, string][] {
  const there = new Map(tables.map((table) => [table.id, fullTableName(table)]));
  const found = [...known.keys()].filter((id) => there.has(id));
  const isFull = found.length >= Math.min(TABLES_KEPT, there.size);
  const others = isFull ? [] : [...there.keys()].filter((id) => !known.has(id)).sort(compareIds);
  const missing = [...known.keys()].filter((id) => !there.has(id));
  return [...found, ...others, ...missing]
    .slice(0, TABLES_KEPT)
    .sort(compareIds)
    .map((id) => [id, there.get(id) ?? known.get(id) ?? '']);
}

/** Whether nothing was ever done with this state. */
export function isUnused(database: Database): boolean {
  const sql = 'SELECT id FROM cycles UNION ALL SELECT id FROM moves LIMIT 1';
  return database.value(z.number(), sql) === undefined;
}

/** Takes the state away from whatever process has it open. @returns a function that tells whether nobody has done so since. */
export function becomeOwner(database: Database): () => boolean {
  const owner = randomInt(2 ** 47);
  database.insert('counters', { name: 'owner', value: owner }, 'REPLACE');
  return () => database.value(z.number(), "SELECT value FROM counters WHERE name = 'owner'") === owner;
}

/** Undefined while it was never claimed. */
export function readIdentity(database: Database): Identity | undefined {
  return database.first(IDENTITY_ROW, 'SELECT name, metasrv_id, tables FROM cluster');
}

import { broadcastInvalidation, refuse } from '../cluster/core.ts';
import type { ClusterCore } from '../cluster/core.ts';
import { newPlacement } from '../cluster/layout.ts';
import type { SimTable } from '../cluster/model.ts';
import { buildTable } from '../cluster/state.ts';
import { schemaLocks } from './locks.ts';
import type { LockKey } from './locks.ts';
import { newProcedure } from './manager.ts';
import { seededUuid } from './uuid.ts';

export interface NewTable {
  readonly name: string;
  /** Default `greptime`. */
  readonly catalog?: string;
  /** Default `public`. */
  readonly schema?: string;
  /** Default `mito`; an empty one makes a view. */
  readonly engine?: SimTable['engine'];
  /** The table in whose regions a logical one lives. */
  readonly physical?: SimTable;
  /** 1 to 100 000; views and logical tables have none. */
  readonly regions?: number;
  /** Region numbers, as many as regions; default 0, 1, 2 … A repartitioned table has gaps. */
  readonly numbers?: readonly number[];
  /** Datanodes that get the regions in turn; default: the living ones. */
  readonly on?: readonly string[];
  readonly options?: SimTable['options'];
  readonly comment?: string;
}

const CREATE_TYPES = { physical: 'CreateTable', logical: 'CreateLogicalTables', view: 'CreateView' } as const;

/** Creates a table through a procedure that is done at once. @throws OperatingError when it is not possible. */
export function createTable(core: ClusterCore, wanted: NewTable): SimTable {
  const { catalog = 'greptime', schema = 'public', name, engine = 'mito', physical = null, ...rest } = wanted;
  if (core.state.tableNamed(catalog, schema, name))
    refuse(`table ${catalog}.${schema}.${name} exists already`);
  const placements = engine === '' || physical ? [] : placeRegions(core, wanted);
  const id = core.state.nextTableId();
  const createdAtMs = core.time.now();
  const table = buildTable({ ...rest, id, catalog, schema, name, engine, physical, createdAtMs, placements });
  const locks: LockKey[] = [{ mode: 'Exclusive', key: `__table_name_lock/${catalog}.${schema}.${name}` }];
  if (physical) locks.push({ mode: 'Exclusive', key: `__table_lock/${physical.id}` });
  runProcedure(core, CREATE_TYPES[table.kind], table, locks, () => core.state.addTable(table));
  return table;
}

function placeRegions(core: ClusterCore, { regions = 0, on }: NewTable): ReturnType<typeof newPlacement>[] {
  if (!Number.isInteger(regions) || regions < 1 || regions > 100_000)
    refuse(`a table of ${regions} regions; wanted 1 to 100000`);
  const nodes = on ?? core.state.livingDatanodeIds;
  if (nodes.length === 0) refuse('a table without any datanode');
  for (const id of nodes) if (!core.state.datanodes.has(id)) refuse(`there is no datanode ${id}`);
  const load = core.loads.forTable();
  return Array.from({ length: regions }, (_, index) =>
    newPlacement(nodes[index % nodes.length]!, nodes, 0, () => load(core.prng)),
  );
}

/**
 * Drops a table through a procedure, which in 0.6 to 0.14 waits for the table's migrations.
 *
 * @param onGone called when it is gone, which may be at once.
 */
export function dropTable(core: ClusterCore, table: SimTable, onGone?: () => void): void {
  const locks: LockKey[] = [{ mode: 'Exclusive', key: `__table_lock/${table.id}` }];
  runProcedure(core, 'DropTable', table, locks, () => {
    core.state.removeTable(table);
    broadcastInvalidation(core, table.id);
    onGone?.();
  });
}

function runProcedure(
  core: ClusterCore,
  type: string,
  table: SimTable,
  own: readonly LockKey[],
  work: () => void,
): void {
  const procedure = newProcedure(seededUuid(core.prng), `metasrv-procedure::${type}`, [
    ...schemaLocks(table),
    ...own,
  ]);
  core.procedures.register(procedure, () => {
    work();
    core.procedures.finish(procedure, 'Done', null);
  });
}

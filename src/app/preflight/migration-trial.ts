import type { Config } from '../../config/config.ts';
import { toPolicy } from '../../config/effective.ts';
import { readSecrets } from '../../config/secrets.ts';
import { OperatingError } from '../../domain/errors.ts';
import type { MoveRecord } from '../../domain/move.ts';
import { compileSelection } from '../../domain/selector.ts';
import { fullTableName, takesWrites } from '../../domain/snapshot.ts';
import type { Region, Snapshot } from '../../domain/snapshot.ts';
import { createExecutor } from '../../executor/executor.ts';
import { describeClosed } from '../../executor/gates.ts';
import type { Cluster } from '../../greptimedb/port.ts';
import { sleep } from '../../lib/clock.ts';
import { EventBus } from '../../observability/events.ts';
import type { ScratchSql } from '../../scratch/sql.ts';
import { SCRATCH_DATABASE } from '../../scratch/table.ts';
import type { ScratchTable } from '../../scratch/table.ts';
import { withScratchTable } from '../../scratch/work.ts';
import type { TrialCall } from '../../scratch/work.ts';
import { Writer } from '../../scratch/writer.ts';
import type { WriteFigures } from '../../scratch/writer.ts';
import { openStore } from '../../store/sqlite.ts';
import type { Parts } from '../compose.ts';
import { executorSettings, toClusterOptions } from '../daemon/settings.ts';

/** What one region's way there and back did to the rows that were written meanwhile. */
export interface MigrationTrial {
  readonly moves: readonly TriedMove[];
  readonly writes: WriteFigures;
  /** Rows that were acknowledged and cannot be found afterwards. */
  readonly rowsLost: number;
  /** What stays in the cluster, and why. */
  readonly left?: string;
}

interface TriedMove {
  readonly regionId: string;
  readonly from: string;
  readonly to: string;
  readonly outcome: string;
  readonly detail?: string;
  readonly durationMs: number;
}

const REGIONS = 3;
/** Rows before, between and after the moves. */
const ROWS_BETWEEN = 40;
const FIND_TRIES = 15;
const FIND_PAUSE_MS = 1_000;

/**
 * Makes a table of its own, writes to it, moves one of its regions to another datanode and back, reads every acknowledged row again, and drops
 * the table, whatever happens. The only thing in this program that writes to a cluster.
 *
 * @throws OperatingError what made the trial impossible; nothing of it is left in the cluster then either, as far as that answers.
 */
export async function tryMigration(config: Config, parts: Parts, call: TrialCall): Promise<MigrationTrial> {
  const options = toClusterOptions(config, await readSecrets(config));
  const { clock, logger } = parts;
  const onWarning = (message: string, fields: Readonly<Record<string, unknown>>): void =>
    logger.warn(fields, message);
  const { result, left } = await withScratchTable(
    { cluster: options, regions: REGIONS },
    { clock },
    call,
    async (sql, table) => {
      const cluster = await parts.openCluster(options, { clock, onWarning }, call);
      try {
        return await moveThereAndBack(config, parts, { sql, table, cluster, ...call });
      } finally {
        await cluster.close();
      }
    },
  );
  return left === undefined ? result : { ...result, left };
}

interface Workplace extends TrialCall {
  readonly sql: ScratchSql;
  readonly table: ScratchTable;
  readonly cluster: Cluster;
}

async function moveThereAndBack(config: Config, parts: Parts, place: Workplace): Promise<MigrationTrial> {
  const { sql, table, cluster, signal, say } = place;
  const { snapshot, regions } = await findRegions(cluster, table, parts, signal);
  const way = chooseWay(snapshot, regions, config);
  const writer = new Writer(sql, table);
  writer.start();
  const moves: TriedMove[] = [];
  try {
    await writer.written(ROWS_BETWEEN, signal);
    for (const [from, to] of [
      [way.from, way.to],
      [way.to, way.from],
    ] as const) {
      say(`moving region ${way.region.id} from ${from} to ${to} under writes`);
      const move = await moveRegion(config, parts, place, { ...way, from, to });
      moves.push(move);
      if (move.outcome !== 'succeeded') break;
      await writer.written(ROWS_BETWEEN, signal);
    }
  } finally {
    await writer.stop();
  }
  say(`reading ${writer.acknowledged.length} acknowledged rows again`);
  const gone = await table.missing(writer.acknowledged, signal);
  return { moves, writes: writer.figures(), rowsLost: gone.length };
}

/** The table's regions, once the cluster tells them all. */
async function findRegions(
  cluster: Cluster,
  table: ScratchTable,
  { clock }: Parts,
  signal: AbortSignal,
): Promise<{ readonly snapshot: Snapshot; readonly regions: readonly Region[] }> {
  const selector = compileSelection({ include: [`${SCRATCH_DATABASE}.${table.name}`], exclude: [] });
  for (let attempt = 1; ; attempt += 1) {
    const snapshot = await cluster.readSnapshot({ selector, signal });
    const regions = snapshot.regions.filter(({ leader, status }) => leader !== null && status === 'alive');
    if (regions.length === table.regions) return { snapshot, regions };
    if (attempt >= FIND_TRIES)
      throw new OperatingError(
        'trial-regions',
        `The cluster shows ${regions.length} of the ${table.regions} new regions`,
      );
    await sleep(clock, FIND_PAUSE_MS, signal);
  }
}

interface Way {
  readonly region: Region;
  readonly table: string;
  readonly from: string;
  readonly to: string;
}

/** One region, and a datanode that may receive it. @throws OperatingError `no-second-datanode` */
function chooseWay({ datanodes, tables }: Snapshot, regions: readonly Region[], config: Config): Way {
  const { drain, cordon } = toPolicy(config);
  const targets = datanodes
    .filter((datanode) => datanode.status === 'alive' && takesWrites(datanode))
    .map(({ id }) => id)
    .filter((id) => !drain.includes(id) && !cordon.includes(id));
  for (const region of regions) {
    const from = region.leader ?? '';
    const to = targets.find((id) => id !== from && !(region.followers ?? []).includes(id));
    const [table] = tables;
    // It has to come back as well.
    if (to !== undefined && table && targets.includes(from))
      return { region, table: fullTableName(table), from, to };
  }
  throw new OperatingError(
    'no-second-datanode',
    `No region can go there and back: ${targets.length === 1 ? 'only one datanode is' : `${targets.length} datanodes are`} alive and neither drained nor cordoned`,
  );
}

/** Through the same executor as every other move, with a memory of its own that is forgotten. */
async function moveRegion(
  config: Config,
  { clock, logger }: Parts,
  { cluster, signal }: Workplace,
  { region, table, from, to }: Way,
): Promise<TriedMove> {
  const store = openStore({ path: ':memory:' }, { clock });
  const events = new EventBus({
    now: () => clock.now(),
    onListenerError: (error) => logger.error({ error }, 'A listener of events failed'),
  });
  const standing = () =>
    ({
      ...{
        isLeader: true,
        isConfigWaiting: false,
        isReplanWaiting: false,
        isDryRun: false,
        snapshotTakenAtMs: clock.now(),
      },
      window: { isOpen: true, detail: '' },
      draining: config.datanodes.drain,
    }) as const;
  const executor = createExecutor(executorSettings(config), { cluster, store, events, clock, standing });
  const startedMs = clock.monotonicMs();
  const way = { regionId: region.id, from, to };
  try {
    const move = {
      seq: 1,
      tableId: region.tableId,
      table,
      reason: 'node-spread',
      detail: '',
      ...way,
    } as const;
    const cycleId = store.beginCycle('preflight', clock.now());
    const { records, closed } = await executor.execute(
      [move],
      { planId: 'preflight', cycleId, limit: 1 },
      signal,
    );
    signal.throwIfAborted();
    const durationMs = Math.round(clock.monotonicMs() - startedMs);
    return { ...way, durationMs, ...endOf(records[0], describeClosed(closed)) };
  } finally {
    store.close();
  }
}

function endOf(record: MoveRecord | undefined, closed: string): Pick<TriedMove, 'outcome' | 'detail'> {
  if (!record) return { outcome: 'not begun', detail: closed };
  const { state, detail } = record;
  return { outcome: state, ...(detail !== undefined && state !== 'succeeded' && { detail }) };
}

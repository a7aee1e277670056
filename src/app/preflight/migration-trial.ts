import type { Config } from '../../config/config.ts';
import { OperatingError } from '../../domain/errors.ts';
import type { MoveRecord } from '../../domain/move.ts';
import { compileSelection } from '../../domain/selector.ts';
import { fullTableName, takesWrites } from '../../domain/snapshot.ts';
import type { Region, Snapshot } from '../../domain/snapshot.ts';
import { describeClosed } from '../../executor/gates.ts';
import { askAgain, SCRATCH_DATABASE, withScratchTable } from '../../scratch/table.ts';
import type { ScratchTable, TrialCall } from '../../scratch/table.ts';
import { Writer } from '../../scratch/writer.ts';
import type { WriteFigures } from '../../scratch/writer.ts';
import { openSession } from '../compose.ts';
import type { Parts } from '../compose.ts';
import type { ClusterSession } from '../daemon/cluster-session.ts';
import { toClusterOptions } from '../daemon/settings.ts';

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

/**
 * Makes a table of its own, writes to it, moves one of its regions to another datanode and back, reads every acknowledged row again, and drops
 * the table, whatever happens. The only thing in this program that writes to a cluster.
 *
 * @throws OperatingError what made the trial impossible; nothing of it is left in the cluster then either, as far as that answers.
 */
export async function tryMigration(config: Config, parts: Parts, call: TrialCall): Promise<MigrationTrial> {
  const { session, secrets } = await openSession(forTrial(config), parts);
  try {
    const cluster = toClusterOptions(config, secrets);
    const { result, left } = await withScratchTable(
      { cluster, regions: REGIONS, clock: parts.clock },
      call,
      (sql, table) => moveThereAndBack(session, table, new Writer(sql, table), call),
    );
    return left === undefined ? result : { ...result, left };
  } finally {
    await session.close();
  }
}

/** It acts at once and alone, because somebody asked for it, and with a memory of its own that is forgotten. */
function forTrial(config: Config): Config {
  return {
    ...config,
    schedule: { ...config.schedule, windows: [] },
    execution: { ...config.execution, dryRun: false, regionCooldownMs: 0, maxMovesPerHour: 0 },
    state: { ...config.state, path: ':memory:' },
    ha: { ...config.ha, provider: 'none' },
  };
}

async function moveThereAndBack(
  session: ClusterSession,
  table: ScratchTable,
  writer: Writer,
  { signal, say }: TrialCall,
): Promise<MigrationTrial> {
  const { snapshot, regions } = await findRegions(session, table, signal);
  const way = chooseWay(snapshot, regions, session);
  writer.start();
  const moves: TriedMove[] = [];
  try {
    await writer.written(ROWS_BETWEEN, signal);
    for (const [from, to] of [
      [way.from, way.to],
      [way.to, way.from],
    ] as const) {
      say(`moving region ${way.region.id} from ${from} to ${to} under writes`);
      const move = await moveRegion(session, { ...way, from, to }, signal);
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

interface Found {
  readonly snapshot: Snapshot;
  readonly regions: readonly Region[];
}

/** The table's regions, once the cluster tells them all. */
async function findRegions(
  session: ClusterSession,
  table: ScratchTable,
  signal: AbortSignal,
): Promise<Found> {
  const selector = compileSelection({ include: [`${SCRATCH_DATABASE}.${table.name}`], exclude: [] });
  const look = async (): Promise<Found> => {
    const snapshot = await session.readSnapshot({ selector, signal });
    const isUsable = ({ leader, status }: Region): boolean => leader !== null && status === 'alive';
    return { snapshot, regions: snapshot.regions.filter(isUsable) };
  };
  const areAll = ({ regions }: Found): boolean => regions.length === table.regions;
  const found = await askAgain(look, areAll, { tries: FIND_TRIES, clock: session.clock, signal });
  if (areAll(found)) return found;
  throw new OperatingError(
    'trial-regions',
    `The cluster shows ${found.regions.length} of the ${table.regions} new regions`,
  );
}

interface Way {
  readonly region: Region;
  readonly table: string;
  readonly from: string;
  readonly to: string;
}

/** One region, and a datanode that may receive it. @throws OperatingError `no-second-datanode` */
function chooseWay(
  { datanodes, tables }: Snapshot,
  regions: readonly Region[],
  session: ClusterSession,
): Way {
  const { drain, cordon } = session.policy();
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

/** Through the same executor as every other move. */
async function moveRegion(
  session: ClusterSession,
  { region, table, from, to }: Way,
  signal: AbortSignal,
): Promise<TriedMove> {
  const { clock, connection, store } = session;
  const executor = session.openExecutor(await connection.get(signal), () => clock.now());
  const way = { regionId: region.id, from, to };
  const { tableId } = region;
  const move = { seq: 1, tableId, table, reason: 'node-spread', detail: '', ...way } as const;
  const cycleId = store.beginCycle('preflight', clock.now());
  const startedMs = clock.monotonicMs();
  const context = { planId: 'preflight', cycleId, limit: 1 };
  const { records, closed } = await executor.execute([move], context, signal);
  signal.throwIfAborted();
  const durationMs = Math.round(clock.monotonicMs() - startedMs);
  return { ...way, durationMs, ...endOf(records[0], describeClosed(closed)) };
}

function endOf(record: MoveRecord | undefined, closed: string): Pick<TriedMove, 'outcome' | 'detail'> {
  if (!record) return { outcome: 'not begun', detail: closed };
  const { state, detail } = record;
  return { outcome: state, ...(detail !== undefined && state !== 'succeeded' && { detail }) };
}

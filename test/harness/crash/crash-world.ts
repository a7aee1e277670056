import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { isUnresolved, type MoveRecord, type MoveState } from '../../../src/domain/move.ts';
import { sleep, systemClock } from '../../../src/lib/clock.ts';
import { createPrng } from '../../../src/lib/prng.ts';
import {
  serveSimulatedCluster,
  SimulatedCluster,
  SimulatedNetworkError,
  type ServedCluster,
  type SimEvent,
  type SimExchange,
  type SimRequest,
} from '../../../src/simulator/index.ts';
import { openStore } from '../../../src/store/sqlite.ts';
import { CommandProcess } from '../../support/command-process.ts';
import { migrationIn } from '../sim/network.ts';
import { saysMoved } from '../sim/watch.ts';

/** A moment at which a real process is killed with SIGKILL. */
export interface KillPoint {
  readonly name: string;
  /** A request of the daemon: killed before it is executed (and then it is not), or after that, before its answer. */
  readonly request?: {
    readonly matches: (request: SimRequest, seen: Seen) => boolean;
    readonly when: 'before' | 'after';
  };
  /** Something that happens in the cluster. */
  readonly event?: (event: SimEvent) => boolean;
  /** Some time after the process began to work, in ms. */
  readonly afterMs?: number;
  /** A move goes from one state to another: killed right before or right after that is on disk. */
  readonly edge?: Edge;
  /** What the process meets until then; some points cannot be reached without. */
  readonly trouble?: Trouble;
}

interface Edge {
  readonly from: MoveState;
  readonly to: MoveState;
  readonly when: 'before' | 'after';
}

export interface Trouble {
  /** As the simulated cluster takes them. */
  readonly faults?: string;
  /** Settings of the daemon, `key=value`. */
  readonly set?: readonly string[];
  /** Something that happens before a request is executed. When it throws, the request is not. */
  readonly before?: (request: SimRequest, seen: Seen, cluster: SimulatedCluster) => void;
  /** Another answer than the cluster gave. */
  readonly answer?: (exchange: SimExchange, request: SimRequest, seen: Seen) => SimExchange;
}

/** What happened since the process was started. */
interface Seen {
  migrationsAccepted: number;
  migrationsEnded: number;
  reads: number;
  /** How many answers a trouble has replaced, by what was asked. */
  readonly replaced: Map<string, number>;
}

export interface CrashWorldOptions {
  readonly profile: string;
  readonly points: readonly KillPoint[];
  readonly seed: string;
}

/** How it ended: everything that has to be true of it. */
export interface CrashVerdict {
  /** Points at which a process died, in order. */
  readonly died: readonly string[];
  readonly accepted: number;
  readonly moved: number;
  /** Requests that the cluster accepted and the history does not have, and moves without an end. */
  readonly lost: readonly string[];
  /** Requests that the cluster accepted and that no move of its own stands for. */
  readonly doubled: readonly string[];
  /** Moves whose end is not what the cluster saw. */
  readonly untrue: readonly string[];
}

type Accepted = Extract<SimEvent, { kind: 'mutating-request' }>;
type Ended = Extract<SimEvent, { kind: 'migration-ended' }>;

/** A simulated cluster on real sockets and real time that kills the daemon at given moments. */
class KillingCluster extends SimulatedCluster {
  onRequest: (request: SimRequest, when: 'before' | 'after') => Promise<void> = () => Promise.resolve();
  answer: (exchange: SimExchange, request: SimRequest) => SimExchange = (exchange) => exchange;

  override async exchange(request: SimRequest, signal?: AbortSignal): Promise<SimExchange> {
    await this.onRequest(request, 'before');
    const exchange = await super.exchange(request, signal);
    await this.onRequest(request, 'after');
    return this.answer(exchange, request);
  }

  beAtPeace(): void {
    this.onRequest = () => Promise.resolve();
    this.answer = (exchange) => exchange;
    this.faults.clear();
  }
}

/** Lets a daemon balance a cluster, kills it at every point in turn, and tells what became of it. */
export async function killAtEvery({ profile, points, seed }: CrashWorldOptions): Promise<CrashVerdict> {
  const folder = mkdtempSync(join(tmpdir(), 'rebalancer-crash-'));
  const cluster = new KillingCluster(
    {
      profile,
      metasrvs: 1,
      frontends: 1,
      migrationMs: 150,
      layout: {
        datanodes: 3,
        tables: 5,
        regionsPerTable: [8, 8],
        layout: 'crowded',
        metricTables: 0,
        views: 0,
      },
    },
    { clock: systemClock, prng: createPrng(seed) },
  );
  const served = await serveSimulatedCluster(cluster, { controlPort: null }, { clock: systemClock });
  try {
    const config = writeConfig(folder, cluster, served);
    const died: string[] = [];
    for (const point of points) {
      await runUntilKilled(cluster, folder, config, point);
      died.push(point.name);
    }
    await runUntilSettled(folder, config);
    return { died, ...judge(cluster, join(folder, 'state')) };
  } finally {
    await served.close();
    cluster.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Where procedures cannot be listed, only metasrv tells routes that are not up to ten minutes old. */
function writeConfig(folder: string, cluster: SimulatedCluster, served: ServedCluster): string {
  const hasSql = cluster.profile.adminFunctions !== null;
  const needsMetasrv = !cluster.profile.procedureInfo;
  const file = join(folder, 'rebalancer.yaml');
  writeFileSync(
    file,
    [
      'cluster:',
      '  name: crash',
      ...(hasSql ? [`  sql: { endpoints: ${JSON.stringify(served.frontend)} }`] : []),
      ...(needsMetasrv ? [`  metasrv: { endpoints: ${JSON.stringify(served.metasrv)} }`] : []),
      'schedule: { cron: "*/2 * * * * *" }',
      'execution:',
      '  { dryRun: false, pauseBetweenMoves: 0s, pollInterval: 1s, replayTimeout: 1s, maxConsecutiveFailures: 1000,',
      '    quarantine: { base: 1s, max: 1s }, thrash: { undoneMoves: 1000 } }',
      'state: { path: ./state }',
      'server: { listen: 127.0.0.1:0 }',
    ].join('\n'),
  );
  return file;
}

/** Longer than the longest that a version has to wait until it is certain of something. */
const POINT_LIMIT_MS = 40 * 60_000;
const HOOK = fileURLToPath(new URL('kill-at-edge.ts', import.meta.url));

function startDaemon(folder: string, config: string, { edge, trouble }: KillPoint): CommandProcess {
  const settings = trouble?.set?.flatMap((setting) => ['--set', setting]) ?? [];
  const env = edge && {
    NODE_OPTIONS: `--import=${HOOK}`,
    KILL_AT_EDGE: `${edge.from} ${edge.to} ${edge.when}`,
  };
  return new CommandProcess(['run', '-c', config, ...settings], { cwd: folder, ...(env && { env }) });
}

async function runUntilKilled(
  cluster: KillingCluster,
  folder: string,
  config: string,
  point: KillPoint,
): Promise<void> {
  const daemon = startDaemon(folder, config, point);
  const { trouble } = point;
  const seen: Seen = { migrationsAccepted: 0, migrationsEnded: 0, reads: 0, replaced: new Map() };
  let isDue = true;
  const limit = { isOver: false };
  const kill = async (): Promise<void> => {
    isDue = false;
    daemon.kill('SIGKILL');
    await daemon.ended();
  };
  const unsubscribe = cluster.onEvent((event) => {
    if (event.kind === 'mutating-request' && event.verdict === 'accepted') seen.migrationsAccepted += 1;
    if (event.kind === 'migration-ended') seen.migrationsEnded += 1;
    if (isDue && point.event?.(event)) void kill();
  });
  cluster.faults.set(trouble?.faults ?? '');
  cluster.answer = (exchange, request) => trouble?.answer?.(exchange, request, seen) ?? exchange;
  cluster.onRequest = async (request, when) => {
    if (when === 'before') trouble?.before?.(request, seen, cluster);
    if (when === 'before' && !migrationIn(request)) seen.reads += 1;
    if (!isDue || point.request?.when !== when || !point.request.matches(request, seen)) return;
    await kill();
    if (when === 'before') throw new SimulatedNetworkError('ECONNRESET', 'The client is dead');
  };
  if (point.afterMs !== undefined) {
    await daemon.waitFor(/Rebalancer started/);
    systemClock.setTimer(point.afterMs, () => void kill());
  }
  if (point.afterMs === undefined) daemon.waitFor(new RegExp(BALANCED)).then(kill, () => undefined);
  const cancelLimit = systemClock.setTimer(POINT_LIMIT_MS, () => {
    limit.isOver = true;
    void kill();
  });
  const { signal, out, err } = await daemon.ended();
  cancelLimit();
  unsubscribe();
  cluster.beAtPeace();
  if (limit.isOver) throw new Error(`"${point.name}" was not reached within 40 minutes`);
  if (signal !== 'SIGKILL')
    throw new Error(`The daemon ended by itself before "${point.name}": ${err.slice(-500)}`);
  if (point.afterMs === undefined && out.includes(BALANCED))
    throw new Error(`The cluster was balanced before "${point.name}"`);
}

const BALANCED = '"outcome":"balanced"';

/** Until the cluster is balanced and the end of every move is known. */
async function runUntilSettled(folder: string, config: string): Promise<void> {
  const daemon = new CommandProcess(['run', '-c', config], { cwd: folder });
  await daemon.waitFor(new RegExp(BALANCED));
  while (countUnresolved(folder) > 0) await sleep(systemClock, 200);
  daemon.kill('SIGTERM');
  const { status, err } = await daemon.ended();
  if (status !== 0) throw new Error(`The daemon ended with ${String(status)}: ${err.slice(-500)}`);
}

/** Looks into the state of a daemon that runs. */
function countUnresolved(folder: string): number {
  const database = new DatabaseSync(join(folder, 'state', 'rebalancer.db'), {
    readOnly: true,
    timeout: 5_000,
  });
  try {
    const row = database.prepare('SELECT count(*) AS count FROM moves WHERE unresolved = 1').get();
    return Number(row?.['count']);
  } finally {
    database.close();
  }
}

function judge(cluster: SimulatedCluster, statePath: string): Omit<CrashVerdict, 'died'> {
  const store = openStore({ path: statePath }, { clock: systemClock });
  const moves = store.listMoves({ limit: 10_000 }).toReversed();
  store.close();
  const accepted = cluster.journal.filter(
    (event): event is Accepted => event.kind === 'mutating-request' && event.verdict === 'accepted',
  );
  const ends = cluster.journal.filter((event): event is Ended => event.kind === 'migration-ended');
  const sent = moves.filter(
    ({ state, cause }) => state !== 'abandoned' && cause !== 'submit-unclear-not-started',
  );
  const lost = moves.filter((move) => isUnresolved(move)).map((move) => `move ${move.id} is ${move.state}`);
  const doubled: string[] = [];
  const untrue: string[] = [];
  for (const request of accepted) {
    const own = sent.filter((move) => isOf(move, request));
    if (own.length === 0) lost.push(`request for region ${request.regionId ?? ''}`);
    const same = accepted.filter((other) => isSame(other, request));
    if (same.length > own.length) doubled.push(`region ${request.regionId ?? ''}: ${same.length} requests`);
    const move =
      own.find(({ procedureId }) => procedureId === request.procedureId) ??
      (own.length === 1 ? own[0] : undefined);
    const end = ends.find(({ procedureId }) => procedureId === request.procedureId);
    if (move && saysMoved(move) !== (end?.moved === true)) untrue.push(`move ${move.id} is ${move.state}`);
  }
  return {
    accepted: accepted.length,
    moved: ends.filter(({ moved }) => moved).length,
    lost,
    doubled,
    untrue,
  };
}

function isSame(a: Accepted, b: Accepted): boolean {
  return a.regionId === b.regionId && a.from === b.from && a.to === b.to;
}

function isOf(move: MoveRecord, { regionId, from, to }: Accepted): boolean {
  return move.regionId === regionId && move.from === from && move.to === to;
}

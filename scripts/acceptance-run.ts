import { spawn } from 'node:child_process';
import { openSession } from '../src/app/compose.ts';
import type { Parts } from '../src/app/compose.ts';
import type { ClusterSession } from '../src/app/daemon/cluster-session.ts';
import { runCycle } from '../src/app/daemon/cycle.ts';
import type { CycleReport } from '../src/app/daemon/cycle.ts';
import { toClusterOptions } from '../src/app/daemon/settings.ts';
import type { Config } from '../src/config/config.ts';
import { withRequests } from '../src/domain/policy.ts';
import type { Policy } from '../src/domain/policy.ts';
import { sleep } from '../src/lib/clock.ts';
import { count } from '../src/lib/number.ts';
import { SCRATCH_DATABASE, withScratchTable } from '../src/scratch/table.ts';
import type { ScratchTable, TrialCall } from '../src/scratch/table.ts';
import { Writer } from '../src/scratch/writer.ts';
import type { WriteFigures } from '../src/scratch/writer.ts';

export interface AcceptanceOptions {
  /** How long to write, and to drain and refill, in ms. */
  readonly forMs: number;
  /** A command of the operator's own, run by the shell while regions move: kill something, and start it again. */
  readonly nemesis?: string | undefined;
  /** Between the end of one such command and the next, in ms. */
  readonly everyMs: number;
}

/** What was measured. */
export interface AcceptanceFigures {
  readonly writes: WriteFigures;
  /** Acknowledged rows that cannot be found afterwards. */
  readonly rowsLost: number;
  /** How the migrations ended: `succeeded`, `failed`, … */
  readonly migrations: Readonly<Record<string, number>>;
  /** Of those that succeeded, as the daemon sees it, in ms; undefined when none did. */
  readonly meanMigrationMs: number | undefined;
  readonly drains: number;
  readonly strikes: number;
  /** Whether a plan after all of it has no moves. */
  readonly balanced: boolean;
  readonly left: string | undefined;
}

const REGIONS = 12;
const RETRY_MS = 1_000;
const DRAIN_TRIES = 10;
const SETTLE_TRIES = 60;
const FIRST_ROWS = 50;

/**
 * Drains one datanode after the other and refills it, under writes, for as long as is asked; then lets the cluster settle and counts.
 *
 * @throws OperatingError what made it impossible. What was made is dropped in any case.
 */
export async function runAcceptance(
  options: AcceptanceOptions,
  given: Config,
  parts: Parts,
  call: TrialCall,
): Promise<AcceptanceFigures> {
  const config = forScratchCluster(given);
  const { session, secrets } = await openSession(config, parts);
  try {
    const cluster = toClusterOptions(config, secrets);
    const { result, left } = await withScratchTable(
      { cluster, regions: REGIONS, clock: parts.clock },
      call,
      async (sql, table) => work(options, session, { table, writer: new Writer(sql, table) }, call),
    );
    return { ...result, left };
  } finally {
    await session.close();
  }
}

/** Acts at once and always, with a memory that is forgotten, and takes the table of its own along. */
function forScratchCluster(config: Config): Config {
  const { include } = config.tables;
  return {
    ...config,
    tables: { ...config.tables, include: include.length === 0 ? [] : [...include, `${SCRATCH_DATABASE}.*`] },
    schedule: { ...config.schedule, windows: [] },
    execution: {
      ...config.execution,
      ...{ dryRun: false, regionCooldownMs: 0, pauseBetweenMovesMs: 0, maxMovesPerHour: 0 },
      quarantine: { ...config.execution.quarantine, baseMs: RETRY_MS, maxMs: RETRY_MS },
    },
    state: { ...config.state, path: ':memory:' },
  };
}

interface Writing {
  readonly table: ScratchTable;
  readonly writer: Writer;
}

async function work(
  options: AcceptanceOptions,
  session: ClusterSession,
  { table, writer }: Writing,
  call: TrialCall,
): Promise<Omit<AcceptanceFigures, 'left'>> {
  const { signal, say } = call;
  const moves = watchMoves(session);
  const stopStriking = new AbortController();
  writer.start();
  try {
    await writer.written(FIRST_ROWS, signal);
    const striking = strike(options, session, {
      ...call,
      signal: AbortSignal.any([signal, stopStriking.signal]),
    });
    const drains = await drainInTurn(options.forMs, session, call);
    stopStriking.abort();
    const strikes = await striking;
    const balanced = await settle(session, signal);
    await writer.stop();
    say(`reading ${count(writer.acknowledged.length, 'acknowledged row')} again`);
    const gone = await table.missing(writer.acknowledged, signal);
    return { writes: writer.figures(), rowsLost: gone.length, ...moves(), drains, strikes, balanced };
  } finally {
    stopStriking.abort();
    await writer.stop();
  }
}

/** @returns a function that tells what came of the migrations so far. */
function watchMoves({
  events,
}: ClusterSession): () => Pick<AcceptanceFigures, 'migrations' | 'meanMigrationMs'> {
  const ends: Record<string, number> = {};
  const durationsMs: number[] = [];
  events.subscribe((event) => {
    if (event.type !== 'move-finished') return;
    ends[event.move.state] = (ends[event.move.state] ?? 0) + 1;
    if (event.move.state === 'succeeded') durationsMs.push(event.durationMs);
  });
  return () => ({
    migrations: ends,
    meanMigrationMs:
      durationsMs.length === 0
        ? undefined
        : durationsMs.reduce((sum, one) => sum + one, 0) / durationsMs.length,
  });
}

/** @returns how many datanodes were emptied. */
async function drainInTurn(
  forMs: number,
  session: ClusterSession,
  { signal, say }: TrialCall,
): Promise<number> {
  const untilMs = session.clock.monotonicMs() + forMs;
  let drains = 0;
  for (let turn = 0; session.clock.monotonicMs() < untilMs; turn += 1) {
    const datanode = await nextDatanode(session, turn, signal);
    if (datanode === undefined) {
      await sleep(session.clock, RETRY_MS, signal);
      continue;
    }
    const isEmpty = await drain(session, datanode, signal);
    if (isEmpty) drains += 1;
    say(`datanode ${datanode} ${isEmpty ? 'is empty; refilling it' : 'could not be emptied for now'}`);
    await cycle(session, signal);
  }
  return drains;
}

async function nextDatanode(
  session: ClusterSession,
  turn: number,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    const cluster = await session.connection.get(signal);
    const datanodes = await cluster.readDatanodes({ signal });
    const alive = datanodes.filter(({ status }) => status === 'alive');
    return alive[turn % alive.length]?.id;
  } catch {
    // Something was killed. It may take a moment until it is back.
    signal.throwIfAborted();
    await session.connection.drop().catch(() => undefined);
    return undefined;
  }
}

async function drain(session: ClusterSession, datanode: string, signal: AbortSignal): Promise<boolean> {
  const policy = { ...withRequests(session.policy(), { drain: [datanode] }), onlyDrain: true };
  for (let attempt = 0; attempt < DRAIN_TRIES; attempt += 1) {
    const report = await cycle(session, signal, policy);
    const left = report.snapshot?.regions.filter(({ leader }) => leader === datanode).length;
    if (left === 0) return true;
    if (report.moved === 0) await sleep(session.clock, RETRY_MS, signal);
  }
  return false;
}

/** Until a plan has nothing left to do. @returns whether it came to that. */
async function settle(session: ClusterSession, signal: AbortSignal): Promise<boolean> {
  for (let attempt = 0; attempt < SETTLE_TRIES; attempt += 1) {
    const { outcome } = await cycle(session, signal);
    if (outcome === 'balanced') return true;
    await sleep(session.clock, RETRY_MS, signal);
  }
  return false;
}

/** What fails here is meant to: no run of failures ends the work. */
async function cycle(session: ClusterSession, signal: AbortSignal, policy?: Policy): Promise<CycleReport> {
  session.store.resetFailureRun();
  const report = await runCycle(session, 'once', signal, { maxMoves: Infinity, ...(policy && { policy }) });
  signal.throwIfAborted();
  return report;
}

/** @returns how many times the command ran. */
async function strike(
  { nemesis, everyMs }: AcceptanceOptions,
  { clock }: ClusterSession,
  { signal, say }: TrialCall,
): Promise<number> {
  if (nemesis === undefined) return 0;
  for (let strikes = 0; ; strikes += 1) {
    try {
      await sleep(clock, everyMs, signal);
    } catch {
      return strikes;
    }
    say(`nemesis ${strikes + 1}: ${nemesis}`);
    const status = await runShell(nemesis, strikes + 1);
    if (status !== 0) say(`nemesis ${strikes + 1} ended with status ${status}`);
  }
}

/** A strike that has begun is waited for: it starts again what it killed. */
function runShell(command: string, strike: number): Promise<number> {
  return new Promise((resolve) => {
    const child = spawn('sh', ['-c', command], {
      stdio: ['ignore', 'inherit', 'inherit'],
      env: { ...process.env, NEMESIS: String(strike) },
    });
    child.on('error', () => resolve(-1));
    child.on('exit', (status) => resolve(status ?? -1));
  });
}

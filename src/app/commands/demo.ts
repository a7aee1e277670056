import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readConfig } from '../../config/load.ts';
import { OperatingError } from '../../domain/errors.ts';
import type { Config } from '../../config/config.ts';
import { silentLogger } from '../../observability/logger.ts';
import { deadlineSignal } from '../../lib/clock.ts';
import { formatEstimate } from '../../lib/duration.ts';
import type { PlanAnswer, PlanParts } from './plan.ts';
import { answerPlan } from './plan.ts';
import type { Policy } from '../../domain/policy.ts';
import type { Parts } from '../compose.ts';
import type { WatchedCall } from './once.ts';
import { untilAborted } from '../lifecycle.ts';
import { startDaemon } from '../daemon/run.ts';
import type { RunningDaemon } from '../daemon/open-daemon.ts';
import type { WatchedWork } from '../daemon/work-progress.ts';
import { takeSnapshot } from './snapshot.ts';
import { listenAsCluster } from './simulate.ts';
import type { ListeningCluster } from './simulate.ts';

export interface DemoRequest {
  /** 0 takes a free one. Absent: the usual one, or a free one when that is taken. */
  readonly port?: number | undefined;
  readonly profile?: string | undefined;
  readonly seed?: string | undefined;
  /** What is evened out. Default: how many regions. */
  readonly objective?: Policy['objective'] | undefined;
  /** End once balanced. */
  readonly exit: boolean;
  readonly timeoutMs: number;
  readonly say: (line: string) => void;
  readonly show: (answer: PlanAnswer) => void;
}

export interface DemoResult {
  readonly balanced: boolean;
  readonly detail: string;
}

const USUAL_PORT = 9480;
const DEMO_CLUSTER = {
  datanodes: 4,
  emptyDatanodes: 0,
  tables: 6,
  regions: 6,
  metasrvs: 3,
  frontends: 2,
  port: 0,
} as const;

/** What a cluster needs to show the one objective or the other. */
const SHOWS = {
  count: {
    cluster: { layout: 'crowded', seed: 'demo' },
    text: 'one datanode is crowded, one is empty.',
    watch: 'the columns become even',
  },
  load: {
    cluster: { layout: 'balanced', seed: 'load', loads: 'hot-tables,daily,drift,jumps' },
    text: 'each datanode leads about as many regions, but some of the regions are hot.',
    watch: 'what they store becomes even',
  },
} as const;

/** Who watches needs the time to open the page before it is over. */
const WATCHED_MIGRATION_MS = 2_700;
/** What a move takes then, with what the daemon does around it. */
const WATCHED_MOVE_MS = 3_000;
const QUICK_MIGRATION_MS = 700;

/**
 * A simulated cluster out of balance, and the real daemon that balances it, in one process. Everything
 * between the two goes over real sockets.
 */
export async function runDemo(
  request: DemoRequest,
  parts: Parts,
  { signal, watch }: WatchedCall,
): Promise<DemoResult> {
  const closers = new AsyncDisposableStack();
  try {
    const { clock } = parts;
    const profile = request.profile ?? '1.3';
    const { cluster, text, watch: toWatch } = SHOWS[request.objective ?? 'count'];
    const listening = await listenAsCluster(
      {
        ...{ ...DEMO_CLUSTER, ...cluster },
        migrationTimeMs: request.exit ? QUICK_MIGRATION_MS : WATCHED_MIGRATION_MS,
        profile,
        ...(request.seed !== undefined && { seed: request.seed }),
      },
      clock,
    );
    closers.defer(() => listening.close());
    const state = await mkdtemp(join(tmpdir(), 'greptime-rebalancer-demo-'));
    closers.defer(() => rm(state, { recursive: true, force: true }));
    const { say } = request;
    say(`A simulated GreptimeDB ${listening.cluster.profile.version} cluster: ${text}`);
    const quiet = { ...parts, logger: silentLogger };
    const config = (port: number): Config => demoConfig(listening, state, port, request.objective);
    const planParts: PlanParts = {
      ...quiet,
      takeSnapshot: (of, call, everything) => takeSnapshot(of, quiet, call, everything),
    };
    const answer = await answerPlan({ config: config(0), adjust: (basis) => basis }, planParts, signal);
    request.show(answer);
    const running = await startOnSomePort(request, config, quiet);
    closers.defer(() => running.close());
    watch(running.work);
    const { url } = running.server;
    say(`Page ${url}/ (and /metrics, /api/v1/status).`);
    if (!request.exit) for (const line of guide(answer.plan.moves.length, toWatch)) say(line);
    return await follow(running, request, parts, signal);
  } finally {
    await closers.disposeAsync();
  }
}

/** What is worth a look while it lasts. */
function guide(moves: number, watch: string): readonly string[] {
  return [
    `Open the page now: the cluster is balanced in about ${formatEstimate(moves * WATCHED_MOVE_MS)}. Look at`,
    `  1. Datanodes: ${watch}, one move at a time.`,
    '  2. Moving now and Next: what moves, what comes after it, and why.',
    '  3. Pause, Resume and Drain: stop it, let it go on, empty a datanode.',
  ];
}

async function startOnSomePort(
  { port }: DemoRequest,
  config: (port: number) => Config,
  parts: Parts,
): Promise<RunningDaemon> {
  try {
    return await startDaemon(config(port ?? USUAL_PORT), parts);
  } catch (error) {
    const isTaken = error instanceof OperatingError && error.code === 'address-in-use';
    if (!isTaken || port !== undefined) throw error;
    return startDaemon(config(0), parts);
  }
}

function demoConfig(
  { cluster, served }: ListeningCluster,
  state: string,
  port: number,
  objective: Policy['objective'] = 'count',
): Config {
  const list = (urls: readonly string[]): string => JSON.stringify(urls);
  return readConfig({
    env: {},
    cwd: state,
    set: [
      'cluster.name=demo',
      ...(cluster.profile.adminFunctions !== null ? [`cluster.sql.endpoints=${list(served.frontend)}`] : []),
      `cluster.metasrv.endpoints=${list(served.metasrv)}`,
      `balance.objective=${objective}`,
      // Sizes are known at once, where rates need a while; and nobody wants to wait.
      ...['by=disk', 'minimum=0', 'stableFor=3'].map((setting) => `balance.load.${setting}`),
      'schedule.cron=*/2 * * * * *',
      'execution.dryRun=false',
      'execution.maxMovesPerCycle=100',
      'execution.pauseBetweenMoves=0s',
      'execution.pollInterval=250ms',
      `state.path=${state}`,
      `server.listen=127.0.0.1:${port}`,
    ],
  });
}

/** Waits until the cluster is balanced, and in a terminal goes on until somebody stops it. */
async function follow(
  { work }: RunningDaemon,
  { exit, timeoutMs, say }: DemoRequest,
  { clock }: Parts,
  signal: AbortSignal,
): Promise<DemoResult> {
  const limit = deadlineSignal(clock, exit ? timeoutMs : Infinity, signal);
  const balanced = await Promise.race([waitForBalance(work), untilAborted(limit.signal)]);
  limit.release();
  if (balanced === undefined)
    return signal.aborted
      ? { balanced: !exit, detail: 'Stopped.' }
      : { balanced: false, detail: 'The cluster was not balanced in time.' };
  if (exit) return { balanced: true, detail: balanced };
  say(`${balanced} The daemon goes on serving; Ctrl-C ends it.`);
  await untilAborted(signal);
  return { balanced: true, detail: 'Stopped.' };
}

/** Resolves with a sentence when a cycle finds nothing to move. */
function waitForBalance(work: WatchedWork): Promise<string> {
  return new Promise((resolve) => {
    const stop = work.subscribe((event, { rebalance }) => {
      if (event.type !== 'cycle-finished' || event.outcome !== 'balanced') return;
      stop();
      resolve(`The cluster is balanced after ${rebalance?.moved ?? 0} moves.`);
    });
  });
}

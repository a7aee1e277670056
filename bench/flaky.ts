import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startDaemon } from '../src/app/daemon/run.ts';
import { listenAsCluster } from '../src/app/commands/simulate.ts';
import { createPlanner } from '../src/app/planning/planner.ts';
import { readConfig } from '../src/config/load.ts';
import { openCluster } from '../src/greptimedb/index.ts';
import { systemClock } from '../src/lib/clock.ts';
import { silentLogger } from '../src/observability/logger.ts';
import type { SimEvent } from '../src/simulator/index.ts';
import { ms, times } from './row.ts';
import type { Row } from './row.ts';

/** A quarter of all reads: reset, answered by a proxy, or cut off. */
const FAULTS = 'lost-request:read=0.07,http-502:read=0.06,http-503:read=0.06,truncated-json:read=0.06';
/** The default of `simulate`. */
const MIGRATION_MS = 2_000;
const MOST_TIMES = 3;

/** How long balancing takes behind a load balancer that fails one read in four, with one cycle a second, for each protocol. */
export async function* flakySuite(): AsyncGenerator<Row> {
  for (const profile of ['0.6.0', '1.3']) {
    const journal = await balanceOn(profile);
    const started = journal.filter(({ kind }) => kind === 'migration-started');
    const ended = journal.filter(({ kind }) => kind === 'migration-ended');
    const sum = (events: readonly SimEvent[]): number => events.reduce((total, { atMs }) => total + atMs, 0);
    const movesMs = sum(ended) - sum(started);
    const [first] = journal;
    const wholeMs = (ended.at(-1)?.atMs ?? Infinity) - (first?.atMs ?? 0);
    const ratio = wholeMs / movesMs;
    yield {
      name: `Balancing GreptimeDB ${profile} while 25 % of all reads fail, ${ended.length} migrations`,
      figure: ms(wholeMs),
      reference: `the migrations' own time ${ms(movesMs)}`,
      target: `at most ${MOST_TIMES} ×`,
      ratio: times(ratio),
      met: ratio <= MOST_TIMES,
    };
  }
}

/** Everything that the cluster saw, from the daemon's first request until it says that all is balanced. */
async function balanceOn(profile: string): Promise<readonly SimEvent[]> {
  const folder = mkdtempSync(join(tmpdir(), 'rebalancer-bench-'));
  const listening = await listenAsCluster(
    {
      ...{ profile, datanodes: 3, emptyDatanodes: 1, tables: 3, regions: 6, metasrvs: 2, frontends: 2 },
      ...{ migrationTimeMs: MIGRATION_MS, seed: 'flaky', port: 0, layout: 'crowded', faults: FAULTS },
    },
    systemClock,
  );
  const { cluster, served } = listening;
  const metasrv = `cluster.metasrv.endpoints=${JSON.stringify(served.metasrv)}`;
  const sql = `cluster.sql.endpoints=${JSON.stringify(served.frontend)}`;
  const config = readConfig({
    env: {},
    cwd: folder,
    set: [
      ...(profile.startsWith('0.6') ? ['datanodes.expected=[0,1,2,3]', metasrv] : [sql, metasrv]),
      'schedule.cron=* * * * * *',
      'execution.dryRun=false',
      'execution.pauseBetweenMoves=0s',
      'execution.maxMovesPerCycle=1000',
      `state.path=${folder}`,
      'server.listen=127.0.0.1:0',
    ],
  });
  const parts = { version: '0', clock: systemClock, planner: createPlanner(systemClock), openCluster };
  const running = await startDaemon(config, { ...parts, logger: silentLogger });
  await new Promise<void>((resolve) => {
    running.session.events.subscribe((event) => {
      if (event.type === 'cycle-finished' && event.outcome === 'balanced') resolve();
    });
  });
  await running.close();
  await listening.close();
  rmSync(folder, { recursive: true, force: true });
  return cluster.journal;
}

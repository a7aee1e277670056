import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startDaemon } from '../src/app/daemon/run.ts';
import { listenAsCluster } from '../src/app/commands/simulate.ts';
import { createPlanner } from '../src/app/planning/planner.ts';
import { readConfig } from '../src/config/load.ts';
import { openCluster } from '../src/greptimedb/index.ts';
import { systemClock } from '../src/lib/clock.ts';
import type { EventSource } from '../src/observability/events.ts';
import { silentLogger } from '../src/observability/logger.ts';
import type { SimEvent } from '../src/simulator/index.ts';
import { ms } from './row.ts';
import type { Row } from './row.ts';

/** The simulated cluster draws from half to one and a half of it: this seed makes four of 10 s on average. */
const MIGRATION_MS = 13_000;
const LIMIT = 0.05;

/** What we add to the server's own time: checks, records, looks and waiting between the first request and the last proof. */
export async function* overheadSuite(): AsyncGenerator<Row> {
  const folder = mkdtempSync(join(tmpdir(), 'rebalancer-bench-'));
  const listening = await listenAsCluster(
    {
      ...{
        profile: '1.3',
        datanodes: 3,
        emptyDatanodes: 1,
        tables: 2,
        regions: 6,
        metasrvs: 1,
        frontends: 1,
      },
      ...{ migrationTimeMs: MIGRATION_MS, seed: 'overhead', port: 0, layout: 'balanced' },
    },
    systemClock,
  );
  const { cluster, served } = listening;
  const config = readConfig({
    env: {},
    cwd: folder,
    set: [
      `cluster.sql.endpoints=${JSON.stringify(served.frontend)}`,
      `cluster.metasrv.endpoints=${JSON.stringify(served.metasrv)}`,
      'schedule.cron=0 0 1 1 *',
      'execution.dryRun=false',
      'execution.pauseBetweenMoves=0s',
      `state.path=${folder}`,
      'server.listen=127.0.0.1:0',
    ],
  });
  const parts = { version: '0', clock: systemClock, planner: createPlanner(systemClock), openCluster };
  const running = await startDaemon(config, { ...parts, logger: silentLogger });
  await untilCycleEnds(running.session.events);
  const last = running.session.store.listMoves({ limit: 1_000 });
  const endedAtMs = Math.max(...last.map((move) => move.endedAtMs ?? 0));
  await running.close();
  await listening.close();
  rmSync(folder, { recursive: true, force: true });
  yield toRow(cluster.journal, endedAtMs);
}

function untilCycleEnds(events: EventSource): Promise<void> {
  return new Promise((resolve) => {
    events.subscribe(({ type }) => {
      if (type === 'cycle-finished') resolve();
    });
  });
}

function toRow(journal: readonly SimEvent[], endedAtMs: number): Row {
  const started = journal.filter((event) => event.kind === 'migration-started');
  const ended = journal.filter((event) => event.kind === 'migration-ended');
  const serverMs =
    ended.reduce((sum, { atMs }) => sum + atMs, 0) - started.reduce((sum, { atMs }) => sum + atMs, 0);
  const [first] = journal.filter((event) => event.kind === 'mutating-request');
  const wholeMs = endedAtMs - (first?.atMs ?? 0);
  const overhead = (wholeMs - serverMs) / serverMs;
  return {
    name: `Overhead of ${ended.length} migrations of ${ms(serverMs / ended.length)} each, one after the other`,
    figure: `${ms(wholeMs)} in all, ${ms((wholeMs - serverMs) / ended.length)} more for each`,
    reference: `the server alone: ${ms(serverMs)}`,
    target: `under ${LIMIT * 100} %`,
    ratio: `${(overhead * 100).toFixed(2)} %`,
    met: overhead < LIMIT,
  };
}

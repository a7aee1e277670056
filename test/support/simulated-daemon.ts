import { createPlanner } from '../../src/app/planning/planner.ts';
import { startDaemon } from '../../src/app/daemon/run.ts';
import type { RunningDaemon } from '../../src/app/daemon/open-daemon.ts';
import { listenAsCluster } from '../../src/app/commands/simulate.ts';
import type { ListeningCluster, ListenRequest } from '../../src/app/commands/simulate.ts';
import { readConfig } from '../../src/config/load.ts';
import { openCluster } from '../../src/greptimedb/index.ts';
import { systemClock } from '../../src/lib/clock.ts';
import type { StampedEvent } from '../../src/observability/events.ts';
import { silentLogger } from '../../src/observability/logger.ts';
import type { WebAssets } from '../../src/server/api/ports.ts';

export interface SimulatedDaemon {
  readonly running: RunningDaemon;
  readonly listening: ListeningCluster;
  readonly url: string;
  /** Resolves with the next event that fits. */
  until(fits: (event: StampedEvent) => boolean): Promise<StampedEvent>;
  close(): Promise<void>;
}

export interface SimulatedDaemonOptions {
  /** For the state. */
  readonly folder: string;
  readonly cluster?: Partial<ListenRequest>;
  /** `execution.dryRun=true` and the like; they override what is set here. */
  readonly set?: readonly string[];
  /** The built page; without it the one that lies in dist, if any. */
  readonly web?: WebAssets | undefined;
}

const CLUSTER: ListenRequest = {
  profile: '1.3',
  datanodes: 4,
  emptyDatanodes: 0,
  tables: 6,
  regions: 4,
  metasrvs: 1,
  frontends: 1,
  migrationTimeMs: 20,
  seed: 'test',
  port: 0,
  layout: 'crowded',
};

/** The real daemon on a simulated cluster, over real sockets and in real time. */
export async function startSimulatedDaemon(options: SimulatedDaemonOptions): Promise<SimulatedDaemon> {
  const listening = await listenAsCluster({ ...CLUSTER, ...options.cluster }, systemClock);
  const { served } = listening;
  const config = readConfig({
    env: {},
    cwd: options.folder,
    set: [
      'cluster.name=test',
      `cluster.sql.endpoints=${JSON.stringify(served.frontend)}`,
      `cluster.metasrv.endpoints=${JSON.stringify(served.metasrv)}`,
      'schedule.cron=* * * * * *',
      'execution.dryRun=false',
      'execution.maxMovesPerCycle=1000',
      'execution.pauseBetweenMoves=0s',
      'execution.pollInterval=20ms',
      `state.path=${options.folder}/state`,
      'server.listen=127.0.0.1:0',
      ...(options.set ?? []),
    ],
  });
  try {
    const running = await startDaemon(config, {
      version: '1.2.3',
      clock: systemClock,
      planner: createPlanner(systemClock),
      openCluster,
      logger: silentLogger,
      web: options.web,
    });
    return {
      running,
      listening,
      url: running.server.url,
      until: (fits) => nextEvent(running, fits),
      close: async () => {
        await running.close();
        await listening.close();
      },
    };
  } catch (error) {
    await listening.close();
    throw error;
  }
}

function nextEvent(
  { session }: RunningDaemon,
  fits: (event: StampedEvent) => boolean,
): Promise<StampedEvent> {
  return new Promise((resolve) => {
    const stop = session.events.subscribe((event) => {
      if (!fits(event)) return;
      stop();
      resolve(event);
    });
  });
}

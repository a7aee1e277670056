import { createPlanner } from '../../src/app/planning/planner.ts';
import { startDaemon } from '../../src/app/daemon/run.ts';
import type { RunningDaemon } from '../../src/app/daemon/open-daemon.ts';
import { listenAsCluster } from '../../src/app/commands/simulate.ts';
import type { ListenRequest, ListeningCluster } from '../../src/app/commands/simulate.ts';
import { readConfig } from '../../src/config/load.ts';
import type { Config } from '../../src/config/config.ts';
import { openCluster } from '../../src/greptimedb/index.ts';
import { systemClock } from '../../src/lib/clock.ts';
import type { EventSource, StampedEvent } from '../../src/observability/events.ts';
import { silentLogger } from '../../src/observability/logger.ts';

/** A simulated cluster on real sockets: one crowded datanode, one with some regions, one empty. */
export function listenCrowded(request: Partial<ListenRequest>): Promise<ListeningCluster> {
  const small = { datanodes: 3, emptyDatanodes: 0, tables: 2, regions: 5, metasrvs: 2, frontends: 2 };
  return listenAsCluster(
    {
      profile: '1.3',
      ...small,
      migrationTimeMs: 150,
      seed: 'daemon',
      port: 0,
      layout: 'crowded',
      ...request,
    },
    systemClock,
  );
}

/** A configuration that leads to the cluster as an operator's would, but for its haste. */
export function hastyConfig(
  { cluster, served }: ListeningCluster,
  folder: string,
  set: readonly string[] = [],
): Config {
  const list = (urls: readonly string[]): string => JSON.stringify(urls);
  const sql =
    cluster.profile.adminFunctions === null ? [] : [`cluster.sql.endpoints=${list(served.frontend)}`];
  return readConfig({
    env: {},
    cwd: folder,
    set: [
      ...sql,
      `cluster.metasrv.endpoints=${list(served.metasrv)}`,
      'schedule.cron=* * * * * *',
      'execution.dryRun=false',
      'execution.pauseBetweenMoves=0s',
      'execution.pollInterval=20ms',
      'execution.regionCooldown=0s',
      'server.listen=127.0.0.1:0',
      `state.path=${folder}`,
      ...set,
    ],
  });
}

/** The whole daemon, with real sockets, files and time. */
export function startTestDaemon(config: Config): Promise<RunningDaemon> {
  const planner = createPlanner(systemClock);
  return startDaemon(config, {
    version: '1.2.3',
    clock: systemClock,
    planner,
    logger: silentLogger,
    openCluster,
  });
}

/** Resolves with the first event from now on that fits. */
export function nextEvent(
  events: EventSource,
  fits: (event: StampedEvent) => boolean,
): Promise<StampedEvent> {
  return new Promise((resolve) => {
    const stop = events.subscribe((event) => {
      if (!fits(event)) return;
      stop();
      resolve(event);
    });
  });
}

/** The samples of a Prometheus text by name and labels, without the prefix. */
export function samplesOf(text: string): Map<string, number> {
  const lines = text.split('\n').filter((line) => line.startsWith('greptime_rebalancer_'));
  return new Map(
    lines.map((line) => {
      const space = line.lastIndexOf(' ');
      return [line.slice('greptime_rebalancer_'.length, space), Number(line.slice(space + 1))];
    }),
  );
}

import { watch } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { Config } from '../../config/config.ts';
import { describeError } from '../../domain/errors.ts';
import { logEvents } from '../../observability/log-listener.ts';
import { trackLiveState } from '../../observability/live-state.ts';
import { createLogger, type Logger } from '../../observability/logger.ts';
import { createMetrics } from '../../observability/metrics.ts';
import type { Metrics } from '../../observability/metrics.ts';
import { observeEvents } from '../../observability/metrics-listener.ts';
import type { WebAssets } from '../../server/api/ports.ts';
import { createServer } from '../../server/server.ts';
import type { RunningServer } from '../../server/server.ts';
import { createActions } from '../api/actions.ts';
import { Daemon } from './daemon.ts';
import { readEarlierState } from './earlier-state.ts';
import { byLeaderOnly } from '../ha/leader-actions.ts';
import { Closers, untilAborted } from '../lifecycle.ts';
import { recordSamples } from './samples.ts';
import { cronSchedule } from './schedule.ts';
import { startNotifications } from './notifications.ts';
import { createViews } from '../api/views.ts';
import { loadWebAssets } from '../api/web-assets.ts';
import { openSession } from '../compose.ts';
import type { Parts } from '../compose.ts';
import type { ClusterSession } from './cluster-session.ts';
import { watchWork } from './work-progress.ts';
import type { WatchedWork } from './work-progress.ts';

/** Runs the daemon until the signal aborts. It logs to standard output. */
export async function runDaemon(
  { config, ...sources }: { readonly config: Config } & ReloadSources,
  parts: Omit<Parts, 'logger'>,
  signal: AbortSignal,
): Promise<void> {
  const logger = createLogger({ level: config.log.level, destination: 'stdout' }, parts);
  const running = await startDaemon(config, { ...parts, logger });
  const stopWatching = watchConfig(running, logger, sources);
  await untilAborted(signal);
  stopWatching();
  logger.info({}, 'Stopping');
  await running.close();
  logger.info({}, 'Stopped');
}

/** A daemon with its server, working until closed. */
export interface RunningDaemon {
  readonly daemon: Daemon;
  readonly session: ClusterSession;
  readonly metrics: Metrics;
  readonly work: WatchedWork;
  readonly server: RunningServer;
  /** Graceful: ends the loop, then the server, then the store. Safe to call twice. */
  close(): Promise<void>;
}

/**
 * Puts the daemon together and starts it.
 *
 * @throws OperatingError when the state folder or the listen address cannot be used; nothing is left open then.
 */
export async function startDaemon(
  config: Config,
  parts: Parts & { readonly logger: Logger; readonly web?: WebAssets | undefined },
): Promise<RunningDaemon> {
  const { clock, logger, version } = parts;
  const closers = new Closers();
  try {
    const metrics = createMetrics({ version });
    const { session, secrets } = await openSession(config, {
      ...parts,
      onRequest: (sample) => metrics.observeRequest(sample),
    });
    closers.add(() => session.close());
    const { store, events } = session;
    const live = trackLiveState(events, readEarlierState(store));
    closers.add(() => live.close());
    closers.add(recordSamples(store, live));
    closers.add(logEvents(logger, events));
    closers.add(startNotifications(config, secrets, { live, clock, metrics, logger, version }));
    const daemon = new Daemon(session, { startSchedule: cronSchedule(clock), logger });
    closers.add(() => daemon.stop());
    const work = watchWork(session, live, { daemon });
    closers.add(observeEvents(metrics, { live, clock, timeLeftMs: work.timeLeftMs }));
    observeSession(metrics, session, daemon);
    const server = await createServer(
      {
        listen: config.server.listen,
        token: secrets.serverToken?.reveal(),
        allowedHosts: config.server.allowedHosts,
        protectReads: config.server.protectReads,
        version,
        tls: secrets.serverTls && { cert: secrets.serverTls.cert, key: secrets.serverTls.key.reveal() },
      },
      {
        views: createViews({ session, daemon, live: work, version, startedAtMs: clock.now() }),
        actions: byLeaderOnly(
          createActions({ session, daemon, live, planner: parts.planner }),
          session.leadership,
        ),
        events,
        metrics,
        clock,
        web: parts.web ?? (await loadWebAssets()),
        onDefect: (error, request) =>
          logger.error({ error, ...request }, 'A request failed for no reason of its own'),
      },
    );
    closers.add(() => server.close());
    const { execution, schedule } = config;
    logger.info(
      {
        version,
        url: server.url,
        cluster: config.cluster.name,
        dryRun: execution.dryRun,
        cron: schedule.cron,
        state: store.location,
      },
      'The rebalancer runs',
    );
    daemon.start();
    return { daemon, session, metrics, work, server, close: () => closers.close() };
  } catch (error) {
    await closers.close();
    throw error;
  }
}

/** What the events do not tell. Each is read by itself: where the state folder fails, the others are told still. */
function observeSession(metrics: Metrics, session: ClusterSession, daemon: Daemon): void {
  const { clock, store, leadership, connection } = session;
  metrics.onScrape(() => {
    metrics.dryRun.set(session.config.execution.dryRun ? 1 : 0);
    metrics.leader.set(leadership.status().leads ? 1 : 0);
    metrics.scheduleIntervalSeconds.set((daemon.scheduleIntervalMs() ?? 0) / 1_000);
    const { api = '', version = '' } = connection.profile ?? {};
    metrics.setClusterInfo({ cluster: session.config.cluster.name, api, version });
  });
  metrics.onScrape(() => metrics.paused.set(session.pause() ? 1 : 0));
  metrics.onScrape(() => {
    const { quarantine, cooldowns } = store.memory(clock.now());
    metrics.quarantinedRegions.set(quarantine.length);
    metrics.cooldownRegions.set(cooldowns.length);
  });
}

/** What may ask a running daemon to read its configuration again. */
export interface ReloadSources {
  /** Reads the configuration again, from the same places. */
  readonly reload: () => Promise<Config>;
  /** The file to watch for changes. */
  readonly file?: string | undefined;
  readonly onHangup: (listener: () => void) => () => void;
}

/** Editors write a file in several steps; the change is looked at when it has been quiet for so long. */
const SETTLE_MS = 300;

/** Reads the configuration again on SIGHUP and when its file changes. Returns a function that ends that. */
export function watchConfig(
  { daemon, session, metrics }: RunningDaemon,
  logger: Logger,
  sources: ReloadSources,
): () => void {
  // A file that is as before emits nothing: what was refused is over then, too.
  let isRefused = false;
  metrics.onScrape(() => metrics.configRefused.set(isRefused ? 1 : 0));
  const reload = async (): Promise<void> => {
    try {
      const config = await sources.reload();
      daemon.reload(config);
      logger.setLevel(config.log.level);
      isRefused = false;
    } catch (error) {
      isRefused = true;
      session.events.emit({ type: 'config-refused', detail: describeError(error) });
    }
  };
  // One after the other: of two that overlap the older could be read last, and stay.
  let last = Promise.resolve();
  const ask = (): void => {
    last = last.then(reload);
  };
  const closers = [sources.onHangup(ask)];
  // What was changed while the daemon started was seen by nobody.
  if (sources.file !== undefined) ask();
  if (sources.file !== undefined) closers.push(watchFile(sources.file, session, ask, logger));
  return () => closers.forEach((close) => close());
}

/** Watches the folder, not the file: editors and Kubernetes replace files instead of writing into them. */
function watchFile(
  file: string,
  { clock }: ClusterSession,
  onChange: () => void,
  logger: Logger,
): () => void {
  let cancel = (): void => undefined;
  const onError = (error: unknown): void =>
    logger.warn({ error, file }, 'The configuration file is not watched; SIGHUP has it read again');
  const onEvent = (_: unknown, name: string | null): void => {
    // Kubernetes swaps the link "..data" that the file's own link points through.
    if (name !== null && name !== basename(file) && !name.startsWith('..')) return;
    cancel();
    cancel = clock.setTimer(SETTLE_MS, onChange);
  };
  try {
    const watcher = watch(dirname(file), onEvent).on('error', onError);
    return () => {
      cancel();
      watcher.close();
    };
  } catch (error) {
    // Too few watches or files left, or a folder that may be passed through and not be read.
    onError(error);
    return () => undefined;
  }
}

import type { Config } from '../../config/config.ts';
import type { Secrets } from '../../config/secrets.ts';
import { Secret } from '../../lib/secret.ts';
import { logEvents } from '../../observability/logger.ts';
import { trackLiveState } from '../../observability/live-state.ts';
import { createMetrics } from '../../observability/metrics.ts';
import type { Metrics } from '../../observability/metrics.ts';
import { observeEvents } from '../../observability/metrics-listener.ts';
import type { WebAssets } from '../../server/api/ports.ts';
import { startNotifier } from '../../observability/notify.ts';
import type { NotifierOptions } from '../../observability/notify.ts';
import { createServer } from '../../server/server.ts';
import type { RunningServer } from '../../server/server.ts';
import { createActions } from '../api/actions.ts';
import { createViews } from '../api/views.ts';
import { loadWebAssets } from '../api/web-assets.ts';
import { openSession } from '../compose.ts';
import type { Parts } from '../compose.ts';
import type { ClusterSession } from './cluster-session.ts';
import { Daemon } from './daemon.ts';
import { readEarlierState } from './earlier-state.ts';
import { recordSamples } from './samples.ts';
import { cronSchedule } from './schedule.ts';
import { watchWork } from './work-progress.ts';
import type { WatchedWork } from './work-progress.ts';

/** A daemon with its server, working until closed. */
export interface RunningDaemon {
  readonly daemon: Daemon;
  readonly session: ClusterSession;
  readonly metrics: Metrics;
  readonly work: WatchedWork;
  readonly server: RunningServer;
  readonly secrets: Secrets;
  /** Graceful: ends the loop, then the server, then the store. Safe to call twice. */
  close(): Promise<void>;
}

export interface DaemonParts extends Parts {
  /** Default: the page that was built beside the program, if any. */
  readonly web?: WebAssets | undefined;
}

/**
 * Puts the daemon together. It answers requests; `daemon.start()` makes it work.
 *
 * @throws OperatingError when the state folder or the listen address cannot be used; nothing is left open then.
 */
export async function openDaemon(config: Config, parts: DaemonParts): Promise<RunningDaemon> {
  const { clock, logger, version } = parts;
  const closers = new AsyncDisposableStack();
  try {
    const metrics = createMetrics({ version });
    const { session, secrets } = await openSession(config, {
      ...parts,
      onRequest: ({ endpoint, outcome, durationMs }) =>
        metrics.cluster_request_duration_seconds.observe({ endpoint, outcome }, durationMs / 1_000),
    });
    closers.defer(() => session.close());
    const { store, events } = session;
    const live = trackLiveState(events, readEarlierState(store));
    closers.defer(() => live.close());
    closers.defer(recordSamples(store, live));
    closers.defer(logEvents(logger, live));
    const receiver = receiverOf(config, secrets);
    if (receiver)
      closers.defer(
        startNotifier(
          { ...receiver, version },
          {
            ...{ live, clock },
            onOutcome: (outcome) => metrics.notifications_total.inc({ outcome }),
            onProblem: (problem, { kind, text }) =>
              logger.warn({ problem, notification: kind, text }, 'A notification could not be delivered'),
          },
        ),
      );
    const daemon = new Daemon(session, cronSchedule(clock));
    closers.defer(() => daemon.stop());
    const work = watchWork(session, live, { daemon });
    closers.defer(observeEvents(metrics, { live, clock, timeLeftMs: work.timeLeftMs }));
    observeSession(metrics, session, daemon);
    const server = await createServer(
      {
        listen: config.server.listen,
        token: secrets.serverToken,
        allowedHosts: config.server.allowedHosts,
        protectReads: config.server.protectReads,
        version,
        tls: secrets.serverTls,
      },
      {
        views: createViews({ session, daemon, live: work, version, startedMs: clock.monotonicMs() }),
        actions: createActions({ session, daemon, live, planner: parts.planner }),
        live,
        metrics,
        clock,
        web: parts.web ?? (await loadWebAssets()),
        onDefect: (error, request) =>
          logger.error({ error, ...request }, 'A request failed because of a bug'),
      },
    );
    closers.defer(() => server.close());
    let closing: Promise<void> | undefined;
    const close = (): Promise<void> => (closing ??= closers.disposeAsync());
    return { daemon, session, metrics, work, server, secrets, close };
  } catch (error) {
    await closers.disposeAsync();
    throw error;
  }
}

/** Where notifications go; undefined where the configuration names no receiver. */
function receiverOf(
  { notifications, cluster }: Config,
  { webhookUrl, webhookToken }: Secrets,
): Omit<NotifierOptions, 'version'> | undefined {
  const { format, events, timeoutMs } = notifications;
  const url = webhookUrl ?? (notifications.url ? new Secret(notifications.url) : undefined);
  return url && { url, format, timeoutMs, kinds: events, token: webhookToken, cluster: cluster.name };
}

/** What the events do not tell. Each is read by itself: where the state folder fails, the others are told still. */
function observeSession(metrics: Metrics, session: ClusterSession, daemon: Daemon): void {
  const { clock, store, leadership, connection } = session;
  metrics.onScrape(() => {
    metrics.dry_run.set(session.config.execution.dryRun ? 1 : 0);
    metrics.leader.set(leadership.status().leads ? 1 : 0);
    metrics.schedule_interval_seconds.set((daemon.scheduleIntervalMs() ?? 0) / 1_000);
    const { api = '', version = '' } = connection.profile ?? {};
    metrics.cluster_info.reset();
    metrics.cluster_info.set({ cluster: session.config.cluster.name, api, version }, 1);
  });
  metrics.onScrape(() => metrics.paused.set(session.pause() ? 1 : 0));
  metrics.onScrape(() => {
    const { quarantine, cooldowns, datanodes } = store.memory(clock.now());
    metrics.quarantined_regions.set(quarantine.length);
    metrics.quarantined_datanodes.set(new Set(datanodes.map(({ datanode }) => datanode)).size);
    metrics.cooldown_regions.set(cooldowns.length);
  });
}
